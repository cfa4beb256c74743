//! Where models come from: those with the program, a folder of the user's, a server. A page of the settings.

use crate::app::App;
use crate::assist::Tried;
use crate::model_choice::{Choice, ModelSettings};
use crate::outbox::{ModelAct, Outbox, Request};
use crate::theme::{colours, size, space};
use crate::widgets::line_edit;
use eframe::egui::{Button, Grid, RichText, Spinner, Ui, vec2};
use limner_segmentation::models::Model;
use limner_segmentation::remote;

const FIELD: f32 = 300.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let mut settings = app.settings.model.clone();
    listed_ui(app, ui, out);
    ui.add_space(space::L);
    ui.strong("A model folder");
    about(ui, "As nnU-Net and nnInteractive write it, the official weights among them. Nothing of it is copied.");
    ui.horizontal(|ui| {
        ui.add(line_edit(&mut settings.folder).hint_text("/path/to/model").min_size(vec2(FIELD, 0.0)))
            .accessible_name("Model folder");
        if ui.button("Choose…").clicked() {
            out.ask(Request::Model(ModelAct::PickFolder));
        }
        use_ui(app, Choice::Folder, !settings.folder.trim().is_empty(), ui, out);
    });
    tried_ui(app, &Choice::Folder, ui);
    ui.add_space(space::L);
    server_ui(app, &mut settings, ui, out);
    if settings != app.settings.model {
        out.ask(Request::Model(ModelAct::Keep(settings)));
    }
}

fn listed_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.strong("With the program");
    Grid::new("listed models").num_columns(2).spacing([14.0, 4.0]).show(ui, |ui| {
        for model in app.assist.models.iter().filter(|model| model.is_listed()) {
            let choice = Choice::Listed(model.name.clone());
            use_ui(app, choice.clone(), true, ui, out);
            ui.vertical(|ui| {
                ui.label(title(model));
                about(ui, &model.about);
                tried_ui(app, &choice, ui);
            });
            ui.end_row();
        }
    });
}

/// What a model is called for people. The network that comes with the program is called like the program, which says
/// little in a list; settings and the command line know it by that name.
pub fn title(model: &Model) -> &str {
    if model.is_listed() && model.name == "limner" { "Limner network" } else { &model.title }
}

fn server_ui(app: &App, settings: &mut ModelSettings, ui: &mut Ui, out: &mut Outbox) {
    ui.strong("A server");
    about(ui, "Another computer with limner serve or nnInteractive's server. Pictures you prompt on are sent there.");
    let is_address = remote::is_address(settings.server.trim());
    Grid::new("server").num_columns(2).spacing([14.0, 6.0]).show(ui, |ui| {
        ui.label("Address");
        ui.add(line_edit(&mut settings.server).hint_text("http://room-7:1527").min_size(vec2(FIELD, 0.0)))
            .accessible_name("Address of the server");
        ui.end_row();
        ui.label("Key");
        ui.add(line_edit(&mut settings.key.0).password(true).hint_text("if it wants one").min_size(vec2(FIELD, 0.0)))
            .accessible_name("Key of the server");
        ui.end_row();
    });
    ui.horizontal(|ui| {
        if ui.add_enabled(is_address, Button::new("Test connection")).clicked() {
            out.ask(Request::Model(ModelAct::Test));
        }
        use_ui(app, Choice::Server, is_address, ui, out);
    });
    if settings.server.trim().starts_with("http://") && !settings.key.0.is_empty() {
        about(ui, "Without https, key and pictures travel readable: for a network you trust.");
    }
    tried_ui(app, &Choice::Server, ui);
}

/// Takes a model, or says that it is the one that answers.
fn use_ui(app: &App, choice: Choice, can: bool, ui: &mut Ui, out: &mut Outbox) {
    let name = match &choice {
        Choice::Listed(name) => name.clone(),
        Choice::Folder => "the folder".into(),
        Choice::Server => "the server".into(),
    };
    let in_use = match &choice {
        Choice::Listed(name) => app.assist.engine().name() == name,
        other => app.settings.model.chosen.as_ref() == Some(other),
    };
    let button = if in_use { Button::selectable(true, "In use") } else { Button::new("Use") };
    let button = ui.add_enabled(can, button);
    button.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, can, format!("Use {name}")));
    if button.clicked() {
        out.ask(Request::Model(ModelAct::Use(choice)));
    }
}

/// What came of the last try.
fn tried_ui(app: &App, choice: &Choice, ui: &mut Ui) {
    let Some(Tried { outcome, .. }) = app.assist.tried.as_ref().filter(|tried| tried.choice == *choice) else { return };
    let ink = colours(ui.ctx());
    match outcome {
        None => drop(ui.add(Spinner::new().size(size::BODY))),
        Some(Ok(said)) => drop(ui.label(RichText::new(said).size(size::SMALL).color(ink.good))),
        Some(Err(why)) => drop(ui.label(RichText::new(why).size(size::SMALL).color(ink.error))),
    }
}

fn about(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
}
