//! The only mutable root of a project.
//!
//! What must hold: contents change only between `begin` and `commit` (or `abort`, `undo`, `redo`), by commands; every
//! change can be taken back exactly; every commit, undo and redo has a revision of its own and goes to the sink.

use crate::apply;
use crate::command::Command;
use crate::contents::Contents;
use crate::edit::{self, Change, Dirty, Edit, Editor};
use crate::entity::{ImageId, Kind};
use crate::error::{Error, Result};
use crate::history::History;
use crate::id::{Key, Revision};
use crate::origin::Touch;
use crate::step::{Act, Batch, LogEntry, Row, Sink, StepInfo, StepPayload};
use crate::stroke::{self, Staged};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// A reader that never takes its changes gets them joined rather than without end.
const CHANGES_LIMIT: usize = 256;

#[derive(Debug, Default)]
pub struct Document {
    contents: Contents,
    history: History,
    revision: Revision,
    /// The content identity that was last marked as saved.
    saved: Revision,
    author: String,
    read_only: bool,
    open: Option<OpenStep>,
    changes: Changes,
    /// Who signed the step that is being replayed, and when.
    replaying: Option<(String, jiff::Timestamp)>,
    sink: Option<Box<dyn Sink>>,
}

#[derive(Debug, Default)]
struct OpenStep {
    info: StepInfo,
    staged: Vec<Staged>,
    dirty: BTreeSet<Dirty>,
    /// Rows that brought an origin of their own.
    signed: BTreeSet<Key>,
    is_quiet: bool,
}

impl std::ops::Deref for Document {
    type Target = Contents;

    /// Reading a document is reading its contents; there is no way to change them through here.
    fn deref(&self) -> &Contents {
        &self.contents
    }
}

impl Document {
    #[must_use]
    pub fn new(author: impl Into<String>) -> Self {
        Self { author: author.into(), ..Self::default() }
    }

    /// A document as a store holds it. `None` where the log's undos do not fit its steps.
    pub(crate) fn restored(contents: Contents, log: &[LogEntry], author: String) -> Option<Self> {
        let history = History::from_log(log)?;
        let revision = log.last().map_or(Revision(0), |entry| entry.revision);
        let saved = history.last_done().map_or(Revision(0), |step| step.revision);
        Some(Self { contents, history, revision, saved, author, ..Self::default() })
    }

    pub(crate) fn attach(&mut self, sink: Option<Box<dyn Sink>>, read_only: bool) {
        self.sink = sink;
        self.read_only = read_only;
    }

    #[must_use]
    pub const fn contents(&self) -> &Contents {
        &self.contents
    }

    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// The pseudonym that steps are signed with from now on.
    pub fn set_author(&mut self, author: impl Into<String>) {
        self.author = author.into();
    }

    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The position in the log: goes up with every commit, undo and redo.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Which content this is: undoing a step gives back the content revision from before it.
    #[must_use]
    pub fn content_revision(&self) -> Revision {
        self.history.last_done().map_or(Revision(0), |step| step.revision)
    }

    /// Whether the content differs from what was last marked as saved; undoing back to it says no.
    #[must_use]
    pub fn is_modified(&self) -> bool {
        self.content_revision() != self.saved
    }

    pub fn mark_saved(&mut self) {
        self.saved = self.content_revision();
    }

    #[must_use]
    pub const fn is_step_open(&self) -> bool {
        self.open.is_some()
    }

    /// Opens a step. Commands are staged into it and seen at once; `commit` makes them one undo.
    pub fn begin(&mut self, name: &str) -> Result<()> {
        self.begin_step(StepInfo::named(name))
    }

    /// Opens a step that says with which tool or model it is made. Author and time are the document's.
    pub fn begin_step(&mut self, info: StepInfo) -> Result<()> {
        self.refuse_if_busy()?;
        self.open = Some(OpenStep { info, ..OpenStep::default() });
        Ok(())
    }

    /// Applies a command inside the open step. On an error nothing is changed and the step stays open.
    pub fn stage(&mut self, command: Command) -> Result<()> {
        let open = self.open.as_mut().ok_or(Error::NoStep)?;
        let mut editor = Editor::new(&mut self.contents);
        let outcome = apply::apply(&mut editor, &command);
        let Editor { undo, changes, dirty, signed, .. } = editor;
        open.dirty.extend(dirty);
        open.signed.extend(signed);
        if !undo.is_empty() {
            open.staged.push(Staged { command, undo });
        }
        self.note(changes);
        outcome
    }

    /// What the open step will say of itself, where that is known only at its end.
    pub fn describe(&mut self, describe: impl FnOnce(StepInfo) -> StepInfo) {
        if let Some(open) = &mut self.open {
            open.info = describe(std::mem::take(&mut open.info));
        }
    }

    /// Closes the step. `None` where nothing was staged that changed anything.
    pub fn commit(&mut self) -> Result<Option<Revision>> {
        let OpenStep { info, staged, dirty, signed, is_quiet } = self.open.take().ok_or(Error::NoStep)?;
        if staged.is_empty() {
            return Ok(None);
        }
        let info = self.signed_now(info);
        let mut payload = stroke::joined(staged);
        let touch = Touch::of(&info, self.revision.next());
        edit::sign(&mut self.contents, payload.undo.iter(), &signed, &Arc::new(touch.clone()))?;
        payload.touch = Some(touch);
        let payload = Arc::new(payload);
        let mut words: Vec<_> = payload.commands.iter().map(Command::name).collect();
        words.dedup();
        let name = info.name.clone();
        let act = if is_quiet { Act::Quiet } else { Act::Step };
        let revision = self.log(act, words.join(" "), info, Some(payload.clone()), &dirty);
        if !is_quiet {
            self.history.push(revision, name, payload);
        }
        if let Some(sink) = &self.sink {
            self.history.spill(sink.acknowledged());
        }
        Ok(Some(revision))
    }

    /// Takes back everything staged and closes the step.
    pub fn abort(&mut self) -> Result<()> {
        let open = self.open.take().ok_or(Error::NoStep)?;
        let mut editor = Editor::new(&mut self.contents);
        let outcome = open.staged.iter().rev().try_for_each(|staged| editor.apply_backwards(&staged.undo));
        let changes = editor.changes;
        self.note(changes);
        outcome
    }

    /// One step from commands that are known already; all of them or none.
    pub fn apply(&mut self, name: &str, commands: Vec<Command>) -> Result<Option<Revision>> {
        self.apply_step(StepInfo::named(name), commands)
    }

    pub fn apply_step(&mut self, info: StepInfo, commands: Vec<Command>) -> Result<Option<Revision>> {
        self.run_step(info, commands, false)
    }

    fn run_step(&mut self, info: StepInfo, commands: Vec<Command>, is_quiet: bool) -> Result<Option<Revision>> {
        self.begin_step(info)?;
        if let Some(open) = &mut self.open {
            open.is_quiet = is_quiet;
        }
        for command in commands {
            if let Err(error) = self.stage(command) {
                self.abort()?;
                return Err(error);
            }
        }
        self.commit()
    }

    /// One step that is no act of a person's: it is stored and logged, and undo passes over it. It must not touch what a
    /// person's steps before it made.
    pub fn apply_quietly(&mut self, name: &str, commands: Vec<Command>) -> Result<Option<Revision>> {
        self.run_step(StepInfo::named(name), commands, true)
    }

    /// Does again what an entry of a log says, with its own signature. Refused where it does not fit.
    pub(crate) fn replay(&mut self, entry: &LogEntry, payload: Option<&StepPayload>) -> Result<()> {
        let refused = || Error::refused(format!("step {} does not fit the steps before it", entry.revision));
        self.replaying = Some((entry.info.by.clone(), entry.info.at));
        match (entry.act, payload) {
            (Act::Step | Act::Quiet, Some(payload)) => {
                self.run_step(entry.info.clone(), payload.commands.clone(), entry.act == Act::Quiet)?;
            }
            (Act::Undo { of }, _) if self.history.last_done().is_some_and(|step| step.revision == of) => {
                self.undo()?;
            }
            (Act::Redo { of }, _) if self.history.last_undone().is_some_and(|step| step.revision == of) => {
                self.redo()?;
            }
            _ => return Err(refused()),
        }
        if self.revision == entry.revision { Ok(()) } else { Err(refused()) }
    }

    /// The name of the step that `undo` would take back.
    #[must_use]
    pub fn can_undo(&self) -> Option<&str> {
        self.history.last_done().map(|step| step.name.as_str())
    }

    #[must_use]
    pub fn can_redo(&self) -> Option<&str> {
        self.history.last_undone().map(|step| step.name.as_str())
    }

    /// Takes back the last step and says its name; `None` where there is none.
    pub fn undo(&mut self) -> Result<Option<String>> {
        self.refuse_if_busy()?;
        let Some(step) = self.history.last_done().cloned() else { return Ok(None) };
        let payload = step.payload(self.sink.as_deref())?;
        let dirty = self.change_whole(|editor| take_back(editor, &payload.undo))?;
        self.history.undo();
        let info = self.signed_now(StepInfo::named(step.name.clone()));
        self.log(Act::Undo { of: step.revision }, "undo".into(), info, None, &dirty);
        Ok(Some(step.name))
    }

    /// Does the last step undone again and says its name.
    pub fn redo(&mut self) -> Result<Option<String>> {
        self.refuse_if_busy()?;
        let Some(step) = self.history.last_undone().cloned() else { return Ok(None) };
        let payload = step.payload(self.sink.as_deref())?;
        let again = |editor: &mut Editor<'_>| {
            payload.commands.iter().try_for_each(|command| apply::apply(editor, command))?;
            let Some(touch) = payload.touch.clone() else { return Ok(()) };
            let signed = std::mem::take(&mut editor.signed);
            edit::sign(editor.contents, editor.undo.iter(), &signed, &Arc::new(touch))
        };
        let dirty = self.change_whole(again)?;
        self.history.redo();
        let info = self.signed_now(StepInfo::named(step.name.clone()));
        self.log(Act::Redo { of: step.revision }, "redo".into(), info, None, &dirty);
        Ok(Some(step.name))
    }

    /// What has changed since the last call, for those who draw. Boxes that nearly cover each other are joined.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes).all
    }

    /// Bytes of undo kept in memory, and how many are allowed before old steps stay in the store only.
    #[must_use]
    pub const fn history_bytes(&self) -> usize {
        self.history.bytes()
    }

    pub const fn set_history_budget(&mut self, bytes: usize) {
        self.history.budget_bytes = bytes;
    }

    fn refuse_if_busy(&self) -> Result<()> {
        if self.read_only {
            return Err(Error::ReadOnly);
        }
        match &self.open {
            Some(open) => Err(Error::StepOpen { name: open.info.name.clone() }),
            None => Ok(()),
        }
    }

    /// Runs a change of several edits that is done whole or not at all.
    fn change_whole(&mut self, change: impl FnOnce(&mut Editor<'_>) -> Result<()>) -> Result<BTreeSet<Dirty>> {
        let mut editor = Editor::new(&mut self.contents);
        let outcome = change(&mut editor);
        if outcome.is_err() {
            let partial = std::mem::take(&mut editor.undo);
            editor.apply_backwards(&partial)?;
        }
        let Editor { changes, dirty, .. } = editor;
        self.note(changes);
        outcome.map(|()| dirty)
    }

    fn signed_now(&mut self, info: StepInfo) -> StepInfo {
        let (by, at) = self.replaying.take().unwrap_or_else(|| (self.author.clone(), jiff::Timestamp::now()));
        StepInfo { by, at, ..info }
    }

    fn log(
        &mut self,
        act: Act,
        command: String,
        info: StepInfo,
        payload: Option<Arc<StepPayload>>,
        dirty: &BTreeSet<Dirty>,
    ) -> Revision {
        self.revision = self.revision.next();
        if let Some(sink) = &self.sink {
            let entry = LogEntry { revision: self.revision, act, command, info };
            let rows = dirty.iter().map(|dirty| self.row(*dirty)).collect();
            sink.keep(Batch { entry, payload, rows });
        }
        self.revision
    }

    fn row(&self, dirty: Dirty) -> Row {
        match dirty {
            Dirty::Entity(key) => {
                let map = (key.kind == Kind::Image).then(|| self.contents.label_map(ImageId(key.id)));
                let layers = map.flatten().map_or(1, |map| map.layers().len());
                let row = self.contents.row(key).cloned();
                let (value, origin) = row.map_or((None, None), |row| (Some(row.entity), row.origin));
                Row::Entity { key, value: value.map(Box::new), origin: origin.map(Box::new), layers }
            }
            Dirty::Brick { image, layer, number } => {
                let map = self.contents.label_map(image);
                let brick = map.and_then(|map| {
                    let layer = map.layers().get(layer)?;
                    Some((layer.brick(number)?.clone(), layer.grid().brick_box(number).len()))
                });
                Row::Brick { image, layer, number, brick }
            }
        }
    }

    fn note(&mut self, changes: Vec<Change>) {
        changes.into_iter().for_each(|change| self.changes.note(change));
    }
}

/// What has changed since somebody asked.
#[derive(Debug, Default)]
struct Changes {
    all: Vec<Change>,
    /// Those that are named in `all`: an import changes a million.
    entities: HashSet<Key>,
}

impl Changes {
    fn note(&mut self, change: Change) {
        match change {
            Change::Entity(key) => {
                if self.entities.insert(key) {
                    self.all.push(change);
                }
            }
            _ => note_drawn(&mut self.all, change),
        }
    }
}

fn note_drawn(all: &mut Vec<Change>, change: Change) {
    let crowded = all.len() >= CHANGES_LIMIT;
    let known = all.iter_mut().rev().any(|known| match (known, change) {
        (
            Change::Labels { image, layer, bounds },
            Change::Labels { image: new_image, layer: new_layer, bounds: new_bounds },
        ) if (*image, *layer) == (new_image, new_layer) => {
            let union = bounds.union(&new_bounds);
            let near = union.len() <= 2 * (bounds.len() + new_bounds.len());
            if near || crowded {
                *bounds = union;
            }
            near || crowded
        }
        (known, change) => *known == change,
    });
    if !known {
        all.push(change);
    }
}
/// Applies the edits of an undo. A row that the program's own notes point at since then stays.
fn take_back(editor: &mut Editor<'_>, undo: &[Edit]) -> Result<()> {
    let goes = |edit: &Edit| match edit {
        Edit::Entity { key, value: None, .. } => Some(*key),
        _ => None,
    };
    let going: Vec<_> = undo.iter().filter_map(goes).collect();
    let going: Vec<_> = going.into_iter().filter_map(|key| Some((key, editor.contents.row(key)?.clone()))).collect();
    editor.apply_backwards(undo)?;
    for (key, row) in going {
        if editor.contents.pointing_from_project(key).next().is_some() {
            editor.put_row(key, Some(row))?;
        }
    }
    Ok(())
}
