//! Labels laid over a picture that are not the project's: a study's own segmentations, drawings stored with the pixels.
//! Each guest has its own layers and its own colours; nothing of it can be painted on.

use super::Gpu;
use crate::drawings;
use limner_annotation::ImageId;
use limner_imaging::{Volume, VoxelBox};
use limner_render::{LabelStyle, LabelTexture, Palette};

/// Who lays something over pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuestId {
    /// By line of the series list.
    Companion(usize),
    /// What a file lays over its own pixels.
    Drawings,
}

/// What a guest brings for one picture.
pub struct GuestLayers {
    /// Each as boxes with their labels, columns fastest.
    pub layers: Vec<Vec<(VoxelBox, Vec<u16>)>>,
    pub styles: Vec<(u16, LabelStyle)>,
}

pub struct Guest {
    layers: Vec<LabelTexture>,
    palette: Palette,
}

impl Gpu {
    pub fn show_guest(&mut self, image: ImageId, id: GuestId, brought: &GuestLayers) -> anyhow::Result<()> {
        let gpu = &self.device.context;
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        let mut palette = Palette::new(gpu)?;
        palette.update(gpu, brought.styles.iter().copied());
        let mut layers = Vec::new();
        for boxes in &brought.layers {
            let texture = LabelTexture::new(gpu, content.size())?;
            for (bounds, labels) in boxes {
                texture.write_box(gpu, *bounds, labels)?;
            }
            layers.push(texture);
        }
        content.guests.insert(id, Guest { layers, palette });
        content.revision += 1;
        Ok(())
    }

    /// What a picture's own file draws over it.
    pub fn show_drawings(&mut self, image: ImageId, volume: &Volume) -> anyhow::Result<()> {
        drawings::of(volume).map_or(Ok(()), |drawn| self.show_guest(image, GuestId::Drawings, &drawn))
    }

    pub fn hide_guest(&mut self, id: GuestId) {
        for content in self.pictures.values_mut() {
            if content.guests.remove(&id).is_some() {
                content.revision += 1;
            }
        }
    }
}

impl Guest {
    pub fn layers(&self) -> impl Iterator<Item = (&LabelTexture, &Palette)> {
        self.layers.iter().map(|texture| (texture, &self.palette))
    }
}
