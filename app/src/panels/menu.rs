//! The bar at the top: the action list menu by menu, undo and redo, and the way to every command by name.

use crate::action::{ACTIONS, Action, Entry, Menu};
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::settings::Recent;
use crate::theme::{colours, icon, icon_font, radius, size, space};
use crate::widgets::{self, Words, action_button, icon_button};
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Layout, MenuBar, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, vec2,
};

/// Narrower than this the search field is an icon.
const ROOM_FOR_SEARCH: f32 = 240.0;
/// Undo, redo, the search as an icon, and the switches of the panels.
const BUTTONS: f32 = 5.0 * (size::ICON_BUTTON + space::M) + space::L;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    MenuBar::new().ui(ui, |ui| {
        ui.set_min_height(size::BAR_HEIGHT);
        if menus_width(ui) + BUTTONS <= ui.available_width() {
            menus_ui(app, ui, out);
        } else {
            // What is pressed all the time keeps its place.
            ui.menu_button("Menu", |ui| menus_ui(app, ui, out));
        }
        ui.add_space(space::S);
        action_button(app, Action::Undo, ui, out);
        action_button(app, Action::Redo, ui, out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            action_button(app, Action::ToggleInspector, ui, out);
            action_button(app, Action::ToggleBrowser, ui, out);
            search_ui(app, ui, out);
        });
    });
}

fn menus_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    for menu in Menu::ALL {
        ui.menu_button(menu.title(), |ui| menu_ui(app, menu, ui, out));
    }
}

/// What the names of all menus take of the bar.
fn menus_width(ui: &Ui) -> f32 {
    let between = 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x;
    let wide = |menu: Menu| {
        let galley =
            ui.painter().layout_no_wrap(menu.title().to_owned(), FontId::proportional(size::BODY), Color32::WHITE);
        galley.size().x + between
    };
    Menu::ALL.into_iter().map(wide).sum()
}

/// One line of a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Act(Action),
    /// A menu inside, where its first entry would stand.
    Inner(&'static str),
    /// Parts what does not belong together.
    Rule,
}

/// The lines of a menu. A line that parts groups stands between two, never at the top, where it would part nothing.
fn lines_of(menu: Menu) -> Vec<Line> {
    let mut lines = Vec::new();
    for entry in entries_of(menu) {
        let line = entry.action.submenu().map_or(Line::Act(entry.action), Line::Inner);
        if lines.contains(&line) {
            continue;
        }
        if entry.action.submenu().is_none() && entry.action.begins_group() && !lines.is_empty() {
            lines.push(Line::Rule);
        }
        lines.push(line);
    }
    lines
}

/// What stands in a menu in the order of the list. *Quit* comes last, after what is not in the list.
fn entries_of(menu: Menu) -> impl Iterator<Item = &'static Entry> {
    let is_listed = move |entry: &&Entry| entry.menu == menu && !entry.action.is_only_a_key();
    ACTIONS.iter().filter(is_listed).filter(|entry| entry.action != Action::Quit)
}

/// One menu; where the window is too low for it, it is scrolled.
fn menu_ui(app: &App, menu: Menu, ui: &mut Ui, out: &mut Outbox) {
    let height = ui.ctx().content_rect().height() - 2.0 * size::BAR_HEIGHT;
    // A popup offers little room before it knows what is in it.
    let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    scroll.show(ui, |ui| {
        for line in lines_of(menu) {
            match line {
                Line::Act(action) => action.entry().into_iter().for_each(|entry| entry_ui(app, entry, ui, out)),
                Line::Rule => {
                    ui.separator();
                }
                Line::Inner(name) => {
                    ui.menu_button(name, |ui| {
                        for entry in entries_of(menu).filter(|entry| entry.action.submenu() == Some(name)) {
                            entry_ui(app, entry, ui, out);
                        }
                    });
                }
            }
        }
        if menu == Menu::File {
            recent_ui(app, ui, out);
            ui.separator();
            Action::Quit.entry().into_iter().for_each(|quit| entry_ui(app, quit, ui, out));
        }
    });
}

/// Looks like a field, opens the palette.
fn search_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let keys = app.keys_of(Action::Palette);
    let words = Words { name: "Command palette…", hint: "Find any command by its name", keys: &keys, reason: None };
    if ui.available_width() < ROOM_FOR_SEARCH {
        if icon_button(ui, icon::SEARCH, words, false).clicked() {
            out.act(Action::Palette);
        }
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(220.0, 26.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words.name));
    let c = colours(ui.ctx());
    let edge = if response.hovered() || response.has_focus() { c.accent } else { c.edge };
    ui.painter().rect(rect, radius::M, c.ground, Stroke::new(1.0, edge), StrokeKind::Inside);
    let inner: Rect = rect.shrink2(vec2(space::M, 0.0));
    let small = FontId::proportional(size::SMALL);
    ui.painter().text(inner.left_center(), Align2::LEFT_CENTER, icon::SEARCH, icon_font(size::SMALL_ICON), c.weak);
    let at = inner.left_center() + vec2(20.0, 0.0);
    ui.painter().text(at, Align2::LEFT_CENTER, "Search commands", small.clone(), c.weak);
    ui.painter().text(inner.right_center(), Align2::RIGHT_CENTER, &keys, small, c.weak);
    if widgets::explained(response, words).clicked() {
        out.act(Action::Palette);
    }
}

fn entry_ui(app: &App, entry: &Entry, ui: &mut Ui, out: &mut Outbox) {
    let title = app.title_of(entry.action);
    let button = Button::selectable(app.is_on(entry.action), title).shortcut_text(app.keys_of(entry.action));
    let reason = app.why_not(entry.action);
    let response = ui.add_enabled(reason.is_none(), button);
    if let Some(reason) = reason {
        response.on_disabled_hover_text(reason);
    } else if response.clicked() {
        out.act(entry.action);
        ui.close();
    }
}

fn recent_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let recent: Vec<Recent> = app.settings.recent().collect();
    if recent.is_empty() {
        return;
    }
    ui.separator();
    ui.menu_button("Recent projects", |ui| {
        for Recent { path, name, when } in recent {
            let button = Button::new(name).shortcut_text(when);
            if ui.add(button).on_hover_text(path.display().to_string()).clicked() {
                out.ask(Request::OpenProject(path));
                ui.close();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menus_begin_and_end_with_something_to_choose() {
        for menu in Menu::ALL {
            let lines = lines_of(menu);
            let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
            assert!(![first, last].contains(&&Line::Rule), "{}: {lines:?}", menu.title());
            assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{}: two rules", menu.title());
        }
        assert!(lines_of(Menu::Edit).contains(&Line::Rule), "groups are parted still");
    }
}
