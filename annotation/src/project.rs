//! A project: a document, the file it is kept in, and the lock that makes us its only writer.

use crate::command::Command;
use crate::document::Document;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::id::Revision;
use crate::image_entry::ImageEntry;
use crate::share::HandoutMeta;
use crate::sources;
use crate::step::{LogEntry, Sink};
use crate::store::{self, Lock, Note, ProjectMeta, Recovered, SqliteStore, Store, Writer};
use limner_imaging::{Series, Task, Volume, Warning};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The ending of project files.
pub const EXTENSION: &str = "limner";

#[derive(Debug)]
pub struct Project {
    path: PathBuf,
    meta: ProjectMeta,
    notices: Vec<Warning>,
    // Fields drop in this order: the document lets go of the writer, the writer ends its work, then the lock goes.
    document: Document,
    writer: Option<Writer>,
    _lock: Option<Lock>,
}

impl Project {
    /// Makes a new project file. `author` is a pseudonym; it signs the steps.
    pub fn create(path: &Path, name: &str, author: &str) -> Result<Self> {
        Self::create_with(path, name, author, None)
    }

    /// Makes the file of a handout; its author is the rater it is for.
    pub(crate) fn create_handout(path: &Path, rater: &str, handout: HandoutMeta) -> Result<Self> {
        Self::create_with(path, &format!("Handout for {rater}"), rater, Some(handout))
    }

    fn create_with(path: &Path, name: &str, author: &str, handout: Option<HandoutMeta>) -> Result<Self> {
        let lock = Lock::take(path)?;
        let meta = ProjectMeta {
            id: uuid::Uuid::now_v7(),
            name: name.into(),
            author: author.into(),
            created: jiff::Timestamp::now(),
            handout,
        };
        let store = SqliteStore::create(path, &meta)?;
        Self::with_store(path, Box::new(store), Some(lock))
    }

    /// Opens a project to work on. Where somebody else has it open the error says so.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, store::Loading::default())
    }

    /// Opens a project to look at, also while somebody else works on it.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        Self::with_store(path, Box::new(SqliteStore::open_read_only(path)?), None)
    }

    /// As `open`, but says how much is read at once.
    pub fn open_with(path: &Path, loading: store::Loading) -> Result<Self> {
        // The lock file must not appear beside something that is not a project.
        SqliteStore::probe(path)?;
        let lock = Lock::take(path)?;
        Self::with_store(path, Box::new(SqliteStore::open(path)?.loading(loading)), Some(lock))
    }

    /// A project kept in any store; without a lock it is read-only.
    fn with_store(path: &Path, mut store: Box<dyn Store>, lock: Option<Lock>) -> Result<Self> {
        let meta = store.meta()?;
        let (contents, log) = store.load()?;
        let mut document = Document::restored(contents, &log, meta.author.clone())
            .ok_or_else(|| Error::damaged(path, "the log undoes steps that were not done"))?;
        let revision = document.revision();
        let lost = lock.as_ref().and_then(|lock| lock.before).filter(|note| note.project == meta.id);
        let notices = lost.filter(|note| note.revision > revision).map(|note| lost_steps(note.revision.0 - revision.0));
        let mut witness = lock.as_ref().and_then(Lock::witness);
        let project = meta.id;
        let mut note = move |revision| witness.iter_mut().for_each(|w| w.note(Note { project, revision }));
        note(revision);
        let writer = Writer::start(store, revision, Box::new(note))?;
        document.attach(Some(Box::new(writer.handle())), lock.is_none());
        let notices = notices.into_iter().collect();
        Ok(Self { path: path.into(), meta, notices, document, writer: Some(writer), _lock: lock })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub const fn meta(&self) -> &ProjectMeta {
        &self.meta
    }

    /// Where it belongs, for a file that was handed out to a rater.
    #[must_use]
    pub const fn handout(&self) -> Option<&HandoutMeta> {
        self.meta.handout.as_ref()
    }

    /// What a user must know about how the project was found.
    #[must_use]
    pub fn notices(&self) -> &[Warning] {
        &self.notices
    }

    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    pub const fn document_mut(&mut self) -> &mut Document {
        &mut self.document
    }

    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.document.is_read_only()
    }

    /// Up to where every step survives a power cut.
    #[must_use]
    pub fn acknowledged(&self) -> Revision {
        self.writer.as_ref().map_or(Revision(0), |writer| writer.handle().acknowledged())
    }

    /// Whether something is on its way to the disk, or did not get there.
    #[must_use]
    pub fn is_saving(&self) -> bool {
        self.acknowledged() < self.document.revision()
    }

    /// Why steps are no longer stored, or why a part could not be read, where that is so. The document still has them.
    #[must_use]
    pub fn fault(&self) -> Option<Arc<Error>> {
        let unreadable = || self.document.check_readable().err().map(Arc::new);
        self.writer.as_ref().and_then(|writer| writer.handle().fault()).or_else(unreadable)
    }

    /// Returns when every step is stored, or with the reason why one is not.
    pub fn wait_until_synced(&self) -> Result<(), Arc<Error>> {
        self.writer.as_ref().map_or(Ok(()), |writer| writer.handle().wait_until_synced())
    }

    /// The log from the first entry on: who, when, what, with which tool or model.
    pub fn log(&self) -> Result<Vec<LogEntry>> {
        self.on_store(|store| store.log())
    }

    /// Reads everything and compares checksums; the problems found.
    pub fn verify(&self) -> Result<Vec<String>> {
        self.on_store(|store| store.verify())
    }

    /// A copy of the project as it is now, while it stays open.
    pub fn backup(&self, to: &Path) -> Result<()> {
        let to = to.to_path_buf();
        self.on_store(move |store| store.backup(&to))
    }

    /// Gives the project another name, now and on the disk. It is the name of the file's list entry, no step of the work.
    pub fn rename(&mut self, name: &str) -> Result<()> {
        if self.is_read_only() {
            return Err(Error::ReadOnly);
        }
        let to = name.to_owned();
        self.on_store(move |store| store.rename(&to))?;
        name.clone_into(&mut self.meta.name);
        Ok(())
    }

    /// Gives back the room that removed things took.
    pub fn compact(&self) -> Result<()> {
        if self.is_read_only() {
            return Err(Error::ReadOnly);
        }
        self.on_store(|store| store.compact())
    }

    fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.as_ref().ok_or(Error::WriterGone)?.handle().run(work)
    }

    /// Where an image's file is, as far as the project knows.
    #[must_use]
    pub fn file_of(&self, image: &ImageEntry) -> PathBuf {
        folder_of(&self.path).join(&image.path)
    }

    /// How the project writes the path of a file: from its own folder where that is possible.
    #[must_use]
    pub fn path_for(&self, file: &Path) -> String {
        relative(&folder_of(&self.path), file)
    }

    /// Replays the sound part of a damaged project's log into a new file; the damaged one stays as it is.
    pub fn recover(damaged: &Path, to: &Path) -> Result<Recovered> {
        let lock = Lock::take(to)?;
        let recovered = store::recover(damaged, to)?;
        drop(lock);
        Ok(recovered)
    }

    /// Describes a series for `AddImage`, with its path from the project's folder.
    pub fn entry_of(&self, series: &Series, task: &Task) -> Result<ImageEntry> {
        sources::entry_of(series, self.path_for(&series.path), task)
    }

    /// Reads the picture of an image; one that is not the picture that was added is refused.
    pub fn open_image(&self, image: &ImageEntry, task: &Task) -> Result<Volume> {
        sources::open(image, &self.file_of(image), task)
    }

    /// Finds an image's series, with its picture unless it is a film too long for memory.
    pub fn find_image(&self, image: &ImageEntry, task: &Task) -> Result<(Series, Option<Volume>)> {
        sources::find(image, &self.file_of(image), task)
    }

    /// Images that are not at their place.
    pub fn lost(&self) -> impl Iterator<Item = &ImageEntry> {
        self.document.images().filter(|image| !self.file_of(image).exists())
    }

    /// Finds images that are not at their place under a folder and corrects their paths in one step; how many.
    pub fn relink(&mut self, folder: &Path, task: &Task) -> Result<usize> {
        let lost: Vec<_> = self.lost().collect();
        let moved = sources::find_moved(&lost, folder, task)?;
        self.relink_to(&moved)
    }

    /// The same of images that were found already.
    pub fn relink_to(&mut self, moved: &[(ImageId, PathBuf)]) -> Result<usize> {
        let commands: Vec<_> = moved
            .iter()
            .filter_map(|(id, file)| Some((self.document.image(*id)?, file)))
            .map(|(image, file)| Command::EditImage {
                image: ImageEntry { path: self.path_for(file), ..image.clone() },
            })
            .collect();
        let count = commands.len();
        self.document.apply("Relink images", commands)?;
        Ok(count)
    }

    /// Stores everything and closes; dropping does the same without a word when the disk fails.
    pub fn close(self) -> Result<(), Arc<Error>> {
        self.wait_until_synced()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.document.close();
        // The thread ends when the last handle is gone, and the document holds one.
        self.document.attach(None, true);
        self.writer = None;
    }
}

fn lost_steps(count: u64) -> Warning {
    let text = format!(
        "the last {count} steps that were stored are no longer in the project file; look for a newer copy or a backup"
    );
    Warning { code: "lost_steps".into(), text }
}

fn folder_of(project: &Path) -> PathBuf {
    let absolute = std::path::absolute(project).unwrap_or_else(|_| project.to_path_buf());
    absolute.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn relative(folder: &Path, file: &Path) -> String {
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.into());
    let (folder, file) = (real(folder), real(file));
    let mut from = folder.components().peekable();
    let mut to = file.components().peekable();
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    // Two drives share nothing.
    if matches!(from.peek(), Some(Component::Prefix(_))) {
        return file.to_string_lossy().into_owned();
    }
    let up = from.map(|_| "..".to_owned());
    up.chain(to.map(|part| part.as_os_str().to_string_lossy().into_owned())).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_from_the_projects_folder() {
        let (a, b) = (Path::new("/none/study/p"), Path::new("/none/study/images/ct.nii"));
        assert_eq!(relative(a, b), "../images/ct.nii");
        assert_eq!(relative(Path::new("/none/study"), b), "images/ct.nii");
    }
}
