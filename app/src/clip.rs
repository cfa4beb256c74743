//! A view as a moving picture: all frames or slices one after the other, or the volume once around.

use crate::picture::{Look, Room, Studio};
use crate::times::Frames;
use crate::view_state::Viewport;
use anyhow::Context as _;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};
use limner_imaging::{StackAxis, Task, Volume};
use std::path::Path;

/// A turn of the volume is made of this many pictures.
const TURN_FRAMES: usize = 36;
const MILLISECONDS_PER_FRAME: u32 = 66;
/// Larger pictures make files nobody can send.
const MOST_PIXELS_ACROSS: usize = 640;

/// Writes the clip and answers how many frames it has. Labels and text are left out.
pub fn write(viewport: &Viewport, frames: &Frames, path: &Path, task: &Task) -> anyhow::Result<usize> {
    let file = std::fs::File::create(path).with_context(|| format!("could not write {}", path.display()))?;
    let mut encoder = GifEncoder::new_with_speed(std::io::BufWriter::new(file), 10);
    encoder.set_repeat(Repeat::Infinite)?;
    let viewport = Viewport { size: smaller(viewport.size), ..viewport.clone() };
    let volume = frames.volume();
    let count = frames_of(&viewport, volume);
    task.progress.begin("drawing", count as u64);
    let room = Room::new()?;
    let studio = if frames.is_film() { None } else { Some(Studio::in_room(&room, volume)?) };
    for n in 0..count {
        task.cancel.check()?;
        let picture = match &studio {
            Some(studio) => frame(studio, &viewport, volume, n, count)?,
            None => frame(&Studio::in_room(&room, &*frames.alone(n, task)?)?, &viewport, volume, n, count)?,
        };
        let delay = Delay::from_numer_denom_ms(MILLISECONDS_PER_FRAME, 1);
        encoder.encode_frame(Frame::from_parts(picture, 0, 0, delay))?;
        task.progress.advance(1);
    }
    Ok(count)
}

fn smaller(size: [usize; 2]) -> [usize; 2] {
    let factor = size[0].max(size[1]).div_ceil(MOST_PIXELS_ACROSS).max(1);
    size.map(|n| (n / factor).max(1))
}

fn frames_of(viewport: &Viewport, volume: &Volume) -> usize {
    if viewport.is_solid() { TURN_FRAMES } else { viewport.slice(&volume.geometry).1 }
}

fn frame(
    studio: &Studio<'_>,
    viewport: &Viewport,
    volume: &Volume,
    n: usize,
    count: usize,
) -> anyhow::Result<RgbaImage> {
    let look = Look {
        window: viewport.window,
        inverted: viewport.inverted,
        size: viewport.size,
        slab: viewport.slab,
        solid: viewport.solid.clone(),
        at: viewport.at,
        ..Look::default()
    };
    if viewport.is_solid() {
        let angle = std::f64::consts::TAU * n as f64 / count as f64;
        let camera = viewport.solid_camera(&volume.geometry).turned(angle, 0.0);
        return studio.draw_solid_from(&camera, &look, None);
    }
    let mut at = viewport.clone();
    // Slices in reading order, frames in their own.
    let slice = if volume.stack_axis == StackAxis::Space { count - 1 - n } else { n };
    at.go_to_slice(&volume.geometry, slice);
    studio.draw(&at.raster(volume), &look, None, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::AnimationDecoder as _;
    use limner_annotation::ImageId;
    use limner_imaging::{Geometry, Samples, World};
    use std::sync::Arc;

    #[test]
    fn a_clip_has_every_frame_in_order() {
        let geometry = Geometry::axis_aligned([8, 8, 5], World::default(), [1.0; 3]).unwrap();
        let samples = (0..320).map(|n| (n / 64 * 50) as u8).collect();
        let mut volume = Volume::new(geometry, Samples::U8(samples), 1).unwrap();
        volume.stack_axis = StackAxis::Time;
        let window = limner_imaging::Window::from_range(0.0, 255.0);
        let viewport = Viewport { size: [64, 64], ..Viewport::first_look(ImageId::new(), &volume, window) };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.gif");
        let frames = Frames { volume: Arc::new(volume), film: None };
        assert_eq!(write(&viewport, &frames, &path, &Task::default()).unwrap(), 5);
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let frames = image::codecs::gif::GifDecoder::new(file).unwrap().into_frames().collect_frames().unwrap();
        let greys: Vec<u8> = frames.iter().map(|f| f.buffer().get_pixel(32, 32).0[0]).collect();
        assert!(greys.len() == 5 && greys.is_sorted() && greys[4] > 150, "{greys:?}");
    }
}
