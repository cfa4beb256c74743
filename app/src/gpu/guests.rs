//! Labels laid over a picture that are not the project's: a study's own segmentations, drawings stored with the pixels.
//! Each guest has its own layers and its own colours; nothing of it can be painted on.

use super::{Gpu, Part};
use crate::drawings;
use limner_annotation::ImageId;
use limner_imaging::{Volume, VoxelBox};
use limner_render::{GpuContext, LabelStyle, LabelTexture, Palette};

/// Who lays something over pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuestId {
    /// By line of the series list.
    Companion(usize),
    /// What a file lays over its own pixels.
    Drawings,
}

/// What a guest brings for one picture.
#[derive(Clone)]
pub struct GuestLayers {
    /// Each as boxes with their labels, columns fastest.
    pub layers: Vec<Vec<(VoxelBox, Vec<u16>)>>,
    pub styles: Vec<(u16, LabelStyle)>,
}

pub struct Guest {
    layers: Vec<LabelTexture>,
    palette: Palette,
    /// Kept for the other frames of a long film.
    brought: Option<GuestLayers>,
}

impl Gpu {
    pub fn show_guest(&mut self, image: ImageId, id: GuestId, brought: &GuestLayers) -> anyhow::Result<()> {
        let gpu = &self.device.context;
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        let mut palette = Palette::new(gpu)?;
        palette.update(gpu, brought.styles.iter().copied());
        let layers = layers_on(gpu, content.part, brought)?;
        let brought = (!content.part.is_all).then(|| brought.clone());
        content.guests.insert(id, Guest { layers, palette, brought });
        content.revision += 1;
        Ok(())
    }

    /// What a picture's own file draws over it.
    pub fn show_drawings(&mut self, image: ImageId, volume: &Volume) -> anyhow::Result<()> {
        let Some(mut drawn) = drawings::of(volume) else { return Ok(()) };
        let first = self.pictures.get(&image).map_or(0, |content| content.part.voxels.min[2]);
        for (bounds, _) in drawn.layers.iter_mut().flatten() {
            (bounds.min[2], bounds.max[2]) = (bounds.min[2] + first, bounds.max[2] + first);
        }
        self.show_guest(image, GuestId::Drawings, &drawn)
    }

    pub fn hide_guest(&mut self, id: GuestId) {
        for content in self.pictures.values_mut() {
            if content.guests.remove(&id).is_some() {
                content.revision += 1;
            }
        }
    }
}

/// What a guest brings on a part of a picture.
fn layers_on(gpu: &GpuContext, part: Part, brought: &GuestLayers) -> anyhow::Result<Vec<LabelTexture>> {
    let on_part = |boxes: &Vec<(VoxelBox, Vec<u16>)>| -> anyhow::Result<LabelTexture> {
        let texture = LabelTexture::new(gpu, part.size())?;
        for (bounds, labels) in boxes.iter().filter_map(|(bounds, labels)| part.cut(*bounds, labels)) {
            texture.write_box(gpu, bounds, &labels)?;
        }
        Ok(texture)
    };
    brought.layers.iter().map(on_part).collect()
}

impl Guest {
    /// The same guest on another frame of a long film.
    pub fn lie_on(&mut self, gpu: &GpuContext, part: Part) -> anyhow::Result<()> {
        if let Some(brought) = &self.brought {
            self.layers = layers_on(gpu, part, brought)?;
        }
        Ok(())
    }

    pub fn layers(&self) -> impl Iterator<Item = (&LabelTexture, &Palette)> {
        self.layers.iter().map(|texture| (texture, &self.palette))
    }
}
