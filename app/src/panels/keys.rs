//! The key sheet: every command that has a key, by menu, in as many columns as there is room for. What is typed narrows
//! it down, by command or by key.

use crate::action::{ACTIONS, Menu};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{colours, size, space, strong};
use crate::widgets::{key_cap, line_edit};
use eframe::egui::{Align, Label, Layout, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2};

const ROW_HEIGHT: f32 = 22.0;
/// Narrower columns would cut the longest names.
const COLUMN_WIDTH: f32 = 300.0;
const BETWEEN: f32 = 28.0;
/// What moves views without a key.
const HAND: &[(&str, &str)] = &[
    ("The tool in hand", "Left drag"),
    ("Zoom", "Right drag"),
    ("Pan", "Middle drag"),
    ("Slices", "Wheel"),
    ("Zoom where the pointer is", "Ctrl+Wheel"),
    ("Size of the brush", "Shift+Wheel"),
    ("Thickness of the slab", "Shift+Wheel"),
    ("Fill the window with a view", "Double click"),
];

/// A line of the sheet.
enum Line {
    Heading(&'static str),
    Command { title: String, keys: Vec<String> },
}

pub fn ui(app: &App, text: &mut String, ui: &mut Ui, out: &mut Outbox) {
    super::dialog::title_ui(ui, "Keys", Some(out));
    let field = ui.add(line_edit(text).hint_text("Find a command or a key").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Find a command or a key"));
    if !field.has_focus() {
        field.request_focus();
    }
    ui.add_space(space::M);
    let height = (ui.ctx().content_rect().height() - 200.0).clamp(120.0, 720.0);
    // As high with few lines as with all: the field stays under the eye of who types.
    let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, false]);
    let lines = lines(app, text);
    scroll.show(ui, |ui| {
        if lines.is_empty() {
            ui.label(RichText::new("No command of that name has a key").color(colours(ui.ctx()).weak));
            return;
        }
        let room = ui.available_width();
        let count = ((room + BETWEEN) / (COLUMN_WIDTH + BETWEEN)).floor().max(1.0) as usize;
        ui.spacing_mut().item_spacing = vec2(BETWEEN, 0.0);
        let columns = in_columns(&lines, count, (height / ROW_HEIGHT) as usize);
        ui.columns(count, |uis| {
            for (ui, column) in uis.iter_mut().zip(&columns) {
                ui.spacing_mut().item_spacing = vec2(space::S, 0.0);
                column.iter().for_each(|line| line_ui(line, ui));
            }
        });
    });
}

/// The sheet from top to bottom; only what answers to `wanted`.
fn lines(app: &App, wanted: &str) -> Vec<Line> {
    let wanted = wanted.trim().to_lowercase();
    let answers = |title: &str, keys: &[String]| {
        title.to_lowercase().contains(&wanted) || keys.iter().any(|key| key.to_lowercase().contains(&wanted))
    };
    let mut lines = Vec::new();
    let mut group = |heading: &'static str, commands: Vec<(String, Vec<String>)>| {
        let found: Vec<_> = commands.into_iter().filter(|(title, keys)| answers(title, keys)).collect();
        if !found.is_empty() {
            lines.push(Line::Heading(heading));
            lines.extend(found.into_iter().map(|(title, keys)| Line::Command { title, keys }));
        }
    };
    group("Mouse", HAND.iter().map(|(title, keys)| ((*title).to_owned(), vec![(*keys).to_owned()])).collect());
    for menu in Menu::ALL {
        let entries = ACTIONS.iter().filter(|entry| entry.menu == menu);
        let keyed = entries.map(|entry| {
            let keys: Vec<String> = app.keymap.chords_of(entry.action).map(|chord| app.name_of(&chord)).collect();
            (app.title_of(entry.action), keys)
        });
        group(menu.title(), keyed.filter(|(_, keys)| !keys.is_empty()).collect());
    }
    lines
}

/// From the first column on: each takes as many lines as are seen at once, or as it takes for all to have room.
fn in_columns(lines: &[Line], count: usize, seen_at_once: usize) -> Vec<Vec<&Line>> {
    let most = lines.len().div_ceil(count).max(seen_at_once);
    let mut columns: Vec<Vec<&Line>> = Vec::new();
    for line in lines {
        // A heading stands above something.
        let room = if matches!(line, Line::Heading(_)) { most.saturating_sub(1) } else { most };
        let begun = columns.len();
        match columns.last_mut().filter(|column| begun == count || column.len() < room) {
            Some(column) => column.push(line),
            None => columns.push(vec![line]),
        }
    }
    columns
}

fn line_ui(line: &Line, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let width = ui.available_width();
    match line {
        Line::Heading(heading) => {
            ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT + space::S), Layout::left_to_right(Align::Max), |ui| {
                ui.label(RichText::new(*heading).font(strong(size::BODY)).color(c.weak));
            });
        }
        Line::Command { title, keys } => {
            ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), Layout::right_to_left(Align::Center), |ui| {
                keys.iter().rev().for_each(|key| key_cap(ui, key));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(title).truncate());
                });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(groups: &[(&'static str, usize)]) -> Vec<Line> {
        let command = |n: usize| Line::Command { title: n.to_string(), keys: Vec::new() };
        let group = |(heading, count): &(&'static str, usize)| {
            let commands: Vec<Line> = (0..*count).map(command).collect();
            std::iter::once(Line::Heading(heading)).chain(commands)
        };
        groups.iter().flat_map(group).collect()
    }

    #[test]
    fn columns_are_of_one_height_and_no_heading_is_left_alone_or_said_twice() {
        let lines = sheet(&[("a", 4), ("b", 7)]);
        let columns = in_columns(&lines, 3, 0);
        assert_eq!(columns.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 3]);
        assert!(columns.iter().all(|column| !matches!(column.last(), Some(Line::Heading(_)))));
        let headings = columns.iter().flatten().filter(|line| matches!(line, Line::Heading(_)));
        assert_eq!(headings.count(), 2);
        assert_eq!(in_columns(&lines, 1, 0).len(), 1);
    }

    #[test]
    fn what_little_is_found_stands_in_the_first_column() {
        for lines in [sheet(&[("a", 1)]), sheet(&[("a", 2), ("b", 3)])] {
            let columns = in_columns(&lines, 3, 20);
            assert_eq!(columns.iter().map(Vec::len).collect::<Vec<_>>(), [lines.len()]);
        }
        assert!(in_columns(&sheet(&[("a", 1)]), 3, 0).iter().all(|column| !column.is_empty()));
    }
}
