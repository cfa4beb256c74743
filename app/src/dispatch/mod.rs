//! Carries out what was asked. One file per kind of request; this one only sends each to its place.

mod ahead;
mod annotate;
mod bring;
pub mod case;
mod companions;
mod export;
mod file;
mod gesture;
mod handles;
mod hang;
mod keep;
mod labels;
mod loaded;
mod look;
mod meant;
mod model;
mod pick;
pub mod place;
mod prompt;
mod proposal;
pub mod questions;
mod register;
pub mod review;
mod snapshot;
mod talks;
mod taste;
mod tools;
mod whole;

pub(crate) use loaded::Loaded as Ahead;

use crate::action::Action;
use crate::app::App;
use crate::outbox::Request;
use crate::panels::dialog::{Dialog, Purpose};
use crate::panels::export::Wish;
use crate::panels::settings::SettingsPage;

impl App {
    pub fn carry_out(&mut self, request: Request) {
        match request {
            Request::Act(action) => self.act(action),
            Request::ByName(action) => {
                self.settings.commands.note(action);
                self.act(action);
            }
            Request::Ask(act) => self.ask(act),
            Request::Gesture(gesture) => self.gesture(&gesture),
            Request::Hover(viewport, at) => self.hover_over(viewport, at),
            Request::Maximise(viewport) => self.maximise(viewport),
            Request::Activate(viewport) => self.workspace.stage.activate(viewport),
            Request::MoveSeam { beside, path, after, by } => {
                self.workspace.stage.move_seam(beside, &path, after, by);
            }
            Request::Link(links) => self.workspace.stage.links = links,
            Request::SetLook(look) => self.set_look(look),
            Request::SetWindows(windows) => self.settings.windows = windows,
            Request::SetProfile(profile) => self.set_profile(profile),
            Request::SetKey(action, chord) => self.set_key(action, chord),
            Request::Speed(speed) => self.change_look(|look| look.cine_speed = speed),
            Request::OpenSeries(n, viewport) => self.open_series(n, viewport),
            Request::OpenPath(path) => self.open_path(path),
            Request::OpenProject(path) => self.open_project(path),
            Request::SaveProjectAs(path) => self.save_project_as(path),
            Request::SaveView(path) => self.save_view(path),
            Request::SaveClip(path) => self.save_clip(path),
            Request::Export(act) => self.act_on_export(act),
            Request::Companion(line, act) => self.act_on_companion(line, act),
            Request::Label(label, act) => self.act_on_label(label, act),
            Request::NewLabelNamed(name) => self.new_label_named(Some(name)),
            Request::Shape(shape, act) => self.act_on_shape(shape, act),
            Request::CopyMeasurements => self.copy_measurements(),
            Request::ToolSettings(settings) => self.hand.settings = settings,
            Request::PaintOver(rule) => self.hand.rule = rule,
            Request::Model(act) => self.act_on_model(act),
            Request::CollectPrompts(collects) => self.assist.collects = collects,
            Request::RemovePrompt(n) => self.remove_prompt(n),
            Request::Tour(on) => self.go_on_with_tour(on),
            Request::LabelOpacity(opacity) => self.workspace.stage.label_opacity = opacity,
            Request::ResizeBrush(travel) => self.hand.resize_brush(1.0 + travel.clamp(-60.0, 60.0) / 200.0),
            Request::Case(ask) => self.ask_case(ask),
            Request::Review(ask) => self.ask_review(ask),
            Request::AskPath(purpose) => self.ask_path(purpose),
            Request::AdjustRegistration { fixed, moving, to, is_done } => {
                self.adjust_registration(fixed, moving, to, is_done);
            }
            Request::RemoveRegistration => self.remove_registration(),
            Request::EditHanging => self.edit_hanging(),
            Request::RereadHanging => self.reread_hanging(),
            Request::CancelJob(id) => {
                for job in self.jobs.running().iter().filter(|j| j.id == id) {
                    job.task.cancel.cancel();
                }
            }
            Request::DismissNotice(n) => self.notices.dismiss(n),
            Request::CloseDialog => self.dialog = None,
            request => self.carry_out_on_view(request),
        }
    }

    /// What changes how one viewport shows its picture, and what is made of the label in it.
    fn carry_out_on_view(&mut self, request: Request) {
        match request {
            Request::Cut { .. } | Request::Preview(_) if self.refuses_label() => {}
            Request::Cut { viewport, line, keep_inside } => self.cut(viewport, &line, keep_inside),
            Request::Preview(operation) => self.preview_operation(operation),
            Request::SetReader(name) => self.set_reader(name),
            Request::Chosen(path) => self.settings.remember_folder(&path),
            Request::Import(path) => self.import_path(path),
            Request::Relink(folder) => self.relink(folder),
            Request::Scroll { viewport, steps } => self.scroll(viewport, steps),
            Request::Zoom { viewport, pixel, factor } => self.zoom_about(viewport, pixel, factor),
            Request::ViewResized(viewport, size) => {
                if let Some(viewport) = self.workspace.stage.get_mut(viewport) {
                    viewport.size = size;
                }
            }
            Request::Turn(viewport, pixels) => {
                self.look(viewport, |view, open| view.turn(&open.volume.geometry, pixels));
            }
            Request::Pan(viewport, pixels) => self.look(viewport, |view, open| view.pan(&open.volume, pixels)),
            Request::Tilt { viewport, axis, radians } => {
                self.look(viewport, |view, open| view.tilt_about(&open.volume.geometry, axis, radians));
            }
            Request::Window(viewport, window) => self.look(viewport, |view, _| view.window = window),
            Request::Slab(viewport, slab) => self.look(viewport, |view, _| view.slab = slab),
            Request::Solid(viewport, solid) => self.look(viewport, |view, _| view.solid = solid),
            Request::Frame(viewport, frame) => {
                self.show_frame(viewport, frame);
            }
            Request::LayOver(viewport, over) => self.workspace.stage.lay_over(viewport, over),
            _ => {}
        }
    }

    pub fn act(&mut self, action: Action) {
        match action {
            Action::Ask(ask) => self.act_on_questions(ask),
            Action::OpenSample => self.open_sample(),
            Action::OpenFile => self.pick_file(),
            Action::OpenFolder => self.pick_folder(),
            Action::Import => self.pick_import(),
            Action::Relink => self.pick_moved(),
            Action::OpenPath => self.ask_path(Purpose::Open),
            Action::OpenProject => self.pick_project(),
            Action::NewProject => self.new_project(),
            Action::Save => self.save(),
            Action::SaveProjectAs => self.pick_project_to_save(),
            Action::Export => self.open_export(),
            Action::ExportNifti => self.pick_export(Wish::new("nifti")),
            Action::ExportCoco => self.pick_export(Wish::new("coco-instances")),
            Action::Quit => self.quit(),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Accept
            | Action::AcceptNext
            | Action::Reject
            | Action::RunModel
            | Action::DeleteThing
            | Action::PickLabel(_)
            | Action::Work(_)
            | Action::Tour
            | Action::NewLabel
            | Action::Tool(_)
            | Action::FlipSign
            | Action::BrushLarger
            | Action::BrushSmaller => self.act_with_hand(action),
            Action::Case(errand) => self.run_errand(errand),
            Action::Review(act) => self.act_on_review(act),
            Action::NextSeries => self.open_neighbour(1),
            Action::PreviousSeries => self.open_neighbour(-1),
            Action::CopyView => self.copy_view(),
            Action::SaveView => self.pick_picture_to_save(Purpose::SaveView),
            Action::SaveClip => self.pick_picture_to_save(Purpose::SaveClip),
            Action::Register => self.register_views(),
            Action::AdjustRegistration => self.adjusting = !self.adjusting,
            Action::Hang => self.hang_again(),
            Action::ComparePrior => self.compare_with_prior(),
            Action::NextTime => self.step_time(1),
            Action::PreviousTime => self.step_time(-1),
            _ => self.act_on_window(action),
        }
    }

    /// Everything about the window, the views and what they show; none of it is ever undone.
    fn act_on_window(&mut self, action: Action) {
        match action {
            Action::Palette => self.dialog = Some(Dialog::palette()),
            Action::KeySheet => self.dialog = Some(Dialog::keys()),
            Action::About => self.dialog = Some(Dialog::About),
            Action::Settings => self.dialog = Some(Dialog::Settings(SettingsPage::default())),
            Action::ToggleBrowser => self.toggle_browser(),
            Action::ToggleInspector => self.change_look(|look| look.inspector = !look.inspector),
            Action::ToggleReferenceLines => self.change_look(|look| look.reference_lines = !look.reference_lines),
            Action::ToggleText => self.change_look(|look| look.text_on_pictures = !look.text_on_pictures),
            Action::FourUp
            | Action::Arrange(_)
            | Action::Split(_)
            | Action::CloseView
            | Action::NextView
            | Action::SecondWindow
            | Action::Maximise
            | Action::LinkPlace
            | Action::LinkCamera
            | Action::LinkWindow => self.act_on_stage(action),
            _ => self.act_on_view(action),
        }
    }
}
