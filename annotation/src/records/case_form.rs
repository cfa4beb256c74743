//! What is asked of every case: findings to look for, labels in levels, check-lists, scales, numbers and free text. A form
//! is written by hand in a file; what was answered is a row of its own, one for each form and thing asked about.

use crate::contents::Contents;
use crate::entity::{CaseFormId, FormEntryId, Kind, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::named;
use crate::tags::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseForm {
    #[serde(default = "CaseFormId::new")]
    pub id: CaseFormId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is looked for in every case, by the names of labels: each is present, absent, uncertain or not assessed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// One thing that is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Names the answer in the project and in exports; unique in the form.
    pub key: String,
    pub question: String,
    #[serde(default)]
    pub about: About,
    pub kind: FieldKind,
    /// What may be chosen; a choice may have finer ones under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// From the lowest number to the highest, for scales and numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// A case without this answer is not complete.
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    #[default]
    Image,
    Study,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One of the options.
    One,
    /// Any of the options.
    Several,
    /// Whole numbers of the range.
    Scale,
    Number,
    Yes,
    Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Self>,
}

impl Choice {
    /// This one and all under it, each with its depth.
    fn gather<'a>(&'a self, depth: usize, all: &mut Vec<(&'a Self, usize)>) {
        all.push((self, depth));
        self.options.iter().for_each(|option| option.gather(depth + 1, all));
    }
}

/// More steps than this on a scale are a number.
const MOST_STEPS: f64 = 20.0;

impl Field {
    /// Every choice in reading order, with its depth.
    #[must_use]
    pub fn choices(&self) -> Vec<(&Choice, usize)> {
        let mut all = Vec::new();
        self.options.iter().for_each(|option| option.gather(0, &mut all));
        all
    }

    /// The names from the top down to a choice.
    #[must_use]
    pub fn path(&self, key: &str) -> Vec<&str> {
        fn walk<'a>(options: &'a [Choice], key: &str, path: &mut Vec<&'a str>) -> bool {
            options.iter().any(|option| {
                path.push(&option.name);
                let found = option.key == key || walk(&option.options, key, path);
                if !found {
                    path.pop();
                }
                found
            })
        }
        let mut path = Vec::new();
        walk(&self.options, key, &mut path);
        path
    }

    /// The whole numbers of a scale.
    #[must_use]
    pub fn steps(&self) -> Vec<i64> {
        let [low, high] = self.range.unwrap_or([1.0, 5.0]);
        (low.ceil() as i64..=high.floor() as i64).collect()
    }

    /// How many things a digit key can choose from.
    #[must_use]
    pub fn reach(&self) -> usize {
        match self.kind {
            FieldKind::One | FieldKind::Several => self.choices().len(),
            FieldKind::Scale => self.steps().len(),
            FieldKind::Yes => 2,
            FieldKind::Number | FieldKind::Text => 0,
        }
    }

    /// What the n-th choice makes of an answer: sets it, adds to it, or takes it back where it was given already.
    #[must_use]
    pub fn pick(&self, n: usize, now: Option<&Attribute>) -> Option<Attribute> {
        match self.kind {
            FieldKind::One => {
                let picked = Attribute::Text(self.choices().get(n)?.0.key.clone());
                (now != Some(&picked)).then_some(picked)
            }
            FieldKind::Several => {
                let key = &self.choices().get(n)?.0.key;
                let mut keys: Vec<String> =
                    if let Some(Attribute::Several(keys)) = now { keys.clone() } else { vec![] };
                let known = keys.len();
                keys.retain(|other| other != key);
                if keys.len() == known {
                    keys.push(key.clone());
                }
                (!keys.is_empty()).then_some(Attribute::Several(keys))
            }
            FieldKind::Scale => {
                let picked = Attribute::Number(*self.steps().get(n)? as f64);
                (now != Some(&picked)).then_some(picked)
            }
            FieldKind::Yes => {
                let picked = Attribute::Yes(n == 0);
                (now != Some(&picked)).then_some(picked)
            }
            FieldKind::Number | FieldKind::Text => now.cloned(),
        }
    }

    /// An answer in words.
    #[must_use]
    pub fn words(&self, value: &Attribute) -> String {
        let path = |key: &String| self.path(key).join(" › ");
        match (self.kind, value) {
            (FieldKind::One, Attribute::Text(key)) => path(key),
            (_, Attribute::Text(text)) => text.clone(),
            (_, Attribute::Several(keys)) => keys.iter().map(path).collect::<Vec<_>>().join(", "),
            (_, Attribute::Yes(yes)) => if *yes { "Yes" } else { "No" }.into(),
            (_, Attribute::Number(n)) => match &self.unit {
                Some(unit) => format!("{n} {unit}"),
                None => n.to_string(),
            },
        }
    }

    fn check(&self) -> Result<()> {
        let refused = |why: &str| Err(Error::refused(format!("the field \"{}\" of the form {why}", self.question)));
        named("a field of a form", &self.question)?;
        named("the key of a field", &self.key)?;
        let choices = self.choices();
        let keys: BTreeSet<&str> = choices.iter().map(|(choice, _)| choice.key.as_str()).collect();
        if keys.len() != choices.len() || choices.iter().any(|(choice, _)| choice.key.trim().is_empty()) {
            return refused("has two options with one key, or an option without a key");
        }
        if choices.iter().any(|(choice, _)| choice.name.trim().is_empty()) {
            return refused("has an option without a name");
        }
        if matches!(self.kind, FieldKind::One | FieldKind::Several) == choices.is_empty() {
            return refused("needs options if one or several are to be chosen, and has none otherwise");
        }
        let [low, high] = self.range.unwrap_or([1.0, 5.0]);
        if !low.is_finite() || !high.is_finite() || low >= high {
            return refused("needs a range from a number to a larger one");
        }
        if self.kind == FieldKind::Scale && high - low >= MOST_STEPS {
            return refused("has more than 20 steps; ask for a number instead");
        }
        Ok(())
    }

    /// Refuses an answer that the field does not allow.
    fn check_answer(&self, value: &Attribute) -> Result<()> {
        let has = |key: &String| self.choices().iter().any(|(choice, _)| choice.key == *key);
        let inside = |n: f64| n.is_finite() && self.range.is_none_or(|[low, high]| (low..=high).contains(&n));
        let fits = match (self.kind, value) {
            (FieldKind::One, Attribute::Text(key)) => has(key),
            (FieldKind::Several, Attribute::Several(keys)) => {
                !keys.is_empty() && keys.iter().all(has) && keys.iter().collect::<BTreeSet<_>>().len() == keys.len()
            }
            (FieldKind::Scale, Attribute::Number(n)) => self.steps().contains(&(*n as i64)) && n.fract() == 0.0,
            (FieldKind::Number, Attribute::Number(n)) => inside(*n),
            (FieldKind::Yes, Attribute::Yes(_)) => true,
            (FieldKind::Text, Attribute::Text(text)) => !text.trim().is_empty(),
            _ => false,
        };
        let why = || format!("{value:?} is no answer to \"{}\"", self.question);
        if fits { Ok(()) } else { Err(Error::refused(why())) }
    }
}

impl CaseForm {
    /// Reads a form from the text of its file.
    pub fn from_json(text: &str) -> Result<Self> {
        let form: Self = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::refused(format!("the form cannot be read: {error}")))?;
        form.check_whole()?;
        Ok(form)
    }

    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    fn check_whole(&self) -> Result<()> {
        named("a form", &self.name)?;
        self.findings.iter().try_for_each(|name| named("a finding of a form", name))?;
        let mut seen = BTreeSet::new();
        for field in &self.fields {
            field.check()?;
            if !seen.insert(&field.key) {
                return Err(Error::refused(format!("two fields of the form have the key {}", field.key)));
            }
        }
        if self.fields.is_empty() && self.findings.is_empty() {
            return Err(Error::refused("the form asks for nothing"));
        }
        Ok(())
    }
}

impl Rules for CaseForm {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.check_whole()?;
        match contents.all::<Self>().find(|other| other.name == self.name && other.id != self.id) {
            Some(_) => Err(Error::refused(format!("there is already a form called {}", self.name))),
            None => Ok(()),
        }
    }
}

/// What was answered about an image or a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormEntry {
    #[serde(default = "FormEntryId::new")]
    pub id: FormEntryId,
    pub form: CaseFormId,
    /// An image or a study.
    pub target: Key,
    /// From the key of a field to the answer; what has none was not answered.
    pub values: BTreeMap<String, Attribute>,
}

impl FormEntry {
    /// What a form was answered about something.
    #[must_use]
    pub fn of(contents: &Contents, form: CaseFormId, target: Key) -> Option<&Self> {
        let mut about = contents.pointing_at_from::<Self>(target).into_iter();
        about.find(|entry| entry.form == form && entry.target == target)
    }

    /// The required fields that wait for their answer.
    #[must_use]
    pub fn missing<'a>(form: &'a CaseForm, about: About, entry: Option<&Self>) -> Vec<&'a Field> {
        let open = |field: &&Field| !entry.is_some_and(|entry| entry.values.contains_key(&field.key));
        form.fields.iter().filter(|field| field.required && field.about == about).filter(open).collect()
    }
}

impl Rules for FormEntry {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        vec![self.form.into(), self.target]
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        let about = match self.target.kind {
            Kind::Image => About::Image,
            Kind::Study => About::Study,
            kind => return Err(Error::refused(format!("a form is filled in about an image or a study, not a {kind}"))),
        };
        if Self::of(contents, self.form, self.target).is_some_and(|other| other.id != self.id) {
            return Err(Error::refused("the form is filled in about this already; change that entry"));
        }
        let form = contents.get::<CaseForm>(self.form).ok_or(Error::Missing { key: self.form.into() })?;
        for (key, value) in &self.values {
            let field = form.field(key).filter(|field| field.about == about);
            let field = field.ok_or_else(|| Error::refused(format!("the form asks for no \"{key}\" here")))?;
            field.check_answer(value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> CaseForm {
        CaseForm::from_json(
            r#"{"name": "Skin", "findings": ["Ulcer"], "fields": [
                {"key": "tone", "question": "Skin tone", "kind": "one", "required": true,
                 "options": [{"key": "light", "name": "Light", "options": [{"key": "i", "name": "I"}]},
                             {"key": "dark", "name": "Dark"}]},
                {"key": "signs", "question": "Signs", "kind": "several",
                 "options": [{"key": "red", "name": "Red"}, {"key": "dry", "name": "Dry"}]},
                {"key": "sure", "question": "Confidence", "kind": "scale", "range": [1, 5]},
                {"key": "ok", "question": "Gradable", "kind": "yes", "about": "study"}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn digits_pick_add_and_take_back() {
        let form = form();
        let [tone, signs, sure, ok] = form.fields.as_slice() else { panic!("four fields") };
        assert_eq!(
            tone.choices().iter().map(|(c, d)| (c.key.as_str(), *d)).collect::<Vec<_>>(),
            [("light", 0), ("i", 1), ("dark", 0)]
        );
        let picked = tone.pick(1, None).unwrap();
        assert_eq!(tone.words(&picked), "Light › I");
        assert_eq!(tone.pick(1, Some(&picked)), None, "the same again takes it back");
        let both = signs.pick(1, signs.pick(0, None).as_ref()).unwrap();
        assert_eq!(signs.words(&both), "Red, Dry");
        assert_eq!(signs.pick(0, Some(&both)), Some(Attribute::Several(vec!["dry".into()])));
        assert_eq!(sure.pick(4, None), Some(Attribute::Number(5.0)));
        assert_eq!((sure.pick(5, None), ok.pick(1, None)), (None, Some(Attribute::Yes(false))));
        assert_eq!([tone.reach(), signs.reach(), sure.reach(), ok.reach()], [3, 2, 5, 2]);
        assert_eq!(FormEntry::missing(&form, About::Image, None)[0].key, "tone");
        assert!(FormEntry::missing(&form, About::Study, None).is_empty());
    }

    #[test]
    fn answers_that_the_form_does_not_allow_are_refused() {
        let form = form();
        let bad = [
            (0, Attribute::Text("blue".into())),
            (0, Attribute::Number(1.0)),
            (1, Attribute::Several(vec!["red".into(), "red".into()])),
            (2, Attribute::Number(2.5)),
            (2, Attribute::Number(9.0)),
            (3, Attribute::Text("yes".into())),
        ];
        for (n, value) in bad {
            assert!(form.fields[n].check_answer(&value).is_err(), "{value:?}");
        }
        for broken in [
            r#"{"name": "x", "fields": [{"key": "a", "question": "A", "kind": "one"}]}"#,
            r#"{"name": "x", "fields": [{"key": "a", "question": "A", "kind": "scale", "range": [0, 100]}]}"#,
            r#"{"name": "x"}"#,
            r#"{"name": " ", "findings": ["a"]}"#,
        ] {
            assert!(CaseForm::from_json(broken).is_err(), "{broken}");
        }
    }
}
