//! How boxes stand in a text: the tokens around names and numbers, written and found again by the same pattern.

use crate::exchange::vqa::boxes::{Convention, Rect};

/// The text of one or several boxes with a name. `{name}` is the name, `{0}` to `{3}` are the numbers, `{0:4}` one of four
/// digits.
#[derive(Debug)]
pub struct Wording {
    /// Around a name that stands before its boxes; empty where the name is inside `each` or not written.
    pub before_name: &'static str,
    pub after_name: &'static str,
    /// Around all boxes of one name.
    pub before: &'static str,
    pub each: &'static str,
    pub between: &'static str,
    pub after: &'static str,
    /// A point instead of a box.
    pub point: Option<&'static str>,
    pub decimals: usize,
}

pub(super) mod words {
    use super::Wording;

    const NONE: Wording = Wording {
        before_name: "",
        after_name: "",
        before: "",
        each: "[{0}, {1}, {2}, {3}]",
        between: ", ",
        after: "",
        point: Some("[{0}, {1}]"),
        decimals: 0,
    };

    pub const QWEN_FIRST: Wording = Wording {
        before_name: "<ref>",
        after_name: "</ref>",
        each: "<box>({0},{1}),({2},{3})</box>",
        between: "",
        point: Some("<box>({0},{1})</box>"),
        ..NONE
    };
    pub const QWEN: Wording = Wording {
        before_name: "<|object_ref_start|>",
        after_name: "<|object_ref_end|>",
        each: "<|box_start|>({0},{1}),({2},{3})<|box_end|>",
        between: "",
        point: Some("<|box_start|>({0},{1})<|box_end|>"),
        ..NONE
    };
    pub const BOX_2D: Wording = Wording {
        before: "[",
        each: r#"{"bbox_2d": [{0}, {1}, {2}, {3}], "label": "{name}"}"#,
        after: "]",
        point: Some(r#"{"point_2d": [{0}, {1}], "label": "{name}"}"#),
        ..NONE
    };
    pub const GEMINI: Wording = Wording {
        before: "[",
        each: r#"{"box_2d": [{0}, {1}, {2}, {3}], "label": "{name}"}"#,
        after: "]",
        point: Some(r#"{"point": [{0}, {1}], "label": "{name}"}"#),
        ..NONE
    };
    pub const INTERN: Wording =
        Wording { before_name: "<ref>", after_name: "</ref>", before: "<box>[", after: "]</box>", ..NONE };
    pub const MINICPM: Wording = Wording {
        before_name: "<ref>",
        after_name: "</ref>",
        each: "<box>{0} {1} {2} {3}</box>",
        between: "",
        point: Some("<point>{0} {1}</point>"),
        ..NONE
    };
    pub const BRACKETS: Wording = NONE;
    pub const BRACKETS_4: Wording = Wording { decimals: 4, ..NONE };
    pub const PLAIN_4: Wording =
        Wording { each: "{0}, {1}, {2}, {3}", between: "; ", point: None, decimals: 4, ..NONE };
    pub const FLORENCE: Wording =
        Wording { each: "{name}<loc_{0}><loc_{1}><loc_{2}><loc_{3}>", between: "", point: None, ..NONE };
    pub const PALIGEMMA: Wording =
        Wording { each: "<loc{0:4}><loc{1:4}><loc{2:4}><loc{3:4}> {name}", between: " ; ", point: None, ..NONE };
    pub const KOSMOS: Wording = Wording {
        before_name: "<phrase>",
        after_name: "</phrase>",
        before: "<object>",
        each: "<patch_index_{0:4}><patch_index_{1:4}>",
        between: "</delimiter_of_multi_objects/>",
        after: "</object>",
        point: None,
        ..NONE
    };
    pub const CHEXAGENT: Wording =
        Wording { each: "<|box|>({0},{1}),({2},{3})<|/box|>", between: " ", point: None, ..NONE };
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'a> {
    Literal(&'a str),
    Number { width: usize },
    Name,
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut rest = pattern;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| at + from) {
        let field = rest[open..].find('}').map(|end| &rest[open + 1..open + end]);
        let part = match field {
            Some("name") => Part::Name,
            Some(field) if field.starts_with(|c: char| c.is_ascii_digit()) => {
                Part::Number { width: field.split_once(':').and_then(|(_, width)| width.parse().ok()).unwrap_or(0) }
            }
            // A brace of the text itself.
            _ => {
                from = open + 1;
                continue;
            }
        };
        if open > 0 {
            found.push(Part::Literal(&rest[..open]));
        }
        found.push(part);
        rest = &rest[open + field.map_or(0, str::len) + 2..];
        from = 0;
    }
    if !rest.is_empty() {
        found.push(Part::Literal(rest));
    }
    found
}

/// Boxes found in a text, where they stood, and the name before them.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Bytes of the text, with the tokens around it.
    pub span: std::ops::Range<usize>,
    pub name: String,
    /// A point is a box without extent.
    pub boxes: Vec<Rect>,
}

impl Convention {
    /// The name in its tokens, where the convention writes names apart.
    #[must_use]
    pub fn name_text(&self, name: &str) -> String {
        format!("{}{name}{}", self.words.before_name, self.words.after_name)
    }

    /// All boxes of one name, without the name where it stands apart. A box without extent is a point.
    #[must_use]
    pub fn boxes_text(&self, name: &str, boxes: &[Rect], picture: [f64; 2]) -> String {
        let words = &self.words;
        let each: Vec<_> = boxes.iter().map(|rect| self.box_text(name, *rect, picture)).collect();
        format!("{}{}{}", words.before, each.join(words.between), words.after)
    }

    fn box_text(&self, name: &str, rect: Rect, picture: [f64; 2]) -> String {
        let point = (rect[0] == rect[2] && rect[1] == rect[3]).then_some(self.words.point).flatten();
        let numbers = match point.and_then(|_| self.encode_point([rect[0], rect[1]], picture)) {
            Some(point) => point.to_vec(),
            None => self.encode(rect, picture),
        };
        let mut numbers = numbers.into_iter();
        let mut text = String::new();
        for part in parts(point.unwrap_or(self.words.each)) {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Name => text.push_str(name),
                Part::Number { width } => text.push_str(&self.number_text(numbers.next().unwrap_or_default(), width)),
            }
        }
        text
    }

    fn number_text(&self, n: f64, width: usize) -> String {
        // Whole numbers are written whole: `-0` and `98.0` are no tokens.
        if self.words.decimals > 0 {
            format!("{n:.0$}", self.words.decimals)
        } else if n.fract() == 0.0 {
            format!("{:0width$}", n as i64)
        } else {
            n.to_string()
        }
    }

    /// Every box in a text, in order.
    #[must_use]
    pub fn find(&self, text: &str, picture: [f64; 2]) -> Vec<Found> {
        let each = parts(self.words.each);
        let point = self.words.point.map(parts);
        let mut found: Vec<Found> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let from = found.last().map_or(0, |last| last.span.end);
            match self.group_at(text, at, from, [&each, point.as_deref().unwrap_or(&[])], picture) {
                Some(group) if group.span.end > at => {
                    at = group.span.end;
                    found.push(group);
                }
                _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        found
    }

    /// The boxes that begin here. `from` is where text that no other box has claimed begins.
    fn group_at(
        &self,
        text: &str,
        at: usize,
        from: usize,
        patterns: [&[Part<'_>]; 2],
        picture: [f64; 2],
    ) -> Option<Found> {
        let words = &self.words;
        let mut end = at + text[at..].strip_prefix(words.before).map(|_| words.before.len())?;
        let mut boxes = Vec::new();
        let mut name = String::new();
        let leading_name = patterns[0].first() == Some(&Part::Name);
        loop {
            // Boxes with names of their own are groups of their own.
            let grouped = boxes.is_empty() || (!leading_name && name.is_empty());
            let separator = if boxes.is_empty() { "" } else { words.between };
            let Some(rest) = text[end..].strip_prefix(separator).filter(|_| grouped) else { break };
            let matched = patterns.iter().filter(|p| !p.is_empty()).find_map(|pattern| {
                let pattern = if leading_name { &pattern[1..] } else { pattern };
                match_parts(rest, pattern, words.between)
            });
            let Some((length, numbers, inner)) = matched else { break };
            boxes.push(self.decode(&numbers, picture)?);
            name = inner.unwrap_or(name);
            end = text.len() - rest.len() + length;
        }
        if boxes.is_empty() {
            return None;
        }
        let span_end = end + text[end..].strip_prefix(words.after).map(|_| words.after.len())?;
        let before = &text[from..at];
        let mut start = at;
        if leading_name {
            name = before.trim().to_owned();
            start = at - before.trim_start().len();
        } else if !words.after_name.is_empty()
            && let Some(named) = before.strip_suffix(words.after_name)
            && let Some(open) = named.rfind(words.before_name)
        {
            name = named[open + words.before_name.len()..].to_owned();
            start = from + open;
        }
        Some(Found { span: start..span_end, name, boxes })
    }
}

/// Matches a pattern at the start of a text: how long it is, its numbers, the name inside.
fn match_parts(text: &str, pattern: &[Part<'_>], stop: &str) -> Option<(usize, Vec<f64>, Option<String>)> {
    let mut rest = text;
    let mut numbers = Vec::new();
    let mut name = None;
    for (n, part) in pattern.iter().enumerate() {
        match part {
            Part::Literal(literal) => rest = strip_loosely(rest, literal)?,
            Part::Number { .. } => {
                let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(rest.len());
                numbers.push(rest[..length].parse().ok()?);
                rest = &rest[length..];
            }
            Part::Name => {
                let end = match pattern.get(n + 1) {
                    Some(Part::Literal(next)) => rest.find(next)?,
                    _ => rest.find(if stop.is_empty() { "\n" } else { stop }).unwrap_or(rest.len()),
                };
                name = Some(rest[..end].trim().to_owned());
                rest = &rest[end..];
            }
        }
    }
    Some((text.len() - rest.len(), numbers, name))
}

/// Takes a literal off the front; spaces in it may be there or not, those before it are not its own.
fn strip_loosely<'a>(text: &'a str, literal: &str) -> Option<&'a str> {
    let mut rest = text;
    for (n, c) in literal.chars().enumerate() {
        if c == ' ' {
            rest = rest.trim_start_matches(' ');
        } else {
            let spaced = if n > 0 { rest.trim_start_matches(' ') } else { rest };
            rest = rest.strip_prefix(c).or_else(|| spaced.strip_prefix(c))?;
        }
    }
    Some(rest)
}
