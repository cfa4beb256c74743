//! The model at hand: which one, what it can do, how long it took, and what has been said to it.

use super::models;
use crate::action::Action;
use crate::app::App;
use crate::model_choice::Choice;
use crate::outbox::{ModelAct, Outbox, Request};
use crate::theme::{colours, icon};
use crate::widgets::{Words, sign_ink, small_icon_button, tick};
use eframe::egui::{Button, CollapsingHeader, ComboBox, RichText, Role, Ui, WidgetInfo};
use limner_annotation::counted;
use limner_segmentation::models::Model;
use limner_segmentation::{Capabilities, Prompt, Shape, remote};

const ROOM_FOR_SWITCH: f32 = 92.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if app.workspace.open().is_none() {
        return;
    }
    CollapsingHeader::new("Model").id_salt("model").default_open(true).show(ui, |ui| {
        choice_ui(app, ui, out);
        state_ui(app, ui);
        prompts_ui(app, ui, out);
    });
}

fn choice_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let now = app.assist.engine().name();
    let title = title_of(app, now);
    ui.horizontal_wrapped(|ui| {
        // The name has what the switch beside it leaves.
        let width = (ui.available_width() - ROOM_FOR_SWITCH).max(100.0);
        let choice = ComboBox::from_id_salt("model choice").selected_text(title).width(width).truncate();
        let choice = choice.show_ui(ui, |ui| {
            for model in &app.assist.models {
                if ui.selectable_label(model.name == now, models::title(model)).on_hover_text(about(model)).clicked() {
                    out.ask(Request::Model(ModelAct::Use(choice_of(model))));
                }
            }
            if ui.selectable_label(false, "Folder or server…").clicked() {
                out.ask(Request::Model(ModelAct::Show));
            }
        });
        choice.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Model"));
        let mut collects = app.assist.collects;
        let hint = "Gather prompts and ask once, with Run, instead of after every prompt";
        if tick(ui, &mut collects, "Collect").on_hover_text(hint).changed() {
            out.ask(Request::CollectPrompts(collects));
        }
        if collects {
            let reason = app.why_not(Action::RunModel);
            let run = ui.add_enabled(reason.is_none(), Button::new("Run"));
            if run.clicked() {
                out.act(Action::RunModel);
            }
        }
    });
}

fn choice_of(model: &Model) -> Choice {
    if model.is_listed() {
        Choice::Listed(model.name.clone())
    } else if remote::is_address(&model.name) {
        Choice::Server
    } else {
        Choice::Folder
    }
}

/// What a model is called for people; one that is not listed by its name.
fn title_of<'a>(app: &'a App, name: &'a str) -> &'a str {
    app.assist.models.iter().find(|model| model.name == name).map_or(name, models::title)
}

fn about(model: &Model) -> String {
    let license = model.license.as_ref().map_or_else(String::new, |license| format!("\nLicence: {license}"));
    format!("{}{license}", model.about)
}

fn state_ui(app: &App, ui: &mut Ui) {
    let weak = colours(ui.ctx()).weak;
    let mut line = |text: String| drop(ui.label(RichText::new(text).small().color(weak)));
    let engine = app.assist.engine();
    let model = app.assist.models.iter().find(|model| model.name == engine.name());
    let license = model.and_then(|model| model.license.as_deref()).unwrap_or("as Limner itself");
    line(format!("Licence: {license}"));
    line(match engine.device() {
        "cpu" => "Runs on this machine's processor".to_owned(),
        device => format!("Runs on {device}"),
    });
    line(format!("Takes {}", abilities(engine.capabilities())));
    let last = app.assist.last_answer();
    line(match last {
        Some((engine, seconds)) => format!("Last answer: {}, {seconds:.2} s", title_of(app, engine)),
        None => "No answer yet".to_owned(),
    });
    if app.shows_preview() {
        line("What is shown is a preview: the model is at work".into());
    } else if app.assist.certainty().is_some() {
        line("Paler inside the outline: the model is not sure. The pale rim outside: nearly, and not painted".into());
    }
}

/// What prompts it takes, in words.
fn abilities(can: Capabilities) -> String {
    let words = can.words();
    if words.is_empty() { "no prompts".into() } else { words.join(", ") }
}

/// What was said, in order; each can be taken back by itself.
fn prompts_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    for (n, prompt) in app.assist.prompts().iter().enumerate() {
        ui.horizontal(|ui| {
            let sign = if prompt.positive { "+" } else { "−" };
            ui.label(RichText::new(sign).strong().color(sign_ink(ui, prompt.positive)));
            ui.label(words(prompt));
            let name = format!("Remove prompt {}", n + 1);
            let words = Words { name: &name, hint: "Ask again without this prompt", ..Words::default() };
            if small_icon_button(ui, icon::X, words, false).clicked() {
                out.ask(Request::RemovePrompt(n));
            }
        });
    }
}

fn words(prompt: &Prompt) -> String {
    match &prompt.shape {
        Shape::Point { at } => {
            let [i, j, k] = at.0.to_array().map(|n| n.round() as i64);
            format!("Point at {i}, {j}, {k}")
        }
        Shape::Box { bounds } => {
            let [i, j, k] = bounds.size();
            format!("Box of {i} × {j} × {k}")
        }
        Shape::Scribble { points, .. } => format!("Scribble of {}", counted(points.len(), "point")),
        Shape::Lasso { points, .. } => format!("Lasso of {}", counted(points.len(), "point")),
        Shape::Marks { .. } => format!("Marked {}", prompt.shape.name()),
        Shape::Mask { .. } => "Mask".to_owned(),
    }
}
