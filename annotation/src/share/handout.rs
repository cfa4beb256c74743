//! A file for one rater: their assignments and what those are about. It is made anew from clean rows, never by deleting
//! from a copy, so that nothing else can be left in it: no other rater's rows, no key, no source names, no origins.

use crate::command::Command;
use crate::contents::Contents;
use crate::entity::{Entity, Home, ImageId, Kind, LabelId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::project::Project;
use crate::records::{
    Annotation, Assignment, Judgement, Prediction, ProjectInfo, Protocol, Rater, RaterRole, Study, Subject,
};
use crate::series_facts::SeriesFacts;
use crate::share::paint::{self, Hashes};
use crate::share::{EXT, HandoutMeta, derived_id};
use crate::step::StepInfo;
use limner_imaging::{Task, Warning, formats};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedOut {
    pub assignments: usize,
    pub images: usize,
    /// Pictures that could not be copied, with why.
    pub warnings: Vec<Warning>,
}

/// Writes the handout of a rater. Pictures are copied under neutral names into a folder beside the file; where `copy` is
/// false they are left out, and who opens the handout finds them by their content.
pub fn handout(project: &Project, rater: &str, to: &Path, copy: bool, task: &Task) -> Result<HandedOut> {
    let contents = project.document().contents();
    let rater = contents
        .all::<Rater>()
        .find(|known| known.pseudonym == rater)
        .ok_or_else(|| Error::refused(format!("the project has no rater called \"{rater}\"")))?;
    let assignments = in_order(contents, rater.id);
    if assignments.is_empty() {
        return Err(Error::refused(format!("nothing is assigned to {}", rater.pseudonym)));
    }
    let mut picked = Picked::new(contents, rater);
    for assignment in &assignments {
        picked.assignment(assignment)?;
    }
    let mut handed = HandedOut { assignments: assignments.len(), ..HandedOut::default() };
    let files = if copy { copy_pictures(project, &picked, to, task, &mut handed)? } else { BTreeMap::new() };
    handed.images = picked.images().count();
    let (paints, hashes) = paint::shown(contents, picked.images().map(|image| image.id), &picked.shown_labels());
    let commands = with_paint(picked.clean(&files), paints, &hashes);
    let meta = HandoutMeta { project: project.meta().id, rater: rater.id, base: project.document().revision() };
    let mut file = Project::create_handout(to, &rater.pseudonym, meta)?;
    let document = file.document_mut();
    document.set_author("handout");
    document.apply_step(StepInfo::named("Hand out"), commands)?;
    document.set_author(rater.pseudonym.clone());
    file.close().map_err(|fault| Error::refused(format!("the handout could not be stored: {fault}")))?;
    contents.check_readable()?;
    Ok(handed)
}

/// Labels that are the content of other raters' versions or of predictions.
fn owned_labels(contents: &Contents, rater: RaterId) -> BTreeSet<LabelId> {
    let theirs = contents.all::<Annotation>().filter(|one| one.rater != rater).flat_map(|one| &one.content);
    let predicted = contents.all::<Prediction>().flat_map(|one| &one.content);
    let labels = theirs.chain(predicted).filter(|key| key.kind == Kind::Label);
    let instance = |id: &LabelId| contents.label(*id).is_some_and(|label| label.instance_of.is_some());
    labels.map(|key| LabelId(key.id)).filter(instance).collect()
}

/// A rater's assignments, shuffled where the protocol says so: for each rater another way, the same every time.
fn in_order(contents: &Contents, rater: RaterId) -> Vec<Assignment> {
    let mut mine: Vec<Assignment> = contents.all::<Assignment>().filter(|one| one.rater == rater).cloned().collect();
    let place = |assignment: &Assignment| {
        let blinding = contents.get::<Protocol>(assignment.protocol).map(|protocol| &protocol.blinding);
        let seed = blinding.filter(|blinding| blinding.order_random).map(|blinding| blinding.seed);
        let shuffled =
            seed.map(|seed| derived_id(&[&seed.to_le_bytes(), rater.0.as_bytes(), assignment.id.0.as_bytes()]));
        (assignment.protocol, shuffled, assignment.order, assignment.id)
    };
    mine.sort_by_key(place);
    for (order, assignment) in (0..).zip(&mut mine) {
        assignment.order = order;
    }
    mine
}

/// The commands of a handout: its rows, then what is painted in it. What it was when it was handed out is noted beside
/// each image, so that only what the rater changed is theirs.
fn with_paint(rows: Vec<Entity>, paints: Vec<Command>, hashes: &Hashes) -> Vec<Command> {
    let mut locked = Vec::new();
    let mut commands = Vec::with_capacity(rows.len() + paints.len());
    for row in rows {
        let ext = match &row {
            Entity::Image(image) => hashes.get(&image.id).map(|of| serde_json::json!({ "masks": of })),
            _ => None,
        };
        let row = match row {
            // A locked label cannot be painted with; it is locked again when everything is.
            Entity::Label(label) if label.locked => {
                locked.push(Command::put(Label::clone(&label)));
                Label { locked: false, ..*label }.into()
            }
            other => other,
        };
        let ext = ext.map(|value| (EXT.to_owned(), value)).into_iter().collect();
        commands.push(Command::Put { entity: Box::new(row), parents: Vec::new(), ext, origin: None });
    }
    commands.extend(paints);
    commands.extend(locked);
    commands
}

/// The rows that go into a handout, before they are cleaned.
struct Picked<'a> {
    contents: &'a Contents,
    rater: &'a Rater,
    rows: BTreeMap<Key, Entity>,
    /// Under these protocols nobody may learn who made what they see.
    hides_sources: bool,
    /// Stand-ins for those who made what is judged.
    sources: BTreeMap<RaterId, Rater>,
    /// Labels that are somebody's version of something; their names say whose.
    owned: BTreeSet<LabelId>,
}

impl<'a> Picked<'a> {
    fn new(contents: &'a Contents, rater: &'a Rater) -> Self {
        let owned = owned_labels(contents, rater.id);
        let mut picked =
            Self { contents, rater, rows: BTreeMap::new(), hides_sources: false, sources: BTreeMap::new(), owned };
        picked.add_row(rater.clone());
        // Everybody needs the words to label with; what others made of them comes with an assignment only.
        for label in contents.all::<Label>().filter(|label| !picked.owned.contains(&label.id)) {
            picked.rows.insert(label.id.key(), label.clone().into());
        }
        for info in contents.all::<ProjectInfo>() {
            picked.add_row(info.for_reader());
        }
        for ontology in contents.all::<crate::records::Ontology>() {
            picked.add_row(ontology.clone());
        }
        for form in contents.all::<crate::records::CaseForm>() {
            picked.add_row(form.clone());
        }
        picked
    }

    fn add_row(&mut self, entity: impl Into<Entity>) {
        let entity = entity.into();
        self.rows.insert(entity.key(), entity);
    }

    fn assignment(&mut self, assignment: &Assignment) -> Result<()> {
        let protocol = self.contents.get::<Protocol>(assignment.protocol);
        let protocol = protocol.ok_or(Error::Missing { key: assignment.protocol.into() })?;
        self.hides_sources |= protocol.blinding.source_hidden;
        self.add_row(protocol.clone());
        protocol.blinding.shown_labels.iter().try_for_each(|label| self.item(label.key()))?;
        self.add_row(assignment.clone());
        self.item(assignment.item)?;
        // What they have said before is theirs.
        for judgement in self.contents.all::<Judgement>().filter(|judgement| judgement.assignment == assignment.id) {
            if let crate::records::Payload::Preference { a, b, .. } = &judgement.payload {
                self.item(*a)?;
                self.item(*b)?;
            }
            self.add_row(judgement.clone());
        }
        Ok(())
    }

    /// Labels whose paint the reader may see: those their protocols show, and those that what they are to judge is painted
    /// with.
    fn shown_labels(&self) -> BTreeSet<LabelId> {
        let mut shown = BTreeSet::new();
        for row in self.rows.values() {
            let content = match row {
                Entity::Protocol(protocol) => {
                    shown.extend(&protocol.blinding.shown_labels);
                    continue;
                }
                Entity::Annotation(annotation) => &annotation.content,
                Entity::Prediction(prediction) => &prediction.content,
                _ => continue,
            };
            shown.extend(content.iter().filter(|key| key.kind == Kind::Label).map(|key| LabelId(key.id)));
        }
        shown
    }

    /// A row and all it points at, each as its reader may see it.
    fn item(&mut self, key: Key) -> Result<()> {
        if self.rows.contains_key(&key) {
            return Ok(());
        }
        let entity = self.contents.entity(key).ok_or(Error::Missing { key })?;
        let seen = self.as_seen(entity)?;
        if let Some(image) = seen.image() {
            self.item(image.into())?;
        }
        for mentioned in seen.rules().mentions() {
            if let Some(other) = self.sources.values().find(|rater| rater.id.key() == mentioned).cloned() {
                self.add_row(other);
            } else {
                self.item(mentioned)?;
            }
        }
        self.rows.insert(key, seen);
        Ok(())
    }

    /// The row without what its reader must not know.
    fn as_seen(&mut self, entity: &Entity) -> Result<Entity> {
        Ok(match entity {
            Entity::Annotation(annotation) if annotation.rater != self.rater.id => {
                if annotation.blinded_to.contains(&self.rater.id) {
                    return Err(Error::refused("an annotation that is hidden from the rater is assigned to them"));
                }
                let rater = self.stand_in(annotation.rater);
                Annotation { rater, blinded_to: Vec::new(), ..Annotation::clone(annotation) }.into()
            }
            Entity::Prediction(prediction) => {
                let mut seen = Prediction::clone(prediction);
                (seen.run, seen.scores, seen.parse_error) = (None, BTreeMap::new(), None);
                if self.hides_sources {
                    let name = "hidden".into();
                    seen.model = crate::records::PredictionModel { name, version: None, sha256: None };
                    // Raw output tends to name who speaks.
                    seen.raw_output = String::new();
                }
                seen.into()
            }
            Entity::Label(label) if self.owned.contains(&label.id) => {
                let kind = label.instance_of.and_then(|kind| self.contents.label(kind));
                let name = kind.map_or("Segment", |kind| kind.name.as_str());
                let name = format!("{name} {}", label.value);
                Label { name, synonyms: Vec::new(), definition: None, ..Label::clone(label) }.into()
            }
            Entity::Question(question) => question.for_reader().into(),
            Entity::ImageSet(set) => set.for_reader().into(),
            Entity::Study(study) => {
                let images = study.images.iter().copied().filter(|image| self.is_assigned(*image)).collect();
                // The diagnosis is the answer to most questions.
                Study { images, diagnosis: None, ..Study::clone(study) }.into()
            }
            Entity::Rater(rater) if rater.id != self.rater.id => {
                return Err(Error::refused(format!("a {} of the assignments names another rater", Kind::Rater)));
            }
            Entity::Judgement(_) | Entity::Consensus(_) | Entity::Decision(_) => {
                let kind = entity.kind();
                return Err(Error::refused(format!(
                    "a {kind} by others cannot be handed out; assign what it is about"
                )));
            }
            other => other.clone(),
        })
    }

    fn is_assigned(&self, image: ImageId) -> bool {
        let mut items = self.contents.all::<Assignment>().filter(|one| one.rater == self.rater.id);
        items.any(|assignment| match self.contents.entity(assignment.item) {
            Some(entity) => entity.image().map_or(assignment.item, ImageId::key) == image.key(),
            None => false,
        })
    }

    fn stand_in(&mut self, of: RaterId) -> RaterId {
        let n = self.sources.len() + 1;
        let stand_in = self.sources.entry(of).or_insert_with(|| Rater {
            id: RaterId(derived_id(&[b"stand-in", of.0.as_bytes(), self.rater.id.0.as_bytes()])),
            ..Rater::new(format!("source {n}"), RaterRole::Reader)
        });
        stand_in.id
    }

    fn images(&self) -> impl Iterator<Item = &ImageEntry> {
        self.rows.values().filter_map(|row| if let Entity::Image(image) = row { Some(image.as_ref()) } else { None })
    }

    /// The rows with neutral names, those first that others point at.
    fn clean(self, files: &BTreeMap<ImageId, Copied>) -> Vec<Entity> {
        let names: BTreeMap<ImageId, String> =
            self.images().zip(1..).map(|(image, n)| (image.id, format!("image {n:04}"))).collect();
        let mut subjects = 0;
        let mut rows: Vec<Entity> = Vec::with_capacity(self.rows.len());
        for row in self.rows.into_values() {
            rows.push(match row {
                Entity::Image(image) => {
                    let title = names[&image.id].clone();
                    let copy = files.get(&image.id);
                    let path = copy.map_or_else(|| title.clone(), |copy| slashed(&copy.path));
                    // The copy may keep the same values in other bytes; it is known again as it lies there.
                    let sha256 = copy.map_or(image.sha256, |copy| copy.sha256.clone());
                    let facts = image.facts.clone().without_source();
                    // The image it is a channel of may not be the rater's to see.
                    let facts =
                        SeriesFacts { channel_of: facts.channel_of.filter(|id| names.contains_key(id)), ..facts };
                    ImageEntry { path, title, series_uid: None, sha256, facts, ..*image }.into()
                }
                Entity::Subject(subject) => {
                    subjects += 1;
                    Subject { pseudonym: format!("subject {subjects}"), ..*subject }.into()
                }
                other => other,
            });
        }
        in_dependency_order(rows)
    }
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Rows such that each comes after all it points at.
pub(super) fn in_dependency_order(rows: Vec<Entity>) -> Vec<Entity> {
    let all: BTreeSet<Key> = rows.iter().map(Entity::key).collect();
    let mut done = BTreeSet::new();
    let mut ordered = Vec::with_capacity(rows.len());
    let mut waiting = rows;
    while !waiting.is_empty() {
        let ready = |row: &Entity, done: &BTreeSet<Key>| {
            let image = row.image().map(Key::from).filter(|_| row.kind().home() == Home::Image);
            row.rules().mentions().into_iter().chain(image).all(|key| done.contains(&key) || !all.contains(&key))
        };
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|row| ready(row, &done));
        if now.is_empty() {
            // A circle; whoever puts them will say what is wrong.
            ordered.extend(later);
            break;
        }
        done.extend(now.iter().map(Entity::key));
        ordered.extend(now);
        waiting = later;
    }
    ordered
}

/// A picture beside the handout.
struct Copied {
    /// From the handout's folder.
    path: PathBuf,
    /// Of its samples as they are stored there.
    sha256: String,
}

/// Writes the pictures into a folder beside the handout.
fn copy_pictures(
    project: &Project,
    picked: &Picked<'_>,
    to: &Path,
    task: &Task,
    handed: &mut HandedOut,
) -> Result<BTreeMap<ImageId, Copied>> {
    let stem = to.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = PathBuf::from(format!("{stem} images"));
    let place = to.with_file_name(&folder);
    std::fs::create_dir_all(&place).map_err(Error::io(&place, "could not make the folder for the pictures"))?;
    let mut files = BTreeMap::new();
    task.progress.begin("copying pictures", picked.images().count() as u64);
    for (image, n) in picked.images().zip(1..) {
        task.cancel.check()?;
        task.progress.advance(1);
        let written = project.open_image(image, task).and_then(|volume| {
            // A raster keeps colours exactly; NIfTI keeps everything else.
            let ending = if volume.is_colour() && volume.size()[2] == 1 { "png" } else { "nii.gz" };
            let name = format!("image {n:04}.{ending}");
            let file = place.join(&name);
            formats::write(&volume, &file)?;
            let mut found = formats::scan(&file, task)?.series.into_iter();
            let series = found.find(|series| series.size == image.size());
            let facts = series.ok_or_else(|| Error::Changed { path: file })?.facts(task)?;
            Ok(Copied { path: folder.join(name), sha256: facts.sha256_samples })
        });
        match written {
            Ok(copied) => drop(files.insert(image.id, copied)),
            Err(error) => {
                // The error names the source; the handout's reader does not see this, its maker does.
                let text = format!("the picture of {} could not be copied: {error}", image.title);
                handed.warnings.push(Warning { code: "picture_not_copied".into(), text });
            }
        }
    }
    Ok(files)
}
