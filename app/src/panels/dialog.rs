//! The small questions asked in the window itself: a path to type, the command palette, the key sheet, the settings.

use super::settings::{self, SettingsPage};
use crate::action::{ACTIONS, Action, Menu};
use crate::app::App;
use crate::case::Ask;
use crate::outbox::{AskAct, Outbox, Request};
use crate::theme::{colours, icon_font, radius, size, space, strong};
use crate::widgets::key_cap;
use eframe::egui::{
    Align2, Button, Color32, Context, FontId, Grid, Id, Key, Modal, RichText, Role, ScrollArea, Sense, TextEdit, Ui,
    WidgetInfo, vec2,
};
use limner_annotation::exchange::EXCHANGES;
use std::path::PathBuf;

/// What is being asked, with what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Path { purpose: Purpose, text: String },
    Palette { text: String, chosen: usize },
    Keys,
    Settings(SettingsPage),
}

impl Dialog {
    pub fn palette() -> Self {
        Self::Palette { text: String::new(), chosen: 0 }
    }

    const fn width(&self) -> f32 {
        match self {
            Self::Settings(_) | Self::Keys => 620.0,
            Self::Path { .. } | Self::Palette { .. } => 520.0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Open,
    OpenProject,
    SaveProject,
    SaveView,
    SaveClip,
    LoadForm,
    LoadTemplate,
    Export(&'static str),
    Audit,
}

impl Purpose {
    fn title(self) -> String {
        match self {
            Self::Open => "Open a file, a folder or a project".into(),
            Self::OpenProject => "Open a project".into(),
            Self::SaveProject => "Save the project as".into(),
            Self::SaveView => "Save the view as PNG".into(),
            Self::SaveClip => "Save a clip as GIF".into(),
            Self::LoadForm => "Load a case form".into(),
            Self::LoadTemplate => "Load a landmark template".into(),
            Self::Export(format) => format!("Export {} into a new folder", format_title(format)),
            Self::Audit => "Write the audit into a folder".into(),
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Open | Self::OpenProject | Self::LoadForm | Self::LoadTemplate => "Open",
            Self::SaveProject | Self::SaveView | Self::SaveClip | Self::Audit => "Save",
            Self::Export(_) => "Export",
        }
    }

    fn request(self, path: PathBuf) -> Request {
        match self {
            Self::Open => Request::OpenPath(path),
            Self::OpenProject => Request::OpenProject(path),
            Self::SaveProject => Request::SaveProjectAs(path),
            Self::SaveView => Request::SaveView(path),
            Self::SaveClip => Request::SaveClip(path),
            Self::LoadForm => Request::Case(Ask::LoadForm(path)),
            Self::LoadTemplate => Request::Case(Ask::LoadTemplate(path)),
            Self::Export(format) => Request::Export { format, out: path },
            Self::Audit => Request::Ask(AskAct::WriteAudit(path)),
        }
    }
}

/// What an exchange format is called for people.
pub fn format_title(format: &str) -> &str {
    EXCHANGES.iter().find(|exchange| exchange.name() == format).map_or(format, |exchange| exchange.title())
}

pub fn ui(app: &App, dialog: &mut Dialog, ctx: &Context, out: &mut Outbox) {
    let width = dialog.width().min(ctx.content_rect().width() - 64.0);
    let modal = Modal::new(Id::unique("dialog")).show(ctx, |ui| {
        ui.set_width(width);
        match dialog {
            Dialog::Path { purpose, text } => path_ui(*purpose, text, ui, out),
            Dialog::Palette { text, chosen } => palette_ui(app, text, chosen, ui, out),
            Dialog::Keys => keys_ui(app, ui),
            Dialog::Settings(page) => settings::ui(app, page, ui, out),
        }
    });
    if modal.should_close() {
        out.ask(Request::CloseDialog);
    }
}

pub fn title_ui(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).font(strong(size::TITLE)).color(colours(ui.ctx()).text));
    ui.add_space(space::M);
}

fn path_ui(purpose: Purpose, text: &mut String, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, &purpose.title());
    let label = ui.label("Path");
    let field = ui.add(TextEdit::singleline(text).desired_width(f32::INFINITY)).labelled_by(label.id);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        field.request_focus();
    }
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        let go = ui.add_enabled(!text.trim().is_empty(), Button::new(purpose.verb())).clicked();
        if (go || entered) && !text.trim().is_empty() {
            out.ask(purpose.request(PathBuf::from(text.trim())));
            out.ask(Request::CloseDialog);
        }
        if ui.button("Cancel").clicked() {
            out.ask(Request::CloseDialog);
        }
    });
}

/// How well a title answers what was typed: all letters in order, better where they begin words or stand together.
fn rank(title: &str, wanted: &str) -> Option<i32> {
    let mut score = 0;
    let mut last: Option<usize> = None;
    let letters: Vec<char> = title.to_lowercase().chars().collect();
    let mut from = 0;
    for letter in wanted.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let at = (from..letters.len()).find(|&n| letters[n] == letter)?;
        let begins_word = at == 0 || !letters[at - 1].is_alphanumeric();
        let follows = last.is_some_and(|last| last + 1 == at);
        score += i32::from(begins_word) * 8 + i32::from(follows) * 6 - (at - from).min(8) as i32;
        (last, from) = (Some(at), at + 1);
    }
    Some(score - letters.len() as i32 / 8)
}

fn palette_ui(app: &App, text: &mut String, chosen: &mut usize, ui: &mut Ui, out: &mut Outbox) {
    let before = text.clone();
    // The arrows belong to the list, not to the field.
    let step = ui.input_mut(|i| {
        let down = i.count_and_consume_key(eframe::egui::Modifiers::NONE, Key::ArrowDown) as isize;
        down - i.count_and_consume_key(eframe::egui::Modifiers::NONE, Key::ArrowUp) as isize
    });
    let field = ui.add(TextEdit::singleline(text).hint_text("Type a command").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Type a command"));
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        field.request_focus();
    }
    let possible = ACTIONS.iter().filter(|e| app.why_not(e.action).is_none());
    let mut matching: Vec<(i32, Action, Menu)> =
        possible.filter_map(|e| Some((rank(&app.title_of(e.action), text)?, e.action, e.menu))).collect();
    matching.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
    if *text != before {
        *chosen = 0;
    }
    *chosen = chosen.saturating_add_signed(step).min(matching.len().saturating_sub(1));
    ui.add_space(space::S);
    let mut done: Option<Action> = None;
    ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (n, (_, action, menu)) in matching.iter().enumerate() {
            let response = palette_row(app, *action, *menu, n == *chosen, ui);
            if n == *chosen && step != 0 {
                response.scroll_to_me(None);
            }
            if response.clicked() || (n == *chosen && entered) {
                done = Some(*action);
            }
        }
        if matching.is_empty() {
            ui.label(RichText::new("No command of that name").color(colours(ui.ctx()).weak));
        }
    });
    if let Some(action) = done {
        out.ask(Request::CloseDialog);
        out.act(action);
    }
}

fn palette_row(app: &App, action: Action, menu: Menu, on: bool, ui: &mut Ui) -> eframe::egui::Response {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::click());
    let title = app.title_of(action);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &title));
    let fill = if on {
        c.accent_ground
    } else if response.hovered() {
        c.raised
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, radius::M, fill);
    let left = rect.left_center() + vec2(space::L, 0.0);
    if let Some(sign) = action.icon() {
        ui.painter().text(left, Align2::CENTER_CENTER, sign, icon_font(14.0), c.weak);
    }
    let body = FontId::proportional(size::BODY);
    let at = left + vec2(space::XL, 0.0);
    let used = ui.painter().text(at, Align2::LEFT_CENTER, title, body, c.text);
    let small = FontId::proportional(size::SMALL);
    let menu_at = used.right_center() + vec2(space::M, 0.0);
    ui.painter().text(menu_at, Align2::LEFT_CENTER, menu.title(), small.clone(), c.weak);
    let keys_at = rect.right_center() - vec2(space::M, 0.0);
    ui.painter().text(keys_at, Align2::RIGHT_CENTER, app.keys_of(action), small, c.weak);
    response
}

fn keys_ui(app: &App, ui: &mut Ui) {
    let c = colours(ui.ctx());
    title_ui(ui, "Keys");
    let hand = "Left drag: the tool in hand   Right drag: zoom   Middle drag: pan   Wheel: slices   Ctrl+wheel: zoom";
    ui.label(RichText::new(hand).color(c.weak));
    ui.add_space(space::M);
    ScrollArea::vertical().max_height(440.0).auto_shrink([false, true]).show(ui, |ui| {
        for menu in Menu::ALL {
            let entries = ACTIONS.iter().filter(|e| e.menu == menu);
            let keyed: Vec<_> = entries.filter(|e| app.keymap.chords_of(e.action).next().is_some()).collect();
            if keyed.is_empty() {
                continue;
            }
            ui.add_space(space::S);
            ui.label(RichText::new(menu.title()).font(strong(size::BODY)).color(c.weak));
            Grid::new(menu.title()).num_columns(2).min_col_width(260.0).spacing([24.0, 5.0]).show(ui, |ui| {
                for entry in keyed {
                    ui.label(app.title_of(entry.action));
                    ui.horizontal(|ui| {
                        for chord in app.keymap.chords_of(entry.action) {
                            key_cap(ui, &app.name_of(&chord));
                        }
                    });
                    ui.end_row();
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_match_and_word_beginnings_come_first() {
        assert!(rank("Open folder…", "of").unwrap() > rank("Zoom off", "of").unwrap_or(-99));
        assert!(rank("Window: lung", "lung").unwrap() > rank("Window: full ct range", "lung").unwrap_or(-99));
        assert_eq!(rank("Undo", "redo"), None);
        assert!(rank("Anything", "").is_some());
    }
}
