//! A question as the audit sees it: words and facts, never a picture.

use crate::exchange::vqa::record::Asked;
use crate::question::{AnswerType, ChoiceKind, Question};

/// What answers are drawn from, and how foretelling them is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    YesNo,
    Choice,
    Number,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// The place of the right option.
    Option(usize),
    Number(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub id: String,
    pub group: Group,
    pub stem: String,
    pub options: Vec<String>,
    pub truth: Truth,
    /// Type, subtype, anatomy and so on: name and value.
    pub categories: Vec<(&'static str, String)>,
    pub pictures: Vec<String>,
    /// The unit that splits never cut.
    pub subject: Option<String>,
    pub split: Option<String>,
}

impl Item {
    /// `None` for questions that have no right option and no number: there is nothing a text model could be scored on.
    #[must_use]
    pub fn of(asked: &Asked) -> Option<Self> {
        let question = &asked.question;
        let (group, options, truth) = match question.answer_type {
            AnswerType::YesNo => {
                let place = usize::from(!asked.says_yes()?);
                (Group::YesNo, vec!["Yes".to_owned(), "No".to_owned()], Truth::Option(place))
            }
            AnswerType::Single | AnswerType::ImageChoice | AnswerType::PairChoice => {
                let key = question.answer.keys.first()?;
                let scored: Vec<_> = question.choices.iter().filter(|c| c.kind != ChoiceKind::DontKnow).collect();
                let place = scored.iter().position(|choice| choice.key == *key)?;
                let texts = scored.iter().map(|choice| choice.text.clone()).collect();
                (Group::Choice, texts, Truth::Option(place))
            }
            AnswerType::Numeric => (Group::Number, Vec::new(), Truth::Number(question.answer.numbers.first()?.value)),
            _ => return None,
        };
        let source = asked.scene.pictures.first().map(|picture| picture.source.case.clone());
        Some(Self {
            id: question.id.to_string(),
            group,
            stem: question.stem.clone(),
            options,
            truth,
            categories: categories(question),
            pictures: asked.scene.pictures.iter().map(|picture| picture.path.clone()).collect(),
            subject: question.external_ids.get("subject").cloned().or(source).filter(|subject| !subject.is_empty()),
            split: question.external_ids.get("split").cloned(),
        })
    }

    /// Where the right option stands; `None` for numbers.
    #[must_use]
    pub const fn right_option(&self) -> Option<usize> {
        match self.truth {
            Truth::Option(place) => Some(place),
            Truth::Number(_) => None,
        }
    }
}

fn categories(question: &Question) -> Vec<(&'static str, String)> {
    const LEVELS: [&str; 3] = ["super-type", "type", "subtype"];
    let facets = &question.facets;
    let path = question.placement.iter().flat_map(|placement| &placement.path);
    let mut all: Vec<_> = LEVELS.into_iter().zip(path.cloned()).collect();
    all.push(("answer type", question.answer_type.name().into()));
    all.push(("content", facets.content.clone()));
    all.push(("modality", facets.modality.join(" ")));
    all.push(("anatomy", facets.anatomy.join(" ")));
    all.push(("department", facets.department.join(" ")));
    all.push(("language", facets.language.clone()));
    all.push(("difficulty", facets.difficulty.map_or_else(String::new, |d| d.to_string())));
    all
}

/// Words of a text in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The first number in a text.
#[must_use]
pub fn number_in(text: &str) -> Option<f64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let negative = text[..start].ends_with(['-', '−']);
    let rest = &text[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let number: f64 = rest[..end].trim_end_matches('.').parse().ok()?;
    Some(if negative { -number } else { number })
}
