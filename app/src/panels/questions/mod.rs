//! Writing questions beside the pictures: what there is of this case, and the one in hand with all it points at.
//!
//! The panel asks and never changes: each field works on a copy, and what changed goes out as one request.

mod answer;
mod audit;
mod details;
mod evidence;
mod flags;
mod form;
mod list;
mod make;
mod pictures;
mod sheet;
mod stages;
mod steps;
mod talk;

pub use sheet::field_id;

use crate::action::{Action, Ask};
use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, icon_font, radius, size, space, strong};
use crate::widgets::{Words, action_button, empty_state, icon_button, panel_head, small_icon_button};
use crate::work::asking::Page;
use crate::work::guides::GUIDES;
use eframe::egui::{
    Align, Align2, Color32, FontId, Frame, Label, Layout, Margin, Popup, Rect, RichText, Role, ScrollArea, Sense, Ui,
    WidgetInfo, vec2,
};
use limner_annotation::Document;
use limner_annotation::exchange::vqa::profile::PROFILES;
use limner_annotation::question::Template;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Questions", |ui| {
        action_button(app, Action::Ask(Ask::Panel), ui, out);
        export_ui(app, ui, out);
        forms_ui(app, ui, out);
        action_button(app, Action::Ask(Ask::New), ui, out);
    });
    let Some(project) = &app.workspace.project else { return };
    let document = project.document();
    pages_ui(app, ui, out);
    pointing_ui(app, ui, out);
    match app.work.asking.page {
        Page::Write | Page::Review => write_ui(app, document, ui, out),
        Page::Make => make::ui(app, document, ui, out),
        Page::Audit => audit::ui(app, document, ui, out),
    }
}

fn write_ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let asking = &app.work.asking;
    list::ui(app, document, ui, out);
    if let Some(talk) = asking.talk {
        return talk::ui(app, document, talk, ui, out);
    }
    match asking.shown(document) {
        Some(question) => {
            if asking.page == Page::Review {
                review_ui(app, ui, out);
            }
            let scroll = ScrollArea::vertical().id_salt(("question", question.id)).auto_shrink([false, false]);
            scroll.show(ui, |ui| form::ui(app, document, question, ui, out));
        }
        None if asking.page == Page::Review => {
            empty_state(
                ui,
                icon::LIST_CHECKS,
                "Nothing waits for review",
                "What is generated comes here before it counts",
            );
        }
        None => {
            let text = format!(
                "{} begins one about the picture in view. Templates and guided forms are beside the plus.",
                app.keys_of(Action::Ask(Ask::New))
            );
            empty_state(ui, icon::MESSAGE_CIRCLE_QUESTION_MARK, "No question chosen", &text);
        }
    }
}

/// The four pages, as parts of one switch.
fn pages_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let waiting = app.work.asking.waiting;
    let (all, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    ui.painter().rect_filled(all, radius::M, c.raised);
    let width = all.width() / Page::ALL.len() as f32;
    for (n, page) in Page::ALL.into_iter().enumerate() {
        let place = Rect::from_min_size(all.min + vec2(width * n as f32, 0.0), vec2(width, all.height())).shrink(2.0);
        let on = app.work.asking.page == page;
        let response = ui.interact(place, ui.scope_id().with(("page", n)), Sense::click());
        let name = format!("Questions: {}", page.title().to_lowercase());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, &name));
        let fill = match (on, response.hovered()) {
            (true, _) => c.accent_ground,
            (false, true) => c.hovered,
            (false, false) => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(place, radius::S, fill);
        let text = match page {
            Page::Review if waiting > 0 => format!("{}  {waiting}", page.title()),
            _ => page.title().to_owned(),
        };
        let ink = if on || response.has_focus() { c.text } else { c.weak };
        ui.painter().text(place.center(), Align2::CENTER_CENTER, text, FontId::proportional(size::SMALL), ink);
        let keys = app.keys_of(Action::Ask(Ask::Page(page)));
        if crate::widgets::explained(response, Words { name: &name, keys: &keys, ..Words::default() }).clicked() {
            out.about_questions(AskAct::Page(page));
        }
    }
    ui.add_space(space::S);
}

/// What the next click on a view is for.
fn pointing_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let Some(slot) = app.work.asking.pointing else { return };
    let c = colours(ui.ctx());
    let frame = Frame::new().fill(c.accent_ground).corner_radius(radius::M).inner_margin(Margin::symmetric(8, 4));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(icon::TARGET).font(icon_font(size::ICON)).color(c.text));
            ui.add(Label::new(RichText::new(slot.prompt()).font(strong(size::SMALL)).color(c.text)).truncate());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = Words { name: "Stop pointing", keys: "Esc", ..Words::default() };
                if small_icon_button(ui, icon::X, words, false).clicked() {
                    out.about_questions(AskAct::StopPointing);
                }
            });
        });
        let (hint, ink) = if app.work.asking.missed {
            ("Nothing is drawn or painted at that place", c.warning)
        } else {
            ("Shift: only the connected part. Ctrl: only this slice. Esc: not now", c.text)
        };
        ui.add(Label::new(RichText::new(hint).size(size::TINY).color(ink)).wrap());
    });
    ui.add_space(space::S);
}

/// Decides on what was made: one key each.
fn review_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal(|ui| {
        for (ask, title) in [(Ask::Accept, "Accept"), (Ask::Reject, "Reject")] {
            let keys = app.keys_of(Action::Ask(ask));
            crate::widgets::word_button(app, Action::Ask(ask), &format!("{title}  {keys}"), ui, out);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = RichText::new("or edit below").size(size::SMALL).color(colours(ui.ctx()).weak);
            ui.add(Label::new(text).truncate());
        });
    });
}

/// Templates of the project, guided forms, a dialogue.
fn forms_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let words = Words {
        name: "Templates and guided forms",
        hint: "Begin with a wording or in the shape of a task",
        ..Words::default()
    };
    let response = icon_button(ui, icon::CLIPBOARD_LIST, words, false);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(260.0);
        let templates: Vec<&Template> = match &app.workspace.project {
            Some(project) => project.document().all::<Template>().filter(|t| t.generator.is_none()).collect(),
            None => Vec::new(),
        };
        caption(ui, "Templates of this project");
        if templates.is_empty() {
            ui.label(RichText::new("None yet: a question can be saved as one").small().color(colours(ui.ctx()).weak));
        }
        for template in templates {
            ui.horizontal(|ui| {
                if ui.button(&template.name).on_hover_text(&template.stem).clicked() {
                    out.about_questions(AskAct::BeginWith(template.id));
                    ui.close();
                }
                let name = format!("Remove template {}", template.name);
                let words = Words { name: &name, ..Words::default() };
                if small_icon_button(ui, icon::X, words, false).clicked() {
                    out.about_questions(AskAct::RemoveTemplate(template.id));
                }
            });
        }
        ui.separator();
        caption(ui, "Guided forms");
        let reason = app.why_not(Action::Ask(Ask::Guide(0)));
        ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
            for (n, guide) in GUIDES.iter().enumerate() {
                let item = eframe::egui::Button::new(guide.title).frame(false);
                if ui.add_enabled(reason.is_none(), item).on_hover_text(guide.stem).clicked() {
                    out.act(Action::Ask(Ask::Guide(n)));
                    ui.close();
                }
            }
        });
        ui.separator();
        if crate::widgets::word_button(app, Action::Ask(Ask::NewDialogue), "New dialogue", ui, out).clicked() {
            ui.close();
        }
    });
}

fn export_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let reason = app.why_not(Action::Ask(Ask::Export));
    let words =
        Words { name: "Export questions", hint: "Accepted questions in the layout of a data set", keys: "", reason };
    let response = icon_button(ui, icon::FILE_OUTPUT, words, false);
    if reason.is_some() {
        return;
    }
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(220.0);
        caption(ui, "In the layout of");
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for profile in PROFILES {
                if ui
                    .add(eframe::egui::Button::new(profile.title()).frame(false))
                    .on_hover_text(profile.name())
                    .clicked()
                {
                    out.about_questions(AskAct::Export(profile.name()));
                    ui.close();
                }
            }
        });
    });
}

fn caption(ui: &mut Ui, text: &str) {
    let c = colours(ui.ctx());
    ui.add(Label::new(RichText::new(text).size(size::TINY).color(c.weak)).selectable(false));
}
