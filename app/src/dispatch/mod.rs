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

/// How much larger a brush gets by one key press or one notch.
const BRUSH_STEP: f64 = 1.15;

impl App {
    pub fn carry_out(&mut self, request: Request) {
        match request {
            Request::Act(action) => self.act(action),
            Request::Gesture(gesture) => self.gesture(&gesture),
            Request::Scroll { viewport, steps } => self.scroll(viewport, steps),
            Request::Zoom { viewport, pixel, factor } => self.zoom_about(viewport, pixel, factor),
            Request::Hover(viewport, at) => self.hover_over(viewport, at),
            Request::ViewResized(viewport, size) => {
                if let Some(viewport) = self.workspace.stage.get_mut(viewport) {
                    viewport.size = size;
                }
            }
            Request::Maximise(viewport) => self.maximise(viewport),
            Request::Turn(viewport, pixels) => {
                self.look(viewport, |view, open| view.turn(&open.volume.geometry, pixels));
            }
            Request::Pan(viewport, pixels) => self.look(viewport, |view, open| view.pan(&open.volume, pixels)),
            Request::Activate(viewport) => self.workspace.stage.activate(viewport),
            Request::MoveSeam { path, after, by } => self.workspace.stage.move_seam(&path, after, by),
            Request::Link(links) => self.workspace.stage.links = links,
            Request::OpenSeries(n, viewport) => self.open_series(n, viewport),
            Request::OpenPath(path) => self.open_path(path),
            Request::OpenProject(path) => self.open_project(path),
            Request::SaveProjectAs(path) => self.save_project_as(path),
            Request::Export { format, out } => self.export(format, out),
            Request::SelectLabel(label) => self.select_label(label),
            Request::RenameLabel { label, name } => self.edit_label("Rename label", label, |l| l.name = name),
            Request::ShowLabel { label, visible } => self.edit_label("Show label", label, |l| l.visible = visible),
            Request::LockLabel { label, locked } => self.edit_label("Lock label", label, |l| l.locked = locked),
            Request::LabelOpacity(opacity) => self.workspace.stage.label_opacity = opacity,
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
            Action::FourUp
            | Action::Arrange(_)
            | Action::Split(_)
            | Action::CloseView
            | Action::NextView
            | Action::Maximise
            | Action::LinkPlace
            | Action::LinkCamera
            | Action::LinkWindow => self.act_on_stage(action),
            Action::Show(_)
            | Action::ShowSolid
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
}
