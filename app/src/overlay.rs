//! The join from document to label textures: what a commit, an undo or an opened picture changed goes to the GPU, box
//! by box.

use crate::gpu::Gpu;
use crate::view_state::Stage;
use crate::view_state::link::Pictures;
use crate::workspace::OpenPicture;
use limner_annotation::label_map::Layer;
use limner_annotation::{Change, Document, ImageId, LabelId};
use limner_imaging::VoxelBox;
use limner_render::LabelStyle;
use std::collections::BTreeSet;

/// Voxels of labels that one frame sends.
const MOST_IN_A_FRAME: usize = 8 << 20;

/// What sets labels apart on screen and in no document.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    pub selected: Option<LabelId>,
    /// Drawn without their fill.
    pub outlined: &'a BTreeSet<LabelId>,
}

impl<'a> Marks<'a> {
    pub const fn of(selected: Option<LabelId>, stage: &'a Stage) -> Self {
        Self { selected, outlined: &stage.outlined }
    }
}

/// Everything painted on an open picture, from the next frames on (`show_waiting`).
pub fn show_all(gpu: &mut Gpu, document: &Document, open: &OpenPicture, marks: Marks<'_>) {
    await_painted(gpu, document, open);
    style(gpu, document, marks);
}

/// What is painted on the voxels in memory.
pub fn await_painted(gpu: &mut Gpu, document: &Document, open: &OpenPicture) {
    let Some(map) = document.label_map(open.image) else { return };
    let part = open.volume.in_memory();
    for (number, layer) in map.layers().iter().enumerate() {
        let boxes = painted(layer).into_iter().map(|bounds| bounds.intersection(&part));
        gpu.await_labels(open.image, boxes.filter(|bounds| !bounds.is_empty()).map(|bounds| (number, bounds)));
    }
}

/// Boxes around all that is painted on a layer, each a row of bricks at most.
fn painted(layer: &Layer) -> Vec<VoxelBox> {
    let mut boxes: Vec<VoxelBox> = Vec::new();
    for (number, _) in layer.painted_bricks() {
        let brick = layer.grid().brick_box(number);
        match boxes.last_mut() {
            Some(last) if last.min[1..] == brick.min[1..] => *last = last.union(&brick),
            _ => boxes.push(brick),
        }
    }
    boxes
}

/// Sends some of the labels that wait. True once none do.
pub fn show_waiting(gpu: &mut Gpu, document: &Document) -> anyhow::Result<bool> {
    let mut sent = 0;
    while sent < MOST_IN_A_FRAME {
        let Some((image, layer, bounds)) = gpu.next_labels() else { return Ok(true) };
        show_box(gpu, document, image, layer, bounds)?;
        sent += bounds.len();
    }
    Ok(false)
}

/// Only what changed, on whichever open picture.
pub fn show_changes(
    gpu: &mut Gpu,
    document: &Document,
    pictures: &Pictures,
    changes: &[Change],
    marks: Marks<'_>,
) -> anyhow::Result<()> {
    for change in changes {
        match *change {
            Change::Labels { image, layer, bounds } if pictures.contains_key(&image) => {
                show_box(gpu, document, image, layer, bounds)?;
            }
            _ => {}
        }
    }
    style(gpu, document, marks);
    Ok(())
}

fn show_box(gpu: &mut Gpu, document: &Document, image: ImageId, layer: usize, bounds: VoxelBox) -> anyhow::Result<()> {
    let values = match document.label_map(image) {
        Some(map) => map.copy_box(layer, bounds),
        None => vec![0; bounds.len()],
    };
    gpu.write_labels(image, layer, bounds, &values)
}

pub fn style(gpu: &mut Gpu, document: &Document, marks: Marks<'_>) {
    gpu.style_labels(document.labels().into_iter().map(|label| {
        let style = LabelStyle {
            visible: label.visible,
            selected: marks.selected == Some(label.id),
            filled: !marks.outlined.contains(&label.id),
            ..LabelStyle::new(label.colour())
        };
        (label.value, style)
    }));
}
