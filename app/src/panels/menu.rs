//! The menu bar: the action list, menu by menu.

use crate::action::{ACTIONS, Entry, Menu};
use crate::app::App;
use crate::keymap;
use crate::outbox::{Outbox, Request};
use eframe::egui::{Button, MenuBar, Ui};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    MenuBar::new().ui(ui, |ui| {
        for menu in Menu::ALL {
            ui.menu_button(menu.title(), |ui| {
                for entry in ACTIONS.iter().filter(|e| e.menu == menu) {
                    entry_ui(app, entry, ui, out);
                }
                if menu == Menu::File {
                    recent_ui(app, ui, out);
                }
            });
        }
    });
}

fn entry_ui(app: &App, entry: &Entry, ui: &mut Ui, out: &mut Outbox) {
    let keys = entry.keys.first().map(|k| keymap::name(ui.ctx(), k)).unwrap_or_default();
    let button = Button::selectable(app.is_on(entry.action), entry.title).shortcut_text(keys);
    let enabled = app.why_not(entry.action);
    let response = ui.add_enabled(enabled.is_none(), button);
    if let Some(reason) = enabled {
        response.on_disabled_hover_text(reason);
    } else if response.clicked() {
        out.act(entry.action);
        ui.close();
    }
}

fn recent_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if app.settings.recent_projects.is_empty() {
        return;
    }
    ui.separator();
    ui.menu_button("Recent projects", |ui| {
        for path in &app.settings.recent_projects {
            let name =
                path.file_stem().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                out.ask(Request::OpenProject(path.clone()));
                ui.close();
            }
        }
    });
}
