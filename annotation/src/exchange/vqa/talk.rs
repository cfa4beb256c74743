//! A question as a conversation: what is asked, with its pictures and choices, and what is answered, with its boxes. Every
//! training format for chat models starts from here.

use crate::exchange::vqa::boxes::Convention;
use crate::exchange::vqa::record::{Asked, Place, PlaceKind, Scene, Talk, letter, ordinal};
use crate::question::{
    AnswerType, BOX, Choice, Dialogue, DialogueId, Evidence, Origin, Quantity, Question, REF, Speaker, Tolerance, Turn,
};

/// Stands for a picture in a text.
pub const IMAGE: &str = "<image>";

/// How questions are worded for a chat model.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Rationale and reason come before the answer, in `<think>`; the answer in `<answer>`.
    pub thinking: bool,
    /// The regions of the grounding follow the answer.
    pub grounding: bool,
    /// The reason follows the answer in plain words; not with `thinking`.
    pub reason: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { thinking: false, grounding: true, reason: false }
    }
}

/// A number without needless digits.
#[must_use]
pub fn number_text(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded == 0.0 { "0".into() } else { rounded.to_string() }
}

/// Digits behind the point of a measured number: as many as make three that count.
pub(crate) fn counting_digits(value: f64) -> i32 {
    (2 - value.abs().max(1e-6).log10().floor() as i32).clamp(0, 6)
}

pub(crate) fn rounded_text(value: f64, digits: i32) -> String {
    let scale = 10_f64.powi(digits);
    number_text((value * scale).round() / scale)
}

/// A unit with the space before it, as people write it.
fn unit_text(unit: &str) -> String {
    match unit {
        "1" => String::new(),
        "mm2" => " mm²".into(),
        "mm3" => " mm³".into(),
        "cm2" => " cm²".into(),
        "cm3" => " cm³".into(),
        "px2" => " px²".into(),
        "deg" => "°".into(),
        unit => format!(" {unit}"),
    }
}

/// A quantity with its unit, as people write it.
#[must_use]
pub fn quantity_text(quantity: &Quantity) -> String {
    worded(quantity, &number_text(quantity.value))
}

fn worded(quantity: &Quantity, number: &str) -> String {
    let name = if quantity.name.is_empty() { String::new() } else { format!("{} ", quantity.name) };
    format!("{name}{number}{}", unit_text(&quantity.unit))
}

/// The numbers of an answer: measured ones to the digits that count, as their choices show them; others as they were
/// written.
fn numbers_text(question: &Question) -> String {
    let is_measured = matches!(question.origin, Origin::Generated { .. });
    let text = |quantity: &Quantity| match is_measured {
        true => worded(quantity, &rounded_text(quantity.value, counting_digits(quantity.value))),
        false => quantity_text(quantity),
    };
    question.answer.numbers.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// How near an answer must come, in words.
#[must_use]
pub fn tolerance_text(quantity: &Quantity) -> Option<String> {
    if let Some([low, high]) = quantity.range {
        return Some(format!("{} to {} {}", number_text(low), number_text(high), quantity.unit));
    }
    Some(match quantity.tolerance? {
        Tolerance::Absolute(most) => format!("within {} {}", number_text(most), quantity.unit),
        Tolerance::Relative(share) => format!("within {} %", number_text(share * 100.0)),
    })
}

/// What a choice says, with markers where it points.
fn choice_text(choice: &Choice, asked: &Asked, evidence: &mut Vec<Evidence>) -> String {
    if let Some(region) = choice.region.as_ref().filter(|region| asked.scene.place(region).is_some()) {
        evidence.push(region.clone());
        return if choice.text.is_empty() { BOX.into() } else { format!("{} {BOX}", choice.text) };
    }
    match (choice.text.as_str(), choice.image_index) {
        ("", Some(index)) => format!("The {} image", ordinal(index)),
        (text, _) => text.into(),
    }
}

/// The question as a human says it: pictures, stem, choices. Hidden evidence has no way in. A number is asked for without
/// the choices that it has for formats of single choice: its answer is the number.
#[must_use]
pub fn human_turn(asked: &Asked) -> Turn {
    let question = &asked.question;
    let mut evidence = Vec::new();
    let mut text = format!("{IMAGE}\n").repeat(asked.scene.pictures.len());
    text.push_str(&question.stem);
    for (n, choice) in question.choices.iter().enumerate() {
        if matches!(question.answer_type, AnswerType::YesNo | AnswerType::Numeric) {
            break;
        }
        text.push_str(&format!("\n{}. {}", letter(n), choice_text(choice, asked, &mut evidence)));
    }
    Turn { evidence, question: Some(question.id), ..Turn::new(Speaker::Human, text) }
}

/// The answer in words, without grounding.
#[must_use]
pub fn answer_text(asked: &Asked) -> String {
    let question = &asked.question;
    let answer = &question.answer;
    match question.answer_type {
        AnswerType::YesNo => match asked.says_yes() {
            Some(true) => "Yes".into(),
            Some(false) => "No".into(),
            None => answer.text.clone(),
        },
        AnswerType::Numeric => numbers_text(question),
        AnswerType::ImageChoice if answer.keys.is_empty() => {
            answer.image_index.map(|n| format!("The {} image", ordinal(n))).unwrap_or_default()
        }
        kind if kind.has_choices() => asked.answer_letters().join(", "),
        _ => answer.text.clone(),
    }
}

/// The answer as an assistant says it.
#[must_use]
pub fn assistant_turn(asked: &Asked, style: Style) -> Turn {
    let question = &asked.question;
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut said = answer_text(asked);
    if question.answer_type.has_choices() && question.answer_type != AnswerType::YesNo && !said.is_empty() {
        said.push('.');
    }
    let point_at = |text: &mut String, list: &[Evidence], evidence: &mut Vec<Evidence>| {
        for item in list.iter().filter(|item| asked.scene.place(item).is_some()) {
            let marker = if item.name.is_empty() { BOX.to_owned() } else { format!("{REF} {BOX}") };
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(&marker);
            evidence.push(item.clone());
        }
    };
    point_at(&mut said, &question.answer.regions, &mut evidence);
    if style.grounding {
        point_at(&mut said, &question.grounding, &mut evidence);
    }
    if style.thinking {
        let mut thoughts: Vec<Evidence> = Vec::new();
        let mut lines = Vec::new();
        for step in &question.rationale {
            let mut line = step.text.clone();
            point_at(&mut line, &step.evidence, &mut thoughts);
            lines.push(line);
        }
        lines.extend((!question.reason.is_empty()).then(|| question.reason.clone()));
        said = format!("<think>{}</think><answer>{said}</answer>", lines.join("\n"));
        thoughts.append(&mut evidence);
        evidence = thoughts;
    } else if style.reason && !question.reason.is_empty() {
        said = format!("{said} {}", question.reason);
    }
    let rejected = question.draft.as_ref().map(|draft| draft.answer.clone()).filter(|text| !text.is_empty());
    Turn { evidence, rejected, question: Some(question.id), ..Turn::new(Speaker::Assistant, said) }
}

/// A question as a dialogue of two turns.
#[must_use]
pub fn of_question(asked: &Asked, style: Style) -> Talk {
    let dialogue = Dialogue {
        id: DialogueId(asked.question.id.0),
        image_set: asked.question.image_set,
        turns: vec![human_turn(asked), assistant_turn(asked, style)],
        external_ids: asked.question.external_ids.clone(),
        ext: std::collections::BTreeMap::new(),
    };
    Talk { scene: asked.scene.clone(), dialogue }
}

/// A dialogue as people write it, with the markers that data sets want: one for each picture, at the head of what is asked
/// first, and one for the name and the place of all that a turn points at.
#[must_use]
pub fn with_all_markers(dialogue: &Dialogue, pictures: usize) -> Dialogue {
    let mut dialogue = dialogue.clone();
    for turn in &mut dialogue.turns {
        for _ in turn.text.matches(BOX).count()..turn.evidence.len() {
            turn.text.push_str(if turn.text.is_empty() || turn.text.ends_with(' ') { "" } else { " " });
            turn.text.push_str(BOX);
        }
        // Names are taken in order: the last ones are those that lack a marker.
        let named = turn.evidence.iter().enumerate().filter(|(_, evidence)| !evidence.name.is_empty()).map(|(n, _)| n);
        let lacking: Vec<usize> = named.skip(turn.text.matches(REF).count()).collect();
        for item in lacking.into_iter().rev() {
            let place = turn.text.match_indices(BOX).nth(item).map(|(at, _)| at);
            if let Some(at) = place {
                turn.text.insert_str(at, &format!("{REF} "));
            }
        }
    }
    let shown: usize = dialogue.turns.iter().map(|turn| turn.text.matches(IMAGE).count()).sum();
    let first = dialogue.turns.iter().position(|turn| turn.role == Speaker::Human).unwrap_or(0);
    if let Some(turn) = dialogue.turns.get_mut(first) {
        turn.text.insert_str(0, &format!("{IMAGE}\n").repeat(pictures.saturating_sub(shown)));
    }
    dialogue
}

/// A text with its markers filled in by a convention. The name before its boxes is joined to them where the convention
/// writes both as one.
#[must_use]
pub fn filled(turn: &Turn, scene: &Scene, convention: &Convention) -> String {
    let mut named = turn.evidence.iter().filter(|evidence| !evidence.name.is_empty());
    let mut pointed = turn.evidence.iter().peekable();
    let mut text = String::new();
    let mut rest = turn.text.as_str();
    let apart = !convention.words.before_name.is_empty();
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix(REF) {
            let name = named.next().map_or("", |evidence| evidence.name.as_str());
            let joined = after.trim_start().starts_with(BOX);
            let name_inside = convention.words.each.contains("{name}");
            if apart {
                text.push_str(&convention.name_text(name));
            } else if !(joined && name_inside) {
                text.push_str(name);
            }
            rest = if joined && (apart || name_inside) { after.trim_start() } else { after };
        } else if let Some(after) = rest.strip_prefix(BOX) {
            let Some(first) = pointed.next() else { break };
            rest = after;
            let mut group: Vec<&Place> = scene.place(first).into_iter().collect();
            // Markers side by side are several boxes of one name.
            while let Some(after) = rest.strip_prefix(BOX) {
                let next =
                    pointed.next_if(|next| scene.place(next).map(|p| p.picture) == group.first().map(|p| p.picture));
                let Some(next) = next else { break };
                group.extend(scene.place(next));
                rest = after;
            }
            let size = group.first().and_then(|place| scene.size(place.picture)).unwrap_or([1.0, 1.0]);
            let boxes: Vec<_> = group.iter().map(|place| place.rect).collect();
            text.push_str(&convention.boxes_text(&first.name, &boxes, size));
        } else {
            text.push('<');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

/// The way back: boxes of a text become markers and evidence. `default` is the picture a box lies on where the text names
/// none.
#[must_use]
pub fn parsed(role: Speaker, text: &str, scene: &mut Scene, convention: &Convention) -> Turn {
    let pictures = scene.pictures.len();
    let size = scene.size(0).unwrap_or([1.0, 1.0]);
    let mut turn = Turn::new(role, String::new());
    let mut end = 0;
    for found in convention.find(text, size) {
        turn.text.push_str(&text[end..found.span.start]);
        let picture = super::record::named_picture(&text[..found.span.start], pictures).unwrap_or(0);
        // What follows the name token stays as it was written.
        let has_name = !found.name.is_empty() && !convention.words.before_name.is_empty();
        if has_name {
            turn.text.push_str(REF);
        }
        for (n, rect) in found.boxes.iter().enumerate() {
            let name = if n == 0 && has_name { found.name.as_str() } else { "" };
            let name = if convention.words.before_name.is_empty() { found.name.as_str() } else { name };
            turn.evidence.push(scene.add(picture, *rect, name));
            turn.text.push_str(BOX);
        }
        end = found.span.end;
    }
    turn.text.push_str(&text[end..]);
    turn
}

/// Whether a place can be written as a box.
#[must_use]
pub fn is_boxed(place: &Place) -> bool {
    place.kind != PlaceKind::Point
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShapeId;
    use crate::question::{ImageSetId, Region};

    fn dialogue(texts: [&str; 2], names: &[&str]) -> Dialogue {
        let region = || Region::Shape { shape: ShapeId::new() };
        let evidence = names.iter().map(|name| Evidence::new(region(), 0, *name)).collect();
        let turns =
            vec![Turn::new(Speaker::Human, texts[0]), Turn { evidence, ..Turn::new(Speaker::Assistant, texts[1]) }];
        let (external_ids, ext) = (Default::default(), Default::default());
        Dialogue { id: DialogueId::new(), image_set: ImageSetId::new(), turns, external_ids, ext }
    }

    #[test]
    fn what_a_hand_left_out_of_a_dialogue_gets_its_markers() {
        let said = |texts, names, pictures| {
            let whole = with_all_markers(&dialogue(texts, names), pictures);
            assert_eq!(with_all_markers(&whole, pictures), whole, "once is enough");
            whole.turns.into_iter().map(|turn| turn.text).collect::<Vec<_>>()
        };
        assert_eq!(said(["Where?", "Here:"], &["liver"], 1), ["<image>\nWhere?", "Here: <ref-object> <bbox>"]);
        assert_eq!(said(["Where?", ""], &[""], 2), ["<image>\n<image>\nWhere?", "<bbox>"]);
        let texts = ["<image> first, then <image>. Where?", "The <ref-object> at <bbox>"];
        assert_eq!(said(texts, &["liver"], 2), texts);
        // The name of the first was taken away, the second came after.
        let found = said(["Where?", "At <bbox>"], &["liver", "spleen"], 0);
        assert_eq!(found[1], "At <ref-object> <bbox> <ref-object> <bbox>");
        assert_eq!(said(["Where?", "<ref-object><bbox>"], &["liver", ""], 0)[1], "<ref-object><bbox> <bbox>");
    }

    #[test]
    fn a_number_is_asked_without_choices_and_answered_to_the_digits_they_show() {
        let mut question = Question::new(ImageSetId::new(), AnswerType::Numeric, "How large is it?");
        question.choices = vec![Choice::text("other", "3.51 mL"), Choice::text("right", "4.92 mL")];
        question.answer.keys = vec!["right".into()];
        let scale = crate::measure::Scale::Spacing([1.0; 3]);
        question.answer.numbers = vec![Quantity::new(4.91875, "mL", scale)];
        question.origin =
            Origin::Generated { generator: "volume".into(), template: None, seed: 1, primitives: Vec::new() };
        let mut asked = Asked::new(Vec::new(), question);
        assert_eq!(human_turn(&asked).text, "How large is it?");
        assert_eq!(answer_text(&asked), "4.92 mL");
        asked.question.answer.numbers[0].value = 2074.31;
        assert_eq!(answer_text(&asked), "2074 mL");
        // What a hand wrote is not rounded.
        asked.question.origin = Origin::Human;
        assert_eq!(answer_text(&asked), "2074.31 mL");
        asked.question.answer_type = AnswerType::Single;
        assert_eq!(human_turn(&asked).text, "How large is it?\nA. 3.51 mL\nB. 4.92 mL");
        assert_eq!(answer_text(&asked), "B");
    }
}
