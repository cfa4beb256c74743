//! The answer, as its type has it: words, choices, numbers with their unit, regions, an order.

use super::evidence;
use super::sheet::{Field, Sheet, choose, section};
use crate::action::{Action, Ask};
use crate::outbox::AskAct;
use crate::theme::{colours, icon, icon_font, size};
use crate::widgets::{Words, action_button, icon_button, tick};
use crate::work::asking::{Part, Slot};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Align, DragValue, Key, Label, Layout, RichText, Role, Ui, WidgetInfo};
use limner_annotation::measure::Scale;
use limner_annotation::question::{
    AnswerType, Choice, ChoiceKind, ImageSet, ImageSetId, Quantity, Question, Tolerance,
};

pub fn ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    let kind = question.answer_type;
    let app = sheet.app;
    let own = matches!(kind, AnswerType::Single | AnswerType::Multi | AnswerType::Ordering);
    let buttons: &[Ask] = match kind {
        AnswerType::Numeric => &[Ask::Measure],
        kind if kind.is_region() => &[Ask::PointAtAnswer],
        _ if own => &[Ask::AddDistractors, Ask::AddChoice],
        _ => &[],
    };
    let name = if kind.has_choices() { "Choices" } else { "Answer" };
    let count = if kind.has_choices() { question.choices.len() } else { 0 };
    let mut pressed = Vec::new();
    let head = |ui: &mut Ui| {
        let mut out = crate::outbox::Outbox::default();
        for ask in buttons.iter().rev() {
            action_button(app, Action::Ask(*ask), ui, &mut out);
        }
        pressed.extend(out.drain());
    };
    section(ui, name, count, true, head, |ui| match kind {
        AnswerType::Open | AnswerType::GroundedCaption => text_ui(sheet, question, set, ui),
        AnswerType::Numeric => numbers_ui(sheet, question, set, ui),
        AnswerType::Box | AnswerType::Boxes | AnswerType::Point | AnswerType::Mask => {
            let hint = "Point at it with the button above, or draw it while it waits";
            evidence::list_ui(sheet, &mut question.answer.regions, set, (Part::AnswerName(0), hint), ui);
        }
        AnswerType::Staged => {
            let text = "The stages below are asked one after the other";
            ui.label(RichText::new(text).size(size::SMALL).color(colours(ui.ctx()).weak));
        }
        _ => choices_ui(sheet, question, set, ui),
    });
    pressed.into_iter().for_each(|request| sheet.out.ask(request));
}

/// Free text; words that are marked in it can point at something.
fn text_ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    let field = Field { part: Part::Answer, name: "Answer", hint: "The answer in words", rows: 2, step: "Edit answer" };
    let id = sheet.id_of(Part::Answer);
    let before = question.answer.text.clone();
    let response = sheet.text(ui, field, &mut question.answer.text);
    if response.changed() {
        keep_phrases(question, &before);
    }
    let marked = TextEditState::load(ui.ctx(), id).and_then(|state| state.cursor.char_range());
    let span = marked.map(|range| range.as_sorted_char_range()).map(|range| [range.start.0, range.end.0]);
    let span = span.filter(|span| span[0] < span[1] && span[1] <= question.answer.text.chars().count());
    let words = span.map(|[from, to]| question.answer.text.chars().skip(from).take(to - from).collect::<String>());
    ui.horizontal(|ui| {
        let reason = span.is_none().then_some("Mark words of the answer first");
        let button = eframe::egui::Button::new(RichText::new("Point the marked words at a region").size(size::SMALL));
        let response = ui.add_enabled(reason.is_none(), button);
        if let Some(span) = span.filter(|_| response.clicked()) {
            sheet.ask(AskAct::Point(Slot::Phrase(span)));
        }
        if let Some(words) = words {
            let c = colours(ui.ctx());
            ui.add(Label::new(RichText::new(format!("\"{words}\"")).size(size::SMALL).color(c.weak)).truncate());
        }
    });
    let text = question.answer.text.clone();
    let mut gone = None;
    for (n, phrase) in question.answer.phrases.iter_mut().enumerate() {
        let words: String = text.chars().skip(phrase.span[0]).take(phrase.span[1] - phrase.span[0]).collect();
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("\"{words}\"")).size(size::SMALL));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if sheet.remove(ui, &format!("Unground {words}")) {
                    gone = Some(n);
                }
            });
        });
        evidence::list_ui(sheet, &mut phrase.evidence, set, (Part::AnswerName(10 * (n + 1)), ""), ui);
    }
    if let Some(n) = gone {
        question.answer.phrases.remove(n);
        sheet.did("Unground words");
    }
    question.answer.phrases.retain(|phrase| !phrase.evidence.is_empty());
}

/// Phrases move with their words: what was typed before them shifts them, what was typed inside takes them away.
fn keep_phrases(question: &mut Question, before: &str) {
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), question.answer.text.chars().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let shift = new.len() as isize - old.len() as isize;
    question.answer.phrases.retain_mut(|phrase| {
        if phrase.span[1] <= head {
            return true;
        }
        if phrase.span[0] >= old.len() - tail {
            phrase.span = phrase.span.map(|at| at.saturating_add_signed(shift));
            return true;
        }
        false
    });
}

fn choices_ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    let order: Vec<usize> = match question.answer_type {
        AnswerType::Ordering => {
            let place = |key: &String| question.choices.iter().position(|choice| choice.key == *key);
            question.answer.keys.iter().filter_map(place).collect()
        }
        _ => (0..question.choices.len()).collect(),
    };
    let mut edit = None;
    for (n, place) in order.iter().enumerate() {
        edit = choice_ui(sheet, question, set, (n, *place), ui).or(edit);
    }
    match edit {
        Some(Edit::Remove(place)) => {
            question.remove_choice(place);
            sheet.did("Remove choice");
        }
        Some(Edit::Move(place, by)) => {
            question.move_choice(place, by);
            sheet.did("Move choice");
        }
        None => {}
    }
    if question.answer_type == AnswerType::PairChoice {
        pairs_ui(sheet, question, ui);
    }
    if set.items.len() == 2 && question.choices.len() >= 2 && question.answer_type == AnswerType::Single {
        twins_ui(sheet, question, ui);
    }
    let fixed = matches!(question.answer_type, AnswerType::Ordering);
    if !fixed {
        ui.horizontal(|ui| {
            for (ask, kind) in [(Ask::DontKnow, ChoiceKind::DontKnow), (Ask::NoneOfThese, ChoiceKind::None)] {
                let mut on = question.choices.iter().any(|choice| choice.kind == kind);
                let text = if ask == Ask::DontKnow { "I don't know" } else { "None of these" };
                if tick(ui, &mut on, RichText::new(text).size(size::SMALL)).changed() {
                    question.toggle_abstention(kind);
                    sheet.did(Action::Ask(ask).title());
                }
            }
        });
    }
}

/// What a press on a row does to the list, once all rows are drawn.
#[derive(Clone, Copy)]
enum Edit {
    Remove(usize),
    Move(usize, isize),
}

/// A choice on one line: right or not, its words, what it is beside words, its place.
fn choice_ui(
    sheet: &mut Sheet<'_>,
    question: &mut Question,
    set: &ImageSet,
    (n, place): (usize, usize),
    ui: &mut Ui,
) -> Option<Edit> {
    let mut edit = None;
    let ordering = question.answer_type == AnswerType::Ordering;
    let own = matches!(question.answer_type, AnswerType::Single | AnswerType::Multi | AnswerType::Ordering);
    let last = n + 1 == question.choices.len();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if ordering {
            ui.label(RichText::new(format!("{}", n + 1)).size(size::SMALL).color(colours(ui.ctx()).weak));
        } else {
            right_ui(sheet, question, place, ui);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if own {
                edit = own_ui(sheet, question, (n, place), ui);
            }
            let given = question.answer_type == AnswerType::YesNo;
            let choice = &mut question.choices[place];
            kind_ui(choice, ui);
            if given {
                let words = RichText::new(&choice.text).color(colours(ui.ctx()).text);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.label(words));
                return;
            }
            let name = format!("Choice {}", place + 1);
            let field = Field { part: Part::Choice(place), name: &name, hint: "Choice", rows: 1, step: "Edit choice" };
            let response = sheet.text_in(ui, field, &mut choice.text, ui.available_width());
            // Enter in the last one goes on with another.
            if own
                && last
                && response.lost_focus()
                && ui.input(|i| i.key_pressed(Key::Enter))
                && !choice.text.is_empty()
            {
                sheet.out.act(Action::Ask(Ask::AddChoice));
            }
        });
    });
    let choice = question.choices.get_mut(place)?;
    if let Some(evidence) = choice.region.clone() {
        let mut list = vec![evidence];
        evidence::list_ui(sheet, &mut list, set, (Part::AnswerName(100 + place), ""), ui);
        choice.region = list.pop();
    }
    edit
}

/// Marks a choice as right.
fn right_ui(sheet: &mut Sheet<'_>, question: &mut Question, place: usize, ui: &mut Ui) {
    let right = question.is_correct(&question.choices[place]);
    let many = question.answer_type == AnswerType::Multi;
    let sign = match (many, right) {
        (true, true) => icon::SQUARE_CHECK,
        (true, false) => icon::SQUARE,
        (false, true) => icon::CIRCLE_CHECK,
        (false, false) => icon::CIRCLE,
    };
    let action = Action::Ask(Ask::Mark(place));
    let keys = sheet.app.keys_of(action);
    let words = Words { name: action.title(), hint: "The right choice", keys: &keys, reason: None };
    if icon_button(ui, sign, words, right).clicked() {
        question.mark_choice(place);
        sheet.did("Mark the right choice");
    }
}

/// What only choices of the author's own have: a region, a place, an end.
fn own_ui(sheet: &mut Sheet<'_>, question: &Question, (n, place): (usize, usize), ui: &mut Ui) -> Option<Edit> {
    let mut edit = None;
    if sheet.remove(ui, &format!("Remove choice {}", place + 1)) {
        edit = Some(Edit::Remove(place));
    }
    let from = if question.answer_type == AnswerType::Ordering { n } else { place };
    for (sign, way, by) in [(icon::CHEVRON_DOWN, "down", 1), (icon::CHEVRON_UP, "up", -1)] {
        if sheet.mark(ui, sign, &format!("Move choice {} {way}", n + 1), "", false) {
            edit = Some(Edit::Move(from, by));
        }
    }
    let has = question.choices[place].region.is_some();
    if sheet.mark(ui, icon::TARGET, &format!("Region of choice {}", place + 1), "The choice is a region", has) {
        sheet.ask(AskAct::Point(Slot::Choice(place)));
    }
    edit
}

fn kind_ui(choice: &Choice, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (sign, hint) = match choice.kind {
        ChoiceKind::Distractor => (icon::SHUFFLE, choice.source.clone().unwrap_or_else(|| "Distractor".into())),
        ChoiceKind::DontKnow => (icon::CIRCLE_QUESTION_MARK, "A way to abstain; not scored".into()),
        ChoiceKind::None => (icon::CIRCLE_SLASH, "None of these".into()),
        ChoiceKind::Normal if choice.image_index.is_some() => (icon::IMAGE, "A picture of the set".into()),
        ChoiceKind::Normal if choice.image_set.is_some() => (icon::COLUMNS_2, "A pair of pictures".into()),
        ChoiceKind::Normal => return,
    };
    ui.label(RichText::new(sign).font(icon_font(size::SMALL_ICON)).color(c.weak)).on_hover_text(hint);
}

/// Sets of two pictures that other questions ask about, to be choices of this one.
fn pairs_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let pairs: Vec<(ImageSetId, String)> = sheet
        .document
        .all::<ImageSet>()
        .enumerate()
        .filter(|(_, set)| set.items.len() == 2)
        .map(|(n, set)| (set.id, set.title.clone().unwrap_or_else(|| format!("Pair {}", n + 1))))
        .collect();
    let titles: Vec<usize> = (0..=pairs.len()).collect();
    let title = |n: usize| n.checked_sub(1).map_or("Add a pair".to_owned(), |n| pairs[n].1.clone());
    if let Some(n) = choose(ui, "Add a pair", 150.0, 0, &titles, title).and_then(|n| n.checked_sub(1)) {
        let (set, title) = &pairs[n];
        let key = question.add_choice(title, ChoiceKind::Normal);
        if let Some(choice) = question.choices.iter_mut().find(|choice| choice.key == key) {
            choice.image_set = Some(*set);
        }
        sheet.did("Add pair");
    }
}

/// Twins: one question, two pictures, each with the other answer.
fn twins_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    for picture in 0..2 {
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("On image {}", picture + 1)).size(size::SMALL));
            for n in 0..question.choices.len().min(4) {
                let key = question.choices[n].key.clone();
                let on = question.answer.per_image.get(&picture) == Some(&key);
                let letter = limner_annotation::exchange::vqa::record::letter(n);
                let response = ui.selectable_label(on, &letter);
                let name = format!("Right on image {}: {letter}", picture + 1);
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &name));
                if response.clicked() {
                    if on {
                        question.answer.per_image.remove(&picture);
                    } else {
                        question.answer.per_image.insert(picture, key);
                    }
                    sheet.did("Mark the right choice of an image");
                }
            }
        });
    }
}

fn numbers_ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    if question.answer.numbers.is_empty() {
        let scale = scale_of(sheet, set);
        let unit = if scale == Scale::Pixels { "px" } else { "mm" };
        ui.horizontal(|ui| {
            for (title, unit, scale) in [("Add a number", unit, scale), ("Add a count", "1", scale)] {
                if ui.small_button(title).clicked() {
                    question.answer.numbers.push(Quantity::new(0.0, unit, scale));
                    sheet.did(title);
                    sheet.ask(AskAct::Focus(Part::Number(0)));
                }
            }
        });
        return;
    }
    let mut gone = None;
    for n in 0..question.answer.numbers.len() {
        number_ui(sheet, &mut question.answer.numbers[n], n, &mut gone, ui);
    }
    if let Some(n) = gone {
        question.answer.numbers.remove(n);
        sheet.did("Remove number");
    }
}

fn number_ui(sheet: &mut Sheet<'_>, number: &mut Quantity, n: usize, gone: &mut Option<usize>, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let response = ui.add(DragValue::new(&mut number.value).speed(0.1).max_decimals(3));
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Number"));
        settle(sheet, &response, "Edit number");
        if sheet.app.work.asking.wants == Some(Part::Number(n)) {
            response.request_focus();
            sheet.ask(AskAct::Focused);
        }
        let unit = Field { part: Part::Unit(n), name: "Unit", hint: "Unit", rows: 1, step: "Edit unit" };
        sheet.text_in(ui, unit, &mut number.unit, 52.0);
        tolerance_ui(sheet, number, ui);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if sheet.remove(ui, "Remove number") {
                *gone = Some(n);
            }
        });
    });
    ui.horizontal(|ui| {
        let mut ranged = number.range.is_some();
        if tick(ui, &mut ranged, RichText::new("Accepted from").size(size::SMALL)).changed() {
            let spread = (number.value.abs() * 0.1).max(1.0);
            number.range = ranged.then_some([number.value - spread, number.value + spread]);
            sheet.did("Edit range");
        }
        if let Some(range) = &mut number.range {
            for (place, name) in ["Lowest accepted", "Highest accepted"].into_iter().enumerate() {
                if place == 1 {
                    ui.label(RichText::new("to").size(size::SMALL));
                }
                let response = ui.add(DragValue::new(&mut range[place]).speed(0.1).max_decimals(3));
                response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, name));
                settle(sheet, &response, "Edit range");
            }
            range[1] = range[1].max(range[0]);
        }
    });
    let hint = "How it is measured: formula, landmarks, threshold";
    let definition = Field { part: Part::Definition(n), name: "Definition", hint, rows: 1, step: "Edit definition" };
    sheet.text(ui, definition, &mut number.definition);
}

fn tolerance_ui(sheet: &mut Sheet<'_>, number: &mut Quantity, ui: &mut Ui) {
    let mut percent = match number.tolerance {
        Some(Tolerance::Relative(share)) => share * 100.0,
        Some(Tolerance::Absolute(amount)) => amount,
        None => 0.0,
    };
    let absolute = matches!(number.tolerance, Some(Tolerance::Absolute(_)));
    let suffix = if absolute { format!(" {}", number.unit) } else { " %".to_owned() };
    let drag = DragValue::new(&mut percent).range(0.0..=1e6).speed(0.2).prefix("± ").suffix(suffix).max_decimals(2);
    let response = ui.add(drag).on_hover_text("How far off an answer may be. Right click for the number's own unit");
    response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Tolerance"));
    if response.changed() {
        number.tolerance =
            Some(if absolute { Tolerance::Absolute(percent) } else { Tolerance::Relative(percent / 100.0) });
    }
    settle(sheet, &response, "Edit tolerance");
    response.context_menu(|ui| {
        for (title, tolerance) in
            [("In percent", Tolerance::Relative(0.05)), ("In the number's unit", Tolerance::Absolute(1.0))]
        {
            if ui.button(title).clicked() {
                number.tolerance = Some(tolerance);
                sheet.did("Edit tolerance");
                ui.close();
            }
        }
    });
}

/// A number is put when the drag ends or the field is left, not at every step of it.
fn settle(sheet: &mut Sheet<'_>, response: &eframe::egui::Response, step: &'static str) {
    if response.drag_stopped()
        || response.lost_focus()
        || (response.changed() && !response.dragged() && !response.has_focus())
    {
        sheet.did(step);
    } else if response.changed() {
        sheet.type_on(step);
    }
}

fn scale_of(sheet: &Sheet<'_>, set: &ImageSet) -> Scale {
    let image = set.items.first().and_then(|item| sheet.document.image(item.frame.image));
    match image {
        Some(image) if image.spacing_known => Scale::Spacing(image.geometry.spacing_mm()),
        Some(image) => image.calibration_mm_per_px.map_or(Scale::Pixels, Scale::Calibration),
        None => Scale::Pixels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::question::Phrase;

    #[test]
    fn phrases_move_with_their_words() {
        let mut question = Question::new(ImageSetId::new(), AnswerType::Open, "");
        question.answer.phrases = vec![Phrase { span: [4, 9], evidence: Vec::new() }];
        let mut type_in = |before: &str, after: &str| {
            question.answer.text = after.into();
            keep_phrases(&mut question, before);
            question.answer.phrases.first().map(|phrase| phrase.span)
        };
        assert_eq!(type_in("the liver", "see the liver"), Some([8, 13]));
        assert_eq!(type_in("see the liver", "see the liver here"), Some([8, 13]));
        assert_eq!(type_in("see the liver here", "see the lier here"), None);
    }
}
