//! Everything that can be done to a project. A command carries its whole effect, so the log can be applied again without
//! tools, models or pictures.

use crate::entity::{Entity, ImageId, LabelId, ShapeId};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::origin::Origin;
use crate::packed::{PackedMask, Patch};
use crate::shapes::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of an edit script and of the log: `{"command": "paint", ...}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    AddImage {
        image: ImageEntry,
    },
    /// Replaces what is known about an image (a moved file, a title); its grid stays.
    EditImage {
        image: ImageEntry,
    },
    /// Takes the image out with all that is painted and drawn on it.
    RemoveImage {
        id: ImageId,
    },
    AddLabel {
        label: Label,
    },
    /// Replaces a label. The value must stay: label maps hold it.
    EditLabel {
        label: Label,
    },
    /// Takes the label out with its voxels; shapes that have it lose it.
    RemoveLabel {
        id: LabelId,
    },
    /// Sets or erases one label under a mask. `layer` may be the number of layers: that adds one.
    Paint {
        image: ImageId,
        #[serde(default)]
        layer: usize,
        /// The label's value; when erasing, 0 stands for every label.
        label: u16,
        mask: PackedMask,
        #[serde(default)]
        mode: PaintMode,
        #[serde(default)]
        rule: PaintRule,
    },
    /// Sets many values at once: an imported label map, a smoothing over several labels.
    SetVoxels {
        image: ImageId,
        #[serde(default)]
        layer: usize,
        patch: Patch,
    },
    AddShape {
        shape: Shape,
    },
    EditShape {
        shape: Shape,
    },
    RemoveShape {
        id: ShapeId,
    },
    /// Adds an entity of any kind, or replaces the one with its id.
    Put {
        entity: Box<Entity>,
        /// What it was derived from.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parents: Vec<Key>,
        /// Fields that another program wrote and ours does not know, by namespace.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        ext: BTreeMap<String, serde_json::Value>,
        /// Where it comes from, for what was made elsewhere; otherwise the step's own signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Box<Origin>>,
    },
    /// Takes out an entity of any kind that nothing points at.
    Remove {
        key: Key,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaintMode {
    #[default]
    Set,
    Erase,
}

/// Which voxels under the mask may change. Locked labels never do, whatever the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaintRule {
    #[default]
    All,
    /// Everything but labels that are hidden: nobody sees what happens to them.
    Shown,
    UnlabelledOnly,
    /// Only inside the label with this value.
    Inside(u16),
}

impl PaintRule {
    #[must_use]
    pub const fn allows(self, value: u16) -> bool {
        match self {
            // What is hidden is known to the document only.
            Self::All | Self::Shown => true,
            Self::UnlabelledOnly => value == 0,
            Self::Inside(label) => value == label,
        }
    }
}

impl Command {
    /// Adds an entity or replaces it, signed by the step it is in.
    #[must_use]
    pub fn put(entity: impl Into<Entity>) -> Self {
        Self::Put { entity: Box::new(entity.into()), parents: Vec::new(), ext: BTreeMap::new(), origin: None }
    }

    #[must_use]
    pub fn remove(key: impl Into<Key>) -> Self {
        Self::Remove { key: key.into() }
    }

    /// The word in scripts and in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddImage { .. } => "add_image",
            Self::EditImage { .. } => "edit_image",
            Self::RemoveImage { .. } => "remove_image",
            Self::AddLabel { .. } => "add_label",
            Self::EditLabel { .. } => "edit_label",
            Self::RemoveLabel { .. } => "remove_label",
            Self::Paint { .. } => "paint",
            Self::SetVoxels { .. } => "set_voxels",
            Self::AddShape { .. } => "add_shape",
            Self::EditShape { .. } => "edit_shape",
            Self::RemoveShape { .. } => "remove_shape",
            Self::Put { .. } => "put",
            Self::Remove { .. } => "remove",
        }
    }

    /// Roughly how much memory the command holds.
    pub(crate) fn bytes(&self) -> usize {
        let packed = match self {
            Self::Paint { mask, .. } => mask.bytes(),
            Self::SetVoxels { patch, .. } => patch.bytes(),
            Self::Put { .. } => size_of::<Entity>(),
            _ => 0,
        };
        size_of::<Self>() + packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_read_as_one_tagged_object() {
        let id = ImageId::new();
        let line = format!(
            r#"{{"command":"paint","image":"{id}","label":3,"mask":{{"min":[1,2,3],"max":[4,3,4],"counts":[0,3]}},"rule":{{"inside":2}}}}"#
        );
        let command: Command = serde_json::from_str(&line).unwrap();
        let Command::Paint { layer, mode, rule, mask, .. } = &command else { panic!("{command:?}") };
        assert_eq!((*layer, *mode, *rule, mask.count()), (0, PaintMode::Set, PaintRule::Inside(2), 3));
        let text = serde_json::to_value(&command).unwrap();
        assert_eq!(text["command"], command.name());
        assert_eq!(serde_json::from_value::<Command>(text).unwrap(), command);
    }

    #[test]
    fn an_unknown_word_is_an_error_not_a_guess() {
        assert!(serde_json::from_str::<Command>(r#"{"command":"explode"}"#).is_err());
        let id = LabelId::new();
        assert!(serde_json::from_str::<Command>(&format!(r#"{{"command":"remove_label","id":"{id}"}}"#)).is_ok());
        let typo = format!(r#"{{"command":"remove_label","id":"{id}","colour":1}}"#);
        assert!(serde_json::from_str::<Command>(&typo).is_err());
    }
}
