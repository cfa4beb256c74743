//! Carries out what was asked. One file per kind of request; this one only sends each to its place.

mod annotate;
mod file;
mod gesture;
mod look;
mod pick;
mod prompt;

use crate::action::Action;
use crate::app::App;
use crate::outbox::Request;
use crate::panels::dialog::{Dialog, Purpose};
use crate::view_state::{Layout, Pane};
use limner_imaging::Window;
use limner_imaging::window::CT_PRESETS;

/// How much larger a brush gets by one key press or one notch.
const BRUSH_STEP: f64 = 1.15;
const ZOOM_STEP: f64 = 1.25;

impl App {
    pub fn carry_out(&mut self, request: Request) {
        match request {
            Request::Act(action) => self.act(action),
            Request::Gesture(gesture) => self.gesture(&gesture),
            Request::Scroll { pane, steps } => self.scroll(pane, steps),
            Request::Zoom { pane, pixel, factor } => self.zoom_about(pane, pixel, factor),
            Request::Hover(pane, at) => self.hover_over(pane, at),
            Request::ViewResized(pane, size) => self.view_sizes[pane.index()] = size,
            Request::Maximise(pane) => self.maximise(pane),
            Request::Turn(pixels) => self.look(|open| open.view.turn(&open.volume.geometry, pixels)),
            Request::Activate(pane) => self.look(|open| open.view.active = pane),
            Request::OpenSeries(n) => self.open_series(n),
            Request::OpenPath(path) => self.open_path(path),
            Request::OpenProject(path) => self.open_project(path),
            Request::SaveProjectAs(path) => self.save_project_as(path),
            Request::Export { format, out } => self.export(format, out),
            Request::SelectLabel(label) => self.select_label(label),
            Request::RenameLabel { label, name } => self.edit_label("Rename label", label, |l| l.name = name),
            Request::ShowLabel { label, visible } => self.edit_label("Show label", label, |l| l.visible = visible),
            Request::LockLabel { label, locked } => self.edit_label("Lock label", label, |l| l.locked = locked),
            Request::LabelOpacity(opacity) => self.look(|open| open.view.label_opacity = opacity),
            Request::BrushRadius(mm) => self.hand.brush_radius_mm = mm,
            Request::ResizeBrush(travel) => self.hand.resize_brush(1.0 + travel.clamp(-60.0, 60.0) / 200.0),
            Request::CancelJob(id) => {
                for job in self.jobs.running().iter().filter(|j| j.id == id) {
                    job.task.cancel.cancel();
                }
            }
            Request::DismissNotice(n) => self.notices.dismiss(n),
            Request::CloseDialog => self.dialog = None,
        }
    }

    pub fn act(&mut self, action: Action) {
        match action {
            Action::OpenSample => self.open_sample(),
            Action::OpenFile => self.pick_file(),
            Action::OpenFolder => self.pick_folder(),
            Action::OpenPath => self.ask_path(Purpose::Open),
            Action::OpenProject => self.pick_project(),
            Action::NewProject => self.new_project(),
            Action::SaveProjectAs => self.pick_project_to_save(),
            Action::ExportNifti => self.pick_export("nifti"),
            Action::ExportCoco => self.pick_export("coco-instances"),
            Action::Quit => self.quit(),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Accept => self.accept_proposal(),
            Action::Reject => self.reject_proposal(),
            Action::NewLabel => self.new_label(),
            Action::Tool(tool) => self.take_tool(tool),
            Action::FlipSign => self.hand.positive = !self.hand.positive,
            Action::BrushLarger => self.hand.resize_brush(BRUSH_STEP),
            Action::BrushSmaller => self.hand.resize_brush(1.0 / BRUSH_STEP),
            Action::Palette => self.dialog = Some(Dialog::Palette { text: String::new() }),
            Action::KeySheet => self.dialog = Some(Dialog::Keys),
            Action::Show(_)
            | Action::ShowSolid
            | Action::FourUp
            | Action::NextSlice
            | Action::PreviousSlice
            | Action::FirstSlice
            | Action::LastSlice
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ResetView
            | Action::WindowAsStored
            | Action::WindowPreset(_)
            | Action::InvertWindow
            | Action::ToggleLabels => self.act_on_view(action),
        }
    }

    fn act_on_view(&mut self, action: Action) {
        let Some(open) = &self.workspace.open else { return };
        let (active, layout) = (open.view.active, open.view.layout);
        let middle = self.view_sizes[active.index()].map(|n| n as f64 / 2.0);
        match action {
            Action::Show(wanted) => self.show_alone(Pane::Slice(wanted)),
            Action::ShowSolid => self.show_alone(Pane::Solid),
            Action::FourUp if layout == Layout::One => self.look(|open| open.view.layout = Layout::Four),
            Action::FourUp => self.show_alone(active),
            Action::NextSlice => self.scroll(active, 1),
            Action::PreviousSlice => self.scroll(active, -1),
            Action::FirstSlice => self.go_to_slice(0),
            Action::LastSlice => self.go_to_slice(usize::MAX),
            Action::ZoomIn => self.zoom_about(active, middle, ZOOM_STEP),
            Action::ZoomOut => self.zoom_about(active, middle, 1.0 / ZOOM_STEP),
            _ => self.look(|open| {
                let view = &mut open.view;
                match action {
                    Action::ResetView => view.fit(),
                    Action::WindowAsStored => view.window = open.volume.default_window(),
                    Action::WindowPreset(n) => view.window = preset(n),
                    Action::InvertWindow => view.inverted = !view.inverted,
                    Action::ToggleLabels => view.show_labels = !view.show_labels,
                    _ => {}
                }
            }),
        }
    }
}

fn preset(n: usize) -> Window {
    CT_PRESETS[n.min(CT_PRESETS.len() - 1)].window
}
