//! What is open: a project, the series found so far, the pictures in memory, and the viewports that show them.

use crate::times::{Frames, Times};
use crate::view_state::{Stage, Viewport, ViewportId, link};
use glam::{DAffine3, DVec3};
use limner_annotation::{ImageId, Project};
use limner_imaging::study::{Patient, Study, straight};
use limner_imaging::{Clock, Series, StackAxis, View, Volume, Warning, Window, World};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Default)]
pub struct Workspace {
    pub project: Option<Project>,
    pub found: Vec<Series>,
    /// The found series as a hospital files them.
    pub patients: Vec<Patient>,
    /// Lines that are not listed: they turned out to be parts of other series, or were taken off the list.
    pub superseded: BTreeSet<usize>,
    /// Those of them that somebody took off: found again, they are listed again.
    taken_off: BTreeSet<usize>,
    /// Lines that look like masks of others.
    pub masks: BTreeSet<usize>,
    /// How often the list was emptied: what was begun for an older list is not for this one.
    pub list_age: u64,
    /// In memory, each shown in some viewport.
    pub pictures: BTreeMap<ImageId, OpenPicture>,
    pub stage: Stage,
    /// How pictures were seen that are shown no longer, for when they come back.
    pub looks: BTreeMap<ImageId, Viewport>,
    /// Pictures of the project that could not be read.
    pub missing: BTreeSet<ImageId>,
}

pub struct OpenPicture {
    pub image: ImageId,
    /// On its whole grid. Of a long film only the frame shown is in memory (`Volume::only_slice`).
    pub volume: Arc<Volume>,
    /// What is drawn: the volume, or of a long film the frame shown as a picture of its own.
    pub drawn: Arc<Volume>,
    pub title: String,
    /// Its line in `Workspace::found`.
    pub series: Option<usize>,
    /// The window its file asks for, or that fits its values.
    pub stored_window: Window,
    /// By its header or its values.
    pub is_ct: bool,
    /// Some detail was thrown away when the file was compressed.
    pub lossy: bool,
    /// Names the space it lies in: pictures of one space share their coordinates.
    pub space: Option<String>,
    /// Where it was found to lie to another picture.
    pub registered: Option<Registered>,
    /// When each of its frames or times is shown, where it goes on in time.
    pub clock: Option<Clock>,
    /// Of a 4D series, of which the volume is one time, and of a long film.
    pub times: Option<Times>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registered {
    pub fixed: ImageId,
    /// From the fixed picture's world to this one's.
    pub moving_from_fixed: DAffine3,
}

impl OpenPicture {
    /// Whether other planes than the stored one mean anything.
    pub fn has_planes(&self) -> bool {
        self.volume.stack_axis == StackAxis::Space && self.volume.size()[2] > 1
    }

    /// Its frames, or whatever its slices are, on any thread.
    pub fn frames(&self) -> Frames {
        let film = self.times.as_ref().filter(|_| self.volume.only_slice().is_some());
        Frames { volume: Arc::clone(&self.volume), film: film.map(Times::sequence) }
    }

    /// The plane it is stored in.
    pub fn stored_view(&self) -> View {
        View::of_stored_slices(&self.volume.geometry)
    }

    /// Whether it can be shown in 3D.
    pub fn has_solid(&self) -> bool {
        self.has_planes() && !self.volume.is_colour()
    }
}

impl Workspace {
    /// The picture in the active viewport: the one that panels, keys and tools without a pointer speak about.
    pub fn open(&self) -> Option<&OpenPicture> {
        self.picture_in(self.stage.active_id())
    }

    pub fn picture_in(&self, id: ViewportId) -> Option<&OpenPicture> {
        self.pictures.get(&self.stage.get(id)?.image?)
    }

    /// A viewport with the picture it shows, where that is in memory.
    pub fn shown_in(&self, id: ViewportId) -> Option<(&Viewport, &OpenPicture)> {
        Some((self.stage.get(id)?, self.picture_in(id)?))
    }

    /// The active viewport with its picture.
    pub fn active(&self) -> Option<(&Viewport, &OpenPicture)> {
        self.shown_in(self.stage.active_id())
    }

    /// Changes how a viewport shows its picture; viewports linked to it follow.
    pub fn look(&mut self, id: ViewportId, change: impl FnOnce(&mut Viewport, &OpenPicture)) {
        let Some(before) = self.stage.get(id).cloned() else { return };
        let picture = before.image.and_then(|image| self.pictures.get(&image));
        let (Some(viewport), Some(picture)) = (self.stage.get_mut(id), picture) else { return };
        change(viewport, picture);
        link::follow(&mut self.stage, &self.pictures, id, &before);
    }

    /// Takes all linked viewports to where a viewport is.
    pub fn lead(&mut self, id: ViewportId) {
        let Some(now) = self.stage.get(id) else { return };
        // As if it had come from elsewhere, so that the others follow.
        let before = Viewport { at: World(now.at.0 + DVec3::ONE), ..now.clone() };
        link::follow(&mut self.stage, &self.pictures, id, &before);
    }

    /// Whose a series is, and which study of theirs.
    pub fn study_of(&self, line: usize) -> Option<(&Patient, &Study)> {
        let studies =
            self.patients.iter().flat_map(|patient| patient.studies.iter().map(move |study| (patient, study)));
        studies.into_iter().find(|(_, study)| study.series.contains(&line))
    }

    /// Lets go of pictures no viewport shows, remembers how they were seen, and names them.
    pub fn drop_unseen(&mut self) -> Vec<ImageId> {
        let seen = self.stage.images();
        let unseen: Vec<ImageId> = self.pictures.keys().copied().filter(|image| !seen.contains(image)).collect();
        for image in &unseen {
            self.pictures.remove(image);
        }
        unseen
    }

    /// Keeps how a viewport shows its picture.
    pub fn remember_look(&mut self, id: ViewportId) {
        if let Some(viewport) = self.stage.get(id)
            && let Some(image) = viewport.image
        {
            self.looks.insert(image, viewport.clone());
        }
    }

    /// Puts whole series in the place of the parts that were listed while a scan went on, and lists what is new.
    pub fn settle_found(&mut self, told: &[usize], series: Vec<Series>) -> Option<usize> {
        let is_whole = |n: usize| series.iter().any(|one| is_same(one, &self.found[n]));
        let parts: Vec<usize> = told.iter().copied().filter(|&n| !is_whole(n)).collect();
        self.superseded.extend(parts);
        self.add_found(series)
    }

    /// Empties the list of series.
    pub fn forget_list(&mut self) {
        self.found.clear();
        self.patients.clear();
        self.superseded.clear();
        self.taken_off.clear();
        self.masks.clear();
        self.list_age += 1;
    }

    /// Takes a line off the list until its series is found again. It keeps its number: others count from it.
    pub fn take_off(&mut self, line: usize) {
        if line < self.found.len() && self.superseded.insert(line) {
            self.taken_off.insert(line);
        }
    }

    /// Adds what a scan found; a series already listed is not listed twice. The answer is where the first one stands.
    pub fn add_found(&mut self, series: Vec<Series>) -> Option<usize> {
        let mut first = None;
        for one in series {
            let position = match self.found.iter().position(|listed| is_same(&one, listed)) {
                Some(known) => self.find_again(known, one.warnings),
                None => {
                    self.found.push(one);
                    self.found.len() - 1
                }
            };
            first = first.or(Some(position));
        }
        first
    }

    /// A line whose series was found again, with what is said of it now.
    fn find_again(&mut self, line: usize, warnings: Vec<Warning>) -> usize {
        if self.taken_off.remove(&line) {
            self.superseded.remove(&line);
        }
        let known = &mut self.found[line].warnings;
        for warning in warnings {
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
        line
    }
}

/// Whether two lines are one series. A project writes where its pictures lie from its own folder, with detours.
fn is_same(one: &Series, other: &Series) -> bool {
    let is_at = |a: &PathBuf, b: &PathBuf| a == b || a.file_name() == b.file_name() && straight(a) == straight(b);
    one.uid == other.uid
        && one.files.len() == other.files.len()
        && is_at(&one.path, &other.path)
        && one.files.iter().zip(&other.files).all(|(a, b)| is_at(a, b))
}
