//! What each command does, in primitive edits. Refuses what would break an invariant before anything is changed.

mod leaving;

use crate::command::{Command, PaintMode, PaintRule};
use crate::edit::Editor;
use crate::entity::{Entity, ImageId, Kind, LabelId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::labels::Label;
use crate::origin::Origin;
use crate::packed::{PackedMask, Patch};
use crate::query::Query;
use crate::records::{PromptTrace, Track};
use crate::rows::Row;
use crate::shapes::Shape;
use limner_imaging::VoxelBox;
use std::collections::{BTreeMap, BTreeSet};

/// More layers than overlapping segments could need; a script cannot ask for a million.
pub(crate) const MAX_LAYERS: usize = 256;

/// Applies one command. On an error the contents are as before.
pub(crate) fn apply(editor: &mut Editor<'_>, command: &Command) -> Result<()> {
    let before = editor.undo.len();
    let outcome = run(editor, command).and_then(|()| editor.contents.check_readable());
    if outcome.is_err() {
        let partial = editor.undo.split_off(before);
        editor.apply_backwards(&partial)?;
        editor.undo.truncate(before);
    }
    outcome
}

fn run(editor: &mut Editor<'_>, command: &Command) -> Result<()> {
    match command {
        Command::AddImage { image } => add(editor, image.clone().into()),
        Command::AddLabel { label } => add(editor, label.clone().into()),
        Command::AddShape { shape } => add(editor, shape.clone().into()),
        Command::EditImage { image } => edit(editor, image.clone().into()),
        Command::EditLabel { label } => edit(editor, label.clone().into()),
        Command::EditShape { shape } => edit(editor, shape.clone().into()),
        Command::RemoveImage { id } => remove(editor, id.key()),
        Command::RemoveLabel { id } => remove(editor, id.key()),
        Command::RemoveShape { id } => remove(editor, id.key()),
        Command::Put { entity, parents, ext, origin } => {
            put(editor, (**entity).clone())?;
            describe(editor, entity.key(), parents, ext, origin.as_deref())
        }
        Command::Remove { key } => remove(editor, *key),
        Command::Paint { image, layer, label, mask, mode, rule } => {
            paint(editor, (*image, *layer), *label, mask, *mode, *rule)
        }
        Command::SetVoxels { image, layer, patch } => set_voxels(editor, (*image, *layer), patch),
    }
}

fn add(editor: &mut Editor<'_>, entity: Entity) -> Result<()> {
    let key = entity.key();
    if editor.contents.row(key).is_some() {
        return Err(Error::refused(format!("there is already a {} with the id {}", key.kind, key.id)));
    }
    put(editor, entity)
}

fn edit(editor: &mut Editor<'_>, entity: Entity) -> Result<()> {
    let key = entity.key();
    editor.contents.row(key).ok_or(Error::Missing { key })?;
    put(editor, entity)
}

/// Adds an entity or replaces it. Refused where it is not whole, or where what points at it would no longer be.
fn put(editor: &mut Editor<'_>, entity: Entity) -> Result<()> {
    let key = entity.key();
    entity.check(editor.contents)?;
    let known = editor.contents.entity(key);
    if let Some(former) = known {
        if former.image() != entity.image() {
            return Err(Error::refused(format!("a {} stays on its image; make a new one on the other", key.kind)));
        }
        entity.rules().check_change(former)?;
    }
    let is_change = known.is_some();
    editor.put(key, Some(entity))?;
    // Images and labels say themselves what may change of them; asking every shape would read the whole project.
    if is_change && !matches!(key.kind, Kind::Image | Kind::Label) {
        for other in editor.contents.pointing_at(key)? {
            if let Some(other) = editor.contents.entity(other) {
                let refused = |error| Error::refused(format!("{} depends on it: {error}", other.key()));
                other.check(editor.contents).map_err(refused)?;
            }
        }
    }
    Ok(())
}

/// What is kept beside an entity: what it was derived from, what another program knew of it, or all of where it comes
/// from where it was made elsewhere.
fn describe(
    editor: &mut Editor<'_>,
    key: Key,
    parents: &[Key],
    ext: &BTreeMap<String, serde_json::Value>,
    origin: Option<&Origin>,
) -> Result<()> {
    let Some(row) = editor.contents.row(key).cloned() else { return Ok(()) };
    if let Some(origin) = origin {
        editor.signed.insert(key);
        return editor.put_row(key, Some(Row { origin: Some(origin.clone()), ..row }));
    }
    if parents.is_empty() && ext.is_empty() {
        return Ok(());
    }
    if parents.contains(&key) {
        return Err(Error::refused("nothing is derived from itself"));
    }
    // The touches are those of the step that is signed later; until then there is none of its own.
    let former = row.origin.unwrap_or_else(Origin::unsigned);
    let origin = Origin { parents: parents.to_vec(), ext: ext.clone(), ..former };
    editor.put_row(key, Some(Row { origin: Some(origin), ..row }))
}

/// Takes an entity out, with what cannot be without it: an image goes with all that is on it, a label with its voxels.
fn remove(editor: &mut Editor<'_>, key: Key) -> Result<()> {
    editor.contents.row(key).ok_or(Error::Missing { key })?;
    match key.kind {
        Kind::Image => remove_image(editor, ImageId(key.id)),
        Kind::Label => remove_label(editor, LabelId(key.id)),
        _ => take_out(editor, key),
    }
}

fn take_out(editor: &mut Editor<'_>, key: Key) -> Result<()> {
    let other = editor.contents.pointing_at(key)?.first().copied();
    take_out_unless(editor, key, other)
}

/// Takes out what nothing on its image points at.
fn take_out_free(editor: &mut Editor<'_>, key: Key) -> Result<()> {
    let other = editor.contents.pointing_from_project(key).next();
    take_out_unless(editor, key, other)
}

fn take_out_unless(editor: &mut Editor<'_>, key: Key, other: Option<Key>) -> Result<()> {
    if let Some(other) = other {
        return Err(Error::refused(format!("{other} points at the {}; remove or change that first", key.kind)));
    }
    editor.put(key, None)
}

fn remove_image(editor: &mut Editor<'_>, id: ImageId) -> Result<()> {
    let map = editor.contents.label_map(id).ok_or(Error::Missing { key: id.into() })?;
    let (whole, layers) = (VoxelBox::whole(map.size()), map.layers().len());
    if let Some(locked) = map.values().into_iter().find_map(|v| locked_label(editor, v)) {
        return Err(Error::refused(format!("the label \"{}\" is locked and painted on this image", locked.name)));
    }
    remove_rows_on(editor, id)?;
    for layer in 0..layers {
        let map = editor.contents.label_map(id).ok_or(Error::Missing { key: id.into() })?;
        if map.layers()[layer].values().next().is_some() {
            clear(editor, (id, layer), whole, |_| true)?;
        }
    }
    editor.set_layers(id, 1)?;
    take_out(editor, id.into())
}

/// All rows on an image, those first that nothing points at.
fn remove_rows_on(editor: &mut Editor<'_>, image: ImageId) -> Result<()> {
    loop {
        let rows = editor.contents.sites.rows(image);
        let mentioned: BTreeSet<Key> =
            rows.iter().flat_map(|rows| rows.rows()).flat_map(|row| row.entity.rules().mentions()).collect();
        let keys: Vec<Key> = rows.iter().flat_map(|rows| rows.keys()).collect();
        let free: Vec<Key> = keys.iter().copied().filter(|key| !mentioned.contains(key)).collect();
        match free.is_empty() {
            true if keys.is_empty() => return Ok(()),
            true => return Err(Error::refused("rows of the image point at each other in a circle")),
            false => free.into_iter().try_for_each(|key| take_out_free(editor, key))?,
        }
    }
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

/// What can be without its label loses it; states of its segments go.
fn strip_label(editor: &mut Editor<'_>, id: LabelId) -> Result<()> {
    for kind in [Kind::Shape, Kind::Track, Kind::PromptTrace, Kind::SegmentState, Kind::FrameMarks] {
        for key in editor.contents.find(&Query::of(kind).mentioning(id))? {
            let without = |label: Option<LabelId>| label.filter(|label| *label != id);
            let bare = match editor.contents.entity(key).cloned() {
                Some(Entity::Shape(shape)) => {
                    let (label, tags) = (without(shape.label), shape.tags.clone().without(id));
                    Shape { label, tags, ..*shape }.into()
                }
                Some(Entity::Track(track)) => {
                    let (label, tags) = (without(track.label), track.tags.clone().without(id));
                    Track { label, tags, ..*track }.into()
                }
                Some(Entity::PromptTrace(trace)) => PromptTrace { label: without(trace.label), ..*trace }.into(),
                _ => {
                    take_out(editor, key)?;
                    continue;
                }
            };
            editor.put(key, Some(bare))?;
        }
    }
    Ok(())
}

fn remove_label(editor: &mut Editor<'_>, id: LabelId) -> Result<()> {
    let label = editor.contents.label(id).ok_or(Error::Missing { key: id.into() })?.clone();
    if label.locked {
        return Err(Error::refused(format!("the label \"{}\" is locked; unlock it first", label.name)));
    }
    if editor.contents.all::<Label>().any(|l| l.parent == Some(id)) {
        return Err(Error::refused(format!("\"{}\" has labels below it; remove or move those first", label.name)));
    }
    strip_label(editor, id)?;
    let images: Vec<ImageId> = editor.contents.sites.images().collect();
    let painted: Vec<_> = images
        .into_iter()
        .filter_map(|image| Some((image, editor.contents.label_map(image)?)))
        .flat_map(|(image, map)| map.layers().iter().enumerate().map(move |(n, layer)| (image, n, layer)))
        .map(|(image, n, layer)| ((image, n), layer.box_of(label.value)))
        .filter(|(_, bounds)| !bounds.is_empty())
        .collect();
    for (target, bounds) in painted {
        clear(editor, target, bounds, |old| old == label.value)?;
    }
    take_out(editor, id.into())
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
    let mut kept = locked_values(editor);
    if rule == PaintRule::Shown {
        let hidden = editor.contents.all::<Label>().filter(|other| !other.visible && other.value != label);
        kept.extend(hidden.map(|other| other.value));
    }
    let free = |old: u16| rule.allows(old) && (kept.is_empty() || !kept.contains(&old));
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
        let reason = format!(
            "the label \"{}\" is locked: unlock it with the lock beside its name in the list of labels, or with an edit_label \
             line of limner project edit, and do this again",
            label.name
        );
        return Err(Error::refused(reason));
    }
    Ok(())
}

fn locked_values(editor: &Editor<'_>) -> BTreeSet<u16> {
    editor.contents.all::<Label>().filter(|label| label.locked).map(|label| label.value).collect()
}

fn add_layer_if_next(editor: &mut Editor<'_>, image: ImageId, layer: usize) -> Result<()> {
    let map = editor.contents.label_map(image).ok_or(Error::Missing { key: image.into() })?;
    if layer == map.layers().len() && layer < MAX_LAYERS { editor.set_layers(image, layer + 1) } else { Ok(()) }
}
