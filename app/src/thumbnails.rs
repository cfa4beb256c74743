//! Small pictures of the series in the list: made one after the other, off the frame, as series are found.

use crate::app::App;
use crate::jobs::Apply;
use eframe::egui::{Color32, ColorImage, TextureHandle, TextureOptions};
use limner_imaging::reslice::{self, Interpolation, Raster};
use limner_imaging::{Plane, Series, Task, View, Volume, Voxel};
use std::collections::BTreeMap;

/// In pixels: sharp at twice the size it is shown at.
pub const SIDE: usize = 96;
/// A picture of more voxels is not read for a thumbnail's sake.
const MOST_VOXELS: usize = 1 << 28;
const SLOT: &str = "thumbnail";

/// By line of the series list; `None` where there is no picture to show.
#[derive(Default)]
pub struct Thumbnails {
    made: BTreeMap<usize, Option<TextureHandle>>,
}

impl Thumbnails {
    pub fn get(&self, series: usize) -> Option<&TextureHandle> {
        self.made.get(&series)?.as_ref()
    }
}

impl App {
    /// Begins the next thumbnail that is missing, where none is being made.
    pub(crate) fn order_thumbnail(&mut self) {
        if self.jobs.is_busy(SLOT) {
            return;
        }
        let missing = (0..self.workspace.found.len()).find(|n| !self.thumbnails.made.contains_key(n));
        let Some(n) = missing else { return };
        // Asked for once, whatever becomes of it.
        self.thumbnails.made.insert(n, None);
        let series = self.workspace.found[n].clone();
        self.jobs.start_quiet(SLOT, move |task| {
            // What cannot be read is told when it is opened.
            let picture = make(&series, task).ok();
            let apply: Apply = Box::new(move |app| {
                let texture =
                    picture.map(|image| app.ctx.load_texture(format!("thumbnail {n}"), image, TextureOptions::LINEAR));
                app.thumbnails.made.insert(n, texture);
            });
            Ok(apply)
        });
    }
}

fn make(series: &Series, task: &Task) -> anyhow::Result<ColorImage> {
    anyhow::ensure!(series.size.iter().product::<usize>() <= MOST_VOXELS, "too large for a thumbnail");
    // Where one slice alone does not make a picture, all of a series that is not too long does.
    let voxels = series.size.iter().product::<usize>();
    let volume = match middle_of(series).load(task) {
        Err(_) if voxels <= MOST_VOXELS / 4 => series.load(task)?,
        loaded => loaded?,
    };
    Ok(draw(&volume))
}

/// Where every slice is a file of its own, the middle one is enough.
fn middle_of(series: &Series) -> Series {
    if series.format != "dicom" || series.files.len() < 2 {
        return series.clone();
    }
    let file = series.files[series.files.len() / 2].clone();
    let [columns, rows, _] = series.size;
    Series { files: vec![file], size: [columns, rows, 1], frames: 1, ..series.clone() }
}

/// The middle of the stored plane, in the picture's own window.
fn draw(volume: &Volume) -> ColorImage {
    let geometry = &volume.geometry;
    let middle = geometry.world(Voxel::centre(geometry.size().map(|n| n / 2)));
    let plane = Plane::of_view(geometry, View::of_stored_slices(geometry), middle);
    let raster = Raster::fitted(&plane, volume, [SIDE, SIDE]);
    let pixels = if volume.is_colour() { colours(volume, &raster) } else { greys(volume, &raster) };
    ColorImage::new([SIDE, SIDE], pixels)
}

fn greys(volume: &Volume, raster: &Raster) -> Vec<Color32> {
    let window = volume.default_window();
    let grey = |value: Option<f64>| {
        let Some(value) = value else { return Color32::BLACK };
        let grey = window.grey(value);
        Color32::from_gray((if volume.inverted { 1.0 - grey } else { grey } * 255.0).round() as u8)
    };
    reslice::values(volume, raster, Interpolation::Linear).into_iter().map(grey).collect()
}

fn colours(volume: &Volume, raster: &Raster) -> Vec<Color32> {
    let size = volume.size();
    let most = if volume.samples().dtype() == "uint16" { 257.0 } else { 1.0 };
    let colour = |x, y| {
        let Some(index) = raster.voxel_of_pixel(volume, x, y).index_in(size) else { return Color32::BLACK };
        let first = volume.geometry.linear_index(index) * volume.channels();
        let [r, g, b] = [0, 1, 2].map(|c| (volume.samples().get(first + c) / most).clamp(0.0, 255.0) as u8);
        Color32::from_rgb(r, g, b)
    };
    (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y))).map(|(x, y)| colour(x, y)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn a_thumbnail_is_upright_and_in_the_pictures_window() {
        // Bright in the patient's right front, which is the screen's upper left.
        let geometry = Geometry::axis_aligned([8, 8, 3], World::default(), [1.0; 3]).unwrap();
        let samples = (0..192).map(|n| if n % 8 < 4 && n / 8 % 8 < 4 { 200_u8 } else { 10 }).collect();
        let image = draw(&Volume::new(geometry, Samples::U8(samples), 1).unwrap());
        let at = |x: usize, y: usize| image.pixels[y * SIDE + x].r();
        assert!(at(20, 20) > 200 && at(75, 75) < 40 && at(75, 20) < 40);
        let rgb = Samples::U8((0..192).map(|n| if n % 3 == 1 { 250 } else { 5 }).collect());
        let flat = Geometry::axis_aligned([8, 8, 1], World::default(), [1.0; 3]).unwrap();
        let green = draw(&Volume::new(flat, rgb, 3).unwrap());
        assert_eq!(green.pixels[40 * SIDE + 40], Color32::from_rgb(5, 250, 5));
    }
}
