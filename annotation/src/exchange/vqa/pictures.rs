//! Makes the pictures that records name: a slice, windowed, by its recipe, with the marks of a visual prompt. Every pixel is
//! looked up through the recipe's own transform, so that what is seen and what is written of boxes cannot part.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::vqa::collect::PictureJob;
use crate::image_entry::ImageEntry;
use crate::question::{Grey, Mark, Overlay, Region, Transform};
use crate::shapes::Slice;
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Geometry, Mask, Samples, Volume, Window, World, window};

/// Of a point, and half of a line's width, in pixels of the picture.
const POINT_RADIUS: f64 = 4.0;
const LINE: f64 = 1.0;
/// How much of a mask's colour is seen.
const TINT: f64 = 0.45;

/// A picture as it will be written: grey, or red, green and blue.
pub fn draw(job: &PictureJob, volume: &Volume, contents: &Contents) -> Result<Volume> {
    let image = contents.image(job.image).ok_or(Error::Missing { key: job.image.into() })?;
    if volume.size() != image.size() {
        let size = volume.size();
        return Err(Error::refused(format!("the picture of an image now has {size:?} voxels; relink the image")));
    }
    let source = Source::of(volume, job);
    let transform = job.recipe.as_ref().map_or_else(|| Transform::identity(source.size), |r| r.transform(source.size));
    let [width, height] = transform.size.map(|side| side.round() as usize);
    let overlays = job.recipe.as_ref().map(|recipe| recipe.overlays.as_slice()).unwrap_or_default();
    let marks: Vec<Marked> =
        overlays.iter().filter_map(|o| Marked::of(o, job.slice, image, contents, &transform)).collect();
    let colours = volume.is_colour() || !marks.is_empty();
    let channels = if colours { 3 } else { 1 };
    let mut samples = Vec::with_capacity(width * height * channels);
    let pad = job.recipe.as_ref().and_then(|recipe| recipe.pad).map_or(0, |pad| pad.grey);
    for row in 0..height {
        for column in 0..width {
            let at = [column as f64 + 0.5, row as f64 + 0.5];
            let native =
                transform.inverse_point(at).ok_or_else(|| Error::refused("a recipe makes a picture without extent"))?;
            let mut colour = source.colour(native).unwrap_or([pad; 3]);
            for mark in &marks {
                colour = mark.over(colour, at, native);
            }
            samples.extend_from_slice(&colour[..channels]);
        }
    }
    let geometry = Geometry::axis_aligned([width, height, 1], World::default(), [1.0; 3])?;
    Ok(Volume::new(geometry, Samples::U8(samples), channels)?)
}

/// One slice as colours.
struct Source<'a> {
    volume: &'a Volume,
    slice: Slice,
    size: [usize; 2],
    window: Window,
    /// Columns and rows from, to.
    crop: [[f64; 2]; 2],
}

impl<'a> Source<'a> {
    fn of(volume: &'a Volume, job: &PictureJob) -> Self {
        let [a, b] = job.slice.axes_in_plane();
        let size = [volume.size()[a], volume.size()[b]];
        let grey = job.recipe.as_ref().and_then(|recipe| recipe.window);
        let window = match grey {
            Some(Grey::Window(window)) => window,
            Some(Grey::Percentiles([low, high])) => window::from_percentiles(volume, low, high),
            None => volume.default_window(),
        };
        let crop = job.recipe.as_ref().and_then(|recipe| recipe.crop);
        let crop = crop.map_or([[0.0; 2], size.map(|n| n as f64)], |crop| crop.map(|corner| corner.map(f64::from)));
        Self { volume, slice: job.slice, size, window, crop }
    }

    /// Between the four pixels around; `None` outside of the crop.
    fn colour(&self, [x, y]: [f64; 2]) -> Option<[u8; 3]> {
        let [from, to] = self.crop;
        if x < from[0] || y < from[1] || x >= to[0] || y >= to[1] {
            return None;
        }
        let place = |value: f64, axis: usize| {
            let value = (value - 0.5).clamp(from[axis], (to[axis] - 1.0).max(from[axis]));
            let low = (value.floor() as usize).min(self.size[axis] - 1);
            let high = (low + 1).min(to[axis] as usize - 1).max(low);
            (low, high, value - low as f64)
        };
        let ((x0, x1, u), (y0, y1, v)) = (place(x, 0), place(y, 1));
        let corners = [self.pixel(x0, y0), self.pixel(x1, y0), self.pixel(x0, y1), self.pixel(x1, y1)];
        Some(std::array::from_fn(|c| {
            let upper = corners[0][c] * (1.0 - u) + corners[1][c] * u;
            let lower = corners[2][c] * (1.0 - u) + corners[3][c] * u;
            (upper * (1.0 - v) + lower * v).round() as u8
        }))
    }

    fn pixel(&self, column: usize, row: usize) -> [f64; 3] {
        let [a, b] = self.slice.axes_in_plane();
        let mut index = [0; 3];
        (index[a], index[b], index[self.slice.axis]) = (column, row, self.slice.index);
        let start = self.volume.geometry.linear_index(index) * self.volume.channels();
        if self.volume.is_colour()
            && let Samples::U8(samples) = self.volume.samples()
        {
            return std::array::from_fn(|c| f64::from(samples[start + c]));
        }
        let grey = self.window.grey(self.volume.value(index));
        let grey = (if self.volume.inverted { 1.0 - grey } else { grey } * 255.0).round();
        [grey; 3]
    }
}

/// A mark on its way onto the picture.
struct Marked {
    mark: Mark,
    colour: [u8; 3],
    /// In pixels of the picture.
    rect: [f64; 4],
    mask: Mask,
    slice: Slice,
}

impl Marked {
    fn of(
        overlay: &Overlay,
        slice: Slice,
        image: &ImageEntry,
        contents: &Contents,
        transform: &Transform,
    ) -> Option<Self> {
        let mask = mask_on(&overlay.region, slice, image, contents)?;
        let tight = mask.tight_box();
        if tight.is_empty() {
            return None;
        }
        let [a, b] = slice.axes_in_plane();
        let n = |index: usize| index as f64;
        let rect = transform.rectangle([n(tight.min[a]), n(tight.min[b]), n(tight.max[a]), n(tight.max[b])]);
        Some(Self { mark: overlay.mark, colour: overlay.colour, rect, mask, slice })
    }

    fn inside(&self, [x, y]: [f64; 2]) -> bool {
        if x < 0.0 || y < 0.0 {
            return false;
        }
        let [a, b] = self.slice.axes_in_plane();
        let mut index = [0; 3];
        (index[a], index[b], index[self.slice.axis]) = (x as usize, y as usize, self.slice.index);
        self.mask.get(index)
    }

    fn over(&self, under: [u8; 3], at: [f64; 2], native: [f64; 2]) -> [u8; 3] {
        let [x0, y0, x1, y1] = self.rect;
        let share = match self.mark {
            Mark::Box => {
                let within = |margin: f64| {
                    at[0] > x0 - margin && at[0] < x1 + margin && at[1] > y0 - margin && at[1] < y1 + margin
                };
                f64::from(u8::from(within(LINE) && !within(-LINE)))
            }
            Mark::Point => {
                let middle = [f64::midpoint(x0, x1), f64::midpoint(y0, y1)];
                f64::from(u8::from((at[0] - middle[0]).hypot(at[1] - middle[1]) <= POINT_RADIUS))
            }
            Mark::Mask => f64::from(u8::from(self.inside(native))) * TINT,
            Mark::Contour => {
                let near = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
                let edge = near.iter().any(|[dx, dy]| !self.inside([native[0] + dx, native[1] + dy]));
                f64::from(u8::from(self.inside(native) && edge))
            }
        };
        std::array::from_fn(|c| (f64::from(under[c]) * (1.0 - share) + f64::from(self.colour[c]) * share).round() as u8)
    }
}

/// The voxels of a region on a slice.
fn mask_on(region: &Region, slice: Slice, image: &ImageEntry, contents: &Contents) -> Option<Mask> {
    match region {
        Region::Painted { image: id, label, around, .. } => {
            let mask = contents.label_map(*id)?.mask_of(contents.label(*label)?.value);
            let mask = match around {
                Some(at) => {
                    let parts = components(&mask, Connectivity::Corner26);
                    parts.mask(parts.at(*at)?)
                }
                None => mask,
            };
            let bounds = mask.bounds();
            Some(mask.within(bounds.slice(slice.axis, slice.index).intersection(&bounds)))
        }
        Region::Shape { shape } => {
            let shape = contents.shape(*shape)?;
            (shape.form.slice() == Some(slice)).then(|| crate::measure::mask_of(shape, image)).flatten()
        }
        Region::Landmark { .. } => None,
    }
}
