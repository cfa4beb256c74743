//! File names and words for other programs, made from what people typed: nothing of it may reach outside the folder,
//! clash with another or be more than a file system takes.

use std::collections::BTreeSet;

/// More would be cut by archives and some file systems once an ending is added.
const LONGEST: usize = 60;

/// Letters, digits and `_` only; never empty.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(letter);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
        if out.len() >= LONGEST {
            break;
        }
    }
    let trimmed = out.trim_end_matches('_');
    if trimmed.is_empty() { "unnamed".to_owned() } else { trimmed.to_owned() }
}

/// Gives each name once; what clashes (also where case is ignored) gets a number.
#[derive(Default)]
pub(crate) struct Unique(BTreeSet<String>);

impl Unique {
    pub(crate) fn plain(&mut self, text: &str) -> String {
        let base = plain(text);
        let mut name = base.clone();
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

/// A path that a file of a data set names, made safe to look up inside its folder; `None` where it points outside.
pub(crate) fn inside(folder: &std::path::Path, path: &str) -> Option<std::path::PathBuf> {
    let path = path.replace('\\', "/");
    let relative = std::path::Path::new(&path);
    let safe = relative
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    (safe && !path.is_empty()).then(|| folder.join(relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_harmless_and_stay_apart() {
        assert_eq!(plain("../../etc/passwd"), "etc_passwd");
        assert_eq!(plain("left \"lung\" 🫁"), "left_lung");
        assert_eq!(plain("..."), "unnamed");
        assert_eq!(plain(&"x".repeat(300)).len(), LONGEST);
        let mut unique = Unique::default();
        assert_eq!(["a b", "A_b", "a/b"].map(|n| unique.plain(n)), ["a_b", "A_b_2", "a_b_3"]);
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = std::path::Path::new("data");
        for bad in ["../x", "/etc/passwd", "a/../../x", "", "a\\..\\..\\b"] {
            assert_eq!(inside(folder, bad), None, "{bad}");
        }
        assert_eq!(inside(folder, "images\\a.png"), Some(folder.join("images/a.png")));
    }
}
