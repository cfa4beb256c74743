//! The wording of questions, kept with the project so that a team asks alike. `{name}` is filled in, `{{` and `}}` stand for
//! braces.

use crate::error::{Error, Result};
use crate::question::answer::AnswerType;
use crate::question::ids::TemplateId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    #[serde(default = "TemplateId::new")]
    pub id: TemplateId,
    pub name: String,
    /// The generator it words; none for questions written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    pub stem: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub answer_type: AnswerType,
    /// Offered each time a question is begun with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    #[serde(default = "english")]
    pub language: String,
}

fn english() -> String {
    "en".into()
}

impl Template {
    pub fn validate(&self) -> Result<()> {
        if self.name.trim().is_empty() || self.stem.trim().is_empty() {
            return Err(Error::refused("a template needs a name and a question"));
        }
        [&self.stem, &self.answer, &self.reason].into_iter().try_for_each(|text| pieces(text).map(drop))
    }
}

/// A piece of a template's text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..=at];
        found.push(Piece::Text(&rest[..at]));
        let after = &rest[at + 1..];
        if let Some(doubled) = after.strip_prefix(brace) {
            found.push(Piece::Text(brace));
            rest = doubled;
            continue;
        }
        let end = after.find('}').filter(|_| brace == "{");
        let Some(end) = end else {
            return Err(Error::refused(format!(
                "the template \"{text}\" has a brace without its other half; write {{{{ or }}}} for a brace"
            )));
        };
        found.push(Piece::Field(after[..end].trim()));
        rest = &after[end + 1..];
    }
    found.push(Piece::Text(rest));
    Ok(found)
}

/// Fills the fields in. A field without a value is an error that names it.
pub fn fill(text: &str, values: &BTreeMap<&str, String>) -> Result<String> {
    let mut filled = String::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Field(name) => {
                let known = || values.keys().copied().collect::<Vec<_>>().join(", ");
                let value = values.get(name);
                filled.push_str(value.ok_or_else(|| {
                    Error::refused(format!("the template asks for {{{name}}}; there are: {}", known()))
                })?);
            }
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_and_braces_kept() {
        let values = BTreeMap::from([("organ", "liver".to_owned()), ("n", "3".to_owned())]);
        assert_eq!(fill("How large is the {organ} ({{{n}}})?", &values).unwrap(), "How large is the liver ({3})?");
        let unknown = fill("{lesion}", &values).unwrap_err().to_string();
        assert!(unknown.contains("{lesion}") && unknown.contains("n, organ"), "{unknown}");
        for broken in ["{", "a } b", "{organ"] {
            assert!(fill(broken, &values).is_err(), "{broken}");
        }
    }
}
