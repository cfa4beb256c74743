//! What an export would write, lose and refuse: counted before anything is written, and told again when it is done.

use crate::entity::ImageId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    pub records: usize,
    pub lossy: Vec<Lossy>,
    pub blocked: Vec<Blocked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lossy {
    pub field: String,
    pub count: usize,
    pub example: String,
    /// How many of each kind it is about, where that is something drawn or painted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, usize>,
}

impl std::fmt::Display for Lossy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lost: {}: {}, such as {}", self.field, self.count, self.example)
    }
}

impl Lossy {
    /// "2 rulers and 1 box", where kinds are known; else the number alone.
    #[must_use]
    pub fn amount(&self) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| several(*count, kind)).collect();
        match kinds.as_slice() {
            [] => self.count.to_string(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }

    /// For people: "shapes: 2 rulers and 1 box", and where kinds say nothing an example.
    #[must_use]
    pub fn in_words(&self) -> String {
        let example = if self.kinds.is_empty() { format!(", such as {}", self.example) } else { String::new() };
        format!("{}: {}{example}", self.field, self.amount())
    }
}

/// "2 boxes", "1 pair of diameters": the names of forms take an s but for those that do not.
fn several(count: usize, kind: &str) -> String {
    match kind.split_once(" of ") {
        _ if count == 1 => format!("1 {kind}"),
        Some((first, rest)) => format!("{count} {first}s of {rest}"),
        None if kind.ends_with('x') => format!("{count} {kind}es"),
        None => format!("{count} {kind}s"),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub item: String,
    pub why: String,
    /// The image that somebody has to look at first, where that is what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageId>,
}

impl DryRun {
    pub(super) fn lose(&mut self, field: &str, example: impl FnOnce() -> String) {
        self.loss(field, example);
    }

    /// The same of something drawn or painted: what it is, and where, as in "on case_00001".
    pub(super) fn lose_drawn(&mut self, field: &str, kind: &str, place: impl FnOnce() -> String) {
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let loss = self.loss(field, || format!("{article} {kind} {}", place()));
        *loss.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    /// Counts one more.
    fn loss(&mut self, field: &str, example: impl FnOnce() -> String) -> &mut Lossy {
        let place = self.lossy.iter().position(|lossy| lossy.field == field).unwrap_or_else(|| {
            let example = example();
            self.lossy.push(Lossy { field: field.into(), count: 0, example, kinds: BTreeMap::new() });
            self.lossy.len() - 1
        });
        let loss = &mut self.lossy[place];
        loss.count += 1;
        loss
    }

    pub(super) fn block(&mut self, item: impl Into<String>, why: impl Into<String>) {
        self.blocked.push(Blocked { item: item.into(), why: why.into(), image: None });
    }

    pub(super) fn join(&mut self, other: Self) {
        self.records += other.records;
        self.blocked.extend(other.blocked);
        for lossy in other.lossy {
            match self.lossy.iter_mut().find(|known| known.field == lossy.field) {
                Some(known) => {
                    known.count += lossy.count;
                    for (kind, count) in lossy.kinds {
                        *known.kinds.entry(kind).or_default() += count;
                    }
                }
                None => self.lossy.push(lossy),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_with_its_kind_and_number() {
        let mut run = DryRun::default();
        run.lose_drawn("shapes", "ruler", || "on case_00001".into());
        run.lose_drawn("shapes", "ruler", || "on case_00002".into());
        let said: Vec<String> = run.lossy.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["lost: shapes: 2, such as a ruler on case_00001"]);
    }

    #[test]
    fn people_read_how_many_of_what() {
        let mut run = DryRun::default();
        for kind in ["ruler", "box", "angle", "ruler", "box", "pair of diameters", "pair of diameters"] {
            run.lose_drawn("shapes", kind, || "on case_00001".into());
        }
        run.lose("time of frames", || "case_00002: frames become slices".into());
        let said: Vec<String> = run.lossy.iter().map(Lossy::in_words).collect();
        let time = "time of frames: 1, such as case_00002: frames become slices";
        assert_eq!(said, ["shapes: 1 angle, 2 boxes, 2 pairs of diameters and 2 rulers", time]);
        let mut both = run.clone();
        both.join(run);
        assert_eq!(both.lossy[0].amount(), "2 angles, 4 boxes, 4 pairs of diameters and 4 rulers");
        assert_eq!((both.lossy[0].count, both.lossy[1].amount()), (14, "2".to_owned()));
    }
}
