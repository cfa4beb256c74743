//! The status bar: where the pointer is and what lies there, what is running, whether the work is safe.

use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use crate::view_state::Pane;
use eframe::egui::{Align, Layout, ProgressBar, RichText, Sense, Ui, vec2};
use limner_imaging::Pixel;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(under_pointer(app)).monospace());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            saved_ui(app, ui);
            for job in app.jobs.running() {
                let (done, total) = job.task.progress.done_and_total();
                if ui.small_button("Cancel").clicked() {
                    out.ask(Request::CancelJob(job.id));
                }
                let bar = if total == 0 {
                    ProgressBar::new(0.0).animate(true)
                } else {
                    ProgressBar::new(done as f32 / total as f32)
                };
                ui.add(bar.desired_width(120.0));
                let stage = job.task.progress.stage();
                ui.label(if stage.is_empty() { job.title.clone() } else { format!("{}: {stage}", job.title) });
            }
        });
    });
}

fn saved_ui(app: &App, ui: &mut Ui) {
    let Some(project) = &app.workspace.project else { return };
    let (text, colour) = if project.fault().is_some() {
        ("Not saved", dark::ERROR)
    } else if project.acknowledged() < project.document().revision() {
        ("Saving", dark::WARNING)
    } else {
        ("Saved", dark::GOOD)
    };
    ui.label(RichText::new(text).color(colour)).on_hover_text(project.path().display().to_string());
    let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().circle_filled(dot.center(), 4.0, colour);
}

fn under_pointer(app: &App) -> String {
    let (Some(open), Some((view, pixel))) = (&app.workspace.open, app.hover) else {
        return app.hand.tool.hint().to_owned();
    };
    let raster = open.view.raster(&open.volume, view, app.view_sizes[Pane::Slice(view).index()]);
    let world = limner_render::pick::world(&raster, Pixel(pixel.into()));
    let at = open.volume.geometry.voxel(world);
    let Some(index) = at.index_in(open.volume.size()) else { return String::new() };
    let [x, y, z] = world.0.to_array();
    let [i, j, k] = index;
    let value = open.volume.value(index);
    let unit = open.volume.value_map.unit.as_deref().unwrap_or("");
    let place = if open.volume.spacing_known { format!("L {x:.1}  P {y:.1}  S {z:.1} mm   ") } else { String::new() };
    format!("{place}voxel {i}, {j}, {k}   {value:.6} {unit}   {}", app.label_names_at(index)).replace(".000000", "")
}
