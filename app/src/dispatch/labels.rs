//! Requests about labels and shapes from their lists.

use crate::action::Action;
use crate::app::App;
use crate::case::Page;
use crate::outbox::{LabelAct, ShapeAct};
use crate::overlay;
use crate::panels::labels::begin_rename;
use crate::view_state::Pane;
use crate::work::concepts;
use limner_annotation::records::{Progress, SegmentState};
use limner_annotation::tools::{handles, place};
use limner_annotation::{
    Command, Document, Error, Form, ImageId, Label, LabelId, PackedMask, PaintMode, PaintRule, ShapeId, Slice,
};
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{Mask, Plane, StackAxis, View, Voxel, World};

impl App {
    pub(super) fn act_on_label(&mut self, id: LabelId, act: LabelAct) {
        match act {
            LabelAct::Select => self.select_label(id),
            LabelAct::Rename(name) => self.edit_label("Rename label", id, |l| l.name = name),
            LabelAct::Show(visible) => {
                self.edit_label(if visible { "Show label" } else { "Hide label" }, id, |l| l.visible = visible);
            }
            LabelAct::ShowOnly => self.show_only(id),
            LabelAct::OutlineAlone(alone) => self.outline_label(id, alone),
            LabelAct::Lock(locked) => {
                self.edit_label(if locked { "Lock label" } else { "Unlock label" }, id, |l| l.locked = locked);
            }
            LabelAct::Colour(colour) => self.edit_label("Colour label", id, |l| l.colour = Some(colour)),
            LabelAct::Under(parent) => self.edit_label("Move label", id, |l| l.parent = parent),
            LabelAct::Delete => self.delete_label(id),
            LabelAct::Duplicate => self.duplicate_label(id),
            LabelAct::MergeInto(other) => self.merge_labels(id, other),
            LabelAct::Split => self.split_label(id),
            LabelAct::JumpTo => self.jump_to_label(id),
            LabelAct::Refine => self.refine_label(id),
            LabelAct::Progress(progress) => self.set_progress(id, progress),
        }
    }

    pub(super) fn new_label(&mut self) {
        self.new_label_named(None);
    }

    /// One that was asked for waits for its name.
    pub(super) fn new_label_to_name(&mut self) {
        self.new_label();
        let is_listed = self.settings.look.inspector && self.case.page == Page::Labels;
        if is_listed && let Some(label) = self.label.and_then(|id| self.document()?.label(id)) {
            begin_rename(&self.ctx, label);
        }
    }

    /// A label with a free value, into the hand; one with a name of an ontology has its codes.
    pub(super) fn new_label_named(&mut self, name: Option<String>) {
        let label = self.change("A new label", |document| {
            let concept = name.as_deref().and_then(concepts::named);
            let label = fresh(document, |value| name.unwrap_or_else(|| format!("Label {value}")))?;
            let label = concept.map_or(label.clone(), |concept| concept.dressed(label));
            let id = label.id;
            document.apply("New label", vec![Command::AddLabel { label }])?;
            Ok(id)
        });
        if let Some(label) = label {
            self.select_label(label);
        }
    }

    /// A new label like the one in the hand: the next lesion, the next vertebra.
    pub(super) fn next_instance(&mut self) {
        let Some(former) = self.label.and_then(|id| self.document()?.label(id)).cloned() else {
            return self.new_label();
        };
        let label = self.change("The next label", |document| {
            let name = next_name(document, &former.name);
            let label = Label { parent: former.parent, codes: former.codes, ..fresh(document, |_| name)? };
            let id = label.id;
            document.apply("Next label", vec![Command::AddLabel { label }])?;
            Ok(id)
        });
        if let Some(label) = label {
            self.select_label(label);
        }
    }

    pub(super) fn select_label(&mut self, label: LabelId) {
        self.label = Some(label);
        self.work.recent.used(label);
        self.restyle_labels();
        self.go_on_about(label);
    }

    pub(super) fn restyle_labels(&mut self) {
        if let Some(project) = &self.workspace.project {
            let marks = overlay::Marks::of(self.label, &self.workspace.stage);
            overlay::style(&mut self.gpu, project.document(), marks);
        }
    }

    /// How a label is drawn is no matter of the document.
    fn outline_label(&mut self, id: LabelId, alone: bool) {
        let outlined = &mut self.workspace.stage.outlined;
        if alone {
            outlined.insert(id);
        } else {
            outlined.remove(&id);
        }
        self.restyle_labels();
    }

    /// A digit key.
    pub(super) fn pick_recent(&mut self, slot: usize) {
        if let Some(label) =
            self.work.recent.get(slot).filter(|id| self.document().is_some_and(|d| d.label(*id).is_some()))
        {
            self.select_label(label);
        }
    }

    /// Says how far the work on a label is, on the picture in view.
    fn set_progress(&mut self, id: LabelId, progress: Progress) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        self.change("The state", |document| {
            let former = document.on::<SegmentState>(image).find(|state| state.label == id).cloned();
            let state = former.unwrap_or_else(|| SegmentState::new(image, id, progress));
            let state = SegmentState { progress, ..state };
            document.apply("Set state", vec![Command::put(state)]).map(|_| ())
        });
    }

    fn show_only(&mut self, id: LabelId) {
        self.change("Show one label", |document| {
            let shown = |label: &&Label| label.visible != (label.id == id);
            let edits = document.labels().into_iter().filter(shown).cloned();
            let edits = edits.map(|label| Command::EditLabel { label: Label { visible: label.id == id, ..label } });
            let edits = edits.collect();
            document.apply("Show one label", edits).map(|_| ())
        });
    }

    fn delete_label(&mut self, id: LabelId) {
        let Some(name) = self.document().and_then(|d| d.label(id)).map(|label| label.name.clone()) else { return };
        let step = format!("Delete {name}");
        let deleted = self.change("The deletion", |document| document.apply(&step, vec![Command::RemoveLabel { id }]));
        if deleted.is_some() {
            self.notices.done(format!("{name} is deleted; {} brings it back", self.keys_of(Action::Undo)));
        }
        self.keep_label_alive();
    }

    fn duplicate_label(&mut self, id: LabelId) {
        let copy = self.change("The copy", |document| {
            let Some(label) = document.label(id).cloned() else { return Ok(None) };
            let name = next_name(document, &label.name);
            let copy = Label { parent: label.parent, codes: label.codes, ..fresh(document, |_| name)? };
            let (new, value) = (copy.id, copy.value);
            let mut commands = vec![Command::AddLabel { label: copy }];
            for (image, layer, mask) in areas(document, label.value) {
                // On a layer of its own: a copy lies where the first one is.
                let free = document.label_map(image).map_or(1, |map| {
                    let taken = |n: usize| mask.indices().any(|index| map.layers()[n].get(index) != 0);
                    (0..map.layers().len()).find(|n| *n != layer && !taken(*n)).unwrap_or(map.layers().len())
                });
                commands.push(paint(image, free, value, &mask));
            }
            document.apply(&format!("Duplicate {}", label.name), commands)?;
            Ok(Some(new))
        });
        if let Some(copy) = copy.flatten() {
            self.select_label(copy);
        }
    }

    fn merge_labels(&mut self, id: LabelId, into: LabelId) {
        self.change("The merge", |document| {
            let (Some(label), Some(into)) = (document.label(id).cloned(), document.label(into).cloned()) else {
                return Ok(());
            };
            let painted = areas(document, label.value).into_iter();
            let mut commands: Vec<_> =
                painted.map(|(image, layer, mask)| paint(image, layer, into.value, &mask)).collect();
            commands.push(Command::RemoveLabel { id });
            document.apply(&format!("Merge {} into {}", label.name, into.name), commands).map(|_| ())
        });
        self.select_label(into);
    }

    /// Every island but the largest becomes a label of its own.
    fn split_label(&mut self, id: LabelId) {
        let Some((image, frames)) =
            self.workspace.open().map(|open| (open.image, open.volume.stack_axis != StackAxis::Space))
        else {
            return;
        };
        let parts = self.change("The split", |document| {
            let Some(label) = document.label(id).cloned() else { return Ok(0) };
            let mut commands = Vec::new();
            let mut names = 0;
            for (_, layer, mask) in areas(document, label.value).into_iter().filter(|(on, ..)| *on == image) {
                let islands = components(&mask, if frames { Connectivity::Slice8 } else { Connectivity::Corner26 });
                let largest = islands.largest();
                for n in (0..islands.len()).filter(|n| Some(*n) != largest) {
                    if names == MOST_PARTS {
                        return Err(Error::refused(format!(
                            "\"{}\" has more than {MOST_PARTS} islands: remove small ones first",
                            label.name
                        )));
                    }
                    names += 1;
                    let taken = document.labels().into_iter().map(|l| l.value).collect::<Vec<_>>();
                    let free = (1..=u16::MAX).filter(|value| !taken.contains(value)).nth(names - 1);
                    let value = free.ok_or_else(|| Error::refused("all 65,535 labels are in use"))?;
                    let part =
                        Label { parent: label.parent, ..Label::new(value, format!("{} {}", label.name, names + 1)) };
                    commands.push(Command::AddLabel { label: part });
                    commands.push(paint(image, layer, value, &islands.mask(n)));
                }
            }
            document.apply(&format!("Split {}", label.name), commands)?;
            Ok(names)
        });
        if parts == Some(0) {
            self.notices.warning("Nothing to split", vec!["This label is one piece on this picture".into()]);
        }
    }

    fn jump_to_label(&mut self, id: LabelId) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        let Some(value) = self.document().and_then(|d| d.label(id)).map(|label| label.value) else { return };
        let Some(document) = self.document() else { return };
        let found = areas(document, value).into_iter().find(|(on, ..)| *on == image);
        let Some((_, _, mask)) = found else {
            let hint = "This label has no voxels on the picture in view".into();
            return self.notices.warning("Nothing to jump to", vec![hint]);
        };
        let at = most_central(&mask);
        self.look_at(|geometry| geometry.world(Voxel::centre(at)), None);
    }

    fn look_at(&mut self, at: impl FnOnce(&limner_imaging::Geometry) -> World, pane: Option<Pane>) {
        let active = self.workspace.stage.active_id();
        self.look(active, |view, open| {
            if let Some(pane) = pane {
                view.show_pane(pane);
            }
            view.go_to(&open.volume.geometry, at(&open.volume.geometry));
        });
    }

    pub(super) fn act_on_shape(&mut self, id: ShapeId, act: ShapeAct) {
        self.work.selected = Some(id);
        match act {
            ShapeAct::JumpTo => self.jump_to_shape(id),
            ShapeAct::Delete => self.remove_shape(id),
            ShapeAct::Name(text) => self.edit_shape("Name shape", id, |shape| {
                shape.text = Some(text).filter(|text| !text.trim().is_empty());
            }),
            ShapeAct::Label(label) => self.edit_shape("Label shape", id, |shape| shape.label = label),
        }
    }

    fn edit_shape(&mut self, step: &str, id: ShapeId, edit: impl FnOnce(&mut limner_annotation::Shape)) {
        self.change(step, |document| {
            let Some(mut shape) = document.shape(id).cloned() else { return Ok(()) };
            edit(&mut shape);
            document.apply(step, vec![Command::EditShape { shape }]).map(|_| ())
        });
    }

    pub(super) fn jump_to_shape(&mut self, id: ShapeId) {
        let Some(open) = self.workspace.open() else { return };
        let Some(shape) = self.document().and_then(|d| d.shape(id)).filter(|shape| shape.image == open.image) else {
            return;
        };
        let geometry = open.volume.geometry;
        if let Some(plane) = plane_of(&shape.form, &geometry) {
            let active = self.workspace.stage.active_id();
            return self.look(active, |view, _| view.lie_on(plane));
        }
        let (slice, at) = place_of(&shape.form, &geometry);
        let view = View::ALL.into_iter().find(|view| view.slice_axis(&geometry) == slice.axis);
        self.look_at(|_| at, view.map(Pane::Slice));
    }

    /// Every measurement of the picture in view, one a line, as text on the clipboard.
    pub(super) fn copy_measurements(&mut self) {
        let (Some(open), Some(document)) = (self.workspace.open(), self.document()) else { return };
        let rows = document.shapes_on(open.image).map(|shape| {
            let values = self.work.measures.get(shape.id).map(|readout| readout.lines.join("\t")).unwrap_or_default();
            let turned = matches!(shape.form, Form::Oblique { .. });
            let (slice, _) = place_of(&shape.form, &open.volume.geometry);
            let place = if turned { "turned plane".to_owned() } else { format!("slice {}", slice.index + 1) };
            let name = shape.text.as_deref().unwrap_or_else(|| shape.form.name());
            format!("{name}\t{place}\t{values}")
        });
        let rows: Vec<String> = rows.collect();
        self.ctx.copy_text(rows.join("\n"));
        self.notices.done(match rows.len() {
            1 => "1 measurement copied".to_owned(),
            n => format!("{n} measurements copied"),
        });
    }
}

const MOST_PARTS: usize = 200;

pub(super) fn fresh(document: &Document, name: impl FnOnce(u16) -> String) -> Result<Label, Error> {
    let value = document.free_label_value().ok_or_else(|| Error::refused("all 65,535 labels are in use"))?;
    let mut label = Label::new(value, name(value));
    label.colour = free_colour(document, value);
    Ok(label)
}

/// The colour of the palette that goes with a value, or the first that no label has; nothing where the palette is used up.
fn free_colour(document: &Document, value: u16) -> Option<[u8; 3]> {
    let palette = &crate::theme::LABEL_COLOURS;
    let used: Vec<[u8; 3]> = document.labels().into_iter().map(Label::colour).collect();
    let is_free = |colour: &[u8; 3]| !used.contains(colour);
    palette.get(usize::from(value) - 1).into_iter().chain(palette).copied().find(is_free)
}

/// "Lesion" is followed by "Lesion 2", "Lesion 2" by "Lesion 3".
fn next_name(document: &Document, name: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
    let stem = if stem.is_empty() { name } else { stem };
    let names: std::collections::HashSet<&str> =
        document.labels().into_iter().map(|label| label.name.as_str()).collect();
    (2..).map(|n| format!("{stem} {n}")).find(|name| !names.contains(name.as_str())).unwrap_or_default()
}

/// Where a label is painted: picture, layer and voxels.
fn areas(document: &Document, value: u16) -> Vec<(ImageId, usize, Mask)> {
    let maps = document.images().filter_map(|image| Some((image.id, document.label_map(image.id)?)));
    let layers = maps.flat_map(|(image, map)| (0..map.layers().len()).map(move |layer| (image, layer, map)));
    let painted = layers.filter(|(_, layer, map)| map.layers()[*layer].count(value) > 0);
    painted.map(|(image, layer, map)| (image, layer, map.mask_on(layer, value))).collect()
}

fn paint(image: ImageId, layer: usize, label: u16, mask: &Mask) -> Command {
    let mask = PackedMask::pack(mask);
    Command::Paint { image, layer, label, mask, mode: PaintMode::Set, rule: PaintRule::All }
}

/// The voxel of a mask that is nearest to its centre: always on the label, also where that is a ring.
pub(super) fn most_central(mask: &Mask) -> [usize; 3] {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for index in mask.indices() {
        (0..3).for_each(|a| sum[a] += index[a] as f64);
        count += 1.0;
    }
    let centre = sum.map(|s| s / f64::max(count, 1.0));
    let apart = |v: &[usize; 3]| (0..3).map(|a| (v[a] as f64 - centre[a]).powi(2)).sum::<f64>();
    mask.indices().min_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or_default()
}

/// The plane of a drawing that lies on none of the picture's own.
pub(super) fn plane_of(form: &Form, geometry: &limner_imaging::Geometry) -> Option<Plane> {
    if let Form::Oblique { drawing } = form { drawing.plane(geometry) } else { None }
}

/// The slice a form is on, and its middle in the patient.
pub(super) fn place_of(form: &Form, geometry: &limner_imaging::Geometry) -> (Slice, World) {
    let deepest =
        |at: [f64; 3]| Slice { axis: 2, index: at[2].round().clamp(0.0, geometry.size()[2] as f64 - 1.0) as usize };
    if let Some(plane) = plane_of(form, geometry) {
        return (deepest(geometry.voxel(plane.origin).0.to_array()), plane.origin);
    }
    let slice = form.slice().unwrap_or_else(|| match form {
        Form::Point { at } => deepest(*at),
        Form::Box3d { min, max } => deepest(std::array::from_fn(|a| f64::midpoint(min[a], max[a]) - 0.5)),
        Form::Landmarks { points } => points.values().next().map_or(Slice::stored(0), |at| deepest(*at)),
        _ => Slice::stored(0),
    });
    let points = handles::section(form, slice).map(|section| handles::handles(&section)).unwrap_or_default();
    let count = points.len().max(1) as f64;
    let middle = std::array::from_fn(|a| points.iter().map(|p| p[a]).sum::<f64>() / count);
    (slice, place::world_of(geometry, slice, middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    #[test]
    fn the_next_of_a_kind_has_the_next_number() {
        let mut document = Document::new("reader");
        let add = |document: &mut Document, name: &str| {
            let label = fresh(document, |_| name.to_owned()).unwrap();
            document.apply("New", vec![Command::AddLabel { label }]).unwrap();
        };
        add(&mut document, "Lesion");
        assert_eq!(next_name(&document, "Lesion"), "Lesion 2");
        add(&mut document, "Lesion 2");
        assert_eq!(next_name(&document, "Lesion 2"), "Lesion 3");
        assert_eq!(next_name(&document, "7"), "7 2");
    }

    #[test]
    fn a_new_label_takes_a_colour_that_no_other_has() {
        let mut document = Document::new("reader");
        let mut colours = Vec::new();
        for n in 0..5_u16 {
            let mut label = fresh(&document, |value| format!("Label {value}")).unwrap();
            if n == 1 {
                // Recoloured to what the fourth would have.
                label.colour = Some(crate::theme::LABEL_COLOURS[3]);
            }
            colours.push(label.colour());
            document.apply("New", vec![Command::AddLabel { label }]).unwrap();
        }
        let all: std::collections::HashSet<_> = colours.iter().collect();
        assert_eq!(all.len(), 5, "{colours:?}");
    }

    #[test]
    fn one_jumps_onto_a_ring_and_not_into_its_hole() {
        let ring = Mask::from_fn(VoxelBox::whole([21, 21, 3]), |v| {
            v[2] == 1 && (7..10).contains(&v[0].abs_diff(10).max(v[1].abs_diff(10)))
        });
        assert!(ring.get(most_central(&ring)));
    }
}
