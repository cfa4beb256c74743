//! The labels of a project: what can be said about a voxel or a shape. A label may stand under another one, be one of
//! several instances of a kind, and be a concept of an ontology.

use crate::contents::Contents;
use crate::entity::{Entity, LabelId, OntologyId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::Ontology;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A code from a published scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub scheme: String,
    pub value: String,
    pub meaning: String,
}

/// A node of an ontology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concept {
    pub ontology: OntologyId,
    pub node: String,
}

/// One label. `value` is what label maps hold; it is unique in a project and never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    #[serde(default = "LabelId::new")]
    pub id: LabelId,
    pub value: u16,
    pub name: String,
    #[serde(default)]
    pub colour: Option<[u8; 3]>,
    /// Neither overwritten nor painted with.
    #[serde(default)]
    pub locked: bool,
    #[serde(default = "yes")]
    pub visible: bool,
    #[serde(default)]
    pub parent: Option<LabelId>,
    /// The label that says what kind of thing this one is, where there are several: nodule 2 is a nodule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_of: Option<LabelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concept: Option<Concept>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Label {
    #[must_use]
    pub fn new(value: u16, name: impl Into<String>) -> Self {
        Self {
            id: LabelId::new(),
            value,
            name: name.into(),
            colour: None,
            locked: false,
            visible: true,
            parent: None,
            instance_of: None,
            concept: None,
            codes: Vec::new(),
            synonyms: Vec::new(),
            definition: None,
        }
    }

    /// Whether going from label to label leads back to this one.
    fn meets_itself(&self, contents: &Contents, next: fn(&Self) -> Option<LabelId>) -> bool {
        let mut at = next(self);
        // The others have been checked before, so that a circle must go through this one.
        while let Some(id) = at {
            if id == self.id {
                return true;
            }
            at = contents.label(id).and_then(next);
        }
        false
    }

    /// The colour chosen, or one that keeps neighbouring values apart.
    #[must_use]
    pub fn colour(&self) -> [u8; 3] {
        self.colour.unwrap_or_else(|| default_colour(self.value))
    }
}

/// Steps around the colour circle by the golden angle, so that near values look different.
#[must_use]
pub fn default_colour(value: u16) -> [u8; 3] {
    let hue = (f64::from(value.saturating_sub(1)) * 0.618_033_988_75 + 0.02).fract() * 6.0;
    let (saturation, brightness) = if value.is_multiple_of(3) { (0.55, 1.0) } else { (0.85, 0.92) };
    std::array::from_fn(|channel| {
        let phase = (hue + [5.0, 3.0, 1.0][channel]) % 6.0;
        let share = brightness * (1.0 - saturation * phase.min(4.0 - phase).clamp(0.0, 1.0));
        (share * 255.0).round() as u8
    })
}

impl Rules for Label {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let labels = self.parent.into_iter().chain(self.instance_of).map(Key::from);
        labels.chain(self.concept.iter().map(|concept| concept.ontology.into())).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        if self.value == 0 {
            return Err(Error::refused("label value 0 means \"not labelled\"; choose a value from 1 to 65535"));
        }
        if self.name.trim().is_empty() {
            return Err(Error::refused("a label needs a name"));
        }
        if let Some(other) = contents.all::<Self>().find(|l| l.value == self.value && l.id != self.id) {
            return Err(Error::refused(format!("the value {} belongs to the label \"{}\"", self.value, other.name)));
        }
        if self.meets_itself(contents, |label| label.parent) {
            return Err(Error::refused("a label cannot be its own ancestor"));
        }
        if self.meets_itself(contents, |label| label.instance_of) {
            return Err(Error::refused("a label cannot be an instance of itself"));
        }
        let Some(concept) = &self.concept else { return Ok(()) };
        let ontology = contents.get::<Ontology>(concept.ontology);
        if ontology.is_some_and(|ontology| ontology.node(&concept.node).is_none()) {
            return Err(Error::refused(format!("the ontology has no node {}", concept.node)));
        }
        Ok(())
    }

    fn check_change(&self, former: &Entity) -> Result<()> {
        match former {
            Entity::Label(former) if former.value != self.value => {
                Err(Error::refused("the value of a label cannot change: label maps hold it; add a new label"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(document: &crate::Document, label: &Label) -> bool {
        Entity::from(label.clone()).check(document).is_ok()
    }

    #[test]
    fn values_are_unique_and_ancestry_has_an_end() {
        let tooth = Label::new(1, "tooth");
        let crown = Label { parent: Some(tooth.id), ..Label::new(2, "crown") };
        let mut document = crate::Document::new("reader");
        document.apply("Add", [&tooth, &crown].map(|label| crate::Command::put(label.clone())).to_vec()).unwrap();
        assert!(accepts(&document, &crown));
        assert!(!accepts(&document, &Label::new(1, "other")));
        assert!(!accepts(&document, &Label::new(0, "none")));
        assert!(!accepts(&document, &Label::new(3, "  ")));
        let circle = Label { parent: Some(crown.id), ..tooth.clone() };
        assert!(!accepts(&document, &circle));
        let kind_of_itself = Label { instance_of: Some(crown.id), ..Label { id: crown.id, ..Label::new(2, "crown") } };
        assert!(!accepts(&document, &kind_of_itself));
        let instance = Label { instance_of: Some(tooth.id), ..Label::new(3, "tooth 2") };
        assert!(accepts(&document, &instance));
        let orphan = Label { parent: Some(LabelId::new()), ..Label::new(3, "orphan") };
        assert!(!accepts(&document, &orphan));
        let moved = Label { value: 9, ..tooth };
        assert!(document.apply("Move", vec![crate::Command::put(moved)]).is_err());
    }

    #[test]
    fn the_first_colours_differ_from_each_other() {
        let colours: Vec<_> = (1..=12).map(default_colour).collect();
        for (n, a) in colours.iter().enumerate() {
            for b in &colours[..n] {
                let apart: i32 = (0..3).map(|c| (i32::from(a[c]) - i32::from(b[c])).abs()).sum();
                assert!(apart > 40, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_short_form_is_enough_in_a_script() {
        let label: Label = serde_json::from_str(r#"{"value":4,"name":"liver"}"#).unwrap();
        assert!(label.visible && !label.locked && label.colour.is_none());
    }
}
