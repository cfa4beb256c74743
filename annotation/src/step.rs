//! A step is what a user undoes at once: commands under one name, with who, when and by what means.

use crate::brick::Brick;
use crate::command::Command;
use crate::edit::Edit;
use crate::entity::{Entity, ImageId};
use crate::id::{Key, Revision};
use crate::origin::{Origin, Touch};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who did a step, when, with what, from which prompts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepInfo {
    /// What the undo menu says, "Paint liver".
    pub name: String,
    /// A pseudonym, set by the document.
    pub by: String,
    /// UTC, set by the document.
    pub at: jiff::Timestamp,
    pub tool: Option<String>,
    pub model: Option<String>,
    /// What the model was asked with, as given; provenance, never read back into the state.
    pub prompts: Option<serde_json::Value>,
    pub summary: Option<String>,
}

impl StepInfo {
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    #[must_use]
    pub fn with_tool(self, tool: impl Into<String>) -> Self {
        Self { tool: Some(tool.into()), ..self }
    }

    #[must_use]
    pub fn with_model(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    #[must_use]
    pub fn with_prompts(self, prompts: serde_json::Value) -> Self {
        Self { prompts: Some(prompts), ..self }
    }

    #[must_use]
    pub fn with_summary(self, summary: impl Into<String>) -> Self {
        Self { summary: Some(summary.into()), ..self }
    }

    /// What was done, for the log: the summary, where there is one.
    #[must_use]
    pub fn told(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.name)
    }
}

/// What a step did and how to take it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepPayload {
    pub commands: Vec<Command>,
    /// In the order of applying; taken back from the last to the first.
    pub undo: Vec<Edit>,
    /// How the step signs what it changed; none in steps from before origins were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<Touch>,
}

impl StepPayload {
    /// Roughly how much memory it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let commands: usize = self.commands.iter().map(Command::bytes).sum();
        let undo: usize = self.undo.iter().map(Edit::bytes).sum();
        commands + undo
    }
}

/// What one entry of the log is. Undo and redo are entries too: history is never lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Step,
    /// Something the program notes by itself: nobody did it, so nobody takes it back, and what was undone can still be done
    /// again after it.
    Quiet,
    Undo {
        of: Revision,
    },
    Redo {
        of: Revision,
    },
}

impl Act {
    /// Whether an entry of the log brings commands.
    #[must_use]
    pub const fn has_payload(self) -> bool {
        matches!(self, Self::Step | Self::Quiet)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub revision: Revision,
    pub act: Act,
    /// The words of the commands in it; "undo" or "redo" for those.
    pub command: String,
    pub info: StepInfo,
}

impl LogEntry {
    /// What was done on one line, with which tool and model: undo and redo say which step they are of.
    #[must_use]
    pub fn in_words(&self) -> String {
        let StepInfo { name, tool, model, .. } = &self.info;
        match self.act {
            Act::Undo { of } => return format!("undo of step {of}: {name}"),
            Act::Redo { of } => return format!("redo of step {of}: {name}"),
            Act::Step | Act::Quiet => {}
        }
        let told = self.info.told();
        // A tool that is named already is not said twice.
        let tool = tool.as_deref().filter(|tool| !told.to_lowercase().contains(&tool.replace(['_', '-'], " ")));
        let with: Vec<&str> = tool.into_iter().chain(model.as_deref()).collect();
        if with.is_empty() { told.to_owned() } else { format!("{told} ({})", with.join(", ")) }
    }
}

/// What one commit brings to the store, in one transaction.
#[derive(Clone, Debug)]
pub struct Batch {
    pub entry: LogEntry,
    /// Present for steps of either kind; undo and redo point at theirs.
    pub payload: Option<Arc<StepPayload>>,
    /// The state as it is after the entry, where it changed.
    pub rows: Vec<Row>,
}

/// A piece of the state; `None` says that it is gone.
#[derive(Clone, Debug)]
pub enum Row {
    Entity {
        key: Key,
        value: Option<Box<Entity>>,
        origin: Option<Box<Origin>>,
        layers: usize,
    },
    /// With the number of values the brick has.
    Brick {
        image: ImageId,
        layer: usize,
        number: u32,
        brick: Option<(Brick, usize)>,
    },
}

/// Where a document hands its commits. The store's writer in a project; nothing in a test.
pub trait Sink: Send + Sync + std::fmt::Debug {
    /// Takes a commit to be stored; does not wait for it.
    fn keep(&self, batch: Batch);

    /// The payload of a stored step.
    fn payload(&self, revision: Revision) -> crate::Result<Arc<StepPayload>>;

    /// Up to where everything is stored for good.
    fn acknowledged(&self) -> Revision;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(act: Act, info: StepInfo) -> LogEntry {
        LogEntry { revision: Revision(9), act, command: "paint".into(), info }
    }

    #[test]
    fn a_line_of_the_log_tells_tool_model_and_what_was_taken_back() {
        let accepted = StepInfo::named("Accept proposal").with_tool("point").with_model("nninteractive");
        assert_eq!(entry(Act::Step, accepted).in_words(), "Accept proposal (point, nninteractive)");
        let undone = entry(Act::Undo { of: Revision(7) }, StepInfo::named("Accept proposal"));
        assert_eq!(undone.in_words(), "undo of step 7: Accept proposal");
        let again = entry(Act::Redo { of: Revision(7) }, StepInfo::named("Accept proposal"));
        assert_eq!(again.in_words(), "redo of step 7: Accept proposal");
        let said = |name: &str, tool: &str| entry(Act::Step, StepInfo::named(name).with_tool(tool)).in_words();
        assert_eq!(said("Smart brush stroke", "smart-brush"), "Smart brush stroke");
        assert_eq!(said("Eraser stroke", "brush"), "Eraser stroke (brush)");
        let summed = StepInfo::named("Import NIfTI").with_tool("import").with_summary("nifti: 3 records");
        assert_eq!(entry(Act::Step, summed).in_words(), "nifti: 3 records (import)");
    }
}
