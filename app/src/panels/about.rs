//! Which Limner this is and what it stands on: for whoever reports a fault.

use super::dialog::{body_ui, row_below, title_ui};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{colours, space};
use eframe::egui::{Grid, Label, RichText, TextWrapMode, Ui, vec2};

pub const WHAT_IT_IS: &str = "Annotates and reviews medical images, offline. Made for research and for data sets: it is no \
                              medical device, and nothing it shows is for diagnosis.";

/// Names and what they are here; free of patients and of anything that was opened.
fn facts(app: &App) -> Vec<(&'static str, String)> {
    let (adapter, bytes) = app.gpu.memory();
    let engine = app.assist.engine();
    let license = engine.license().map(|license| format!(" ({license})")).unwrap_or_default();
    vec![
        ("Version", env!("CARGO_PKG_VERSION").into()),
        ("System", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("Graphics", format!("{adapter}, {} MB in use", bytes >> 20)),
        ("Model", format!("{}{license}, on {}", engine.name(), engine.computes().on)),
        ("Projects", app.paths.data.display().to_string()),
        ("Settings", app.paths.config.display().to_string()),
        ("Licence", "MIT or Apache-2.0, as you like".into()),
    ]
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, "About Limner", Some(out));
    ui.label(RichText::new(WHAT_IT_IS).color(colours(ui.ctx()).weak));
    ui.add_space(space::M);
    let facts = facts(app);
    let below = row_below(ui);
    body_ui(ui, below, |ui| {
        Grid::new("about").num_columns(2).spacing(vec2(24.0, 8.0)).show(ui, |ui| {
            for (name, what) in &facts {
                ui.label(RichText::new(*name).color(colours(ui.ctx()).weak));
                ui.add(Label::new(what).wrap_mode(TextWrapMode::Wrap));
                ui.end_row();
            }
        });
    });
    ui.add_space(space::M);
    let copy = ui.button("Copy").on_hover_text("For a report of a fault: these lines, nothing of what is open");
    if copy.clicked() {
        let lines: Vec<String> = facts.iter().map(|(name, what)| format!("{name}: {what}")).collect();
        ui.ctx().copy_text(lines.join("\n"));
    }
}
