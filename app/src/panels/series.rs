//! What was found under the opened paths: one line a series, one click to see it.

use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use eframe::egui::{Button, Label, RichText, ScrollArea, Ui};
use limner_imaging::Series;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.heading("Series");
    ScrollArea::vertical().id_salt("series").show(ui, |ui| {
        for (n, series) in app.workspace.found.iter().enumerate() {
            let shown = app.workspace.pictures.values().any(|p| p.series == Some(n));
            ui.push_id(n, |ui| series_ui(series, n, shown, ui, out));
        }
    });
    if app.workspace.found.is_empty() {
        ui.label(RichText::new("Open a file or a folder: every series in it is listed here.").color(dark::WEAK));
    }
}

fn series_ui(series: &Series, n: usize, shown: bool, ui: &mut Ui, out: &mut Outbox) {
    let width = ui.available_width();
    let button = Button::selectable(shown, &series.title).truncate().min_size([width, 0.0].into());
    if ui.add(button).on_hover_text(details(series)).clicked() {
        out.ask(Request::OpenSeries(n, None));
    }
    let [columns, rows, slices] = series.size;
    // Titles hold no patient text and may repeat; the place on disk tells one from the other.
    let place = series.path.file_name().unwrap_or_default().to_string_lossy();
    let line = RichText::new(format!("{columns} × {rows} × {slices}   {place}")).small().color(dark::WEAK);
    ui.add(Label::new(line).truncate());
    ui.add_space(4.0);
    for warning in &series.warnings {
        ui.label(RichText::new(warning.text.as_str()).small().color(dark::WARNING));
    }
}

fn details(series: &Series) -> String {
    let spacing = series.geometry.map(|g| g.spacing_mm().map(|s| format!("{s:.3}")).join(" × "));
    let spacing = spacing.map_or_else(String::new, |s| format!("\n{s} mm"));
    format!("{}\n{} {}{spacing}", series.path.display(), series.format, series.dtype)
}
