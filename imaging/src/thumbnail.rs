//! A small picture of a series for lists: one slice, through its window, from as little of the files as possible.

use crate::error::Result;
use crate::series::Series;
use crate::task::Task;
use crate::volume::{Samples, Volume};

/// RGB, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    pub size: [usize; 2],
    pub rgb: Vec<u8>,
}

/// The first picture of a series, at most `longest` pixels to a side and true to the patient's proportions.
pub fn of_series(series: &Series, longest: usize, task: &Task) -> Result<Thumbnail> {
    of_picture(&series.first_picture(task)?, longest)
}

/// The same of a picture that is in memory (its first slice).
pub fn of_picture(picture: &Volume, longest: usize) -> Result<Thumbnail> {
    let window = picture.default_window();
    let shown = picture.windowed(window)?;
    let [columns, rows, _] = shown.size();
    let [wide, high, _] = shown.geometry.spacing_mm();
    let (width, height) = (columns as f64 * wide, rows as f64 * high);
    // Never larger than the picture itself: an enlarged thumbnail says nothing more.
    let scale = (longest.max(1) as f64 / width.max(height)).min(1.0 / wide.min(high));
    let size = [width, height].map(|side| ((side * scale).round() as usize).max(1));
    let channels = shown.channels();
    let bits = if matches!(shown.samples(), Samples::U16(_)) { 8 } else { 0 };
    let mut rgb = Vec::with_capacity(size[0] * size[1] * 3);
    for j in 0..size[1] {
        let from_rows = share(j, size[1], rows);
        for i in 0..size[0] {
            let from_columns = share(i, size[0], columns);
            let count = (from_rows.len() * from_columns.len()) as f64;
            for channel in 0..3 {
                let channel = if channels >= 3 { channel } else { 0 };
                let at = |r: usize, c: usize| shown.samples().get((r * columns + c) * channels + channel);
                let sum: f64 = from_rows.clone().map(|r| from_columns.clone().map(|c| at(r, c)).sum::<f64>()).sum();
                rgb.push((sum / count / f64::from(1_u32 << bits)).round() as u8);
            }
        }
    }
    Ok(Thumbnail { size, rgb })
}

/// The pixels that go into pixel `n` of `count`, at least one.
fn share(n: usize, count: usize, of: usize) -> std::ops::Range<usize> {
    let first = n * of / count;
    first..((n + 1) * of / count).max(first + 1).min(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::space::World;
    use crate::window::Window;

    #[test]
    fn proportions_are_those_of_the_patient_and_greys_those_of_the_window() {
        let geometry = Geometry::axis_aligned([8, 4, 1], World::default(), [1.0, 2.0, 1.0]).unwrap();
        let samples = (0..32).map(|n| if n % 8 < 4 { 0 } else { 200 }).collect();
        let mut picture = Volume::new(geometry, Samples::I16(samples), 1).unwrap();
        picture.windows = vec![Window::from_range(0.0, 400.0)];
        let small = of_picture(&picture, 4).unwrap();
        assert_eq!(small.size, [4, 4]);
        assert_eq!(small.rgb[..12], [0, 0, 0, 0, 0, 0, 128, 128, 128, 128, 128, 128]);
        assert_eq!(of_picture(&picture, 1000).unwrap().size, [8, 8]);
    }
}
