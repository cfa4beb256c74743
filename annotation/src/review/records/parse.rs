//! What a model said, from its raw output. What cannot be read is an error with its reason, and never a guess.

use super::Reading;
use crate::exchange::vqa::boxes::{self, Rect};
use crate::exchange::vqa::record::named_picture;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What kind of answer is looked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Keys of choices; `several` may be right.
    Keys {
        choices: BTreeMap<String, String>,
        several: bool,
    },
    Number,
    /// A box on one of `pictures` pictures of this size.
    Region {
        size: [f64; 2],
        pictures: usize,
    },
    Text,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Keys(BTreeSet<String>),
    Number(f64),
    Region(usize, Rect),
    Text(String),
}

/// The answer in an output. Reasoning before `<answer>` or `</think>` is left out.
pub fn parse(output: &str, expected: &Expected, how: Reading) -> Result<Given, String> {
    let said = final_part(output).trim();
    if said.is_empty() {
        return Err("the output is empty".into());
    }
    match expected {
        Expected::Keys { choices, several } => keys(said, choices, *several).map(Given::Keys),
        Expected::Number => number(said).map(Given::Number),
        Expected::Region { size, pictures } => region(said, *size, *pictures, how),
        Expected::Text => Ok(Given::Text(said.to_owned())),
    }
}

fn final_part(output: &str) -> &str {
    let after_thought = output.rsplit_once("</think>").map_or(output, |(_, rest)| rest);
    match after_thought.rsplit_once("<answer>") {
        Some((_, rest)) => rest.split_once("</answer>").map_or(rest, |(answer, _)| answer),
        None => after_thought,
    }
}

/// Keys that stand alone, or the text of a choice. Of a single choice exactly one must be named.
fn keys(said: &str, choices: &BTreeMap<String, String>, several: bool) -> Result<BTreeSet<String>, String> {
    // After "answer is" or the like only that counts.
    let lowered = said.to_lowercase();
    let marked = ["answer is", "answer:", "final answer"]
        .iter()
        .filter_map(|mark| lowered.rfind(mark).map(|at| at + mark.len()))
        .max();
    // Lowering may move bytes where letters change their length.
    let tail = marked.and_then(|at| said.get(at..)).unwrap_or(said);
    let by_text = |text: &str| -> BTreeSet<String> {
        let words = crate::metrics::text::tokens(text);
        let same =
            choices.iter().filter(|(_, choice)| !choice.is_empty() && crate::metrics::text::tokens(choice) == words);
        same.map(|(key, _)| key.clone()).collect()
    };
    let named: BTreeSet<String> = tail
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
        .filter(|word| choices.contains_key(*word))
        .map(str::to_owned)
        .collect();
    let whole = by_text(tail);
    // "A. liver" names A; "liver" is its text; "A" as a word of a sentence is caught by naming several.
    let start = tail.trim_start_matches(|c: char| !c.is_alphanumeric());
    let first = start.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default();
    let leads = choices.contains_key(first)
        && start[first.len()..].chars().next().is_none_or(|c| matches!(c, '.' | ')' | ':' | ',' | '\n') || c == ']');
    match () {
        () if !whole.is_empty() => Ok(whole),
        () if several && !named.is_empty() => Ok(named),
        () if leads && !several => Ok(BTreeSet::from([first.to_owned()])),
        () if named.len() == 1 => Ok(named),
        () if named.is_empty() => Err("no choice is named".into()),
        () => Err(format!("several choices are named: {}", named.into_iter().collect::<Vec<_>>().join(", "))),
    }
}

/// The last number, as MedVision takes it. Commas between thousands are allowed.
fn number(said: &str) -> Result<f64, String> {
    let cleaned: String = {
        let letters: Vec<char> = said.chars().collect();
        let digit = |n: Option<usize>| n.and_then(|n| letters.get(n)).is_some_and(char::is_ascii_digit);
        let thousands =
            |n: usize| digit(n.checked_sub(1)) && (1..=3).all(|m| digit(Some(n + m))) && !digit(Some(n + 4));
        letters
            .iter()
            .enumerate()
            .filter(|(n, c)| **c != ',' || !thousands(*n))
            // Between two numbers it is no sign.
            .map(|(n, c)| if *c == '-' && digit(n.checked_sub(1)) { ' ' } else { *c })
            .collect()
    };
    let words = cleaned.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E')));
    let mut parsed = words.filter_map(|word| {
        word.trim_matches(|c| matches!(c, '.' | 'e' | 'E' | '-'))
            .parse::<f64>()
            .ok()
            .map(|n| if word.starts_with('-') { -n } else { n })
    });
    parsed.rfind(|n| n.is_finite()).ok_or_else(|| "there is no number".into())
}

/// The first box, on the picture the text names last.
fn region(said: &str, size: [f64; 2], pictures: usize, how: Reading) -> Result<Given, String> {
    let convention = how.convention.unwrap_or_else(|| boxes::named("pixels"));
    let found = convention.find(said, size);
    let rect = found.iter().flat_map(|found| found.boxes.iter()).next();
    let rect = rect.ok_or_else(|| format!("there is no box as {} writes it", convention.title))?;
    if rect[2] < rect[0] || rect[3] < rect[1] {
        return Err("the box ends before it begins".into());
    }
    let picture = if pictures > 1 {
        named_picture(said, pictures).ok_or_else(|| format!("none of the {pictures} pictures is named"))?
    } else {
        0
    };
    Ok(Given::Region(picture, *rect))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Expected {
        let choices = [("A", "liver"), ("B", "left kidney"), ("C", "spleen")];
        let choices = choices.into_iter().map(|(k, t)| (k.to_owned(), t.to_owned())).collect();
        Expected::Keys { choices, several: false }
    }

    fn key(output: &str) -> Result<String, String> {
        match parse(output, &choices(), Reading::default())? {
            Given::Keys(keys) => Ok(keys.into_iter().collect::<Vec<_>>().join("")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn choices_are_read_as_models_write_them() {
        for output in [
            "B",
            "(B)",
            "B. left kidney",
            "The answer is B.",
            "left kidney",
            "<think>A or C?</think>\n<answer>B</answer>",
            "Answer: **B**",
            "**B.** left kidney",
        ] {
            assert_eq!(key(output).as_deref(), Ok("B"), "{output}");
        }
        assert!(key("either A or B").unwrap_err().contains("A, B"));
        assert!(key("I cannot tell").is_err() && key("  ").is_err());
    }

    #[test]
    fn numbers_and_boxes_are_read_by_their_rule() {
        let read = |text: &str| match parse(text, &Expected::Number, Reading::default()) {
            Ok(Given::Number(n)) => Some(n),
            _ => None,
        };
        assert_eq!(read("about 12.5 mm"), Some(12.5));
        assert_eq!(read("It measures 3 by 4 cm, so 1,250 mm."), Some(1250.0));
        assert_eq!(read("10-12 mm"), Some(12.0));
        assert_eq!((read("-4.0"), read("none"), read("1e3")), (Some(-4.0), None, Some(1000.0)));
        let qwen = Reading { convention: boxes::by_name("qwen2-vl") };
        let region = Expected::Region { size: [200.0, 100.0], pictures: 2 };
        let output = "In the second image: <|object_ref_start|>lesion<|object_ref_end|><|box_start|>(100,200),(500,600)<|box_end|>";
        assert_eq!(parse(output, &region, qwen), Ok(Given::Region(1, [20.0, 20.0, 100.0, 60.0])));
        assert!(parse("[1, 2, 3, 4]", &region, qwen).is_err(), "another convention");
        assert!(parse(&output.replace("second ", ""), &region, qwen).unwrap_err().contains("pictures"));
    }
}
