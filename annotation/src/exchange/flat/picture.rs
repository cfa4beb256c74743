//! A stored slice as an 8-bit picture, for formats that train on pictures. Nothing is resampled, flipped or cropped unless
//! that is asked for: the recipe of every picture has the way from native to exported pixels.

use super::{Reframe, Source};
use crate::exchange::Job;
use crate::exchange::vqa::collect::PictureJob;
use crate::exchange::vqa::pictures::draw;
use crate::question::{Frame, Grey, RenderRecipe};
use limner_imaging::{Error, Geometry, Result, Samples, Volume, Window, World};
use serde::{Deserialize, Serialize};

/// How a picture was made from its source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// Not set for colour, which is written as it is.
    pub window: Option<Window>,
    /// In native pixels: columns and rows from, to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<[[u32; 2]; 2]>,
    pub exported_from_native: [[f64; 3]; 3],
}

pub(crate) fn of_slice(volume: &Volume, slice: usize, window: Option<Window>) -> Result<(Volume, Recipe)> {
    let [width, height, slices] = volume.size();
    if slice >= slices {
        return Err(Error::geometry(format!("slice {slice} was asked of a picture with {slices}")));
    }
    let geometry = Geometry::axis_aligned([width, height, 1], World::default(), [1.0; 3])?;
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let channels = volume.channels();
    let start = slice * width * height * channels;
    if volume.is_colour()
        && let Samples::U8(samples) = volume.samples()
    {
        let pixels = samples[start..start + width * height * channels].chunks_exact(channels);
        let colours = pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let picture = Volume::new(geometry, Samples::U8(colours), 3)?;
        return Ok((picture, Recipe { window: None, crop: None, exported_from_native: identity }));
    }
    let window = window.unwrap_or_else(|| volume.default_window());
    let grey = |n: usize| {
        let value = volume.value_map.value(volume.samples().get(start + n * channels));
        let share = if volume.inverted { 1.0 - window.grey(value) } else { window.grey(value) };
        (share * 255.0).round() as u8
    };
    let picture = Volume::new(geometry, Samples::U8((0..width * height).map(grey).collect()), 1)?;
    Ok((picture, Recipe { window: Some(window), crop: None, exported_from_native: identity }))
}

/// A part of a slice, at another size perhaps.
pub(crate) fn of_part(
    volume: &Volume,
    source: &Source,
    reframe: &Reframe,
    job: &Job<'_>,
) -> crate::error::Result<(Volume, Recipe)> {
    let window = job.options.window.unwrap_or_else(|| volume.default_window());
    let colour = volume.is_colour() && matches!(volume.samples(), Samples::U8(_));
    let recipe = RenderRecipe {
        window: Some(Grey::Window(window)),
        crop: Some(reframe.crop),
        resize: Some(reframe.size().map(|side| side as u32)),
        ..RenderRecipe::plain(Frame::whole(source.image))
    };
    let picture = PictureJob { path: String::new(), image: source.image, slice: source.slice, recipe: Some(recipe) };
    let picture = draw(&picture, volume, job.contents)?;
    let window = (!colour).then_some(window);
    Ok((picture, Recipe { window, crop: Some(reframe.crop), exported_from_native: reframe.matrix() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slice_asked_for_is_windowed_where_it_lies() {
        let geometry = Geometry::axis_aligned([2, 3, 2], World::default(), [1.0; 3]).unwrap();
        let mut volume = Volume::new(geometry, Samples::I16((0..12).collect()), 1).unwrap();
        let window = Some(Window::from_range(6.0, 11.0));
        let (picture, recipe) = of_slice(&volume, 1, window).unwrap();
        assert_eq!(picture.samples(), &Samples::U8(vec![0, 51, 102, 153, 204, 255]));
        assert_eq!(recipe.window, window);
        volume.inverted = true;
        assert_eq!(of_slice(&volume, 1, window).unwrap().0.samples().get(0), 255.0);
        assert!(of_slice(&volume, 2, window).is_err());
    }

    #[test]
    fn colours_are_written_as_they_are() {
        let geometry = Geometry::axis_aligned([2, 1, 2], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8((0..12).collect()), 3).unwrap();
        let (picture, _) = of_slice(&volume, 1, None).unwrap();
        assert_eq!(picture.samples(), &Samples::U8((6..12).collect()));
    }
}
