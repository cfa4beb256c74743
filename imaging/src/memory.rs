//! Whether a picture fits into what memory is free. To ask before reading is the only way: systems promise more than they
//! have, and end the program that believes them.

use crate::error::{Error, Result};
use std::path::Path;

/// What is smaller is read without asking.
const LARGE_BYTES: u64 = 1 << 30;

/// Refuses what would not fit, with both numbers.
pub fn check(path: &Path, bytes: usize) -> Result<()> {
    let bytes = bytes as u64;
    if bytes <= LARGE_BYTES {
        return Ok(());
    }
    match available() {
        Some(free) if free < bytes => Err(Error::TooLarge { path: path.into(), reason: reason(bytes, free) }),
        _ => Ok(()),
    }
}

/// Bytes that can be had without pushing others out; `None` where the system does not say.
fn available() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let free = system.available_memory();
    // What a group of processes has left counts files that are only kept as long as there is room: not so here.
    let in_group = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    let free = in_group.map_or(free, |left| free.min(left));
    (free > 0).then_some(free)
}

fn reason(bytes: u64, free: u64) -> String {
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    format!(
        "the picture takes {:.1} GB of memory and {:.1} GB are free; close other pictures or programs, or cut it to a part",
        gigabytes(bytes),
        gigabytes(free)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_holds_is_refused_with_both_numbers_and_what_is_small_is_not_asked_about() {
        let path = Path::new("brain.nii");
        let error = check(path, 1 << 50).unwrap_err();
        assert_eq!(error.code(), crate::ErrorCode::TooLarge);
        assert!(error.to_string().contains("1125899.9 GB") && error.to_string().ends_with("brain.nii"), "{error}");
        check(path, LARGE_BYTES as usize).unwrap();
        assert!(available().is_some_and(|free| free < 1 << 50));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_free_is_what_the_system_says_and_not_what_files_leave() {
        let told = std::fs::read_to_string("/proc/meminfo").unwrap();
        let kilobytes = |key: &str| -> u64 {
            let line = told.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        let most = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory - limits.rss);
        let told = (kilobytes("MemAvailable:") * 1024).min(most);
        let found = available().unwrap();
        assert!(found.abs_diff(told) < told / 4 + (1 << 29), "{found} beside {told}");
    }
}
