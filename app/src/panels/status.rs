//! The status bar: where the pointer is and what lies there, what is running, whether the work is safe.

use super::tour;
use crate::app::App;
use crate::jobs::Running;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, size};
use crate::widgets::{Words, small_icon_button};
use eframe::egui::{Align, Label, Layout, ProgressBar, RichText, Sense, Ui, vec2};
use limner_imaging::{Pixel, Side, Volume, World};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        saved_ui(app, ui);
        memory_ui(app, ui);
        for job in app.jobs.running().iter().filter(|job| !job.quiet) {
            job_ui(job, ui, out);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if keys_go_elsewhere(app) {
                ui.add(Label::new(RichText::new(KEYS_ELSEWHERE).size(size::SMALL).color(c.text)).truncate());
            }
            let words = RichText::new(under_pointer(app)).size(size::SMALL).color(c.weak);
            ui.add(Label::new(words).truncate());
            // What to press next, where the hand is in the middle of something.
            if app.assist.is_busy() || app.work.is_drafting() {
                let hint = RichText::new(tour::hint(app)).size(size::SMALL).color(c.text);
                ui.add(Label::new(hint).truncate());
            }
        });
    });
}

const KEYS_ELSEWHERE: &str = "Keys go to the field or button in focus; Esc gives them back to the picture";

/// Whether a control that nobody types into has the keyboard: keys of one letter do nothing then, and nothing else says
/// why.
fn keys_go_elsewhere(app: &App) -> bool {
    app.dialog.is_none() && app.ctx.egui_wants_keyboard_input() && !app.ctx.text_edit_focused()
}

fn job_ui(job: &Running, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let words = Words { name: "Cancel", hint: "Stop this work", ..Words::default() };
    if small_icon_button(ui, icon::X, words, false).clicked() {
        out.ask(Request::CancelJob(job.id));
    }
    let (done, total) = job.task.progress.done_and_total();
    let bar =
        if total == 0 { ProgressBar::new(0.0).animate(true) } else { ProgressBar::new(done as f32 / total as f32) };
    ui.add(bar.desired_width(110.0).desired_height(6.0));
    let stage = job.task.progress.stage();
    let text = if stage.is_empty() { job.title.clone() } else { format!("{}: {stage}", job.title) };
    ui.label(RichText::new(text).size(size::SMALL).color(c.text));
}

/// What the open pictures hold on the graphics adapter.
fn memory_ui(app: &App, ui: &mut Ui) {
    let (adapter, bytes) = app.gpu.memory();
    if bytes > 0 && app.workspace.project.is_some() {
        let text = RichText::new(format!("{} MB", bytes.div_ceil(1_000_000))).size(size::SMALL);
        ui.label(text.color(colours(ui.ctx()).weak)).on_hover_text(format!("Held on {adapter} by what is open"));
    }
}

fn saved_ui(app: &App, ui: &mut Ui) {
    let Some(project) = &app.workspace.project else { return };
    let c = colours(ui.ctx());
    let (text, colour) = if project.is_read_only() {
        ("Read only", c.warning)
    } else if project.fault().is_some() {
        ("Not saved", c.error)
    } else if project.acknowledged() < project.document().revision() {
        ("Saving", c.warning)
    } else {
        ("Saved", c.good)
    };
    ui.label(RichText::new(text).size(size::SMALL).color(c.weak)).on_hover_text(project.path().display().to_string());
    let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().circle_filled(dot.center(), 4.0, colour);
}

fn under_pointer(app: &App) -> String {
    // In the middle of something the hint has a place of its own.
    let hint = || if app.assist.is_busy() || app.work.is_drafting() { String::new() } else { tour::hint(app) };
    let Some((id, pixel)) = app.hover else { return hint() };
    let Some((viewport, open)) = app.workspace.shown_in(id) else { return String::new() };
    if viewport.is_solid() {
        return if app.hand.tool.cuts() { hint() } else { tour::TURNING.to_owned() };
    }
    let world = limner_render::pick::world(&viewport.raster(&open.volume), Pixel(pixel.into()));
    let at = open.volume.geometry.voxel(world);
    let Some(index) = at.index_in(open.volume.size()) else { return String::new() };
    let volume = &open.volume;
    let place = if volume.spacing_known && volume.orientation.is_placed() { position(world) } else { String::new() };
    let [i, j, k] = index;
    let cell = if volume.size()[2] == 1 { format!("pixel {i}, {j}") } else { format!("voxel {i}, {j}, {k}") };
    format!("{place}{cell}   {}   {}", value(volume, index), app.label_names_at(open, index))
}

/// Towards which side of the patient, and how far in mm.
fn position(world: World) -> String {
    let sides = [(Side::Left, Side::Right), (Side::Posterior, Side::Anterior), (Side::Superior, Side::Inferior)];
    let words = sides.iter().zip(world.0.to_array()).map(|(&(plus, minus), mm)| {
        let side = if mm < 0.0 { minus } else { plus };
        format!("{} {:.1}", side.letter(), mm.abs())
    });
    format!("{} mm   ", words.collect::<Vec<_>>().join("  "))
}

fn value(volume: &Volume, index: [usize; 3]) -> String {
    if volume.is_colour() {
        let Some(first) = volume.sample_at(index) else { return String::new() };
        let channels = (0..volume.channels()).map(|c| volume.samples().get(first + c).to_string());
        return format!("RGB {}", channels.collect::<Vec<_>>().join(", "));
    }
    let value = format!("{:.3}", volume.value(index));
    let unit = volume.value_map.unit.as_deref().unwrap_or("");
    format!("{} {unit}", value.trim_end_matches('0').trim_end_matches('.'))
}
