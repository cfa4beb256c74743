//! The ontology: what can be said about a voxel or a shape. A label may have a parent, so that levels stay open.

use crate::error::{Error, Result};
use crate::id::LabelId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A code from a published scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub scheme: String,
    pub value: String,
    pub meaning: String,
}

/// One node of the ontology. `value` is what label maps hold; it is unique in a project and never 0.
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
            codes: Vec::new(),
            synonyms: Vec::new(),
            definition: None,
        }
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

/// Refuses a label that does not fit into the ontology it would join (or replace its former self in).
pub(crate) fn check(labels: &BTreeMap<LabelId, Label>, label: &Label) -> Result<()> {
    if label.value == 0 {
        return Err(Error::refused("label value 0 means \"not labelled\"; choose a value from 1 to 65535"));
    }
    if label.name.trim().is_empty() {
        return Err(Error::refused("a label needs a name"));
    }
    if let Some(other) = labels.values().find(|l| l.value == label.value && l.id != label.id) {
        return Err(Error::refused(format!("the value {} belongs to the label \"{}\"", label.value, other.name)));
    }
    let mut ancestor = label.parent;
    let mut steps = 0;
    while let Some(id) = ancestor {
        steps += 1;
        if id == label.id || steps > labels.len() {
            return Err(Error::refused("a label cannot be its own ancestor"));
        }
        ancestor = labels.get(&id).ok_or(Error::Missing { key: id.into() })?.parent;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ontology(all: &[&Label]) -> BTreeMap<LabelId, Label> {
        all.iter().map(|l| (l.id, (*l).clone())).collect()
    }

    #[test]
    fn values_are_unique_and_ancestry_has_an_end() {
        let tooth = Label::new(1, "tooth");
        let mut crown = Label::new(2, "crown");
        crown.parent = Some(tooth.id);
        let labels = ontology(&[&tooth, &crown]);
        assert!(check(&labels, &crown).is_ok());
        assert!(check(&labels, &Label::new(1, "other")).is_err());
        assert!(check(&labels, &Label::new(0, "none")).is_err());
        assert!(check(&labels, &Label::new(3, "  ")).is_err());
        let circle = Label { parent: Some(crown.id), ..tooth };
        assert!(check(&labels, &circle).is_err());
        let orphan = Label { parent: Some(LabelId::new()), ..Label::new(3, "orphan") };
        assert!(matches!(check(&labels, &orphan), Err(Error::Missing { .. })));
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
