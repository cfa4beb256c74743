//! Brings handouts back. What a rater made is added with who made it and when; what the project changed since is never
//! overwritten: both versions stay, and the conflict is listed. Collecting the same file again changes nothing.

use crate::command::Command;
use crate::contents::Contents;
use crate::document::Document;
use crate::entity::{Entity, Kind};
use crate::error::{Error, Result};
use crate::id::{Key, Revision};
use crate::image_entry::ImageEntry;
use crate::origin::{Origin, Touch};
use crate::project::Project;
use crate::records::{Assignment, Rater};
use crate::rows::Row;
use crate::share::handout::in_dependency_order;
use crate::share::paint::{self, Outcome};
use crate::share::{EXT, HandoutMeta};
use crate::step::StepInfo;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What came of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    pub rater: String,
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
    pub conflicts: Vec<Conflict>,
}

/// Something that both sides changed, or that does not fit any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub key: Key,
    /// What is so, and what was done about it.
    pub what: String,
}

/// Merges a handout into the project it was made from, in one step.
pub fn collect(project: &mut Project, file: &Path) -> Result<Collected> {
    let handout = Project::open_read_only(file)?;
    let meta = handout.handout().ok_or_else(|| {
        Error::refused(format!("this is not a handout, so there is nothing to collect: {}", file.display()))
    })?;
    if meta.project != project.meta().id {
        return Err(Error::refused(format!("the handout belongs to another project: {}", file.display())));
    }
    let meta = meta.clone();
    let rater = project.document().get::<Rater>(meta.rater).cloned();
    let rater = rater.ok_or(Error::Missing { key: meta.rater.into() })?;
    let theirs = handout.document().contents().clone();
    let mut collected = Collected { rater: rater.pseudonym.clone(), ..Collected::default() };
    let document = project.document_mut();
    document.begin_step(StepInfo::named(format!("Collect from {}", rater.pseudonym)).with_tool("collect"))?;
    let mut merge = Merge {
        document,
        theirs: &theirs,
        handout: handout.meta().id,
        meta,
        rater,
        collected: &mut collected,
        put: BTreeSet::new(),
    };
    let merged = merge.rows().and_then(|()| merge.paint()).and_then(|()| merge.gone());
    let readable = theirs.check_readable();
    match merged.and(readable) {
        Ok(()) => drop(document.commit()?),
        Err(error) => {
            document.abort()?;
            return Err(error);
        }
    }
    Ok(collected)
}

struct Merge<'a> {
    document: &'a mut Document,
    theirs: &'a Contents,
    /// The id of the handout file.
    handout: uuid::Uuid,
    meta: HandoutMeta,
    rater: Rater,
    collected: &'a mut Collected,
    /// Rows this merge has put.
    put: BTreeSet<Key>,
}

/// The first revision of a handout is the handing out itself.
const HANDED_OUT: Revision = Revision(1);

impl Merge<'_> {
    fn conflict(&mut self, key: Key, what: impl Into<String>) {
        self.collected.conflicts.push(Conflict { key, what: what.into() });
    }

    /// Rows the rater made or changed.
    fn rows(&mut self) -> Result<()> {
        let touched = |row: &&Row| row.origin.as_ref().is_some_and(|origin| origin.modified.revision > HANDED_OUT);
        let rows: Vec<Row> = self.theirs.rows().filter(touched).cloned().collect();
        let origins: BTreeMap<Key, Option<Origin>> =
            rows.iter().map(|row| (row.entity.key(), row.origin.clone())).collect();
        for entity in in_dependency_order(rows.into_iter().map(|row| row.entity).collect()) {
            let Some(origin) = origins.get(&entity.key()).cloned().flatten() else { continue };
            match &entity {
                Entity::Assignment(assignment) if origin.created.revision == HANDED_OUT => self.assignment(assignment),
                _ if origin.created.revision == HANDED_OUT => self.changed_what_was_handed_out(&entity),
                _ => self.row(entity, origin),
            }?;
        }
        Ok(())
    }

    /// How far the rater is with an assignment; its place in their list stays theirs.
    fn assignment(&mut self, theirs: &Assignment) -> Result<()> {
        let Some(ours) = self.document.get::<Assignment>(theirs.id).cloned() else {
            self.conflict(theirs.id.into(), "the assignment is no longer in the project; its state was not brought in");
            return Ok(());
        };
        let said = |one: &Assignment| (one.status, one.started, one.ended, one.active_ms);
        if said(&ours) == said(theirs) {
            return Ok(());
        }
        let status = theirs.status;
        let (started, ended, active_ms) = (theirs.started, theirs.ended, theirs.active_ms);
        let merged = Assignment { status, started, ended, active_ms, ..ours.clone() };
        if self.is_untouched(ours.id.into()) {
            self.stage(merged.into(), None, &mut |collected| collected.changed += 1)
        } else {
            self.keep_beside(ours.id.into(), &merged.into(), "the assignment was changed on both sides")
        }
    }

    fn changed_what_was_handed_out(&mut self, theirs: &Entity) -> Result<()> {
        let key = theirs.key();
        // Changed and changed back, or of no concern here.
        if self.document.entity(key) == Some(theirs) || self.only_found_again(theirs) {
            return Ok(());
        }
        if self.document.row(key).is_none() {
            self.conflict(key, "it was changed by the rater but is no longer in the project");
            return Ok(());
        }
        self.keep_beside(key, theirs, "the rater changed what was handed out")
    }

    /// Whether only the file of an image is another one: on the rater's machine, of no concern here.
    fn only_found_again(&self, theirs: &Entity) -> bool {
        let Entity::Image(theirs) = theirs else { return false };
        self.document.image(theirs.id).is_some_and(|ours| {
            let (path, title, series_uid) = (ours.path.clone(), ours.title.clone(), ours.series_uid.clone());
            let (sha256, facts) = (ours.sha256.clone(), ours.facts.clone());
            *ours == ImageEntry { path, title, series_uid, sha256, facts, ..ImageEntry::clone(theirs) }
        })
    }

    fn row(&mut self, theirs: Entity, origin: Origin) -> Result<()> {
        let key = theirs.key();
        let Some(ours) = self.document.row(key).map(|row| row.entity.clone()) else {
            return self.stage(theirs, Some(origin), &mut |collected| collected.added += 1);
        };
        if ours == theirs {
            return Ok(());
        }
        if self.is_untouched(key) {
            self.stage(theirs, Some(origin), &mut |collected| collected.changed += 1)
        } else {
            self.keep_beside(key, &theirs, "it was changed on both sides")
        }
    }

    /// Whether nobody changed a row in the project since it was handed out or collected last.
    fn is_untouched(&self, key: Key) -> bool {
        let Some(origin) = self.document.origin(key) else { return true };
        let collected = origin.ext.get(EXT).and_then(|ext| ext.get("revision")).and_then(serde_json::Value::as_u64);
        let last = collected.map_or(self.meta.base, Revision).max(self.meta.base);
        origin.modified.revision <= last
    }

    /// Puts a row, with its own author and time, at this project's revision.
    fn stage(&mut self, entity: Entity, theirs: Option<Origin>, count: &mut dyn FnMut(&mut Collected)) -> Result<()> {
        let key = entity.key();
        let revision = self.document.revision().next();
        let here = |touch: &Touch| Arc::new(Touch { revision, ..touch.clone() });
        let ours = self.document.origin(key).cloned();
        let touch = theirs.as_ref().map(|origin| (here(&origin.created), here(&origin.modified)));
        let mut ext = ours.as_ref().or(theirs.as_ref()).map(|origin| origin.ext.clone()).unwrap_or_default();
        let parents = theirs.or(ours).map(|origin| origin.parents).unwrap_or_default();
        ext.insert(EXT.into(), serde_json::json!({"handout": self.handout, "revision": revision.0}));
        let origin = touch.map(|(created, modified)| {
            Box::new(Origin { created, modified, parents: parents.clone(), ext: ext.clone() })
        });
        match self.document.stage(Command::Put { entity: Box::new(entity), parents, ext, origin }) {
            Ok(()) => {
                self.put.insert(key);
                count(self.collected);
            }
            Err(Error::Refused { .. } | Error::Missing { .. }) if self.document.row(key).is_none() => {
                self.conflict(key, "it does not fit into the project any more; what it points at may be gone");
            }
            Err(Error::Refused { reason }) => self.conflict(key, reason),
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Keeps the project's version and writes the rater's beside it, so that neither is lost.
    fn keep_beside(&mut self, key: Key, theirs: &Entity, what: &str) -> Result<()> {
        let Some(row) = self.document.row(key).cloned() else { return Ok(()) };
        let version = serde_json::to_value(theirs).map_err(Error::json("could not write a row"))?;
        let name = format!("limner.conflict.{}", self.rater.pseudonym);
        let mut ext = row.origin.as_ref().map(|origin| origin.ext.clone()).unwrap_or_default();
        self.conflict(key, format!("{what}; the project's version stays, the other is kept beside it"));
        if ext.get(&name) == Some(&version) {
            return Ok(());
        }
        ext.insert(name, version);
        let origin = row.origin.map(|origin| Box::new(Origin { ext: ext.clone(), ..origin }));
        self.document.stage(Command::Put { entity: Box::new(row.entity), parents: Vec::new(), ext, origin })
    }

    fn paint(&mut self) -> Result<()> {
        let collected = paint::collected_from(self.document, self.handout);
        for painted in paint::painted_in(self.theirs, &collected) {
            let key: Key = painted.image.into();
            let brought = paint::bring_in(self.document, &self.rater, self.handout, &painted);
            let (commands, beside) = match brought {
                Ok(Outcome::Same) => continue,
                Ok(Outcome::Put(commands)) => (commands, false),
                Ok(Outcome::Beside(commands)) => (commands, true),
                Err(Error::Missing { key }) => {
                    self.conflict(key, "the rater painted on or with it, but it is no longer in the project");
                    continue;
                }
                Err(other) => return Err(other),
            };
            commands.into_iter().try_for_each(|command| self.document.stage(command))?;
            self.collected.added += 1;
            if beside {
                self.conflict(key, "paint collected before was changed in the project; the newer one is put beside it");
            }
        }
        Ok(())
    }

    /// Rows collected from this file before that the rater has taken out since.
    fn gone(&mut self) -> Result<()> {
        let from_here = |row: &&Row| {
            let ext = row.origin.as_ref().and_then(|origin| origin.ext.get(EXT));
            ext.and_then(|ext| ext.get("handout")).and_then(|id| id.as_str()) == Some(&self.handout.to_string())
        };
        let known = |row: &&Row| !matches!(row.entity.kind(), Kind::Annotation | Kind::Assignment);
        let rows = self.document.contents().rows().filter(from_here).filter(known);
        let gone: Vec<Key> = rows.map(|row| row.entity.key()).filter(|key| self.theirs.row(*key).is_none()).collect();
        // Those that point at others go first.
        for key in gone.into_iter().rev() {
            if !self.is_untouched(key) {
                self.conflict(key, "the rater took it out, but it was changed in the project; it stays");
                continue;
            }
            match self.document.stage(Command::remove(key)) {
                Ok(()) => self.collected.removed += 1,
                Err(Error::Refused { reason }) => self.conflict(key, reason),
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}
