//! The command palette: every command by its name. With nothing typed it begins with what was called last, then what is
//! called often; what ends the program comes last, so that Enter by itself never does. What is typed also finds what is
//! impossible just now, after all that is possible, with the reason.

mod synonyms;

use crate::action::{Action, Entry};
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon_font, radius, size, space};
use crate::widgets::{UNAVAILABLE, line_edit};
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align2, Color32, FontId, Key, Modifiers, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2,
    vec2,
};

/// How well a title answers what was typed, or what that is also called.
fn answers(title: &str, text: &str) -> Option<i32> {
    rank(title, text).max(synonyms::answer(title, &text.trim().to_lowercase()))
}

/// How well a title answers what was typed: all letters in order, better where they begin words or stand together.
fn rank(title: &str, wanted: &str) -> Option<i32> {
    let mut score = 0;
    let mut last: Option<usize> = None;
    let (mut run, mut longest, mut stray) = (0, 0, 0);
    let letters: Vec<char> = title.to_lowercase().chars().collect();
    let mut from = 0;
    for letter in wanted.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let at = (from..letters.len()).find(|&n| letters[n] == letter)?;
        let begins_word = at == 0 || !letters[at - 1].is_alphanumeric();
        let follows = last.is_some_and(|last| last + 1 == at);
        run = if follows { run + 1 } else { 1 };
        (longest, stray) = (longest.max(run), stray + usize::from(!begins_word && !follows));
        score += i32::from(begins_word) * 8 + i32::from(follows) * 6 - (at - from).min(8) as i32;
        (last, from) = (Some(at), at + 1);
    }
    // Letters strewn over a title are no answer: they begin words or follow each other, or four of them stand together.
    (stray == 0 || longest >= 4).then_some(score - letters.len() as i32 / 8)
}

/// A command that answers, and why it cannot be done now.
type Answer = (&'static Entry, Option<&'static str>);

/// What answers what was typed, best first and what is impossible now last; with nothing typed, what is likely wanted.
fn matching(app: &App, text: &str) -> Vec<Answer> {
    let all = app.settings.commands.in_order().into_iter().map(|entry| (entry, app.why_not(entry.action)));
    if text.trim().is_empty() {
        return all.filter(|(_, reason)| reason.is_none()).collect();
    }
    let ranked = all.filter_map(|answer| Some((answers(&app.title_of(answer.0.action), text)?, answer)));
    let mut ranked: Vec<(i32, Answer)> = ranked.collect();
    // Of two that answer alike the likelier one stays first.
    ranked.sort_by_key(|(score, (_, reason))| (reason.is_some(), std::cmp::Reverse(*score)));
    ranked.into_iter().map(|(_, answer)| answer).collect()
}

pub fn ui(app: &App, text: &mut String, chosen: &mut usize, ui: &mut Ui, out: &mut Outbox) {
    let before = text.clone();
    // The arrows belong to the list, not to the field.
    let step = ui.input_mut(|i| {
        let down = i.count_and_consume_key(Modifiers::NONE, Key::ArrowDown) as isize;
        down - i.count_and_consume_key(Modifiers::NONE, Key::ArrowUp) as isize
    });
    let field = ui.add(line_edit(text).hint_text("Type a command").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Type a command"));
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !field.has_focus() && !entered {
        field.request_focus();
    }
    let matching = matching(app, text);
    if *text != before {
        *chosen = 0;
    }
    *chosen = chosen.saturating_add_signed(step).min(matching.len().saturating_sub(1));
    ui.add_space(space::S);
    let mut done: Option<Action> = None;
    let height = (ui.ctx().content_rect().height() * 0.6).clamp(120.0, 420.0);
    let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]);
    scroll.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (n, answer) in matching.iter().enumerate() {
            let response = row_ui(app, *answer, n == *chosen, ui);
            if n == *chosen && step != 0 {
                response.scroll_to_me(None);
            }
            // What is impossible stays where it is and says why.
            if answer.1.is_none() && (response.clicked() || (n == *chosen && entered)) {
                done = Some(answer.0.action);
            } else if response.clicked() {
                *chosen = n;
            }
        }
        if matching.is_empty() {
            ui.label(RichText::new("No command of that name").color(colours(ui.ctx()).weak));
        }
    });
    if let Some(action) = done {
        out.ask(Request::CloseDialog);
        out.ask(Request::ByName(action));
    }
}

fn row_ui(app: &App, (entry, reason): Answer, on: bool, ui: &mut Ui) -> Response {
    let action = entry.action;
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::click());
    let title = app.title_of(action);
    response.widget_info(|| {
        let name = reason.map_or_else(|| title.clone(), |reason| format!("{title}: {reason}"));
        WidgetInfo::selected(Role::Button, reason.is_none(), on, name)
    });
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
        let ink = if reason.is_some() { c.weak.gamma_multiply(UNAVAILABLE) } else { c.weak };
        ui.painter().text(left, Align2::CENTER_CENTER, sign, icon_font(14.0), ink);
    }
    let ink = if reason.is_some() { c.weak } else { c.text };
    let at = left + vec2(space::XL, 0.0);
    let used = ui.painter().text(at, Align2::LEFT_CENTER, title, FontId::proportional(size::BODY), ink);
    let rest = Rect::from_min_max(pos2(used.right(), rect.top()), rect.max);
    match reason {
        Some(reason) => reason_ui(reason, on, rest, ui),
        None => place_ui(app, entry, rest, ui),
    }
    response
}

/// Where the menus have a command, and its keys.
fn place_ui(app: &App, entry: &Entry, rest: Rect, ui: &Ui) {
    let small = FontId::proportional(size::SMALL);
    let weak = colours(ui.ctx()).weak;
    let menu_at = rest.left_center() + vec2(space::M, 0.0);
    ui.painter().text(menu_at, Align2::LEFT_CENTER, entry.menu.title(), small.clone(), weak);
    let keys_at = rest.right_center() - vec2(space::M, 0.0);
    ui.painter().text(keys_at, Align2::RIGHT_CENTER, app.keys_of(entry.action), small, weak);
}

/// Why a command cannot be done now: it stands out where the command is chosen.
fn reason_ui(reason: &str, on: bool, rest: Rect, ui: &Ui) {
    let c = colours(ui.ctx());
    let ink = if on { c.text } else { c.weak };
    let mut job = LayoutJob::simple_singleline(reason.to_owned(), FontId::proportional(size::SMALL), ink);
    job.wrap = TextWrapping::truncate_at_width((rest.width() - 3.0 * space::M).max(0.0));
    let galley = ui.painter().layout_job(job);
    let place = Align2::RIGHT_CENTER.anchor_size(rest.right_center() - vec2(space::M, 0.0), galley.size());
    ui.painter().galley(place.min, galley, ink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ACTIONS;

    #[test]
    fn letters_in_order_match_and_word_beginnings_come_first() {
        assert!(rank("Open folder…", "of").unwrap() > rank("Zoom off", "of").unwrap_or(-99));
        assert!(rank("Window: lung", "lung").unwrap() > rank("Window: full ct range", "lung").unwrap_or(-99));
        assert_eq!(rank("Undo", "redo"), None);
        assert_eq!(
            rank("MedSG: the same object in several views", "theme"),
            None,
            "letters here and there are no answer"
        );
    }

    /// Titles of commands that answer, the best first.
    fn found(typed: &str) -> Vec<&'static str> {
        let answering = ACTIONS.iter().filter_map(|entry| Some((answers(entry.title, typed)?, entry.title)));
        let mut answering: Vec<(i32, &str)> = answering.collect();
        answering.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        answering.into_iter().map(|(_, title)| title).collect()
    }

    #[test]
    fn words_of_other_programs_find_what_they_mean() {
        for (typed, means) in [
            ("fill between", "Interpolate between slices"),
            ("threshold", "Threshold brush"),
            ("rubber", "Eraser"),
            ("zoom to fit", "Fit to view"),
            ("reset", "Fit to view"),
            ("W/L", "Window and level"),
            ("window level", "Window and level"),
            ("contrast", "Window and level"),
            ("brightness", "Window and level"),
            ("MIP", "3D view"),
            ("volume rendering", "3D view"),
            ("MPR", "Three planes and 3D"),
            ("cine", "Play or stop"),
            ("dark", "Settings…"),
            ("light", "Settings…"),
            ("preferences", "Settings…"),
            ("shortcut", "Keys"),
            ("hotkey", "Keys"),
            ("measure", "Ruler"),
            ("dist", "Ruler"),
            ("caliper", "Ruler"),
            ("ROI", "Ellipse"),
            ("islands", "Keep largest island"),
            ("smoothing", "Smooth"),
            ("margin", "Grow"),
            ("margin", "Shrink"),
            ("segment", "New label"),
            ("structure", "New label"),
            ("contour", "Polygon"),
            ("nudge", "Brush"),
            ("livewire", "Live wire"),
            ("load", "Open file…"),
            ("screenshot", "Save view as PNG…"),
        ] {
            let found = found(typed);
            let near = found.iter().take(4).any(|title| *title == means);
            assert!(near, "{typed} finds {found:?} and not {means} among the first");
        }
    }
}
