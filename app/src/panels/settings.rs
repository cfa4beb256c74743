//! The settings: how the window looks, what is written on pictures, the table of windows, the keys.

use super::dialog::{room_for_body, title_ui};
use super::models;
use crate::action::{ACTIONS, Action};
use crate::app::App;
use crate::hanging::Rules;
use crate::keymap::{self, Profile};
use crate::outbox::{Outbox, Request};
use crate::settings::{Look, default_windows};
use crate::theme::{Theme, colours, size, space};
use crate::widgets::{key_cap, line_edit, tick};
use eframe::egui::{Button, ComboBox, DragValue, Event, Grid, Id, Key, RichText, ScrollArea, Ui, vec2};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettingsPage {
    #[default]
    Look,
    Pictures,
    Windows,
    Hanging,
    Models,
    Keys,
}

/// As wide as its widest page needs.
pub const WIDTH: f32 = 620.0;

impl SettingsPage {
    pub const ALL: [Self; 6] = [Self::Look, Self::Pictures, Self::Windows, Self::Hanging, Self::Models, Self::Keys];

    const fn title(self) -> &'static str {
        match self {
            Self::Look => "Look",
            Self::Pictures => "Pictures",
            Self::Windows => "Grey windows",
            Self::Hanging => "Hanging",
            Self::Models => "Models",
            Self::Keys => "Keys",
        }
    }
}

pub fn ui(app: &App, page: &mut SettingsPage, ui: &mut Ui, out: &mut Outbox) {
    title_ui(ui, "Settings", Some(out));
    ui.horizontal(|ui| {
        for wanted in SettingsPage::ALL {
            if ui.add(Button::selectable(*page == wanted, wanted.title())).clicked() {
                *page = wanted;
            }
        }
    });
    ui.add_space(space::M);
    // What comes of asking a server stands below the button.
    let least = if *page == SettingsPage::Models { 420.0 } else { 320.0 };
    let room = room_for_body(ui, 0.0);
    let is_narrow = ui.available_width() < WIDTH - 1.0;
    let body = ScrollArea::new([is_narrow, true]).max_height(room.min(420.0)).min_scrolled_height(room.min(least));
    body.auto_shrink([false, false]).show(ui, |ui| match page {
        SettingsPage::Look => look_ui(app, ui, out),
        SettingsPage::Pictures => pictures_ui(app, ui, out),
        SettingsPage::Windows => windows_ui(app, ui, out),
        SettingsPage::Hanging => hanging_ui(app, ui, out),
        SettingsPage::Models => models::ui(app, ui, out),
        SettingsPage::Keys => keys_ui(app, ui, out),
    });
}

const TEXT_SCALES: [f32; 5] = [0.9, 1.0, 1.15, 1.3, 1.5];

/// Shows a copy, and asks for what was changed in it.
fn change_look(app: &App, out: &mut Outbox, edit: impl FnOnce(&mut Look)) {
    let mut look = app.settings.look.clone();
    edit(&mut look);
    if look != app.settings.look {
        out.ask(Request::SetLook(look));
    }
}

fn look_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    change_look(app, out, |look| {
        Grid::new("look").num_columns(2).spacing([24.0, 10.0]).show(ui, |ui| {
            ui.label("Theme");
            ui.horizontal(|ui| {
                for theme in Theme::ALL {
                    ui.selectable_value(&mut look.theme, theme, theme.name());
                }
            });
            ui.end_row();
            ui.label("Text size");
            ui.horizontal(|ui| {
                for scale in TEXT_SCALES {
                    ui.selectable_value(&mut look.text_scale, scale, format!("{:.0} %", scale * 100.0));
                }
            });
            ui.end_row();
        });
    });
    about(ui, "Text size scales everything on screen, over what the system asks for.");
    ui.add_space(space::M);
    reader_ui(app, ui, out);
}

fn reader_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let before = app.settings.author.clone().unwrap_or_default();
    let mut name = before.clone();
    ui.horizontal(|ui| {
        let label = ui.label("Reader");
        let field = ui.add(line_edit(&mut name).hint_text("Initials or a pseudonym").desired_width(220.0));
        if field.labelled_by(label.id).lost_focus() {
            name = name.trim().to_owned();
        }
    });
    if name != before {
        out.ask(Request::SetReader(name));
    }
    let text = "Signs the steps from now on, in the open project and in others; a file that was handed out stays its \
                rater's. It is never exported unless you ask for it.";
    about(ui, text);
}

fn about(ui: &mut Ui, text: &str) {
    ui.add_space(space::S);
    ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
}

fn pictures_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    change_look(app, out, |look| {
        tick(ui, &mut look.text_on_pictures, "Title, slice, window and scale on pictures");
        tick(ui, &mut look.head_and_feet, "H and F for head and feet in place of S and I");
        tick(ui, &mut look.neurological, "Neurological display: the patient's left on the screen's left");
        about(ui, "Only the display turns. Stored pictures, labels and exports stay as they are.");
        ui.add_space(space::M);
        tick(ui, &mut look.patient_text, "Patients' names, study dates and descriptions, in the list and on pictures");
        about(ui, "They are never written to logs, exports or file names.");
        ui.add_space(space::M);
        tick(ui, &mut look.left_handed, "Left-handed mouse: the right button holds the tool, the left one zooms");
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            ui.label("Saved views");
            for scale in [1, 2, 4] {
                ui.selectable_value(&mut look.snapshot_scale, scale, format!("{scale} ×"));
            }
            ui.label(RichText::new("as large as on screen").color(colours(ui.ctx()).weak));
        });
    });
}

fn windows_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let mut windows = app.settings.windows.clone();
    Grid::new("windows").num_columns(4).spacing([14.0, 6.0]).show(ui, |ui| {
        for heading in ["Key", "Name", "Width", "Level"] {
            ui.label(RichText::new(heading).size(size::SMALL).color(colours(ui.ctx()).weak));
        }
        ui.end_row();
        for (n, window) in windows.iter_mut().enumerate() {
            key_cap(ui, &app.keys_of(Action::WindowPreset(n)));
            let called = format!("window {}", n + 1);
            // A grid gives a field no more room than its column had before.
            ui.add(line_edit(&mut window.name).min_size(vec2(300.0, 0.0))).accessible_name(format!("Name of {called}"));
            ui.add(DragValue::new(&mut window.width).range(0.001..=1e6).speed(1.0))
                .accessible_name(format!("Width of {called}"));
            ui.add(DragValue::new(&mut window.centre).range(-1e6..=1e6).speed(1.0))
                .accessible_name(format!("Level of {called}"));
            ui.end_row();
        }
    });
    if ui.button("Back to OHIF's values").clicked() {
        windows = default_windows();
    }
    about(ui, "F1 to F9 always; digits too while no annotation tool is in hand. Values are in the picture's unit.");
    if windows != app.settings.windows {
        out.ask(Request::SetWindows(windows));
    }
}

/// The rules in their order; they are edited as a file.
fn hanging_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let own = Rules::path(&app.paths.config);
    let whose = if own.exists() { "These are your own rules" } else { "These are the rules Limner comes with" };
    about(ui, &format!("{whose}. The first one whose series are all there is used when a study is opened."));
    ui.horizontal(|ui| {
        if ui.button("Make my own copy").on_hover_text(own.display().to_string()).clicked() {
            out.ask(Request::EditHanging);
        }
        if ui.button("Read the file again").clicked() {
            out.ask(Request::RereadHanging);
        }
    });
    ui.add_space(space::S);
    let half = (ui.available_width() - 24.0) / 2.0;
    Grid::new("hanging").num_columns(2).spacing([24.0, 4.0]).min_col_width(half).striped(true).show(ui, |ui| {
        for rule in app.hanging.iter().flat_map(|rules| &rules.rules) {
            ui.label(&rule.name);
            ui.label(RichText::new(format!("{} × {}", rule.rows, rule.columns)).color(colours(ui.ctx()).weak));
            ui.end_row();
        }
    });
}

fn keys_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let mut profile = app.settings.profile;
    ui.horizontal(|ui| {
        let label = ui.label("Keys as in");
        let choice = ComboBox::from_id_salt("profile").selected_text(profile.name()).show_ui(ui, |ui| {
            for wanted in Profile::ALL {
                ui.selectable_value(&mut profile, wanted, wanted.name());
            }
        });
        choice.response.labelled_by(label.id);
    });
    if profile != app.settings.profile {
        out.ask(Request::SetProfile(profile));
    }
    about(ui, "Click Change, then press the keys. What had them before loses them; Esc keeps things as they are.");
    ui.add_space(space::S);
    let waiting = Id::unique("waiting for a key");
    let asked = ui.data(|d| d.get_temp::<Action>(waiting));
    if let Some(action) = asked {
        listen(action, waiting, ui, out);
    }
    let third = (ui.available_width() - 2.0 * 16.0) / 3.0;
    Grid::new("own keys").num_columns(3).spacing([16.0, 4.0]).min_col_width(third).striped(true).show(ui, |ui| {
        for entry in ACTIONS {
            ui.label(app.title_of(entry.action));
            ui.horizontal(|ui| {
                if asked == Some(entry.action) {
                    ui.label(RichText::new("Press keys…").color(colours(ui.ctx()).accent));
                }
                for chord in app.keymap.chords_of(entry.action) {
                    key_cap(ui, &app.name_of(&chord));
                }
            });
            ui.horizontal(|ui| {
                if ui.small_button("Change").clicked() {
                    ui.data_mut(|d| d.insert_temp(waiting, entry.action));
                }
                let own = app.settings.own_keys.contains_key(&keymap::id_of(entry.action));
                if own && ui.small_button("Reset").clicked() {
                    out.ask(Request::SetKey(entry.action, None));
                }
            });
            ui.end_row();
        }
    });
}

/// Takes the next key that is pressed as an action's chord.
fn listen(action: Action, waiting: Id, ui: &mut Ui, out: &mut Outbox) {
    let pressed = ui.input_mut(|input| {
        let found = input.events.iter().find_map(|event| match event {
            Event::Key { key, pressed: true, modifiers, .. } => Some((*key, *modifiers)),
            _ => None,
        });
        if found.is_some() {
            input.events.retain(|event| !matches!(event, Event::Key { .. } | Event::Text(_)));
        }
        found
    });
    let Some((key, modifiers)) = pressed else { return };
    ui.data_mut(|d| d.remove::<Action>(waiting));
    if key != Key::Escape {
        let keys = eframe::egui::KeyboardShortcut::new(modifiers, key);
        out.ask(Request::SetKey(action, Some(keymap::words_of(&keys))));
    }
}
