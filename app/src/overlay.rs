//! The join from document to label textures: what a commit, an undo or an opened picture changed goes to the GPU, box
//! by box.

use crate::gpu::Gpu;
use crate::view_state::link::Pictures;
use crate::workspace::OpenPicture;
use limner_annotation::{Change, Document, ImageId, LabelId};
use limner_imaging::VoxelBox;
use limner_render::LabelStyle;

/// Everything painted on an open picture.
pub fn show_all(
    gpu: &mut Gpu,
    document: &Document,
    open: &OpenPicture,
    selected: Option<LabelId>,
) -> anyhow::Result<()> {
    let layers = document.label_map(open.image).map_or(1, |map| map.layers().len());
    for layer in 0..layers {
        show_box(gpu, document, open.image, layer, VoxelBox::whole(open.volume.size()))?;
    }
    style(gpu, document, selected);
    Ok(())
}

/// Only what changed, on whichever open picture.
pub fn show_changes(
    gpu: &mut Gpu,
    document: &Document,
    pictures: &Pictures,
    changes: &[Change],
    selected: Option<LabelId>,
) -> anyhow::Result<()> {
    for change in changes {
        match *change {
            Change::Labels { image, layer, bounds } if pictures.contains_key(&image) => {
                show_box(gpu, document, image, layer, bounds)?;
            }
            _ => {}
        }
    }
    style(gpu, document, selected);
    Ok(())
}

fn show_box(gpu: &mut Gpu, document: &Document, image: ImageId, layer: usize, bounds: VoxelBox) -> anyhow::Result<()> {
    let values = match document.label_map(image) {
        Some(map) => map.copy_box(layer, bounds),
        None => vec![0; bounds.len()],
    };
    gpu.write_labels(image, layer, bounds, &values)
}

pub fn style(gpu: &mut Gpu, document: &Document, selected: Option<LabelId>) {
    gpu.style_labels(document.labels().into_iter().map(|label| {
        let style = LabelStyle { colour: label.colour(), visible: label.visible, selected: selected == Some(label.id) };
        (label.value, style)
    }));
}
