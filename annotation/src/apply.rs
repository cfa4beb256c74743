//! What each command does, in primitive edits. Refuses what would break an invariant before anything is changed.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Entity;
use crate::edit::Editor;
use crate::error::{Error, Result};
use crate::id::{ImageId, Key, LabelId};
use crate::image_entry::ImageEntry;
use crate::labels::{self, Label};
use crate::packed::{PackedMask, Patch};
use crate::shapes::Shape;
use limner_imaging::VoxelBox;
use std::collections::BTreeSet;

/// More layers than overlapping segments could need; a script cannot ask for a million.
const MAX_LAYERS: usize = 256;

/// Applies one command. On an error the contents are as before.
pub(crate) fn apply(editor: &mut Editor<'_>, command: &Command) -> Result<()> {
    let before = editor.undo.len();
    let outcome = run(editor, command);
    if outcome.is_err() {
        let partial = editor.undo.split_off(before);
        editor.apply_backwards(&partial)?;
        editor.undo.truncate(before);
    }
    outcome
}

fn run(editor: &mut Editor<'_>, command: &Command) -> Result<()> {
    match command {
        Command::AddImage { image } => add_image(editor, image),
        Command::EditImage { image } => edit_image(editor, image),
        Command::RemoveImage { id } => remove_image(editor, *id),
        Command::AddLabel { label } => {
            refuse_known(editor, label.id.into())?;
            put_label(editor, label)
        }
        Command::EditLabel { label } => edit_label(editor, label),
        Command::RemoveLabel { id } => remove_label(editor, *id),
        Command::Paint { image, layer, label, mask, mode, rule } => {
            paint(editor, (*image, *layer), *label, mask, *mode, *rule)
        }
        Command::SetVoxels { image, layer, patch } => set_voxels(editor, (*image, *layer), patch),
        Command::AddShape { shape } => {
            refuse_known(editor, shape.id.into())?;
            put_shape(editor, shape)
        }
        Command::EditShape { shape } => {
            let former = editor.contents.shape(shape.id).ok_or(Error::Missing { key: shape.id.into() })?;
            if former.image != shape.image {
                return Err(Error::refused("a shape stays on its image; draw a new one on the other image"));
            }
            put_shape(editor, shape)
        }
        Command::RemoveShape { id } => {
            editor.contents.shape(*id).ok_or(Error::Missing { key: (*id).into() })?;
            editor.put((*id).into(), None)
        }
    }
}

fn refuse_known(editor: &Editor<'_>, key: Key) -> Result<()> {
    match editor.contents.entity(key) {
        Some(_) => Err(Error::refused(format!("there is already a {} with the id {}", key.kind, key.id))),
        None => Ok(()),
    }
}

fn add_image(editor: &mut Editor<'_>, image: &ImageEntry) -> Result<()> {
    refuse_known(editor, image.id.into())?;
    image.check()?;
    editor.put(image.id.into(), Some(Entity::Image(image.clone())))
}

fn edit_image(editor: &mut Editor<'_>, image: &ImageEntry) -> Result<()> {
    let former = editor.contents.image(image.id).ok_or(Error::Missing { key: image.id.into() })?;
    image.check()?;
    if former.geometry != image.geometry {
        return Err(Error::refused("the grid of an image cannot change under its labels; add it as a new image"));
    }
    editor.put(image.id.into(), Some(Entity::Image(image.clone())))
}

fn remove_image(editor: &mut Editor<'_>, id: ImageId) -> Result<()> {
    let map = editor.contents.label_map(id).ok_or(Error::Missing { key: id.into() })?;
    let (whole, layers) = (VoxelBox::whole(map.size()), map.layers().len());
    if let Some(locked) = map.values().into_iter().find_map(|v| locked_label(editor, v)) {
        return Err(Error::refused(format!("the label \"{}\" is locked and painted on this image", locked.name)));
    }
    let shapes: Vec<_> = editor.contents.shapes_on(id).map(|shape| shape.id).collect();
    for shape in shapes {
        editor.put(shape.into(), None)?;
    }
    for layer in 0..layers {
        let used = editor.contents.maps[&id].layers()[layer].values().collect::<Vec<_>>();
        if !used.is_empty() {
            clear(editor, (id, layer), whole, |_| true)?;
        }
    }
    editor.set_layers(id, 1)?;
    editor.put(id.into(), None)
}

/// Sets the voxels of a box to 0 where the value may go.
fn clear(
    editor: &mut Editor<'_>,
    (image, layer): (ImageId, usize),
    bounds: VoxelBox,
    may_go: impl Fn(u16) -> bool,
) -> Result<()> {
    editor.write(image, layer, PackedMask::full(bounds).wishes(0), may_go)
}

fn locked_label<'a>(editor: &'a Editor<'_>, value: u16) -> Option<&'a Label> {
    editor.contents.label_of_value(value).filter(|label| label.locked)
}

fn put_label(editor: &mut Editor<'_>, label: &Label) -> Result<()> {
    labels::check(&editor.contents.labels, label)?;
    editor.put(label.id.into(), Some(Entity::Label(label.clone())))
}

fn edit_label(editor: &mut Editor<'_>, label: &Label) -> Result<()> {
    let former = editor.contents.label(label.id).ok_or(Error::Missing { key: label.id.into() })?;
    if former.value != label.value {
        return Err(Error::refused("the value of a label cannot change: label maps hold it; add a new label"));
    }
    put_label(editor, label)
}

fn remove_label(editor: &mut Editor<'_>, id: LabelId) -> Result<()> {
    let label = editor.contents.label(id).ok_or(Error::Missing { key: id.into() })?.clone();
    if label.locked {
        return Err(Error::refused(format!("the label \"{}\" is locked; unlock it first", label.name)));
    }
    if editor.contents.labels.values().any(|l| l.parent == Some(id)) {
        return Err(Error::refused(format!("\"{}\" has labels below it; remove or move those first", label.name)));
    }
    let with_label: Vec<_> = editor.contents.shapes().filter(|s| s.label == Some(id)).cloned().collect();
    for shape in with_label {
        let bare = Shape { label: None, ..shape };
        editor.put(bare.id.into(), Some(Entity::Shape(bare)))?;
    }
    let painted: Vec<_> = editor
        .contents
        .maps
        .iter()
        .flat_map(|(image, map)| map.layers().iter().enumerate().map(move |(n, layer)| (*image, n, layer)))
        .map(|(image, n, layer)| ((image, n), layer.box_of(label.value)))
        .filter(|(_, bounds)| !bounds.is_empty())
        .collect();
    for (target, bounds) in painted {
        clear(editor, target, bounds, |old| old == label.value)?;
    }
    editor.put(id.into(), None)
}

fn paint(
    editor: &mut Editor<'_>,
    (image, layer): (ImageId, usize),
    label: u16,
    mask: &PackedMask,
    mode: PaintMode,
    rule: PaintRule,
) -> Result<()> {
    if label != 0 || mode == PaintMode::Set {
        refuse_unpaintable(editor, label)?;
    }
    add_layer_if_next(editor, image, layer)?;
    let locked = locked_values(editor);
    let free = |old: u16| rule.allows(old) && (locked.is_empty() || !locked.contains(&old));
    match mode {
        PaintMode::Set => editor.write(image, layer, mask.wishes(label), free),
        PaintMode::Erase => editor.write(image, layer, mask.wishes(0), |old| free(old) && (label == 0 || old == label)),
    }
}

fn set_voxels(editor: &mut Editor<'_>, (image, layer): (ImageId, usize), patch: &Patch) -> Result<()> {
    for value in patch.values().into_iter().filter(|v| *v != 0) {
        refuse_unpaintable(editor, value)?;
    }
    add_layer_if_next(editor, image, layer)?;
    let locked = locked_values(editor);
    editor.write(image, layer, patch.wishes(), |old| !locked.contains(&old))
}

fn refuse_unpaintable(editor: &Editor<'_>, value: u16) -> Result<()> {
    let label = editor.contents.label_of_value(value);
    let label = label.ok_or_else(|| Error::refused(format!("no label has the value {value}; add one first")))?;
    if label.locked {
        return Err(Error::refused(format!("the label \"{}\" is locked; unlock it first", label.name)));
    }
    Ok(())
}

fn locked_values(editor: &Editor<'_>) -> BTreeSet<u16> {
    editor.contents.labels.values().filter(|label| label.locked).map(|label| label.value).collect()
}

fn add_layer_if_next(editor: &mut Editor<'_>, image: ImageId, layer: usize) -> Result<()> {
    let map = editor.contents.label_map(image).ok_or(Error::Missing { key: image.into() })?;
    if layer == map.layers().len() && layer < MAX_LAYERS { editor.set_layers(image, layer + 1) } else { Ok(()) }
}

fn put_shape(editor: &mut Editor<'_>, shape: &Shape) -> Result<()> {
    let image = editor.contents.image(shape.image).ok_or(Error::Missing { key: shape.image.into() })?;
    shape.check(image)?;
    if let Some(label) = shape.label {
        editor.contents.label(label).ok_or(Error::Missing { key: label.into() })?;
    }
    editor.put(shape.id.into(), Some(Entity::Shape(shape.clone())))
}
