//! What is asked about questions, their pictures and what they point at.

use crate::work::asking::{Page, Part, Slot};
use limner_annotation::question::generate::Plan;
use limner_annotation::question::{DialogueId, Evidence, ImageSetId, QuestionId, TemplateId};
use limner_annotation::{Entity, ImageId};
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub enum AskAct {
    Page(Page),
    Show(QuestionId),
    ShowTalk(DialogueId),
    /// Whether questions of all cases are listed.
    AllCases(bool),
    /// A changed question, image set, dialogue, template or taxonomy: one step, under this name.
    Put(Box<Entity>, &'static str),
    /// The same while it is being typed: it becomes a step when the hand rests or leaves the field.
    Typing(Box<Entity>, &'static str),
    /// The keyboard goes to a field.
    Focus(Part),
    /// It is there.
    Focused,
    /// The next click on a view says what this place points at.
    Point(Slot),
    StopPointing,
    JumpTo(Evidence, ImageSetId),
    BeginWith(TemplateId),
    SaveTemplate(QuestionId),
    RemoveTemplate(TemplateId),
    Remove(QuestionId),
    RemoveTalk(DialogueId),
    /// Of the question shown: these entries of its set, in place of what it had.
    Pictures(Vec<limner_annotation::question::Item>),
    /// Draws what the question points at on a picture of its set, or nothing.
    VisualPrompt(usize, Option<limner_annotation::question::Mark>),
    Plan(Plan),
    Make,
    KeepMade,
    DropMade,
    /// Two images of one subject, the earlier one first.
    Pair([ImageId; 2]),
    Audit,
    Mend(usize),
    WriteAudit(PathBuf),
    /// Asks where to, then writes in the layout of a data set.
    Export(&'static str),
}
