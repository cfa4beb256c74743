//! When frames were taken, from whichever of the many attributes for it a file fills.

use super::dataset::View;
use super::file::DicomFile;
use super::tags::{self, Tag};
use crate::sequence::Clock;
use std::path::PathBuf;

const DISPLAY_RATE: Tag = 0x0008_2144;
const TRIGGER_TIME: Tag = 0x0018_1060;
const ACQUISITION_DURATION: Tag = 0x0018_9073;
/// Of an echo-planar sequence the time of a whole volume; of others that of a line.
const REPETITION_TIME: Tag = 0x0018_0080;
const SCANNING_SEQUENCE: Tag = 0x0018_0020;
const TEMPORAL_RESOLUTION: Tag = 0x0020_0110;
const TEMPORAL_OFFSET: Tag = 0x0020_930D;
/// Of one frame or of one file: when it was taken.
const MOMENTS: [Tag; 4] = [0x0018_9151, 0x0018_9074, 0x0008_002A, 0x0008_0032];

/// The clock of a multi-frame file whose frames are shown in this order, `times` of each place side by side.
pub fn of_frames(view: &View<'_>, order: &[usize], times: usize) -> Option<Clock> {
    let count = if times > 1 { times } else { order.len() };
    if count < 2 {
        return None;
    }
    let vector = view.numbers(tags::FRAME_TIME_VECTOR);
    if times == 1 && vector.len() == order.len() {
        return from_increments(&vector);
    }
    let positive = |tag| view.number(tag).filter(|x: &f64| x.is_finite() && *x > 0.0);
    let step = positive(tags::FRAME_TIME)
        .or_else(|| positive(tags::CINE_RATE).map(|rate| 1000.0 / rate))
        .or_else(|| positive(DISPLAY_RATE).map(|rate| 1000.0 / rate));
    if let Some(step) = step {
        return Some(Clock::even(count, step));
    }
    let groups = view.items(tags::PER_FRAME_GROUPS);
    let moments: Vec<f64> = order.iter().take(count).filter_map(|&n| moment_in_groups(groups.get(n)?)).collect();
    if moments.len() == count
        && let Some(clock) = Clock::from_times(&moments)
    {
        return Some(clock);
    }
    // The whole clip's length, shared out.
    positive(ACQUISITION_DURATION).filter(|_| times == 1).map(|ms| Clock::even(count, ms / count as f64))
}

/// Each entry is the time since the frame before; the first is of no use, the last frame stays as long as the one before.
fn from_increments(increments_ms: &[f64]) -> Option<Clock> {
    let mut at = 0.0;
    let times: Vec<f64> = increments_ms
        .iter()
        .enumerate()
        .map(|(n, step)| {
            at += if n == 0 { 0.0 } else { *step };
            at
        })
        .collect();
    Clock::from_times(&times)
}

/// The clock of several times in files of their own, which lie side by side at the first place.
pub fn of_files(files: &[PathBuf], times: usize) -> Option<Clock> {
    if times < 2 {
        return None;
    }
    let headers: Vec<DicomFile> =
        files.iter().take(times).map(|f| DicomFile::open_header(f).ok()).collect::<Option<_>>()?;
    let each = |read: &dyn Fn(&View<'_>) -> Option<f64>| -> Option<Clock> {
        let moments: Vec<f64> = headers.iter().map(|f| read(&f.view())).collect::<Option<_>>()?;
        Clock::from_times(&moments)
    };
    each(&|view| view.number(TRIGGER_TIME))
        .or_else(|| {
            let step = headers[0].view().number(TEMPORAL_RESOLUTION).filter(|x| x.is_finite() && *x > 0.0);
            step.map(|step| Clock::even(times, step))
        })
        .or_else(|| each(&|view| MOMENTS.iter().find_map(|&tag| milliseconds(view.text(tag)?))))
        .or_else(|| time_of_volume(&headers[0].view()).map(|step| Clock::even(times, step)))
}

/// How long an echo-planar volume takes, in ms.
fn time_of_volume(view: &View<'_>) -> Option<f64> {
    let planar = view.text(SCANNING_SEQUENCE)?.split('\\').any(|part| part.trim() == "EP");
    view.number(REPETITION_TIME).filter(|ms| planar && ms.is_finite() && *ms > 0.0)
}

fn moment_in_groups(group: &View<'_>) -> Option<f64> {
    let content = group.first_item(tags::FRAME_CONTENT_SEQUENCE)?;
    let offset_s = || group.items(tags::FRAME_CONTENT_SEQUENCE).first()?.number(TEMPORAL_OFFSET).map(|s| s * 1000.0);
    MOMENTS.iter().find_map(|&tag| milliseconds(content.text(tag)?)).or_else(offset_s)
}

/// Milliseconds of a DICOM time, or date and time, since midnight of some day; dates count their days.
fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.split(['+', '-']).next().unwrap_or(text);
    let whole = digits.split('.').next()?.len();
    let (days, time) = match whole {
        14 => {
            let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<f64>().ok();
            // Months need not be exact: no film runs over the end of one and is measured across it.
            (part(0..4)? * 366.0 + part(4..6)? * 31.0 + part(6..8)?, digits.get(8..)?)
        }
        2 | 4 | 6 => (0.0, digits),
        _ => return None,
    };
    Some(days * 86_400_000.0 + super::owner::seconds(time)? * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increments_and_moments_give_the_true_times() {
        let clock = from_increments(&[0.0, 20.0, 35.0]).unwrap();
        assert_eq!([0, 1, 2].map(|n| clock.duration_ms(n)), [20.0, 35.0, 35.0]);
        let later = milliseconds("20240301101530.750000+0100").unwrap();
        let earlier = milliseconds("20240301101530.25").unwrap();
        assert!((later - earlier - 500.0).abs() < 1e-3);
        assert_eq!(milliseconds("101530.5"), Some(36_930_500.0));
        assert_eq!(milliseconds("1"), None);
    }
}
