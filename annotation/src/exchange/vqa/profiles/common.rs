//! What several profiles need: tables as text, the one box or picture a layout has room for, choices as it words them.

use crate::exchange::vqa::boxes::Rect;
use crate::exchange::vqa::record::{Asked, Place, PlaceKind};
use crate::question::AnswerType;

pub(super) const OTHER_PICTURES: &str = "other pictures";
pub(super) const RATIONALE: &str = "rationale";
pub(super) const GROUNDING: &str = "grounding";
pub(super) const OUTLINES: &str = "outlines";
pub(super) const REASON: &str = "reason";
pub(super) const PRECISION: &str = "box precision";
pub(super) const UNITS: &str = "units and tolerance";

/// The names whose condition holds.
pub(super) fn lost(conditions: &[(bool, &'static str)]) -> Vec<&'static str> {
    conditions.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect()
}

/// The boxes that answer, or else those that ground the answer.
pub(super) fn boxes(asked: &Asked) -> Vec<(&str, &Place)> {
    let question = &asked.question;
    let answer: Vec<_> = asked.scene.places_of(&question.answer.regions).collect();
    if answer.is_empty() { asked.scene.places_of(&question.grounding).collect() } else { answer }
}

pub(super) fn has_outlines(asked: &Asked) -> bool {
    asked.scene.places.iter().any(|(_, place)| place.kind == PlaceKind::Outline)
}

/// A layout for one picture takes that of the first box, or the first.
pub(super) fn main_picture(asked: &Asked) -> usize {
    boxes(asked).first().map_or(0, |(_, place)| place.picture)
}

/// Whether the question is answered by one letter: also numbers and yes-or-no with their choices.
pub(super) fn is_lettered(asked: &Asked) -> bool {
    asked.question.choices.len() > 1
        && asked.question.answer.keys.len() == 1
        && asked.question.answer_type != AnswerType::Ordering
}

/// What each choice says; a choice without words is told by its place.
pub(super) fn option_texts(asked: &Asked) -> Vec<String> {
    let text = |(n, choice): (usize, &crate::question::Choice)| match (choice.text.as_str(), choice.image_index) {
        ("", Some(index)) => format!("The {} image", crate::exchange::vqa::record::ordinal(index)),
        ("", None) => format!("Choice {}", n + 1),
        (text, _) => text.to_owned(),
    };
    asked.question.choices.iter().enumerate().map(text).collect()
}

/// Yes or no, with the dot or without.
pub(super) fn yes_no(asked: &Asked) -> Option<&'static str> {
    asked.says_yes().map(|yes| if yes { "Yes" } else { "No" })
}

/// An external id, or our own.
pub(super) fn id_of(asked: &Asked, name: &str) -> String {
    let question = &asked.question;
    question.external_ids.get(name).cloned().unwrap_or_else(|| question.id.to_string())
}

/// The level of its taxonomy path, or empty.
pub(super) fn level(asked: &Asked, level: usize) -> String {
    let path = asked.question.placement.iter().flat_map(|placement| &placement.path);
    path.into_iter().nth(level).cloned().unwrap_or_default()
}

/// The finest level of its taxonomy path, or what it is about.
pub(super) fn finest(asked: &Asked) -> String {
    let placement = asked.question.placement.as_ref();
    placement.and_then(|placement| placement.path.last()).unwrap_or(&asked.question.facets.content).clone()
}

/// A text of an imported record or of the author's notes.
pub(super) fn ext_text(asked: &Asked, key: &str) -> String {
    asked.ext(key).and_then(|value| value.as_str()).unwrap_or_default().into()
}

/// Rows as text with one separator; what holds it, a quote or a line break is quoted.
pub(super) fn table(rows: &[Vec<String>], separator: char) -> Vec<u8> {
    let mut text = String::new();
    for row in rows {
        let fields: Vec<String> = row.iter().map(|field| quoted(field, separator)).collect();
        text.push_str(&fields.join(&separator.to_string()));
        text.push('\n');
    }
    text.into_bytes()
}

fn quoted(field: &str, separator: char) -> String {
    let plain = !field.contains([separator, '"', '\n', '\r']);
    if plain { field.into() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

/// A list in the words of Python, as tables hold it.
pub(super) fn python_list(items: &[String]) -> String {
    let quoted: Vec<_> =
        items.iter().map(|item| format!("'{}'", item.replace('\\', "\\\\").replace('\'', "\\'"))).collect();
    format!("[{}]", quoted.join(", "))
}

pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for n in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// A box as a list of four whole or broken numbers.
pub(super) fn rect_text(rect: &Rect) -> String {
    let numbers: Vec<_> = rect.iter().map(|n| crate::exchange::vqa::talk::number_text(*n)).collect();
    format!("[{}]", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_published_one() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn tables_quote_what_would_break_them() {
        let rows = [vec!["a".into(), "b\t\"c\"".into()], vec!["x\ny".into(), String::new()]];
        assert_eq!(table(&rows, '\t'), b"a\t\"b\t\"\"c\"\"\"\n\"x\ny\"\t\n");
        assert_eq!(python_list(&["a".into(), "it's".into()]), r"['a', 'it\'s']");
    }
}
