//! The join from document to label textures: what a commit, an undo or an opened picture changed goes to the GPU, box
//! by box.

use crate::gpu::Gpu;
use crate::workspace::OpenPicture;
use limner_annotation::{Change, Document, LabelId};
use limner_imaging::VoxelBox;
use limner_render::LabelStyle;

/// Everything painted on the open picture.
pub fn show_all(
    gpu: &mut Gpu,
    document: &Document,
    open: &OpenPicture,
    selected: Option<LabelId>,
) -> anyhow::Result<()> {
    let layers = document.label_map(open.image).map_or(1, |map| map.layers().len());
    for layer in 0..layers {
        show_box(gpu, document, open, layer, VoxelBox::whole(open.volume.size()))?;
    }
    style(gpu, document, selected);
    Ok(())
}

/// Only what changed.
pub fn show_changes(
    gpu: &mut Gpu,
    document: &Document,
    open: &OpenPicture,
    changes: &[Change],
    selected: Option<LabelId>,
) -> anyhow::Result<()> {
    for change in changes {
        match *change {
            Change::Labels { image, layer, bounds } if image == open.image => {
                show_box(gpu, document, open, layer, bounds)?;
            }
            _ => {}
        }
    }
    style(gpu, document, selected);
    Ok(())
}

fn show_box(
    gpu: &mut Gpu,
    document: &Document,
    open: &OpenPicture,
    layer: usize,
    bounds: VoxelBox,
) -> anyhow::Result<()> {
    let values = match document.label_map(open.image) {
        Some(map) => map.copy_box(layer, bounds),
        None => vec![0; bounds.len()],
    };
    gpu.write_labels(layer, bounds, &values)
}

pub fn style(gpu: &mut Gpu, document: &Document, selected: Option<LabelId>) {
    gpu.style_labels(document.labels().into_iter().map(|label| {
        let style = LabelStyle { colour: label.colour(), visible: label.visible, selected: selected == Some(label.id) };
        (label.value, style)
    }));
}
