//! A tool at work: points from the hand become a path, a complete path becomes paint, a shape or a prompt.

use super::gesture::world_under;
use crate::action::Action;
use crate::app::App;
use crate::outbox::Gesture;
use crate::view_state::ViewportId;
use crate::widgets::in_sentence;
use crate::work::Draft;
use crate::work::wire::LiveWire;
use limner_annotation::oblique;
use limner_annotation::tools::path::{Gather, Path, Step};
use limner_annotation::tools::{Makes, Scene, Settings, ToolId, place, range_brush};
use limner_annotation::{Command, Form, ImageId, LabelId, LabelMap, PackedMask, PaintMode, Shape, StepInfo};
use limner_imaging::{Mask, StackAxis, VoxelBox, World};

/// How much larger a brush gets by one key press or one notch.
const BRUSH_STEP: f64 = 1.15;
/// Two places nearer than this on the screen are one, in pixels.
const NEAR: f64 = 6.0;

impl App {
    /// What is asked of the hand and what it is in the middle of.
    pub(super) fn act_with_hand(&mut self, action: Action) {
        match action {
            Action::Accept => self.accept(),
            Action::AcceptNext => self.accept_and_next(),
            Action::Reject => self.reject(),
            Action::RunModel => self.ask_engine(),
            Action::DeleteThing => self.delete_thing(),
            Action::PickLabel(n) => self.pick_recent(n),
            Action::Work(_) if self.refuses_label() => {}
            Action::Work(work) => self.begin_work(work),
            Action::Tour => self.begin_tour(),
            Action::NewLabel => self.new_label_to_name(),
            Action::Tool(tool) => self.take_tool(tool),
            Action::FlipSign => self.hand.positive = !self.hand.positive,
            Action::BrushLarger => self.hand.resize_brush(BRUSH_STEP),
            Action::BrushSmaller => self.hand.resize_brush(1.0 / BRUSH_STEP),
            _ => {}
        }
    }

    pub(super) fn tool_press(&mut self, tool: ToolId, gesture: &Gesture) {
        let goes_on = self.work.draft.as_ref().is_some_and(|d| d.tool == tool && d.viewport == gesture.viewport);
        if !goes_on {
            self.drop_draft();
            if self.take_hold(tool, gesture) || !self.begin_draft(tool, gesture) {
                return;
            }
        }
        let at = self.place_under(gesture);
        let Some(draft) = &mut self.work.draft else { return };
        let corners = draft.path.points().len();
        let step = draft.path.press(at);
        if draft.path.points().len() > corners
            && let Some(open) = self.workspace.pictures.get(&draft.image)
            && let Some(wire) = &mut draft.wire
        {
            wire.corner(&open.volume.geometry, &mut draft.path);
        }
        if matches!(tool.info().makes, Makes::Dab { .. }) {
            self.dab(at, at, gesture.pressure);
        }
        self.after(step);
    }

    pub(super) fn tool_move(&mut self, gesture: &Gesture) {
        if self.work.held.is_some() {
            return self.pull(gesture);
        }
        if self.work.held_place.is_some() {
            return self.pull_place(gesture);
        }
        let at = self.place_under(gesture);
        let Some(draft) = self.work.draft.as_mut().filter(|d| d.viewport == gesture.viewport) else { return };
        let from = draft.path.points().last().copied().unwrap_or(at);
        let step = draft.path.move_to(at);
        if matches!(draft.tool.info().makes, Makes::Dab { .. }) && draft.path.is_held() {
            self.dab(from, at, gesture.pressure);
        }
        self.after(step);
    }

    /// The hand lets go of the left button, wherever it is.
    pub(super) fn tool_release(&mut self, at: Option<World>) {
        if self.work.held.is_some() {
            return self.let_go();
        }
        if self.work.held_place.is_some() {
            return self.let_place_go();
        }
        let Some(draft) = &mut self.work.draft else { return };
        let last = draft.path.points().last().copied();
        let Some(at) = at.or(last) else { return };
        let step = draft.path.release(at);
        self.after(step);
    }

    /// The pointer moves with no button down: the next corner follows it.
    pub(super) fn tool_hover(&mut self, viewport: ViewportId, at: World) {
        let here = |draft: &&mut Draft| draft.viewport == viewport && !draft.path.is_held();
        if let Some(draft) = self.work.draft.as_mut().filter(here) {
            draft.path.move_to(at);
        }
    }

    /// Enter or a double click.
    pub(super) fn finish_draft(&mut self) {
        let Some(draft) = &mut self.work.draft else { return };
        let step = draft.path.finish();
        self.after(step);
    }

    /// Esc. Paint that was staged is taken back.
    pub(crate) fn drop_draft(&mut self) {
        if let Some(draft) = self.work.draft.take()
            && matches!(draft.tool.info().makes, Makes::Dab { .. })
        {
            // Under a name of its own: that it went well must not take the reason of a refused stroke off the screen.
            self.change("Taking back the stroke", limner_annotation::Document::abort);
        }
    }

    /// Backspace; false where there was no path.
    pub(super) fn step_back(&mut self) -> bool {
        let corners = |draft: &&mut Draft| matches!(draft.path.gather(), Gather::Corners { .. });
        let Some(draft) = self.work.draft.as_mut().filter(corners) else { return false };
        if !draft.path.step_back() || draft.wire.is_some() {
            // A wire's corners hide among the pixels between them: it begins anew.
            self.drop_draft();
        }
        true
    }

    fn begin_draft(&mut self, tool: ToolId, gesture: &Gesture) -> bool {
        let info = tool.info();
        if let Some(reason) = self.why_not_here(tool, gesture) {
            self.notices.warning(format!("{} cannot be used here", info.title), vec![reason.into()]);
            return false;
        }
        if info.makes.needs_label() && self.refuses_label() {
            return false;
        }
        if info.makes.needs_label() && self.label.is_none() {
            self.new_label();
        }
        let near_mm = NEAR * gesture.raster.mm_per_pixel;
        let Some(open) = self.workspace.pictures.get(&gesture.image) else { return false };
        let volume = open.volume.clone();
        let wire = (info.name == "live-wire" && !volume.is_colour())
            .then(|| place::slice_of(&volume.geometry, &gesture.raster.plane))
            .flatten()
            .map(|slice| LiveWire::new(&volume, slice));
        let modifiers = gesture.modifiers;
        self.work.draft = Some(Draft {
            tool,
            path: Path::new(info.gather, near_mm),
            viewport: gesture.viewport,
            image: gesture.image,
            raster: gesture.raster,
            is_opposite: modifiers.command
                || modifiers.ctrl
                || (modifiers.shift && (is_prompt(tool) || is_shape(tool))),
            wire,
        });
        if let Makes::Dab { .. } = info.makes {
            self.set_range(tool, world_under(gesture));
            let erases = self.paint_mode() == Some(PaintMode::Erase);
            let name = if erases { "Eraser stroke".to_owned() } else { format!("{} stroke", info.title) };
            let step = StepInfo::named(&name).with_tool(info.name);
            if self.change(&name, |document| document.begin_step(step)).is_none() {
                self.work.draft = None;
                return false;
            }
        }
        true
    }

    /// Nobody paints what nobody sees, nor what is locked. True, and said, where the label in hand is.
    pub(super) fn refuses_label(&mut self) -> bool {
        self.refuses_to_paint(self.label)
    }

    pub(super) fn refuses_to_paint(&mut self, label: Option<LabelId>) -> bool {
        let Some(label) = label.and_then(|id| self.document()?.label(id)) else { return false };
        let name = &label.name;
        let reason = match (label.visible, label.locked) {
            (false, _) => format!("{name} is hidden: show it first (the eye in the list)"),
            (_, true) => format!("{name} is locked: unlock it first (the lock in the list), or pick another label"),
            _ => return false,
        };
        self.notices.warning(reason, Vec::new());
        true
    }

    /// Why a tool cannot begin on what is under the pointer.
    fn why_not_here(&self, tool: ToolId, gesture: &Gesture) -> Option<&'static str> {
        let open = self.workspace.pictures.get(&gesture.image)?;
        let aslant = place::slice_of(&open.volume.geometry, &gesture.raster.plane).is_none();
        match tool.info().makes {
            Makes::Shape(_) if aslant && open.volume.stack_axis != StackAxis::Space => {
                Some("Across frames there is no plane to draw on: reset the plane with the space bar")
            }
            Makes::Shape(_) if aslant && tool.info().name == "box-3d" => {
                Some("A 3D box lies along the picture's own rows and slices: reset the plane with the space bar")
            }
            Makes::Shape(_) => self.why_no_time(tool, gesture.image),
            Makes::Scissors => Some("Scissors cut in the 3D view"),
            _ => None,
        }
    }

    /// The first touch of the threshold brush sets its range.
    fn set_range(&mut self, tool: ToolId, at: World) {
        let here = self.work.draft.as_ref().map(|draft| draft.image);
        // Another picture has other values.
        let known = self.hand.settings.range.is_some() && self.work.range_of == here;
        if tool.info().name == "range-brush" && !known {
            self.work.range_of = here;
            let range = self.with_scene(|scene| range_brush::around(scene, at));
            self.hand.settings.range = range.flatten();
        }
    }

    fn after(&mut self, step: Step) {
        if step == Step::Done
            && let Some(draft) = self.work.draft.take()
        {
            self.complete(draft);
        }
    }

    fn complete(&mut self, mut draft: Draft) {
        if let Some(wire) = &draft.wire
            && let Some(open) = self.workspace.pictures.get(&draft.image)
        {
            let home = wire.way_home(&open.volume.geometry);
            draft.path.replace_last(home);
        }
        let info = draft.tool.info();
        match info.makes {
            Makes::Dab { .. } => {
                let flat = !self.hand.settings.sphere;
                let key = self.keyframe_of_paint(draft.image, self.slice_of(&draft).filter(|_| flat));
                self.change("The stroke", |document| {
                    key.map_or(Ok(()), |key| document.stage(key))?;
                    document.commit().map(|_| ())
                });
            }
            Makes::Area { mask, .. } => self.paint_area(draft, mask),
            Makes::Shape(make) => self.add_shape(&draft, make),
            Makes::Prompt(ask) => self.add_prompt(&draft, ask),
            Makes::Scissors => {}
        }
    }

    fn paint_area(&mut self, draft: Draft, mask: fn(&Scene<'_>, &[World]) -> Result<Mask, &'static str>) {
        let (info, points, image) = (draft.tool.info(), draft.path.points().to_vec(), draft.image);
        self.work.draft = Some(draft);
        let mode = self.paint_mode();
        let found = self.with_scene(|scene| mask(scene, &points));
        let slice = self.work.draft.take().and_then(|draft| self.slice_of(&draft));
        match found {
            Some(Ok(mask)) => {
                let Some(paint) = mode.and_then(|mode| self.paint_command(image, &mask, mode)) else { return };
                let step = StepInfo::named(info.title).with_tool(info.name);
                let flat = |slice: &limner_annotation::Slice| mask.tight_box().size()[slice.axis] == 1;
                let key = self.keyframe_of_paint(image, slice.filter(flat));
                let commands = std::iter::once(paint).chain(key).collect();
                self.change(info.title, |document| document.apply_step(step, commands).map(|_| ()));
            }
            // A slip of the hand is not worth a word.
            Some(Err(_)) if info.gather == Gather::Freehand && points.len() < 3 => {}
            Some(Err(reason)) => self.notices.warning(format!("{}: nothing changed", info.title), vec![reason.into()]),
            None => {}
        }
    }

    fn dab(&mut self, from: World, to: World, pressure: Option<f32>) {
        let Some(draft) = &self.work.draft else { return };
        let (Makes::Dab { mask, .. }, image) = (draft.tool.info().makes, draft.image) else { return };
        let harder = pressure.map_or(1.0, |pressure| 0.4 + 0.6 * f64::from(pressure.clamp(0.0, 1.0)));
        let painted = self.with_scene(|scene| {
            let settings = Settings { radius_mm: scene.settings.radius_mm * harder, ..*scene.settings };
            mask(&Scene { settings: &settings, ..*scene }, from, to)
        });
        let Some(mask) = painted.filter(|mask| !mask.is_empty()) else { return };
        let Some(paint) = self.paint_mode().and_then(|mode| self.paint_command(image, &mask, mode)) else { return };
        if self.change("The stroke", |document| document.stage(paint)).is_none() {
            // Refused once, refused at every move: the stroke ends, with one notice.
            self.drop_draft();
        }
    }

    /// What the draft's tool does to voxels; the other way round where a modifier was held.
    fn paint_mode(&self) -> Option<PaintMode> {
        let draft = self.work.draft.as_ref()?;
        let (Makes::Dab { mode, .. } | Makes::Area { mode, .. }) = draft.tool.info().makes else { return None };
        Some(match (mode, draft.is_opposite) {
            (PaintMode::Set, true) => PaintMode::Erase,
            (mode, _) => mode,
        })
    }

    fn paint_command(&self, image: ImageId, mask: &Mask, mode: PaintMode) -> Option<Command> {
        let label = self.label_value(self.label?).ok()?;
        let volume = self.workspace.pictures.get(&image).map(|open| &*open.volume);
        let (mask, rule) = self.hand.rule.applied(mask, volume);
        let mask = PackedMask::pack(&mask);
        Some(Command::Paint { image, layer: self.layer_of(image, label), label, mask, mode, rule })
    }

    /// The layer that holds a label; new labels go on the first.
    pub(super) fn layer_of(&self, image: ImageId, label: u16) -> usize {
        let map = self.workspace.project.as_ref().and_then(|project| project.document().label_map(image));
        map.map_or(0, |map| layer_of(map, label))
    }

    /// Shows a tool what it may look at.
    fn with_scene<T>(&self, work: impl FnOnce(&Scene<'_>) -> T) -> Option<T> {
        let draft = self.work.draft.as_ref()?;
        let open = self.workspace.pictures.get(&draft.image)?;
        let document = self.workspace.project.as_ref()?.document();
        let label = document.label(self.label?)?.value;
        let layer = self.layer_of(draft.image, label);
        let map = document.label_map(draft.image)?;
        let painted = |index| map.layers().get(layer).map_or(0, |layer| layer.get(index));
        let label_mask = || map.mask_on(layer, label);
        Some(work(&Scene {
            volume: &open.volume,
            plane: draft.raster.plane,
            settings: &self.hand.settings,
            painted: &painted,
            label,
            label_mask: &label_mask,
        }))
    }

    /// The slice a path lies on.
    pub(super) fn slice_of(&self, draft: &Draft) -> Option<limner_annotation::Slice> {
        let geometry = &self.workspace.pictures.get(&draft.image)?.volume.geometry;
        place::slice_of(geometry, &draft.raster.plane)
    }

    fn add_shape(&mut self, draft: &Draft, make: fn(limner_annotation::Slice, &[[f64; 2]]) -> Option<Form>) {
        let info = draft.tool.info();
        if info.name == "landmarks" {
            return self.place_landmark(draft);
        }
        let form = self.form_in_space(draft).or_else(|| self.drafted_form(draft, make));
        let Some(form) = form else { return };
        if info.name == "outline" && draft.is_opposite {
            return self.cut_hole(draft);
        }
        let form = self.in_seconds(draft.image, form);
        let shape = Shape::new(draft.image, form, None);
        let id = shape.id;
        let step = StepInfo::named(format!("Draw {}", in_sentence(info.title))).with_tool(info.name);
        let added = self
            .change(info.title, |document| document.apply_step(step, vec![Command::AddShape { shape }]).map(|_| ()));
        if added.is_some() {
            self.work.selected = Some(id);
            self.point_at_drawn(draft.image, id);
        }
    }

    fn drafted_form(
        &self,
        draft: &Draft,
        make: fn(limner_annotation::Slice, &[[f64; 2]]) -> Option<Form>,
    ) -> Option<Form> {
        let geometry = &self.workspace.pictures.get(&draft.image)?.volume.geometry;
        oblique::form_on(geometry, &draft.raster.plane, draft.path.points(), make)
    }
}

pub(super) fn is_prompt(tool: ToolId) -> bool {
    matches!(tool.info().makes, Makes::Prompt(_))
}

fn is_shape(tool: ToolId) -> bool {
    matches!(tool.info().makes, Makes::Shape(_))
}

/// The layer that a label is painted on; the first where it is on none.
pub(super) fn layer_of(map: &LabelMap, label: u16) -> usize {
    map.layers().iter().position(|layer| layer.count(label) > 0).unwrap_or(0)
}

/// Nothing, as a mask.
pub(super) fn nothing() -> Mask {
    Mask::empty(VoxelBox::default())
}
