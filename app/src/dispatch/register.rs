//! Where one picture lies to another: found by a job with progress and cancel, or set by hand; kept in the project as a
//! step that can be undone, so that linked views and pictures laid over each other go through the same place.

use crate::app::App;
use crate::jobs::Apply;
use crate::workspace::{OpenPicture, Registered};
use glam::DAffine3;
use limner_annotation::records::Registration;
use limner_annotation::{Command, Contents, ImageId};
use limner_imaging::register;

const SLOT: &str = "register";

impl App {
    /// The picture that stays, and the first other volume on screen, which is moved.
    pub fn registrable(&self) -> Option<(&OpenPicture, &OpenPicture)> {
        let fixed = self.workspace.open().filter(|open| open.has_solid())?;
        let others = self.workspace.stage.visible().into_iter().filter_map(|id| self.workspace.picture_in(id));
        let moving = others.into_iter().find(|open| open.image != fixed.image && open.has_solid())?;
        Some((fixed, moving))
    }

    /// The registration the hand is on: of the active picture and another on screen, either way round.
    pub fn registration_in_view(&self) -> Option<&Registration> {
        let (one, other) = self.registrable()?;
        let document = self.document()?;
        let pair = [(one.image, other.image), (other.image, one.image)];
        pair.into_iter().find_map(|(fixed, moving)| of_pair(document, fixed, moving))
    }

    pub(super) fn register_views(&mut self) {
        let Some((fixed, moving)) = self.registrable() else { return };
        let (fixed_image, moving_image) = (fixed.image, moving.image);
        let (fixed, moving, start) = (fixed.volume.clone(), moving.volume.clone(), moving.registered);
        let start = start.filter(|r| r.fixed == fixed_image).map(|r| r.moving_from_fixed);
        self.jobs.start_latest(SLOT, "Registering", move |task| {
            let found = register::register(&fixed, &moving, start, task)?;
            let apply: Apply = Box::new(move |app| {
                let (before, after) = (found.score_before, found.score_after);
                let pair = (fixed_image, moving_image);
                if app.keep_registration("Register", pair, found.moving_from_fixed, Some(after)) {
                    app.notices.done(format!("Registered: agreement {before:.3} before, {after:.3} now"));
                }
            });
            Ok(apply)
        });
    }

    /// Moves the picture while the hand pulls; where the hand lets go it becomes a step.
    pub(super) fn adjust_registration(&mut self, fixed: ImageId, moving: ImageId, to: DAffine3, is_done: bool) {
        if is_done {
            self.keep_registration("Adjust registration", (fixed, moving), to, None);
        } else if let Some(picture) = self.workspace.pictures.get_mut(&moving) {
            picture.registered = Some(Registered { fixed, moving_from_fixed: to });
            self.lead_from(fixed);
        }
    }

    pub(super) fn remove_registration(&mut self) {
        let Some(id) = self.registration_in_view().map(|registration| registration.id) else { return };
        self.change("The removal", |document| {
            document.apply("Remove registration", vec![Command::remove(id)]).map(|_| ())
        });
    }

    fn keep_registration(
        &mut self,
        step: &str,
        (fixed, moving): (ImageId, ImageId),
        moving_from_fixed: DAffine3,
        score: Option<f64>,
    ) -> bool {
        let kept = self.change("The registration", |document| {
            let record = match of_pair(document, fixed, moving).cloned() {
                Some(former) => Registration { score, ..former.with(moving_from_fixed) },
                None => Registration::new(fixed, moving, moving_from_fixed, score),
            };
            document.apply(step, vec![Command::put(record)]).map(|_| ())
        });
        kept.is_some()
    }

    /// Brings where open pictures lie in line with what the project says.
    pub(super) fn follow_registrations(&mut self) {
        let Some(project) = &self.workspace.project else { return };
        let mut moved = Vec::new();
        for open in self.workspace.pictures.values_mut() {
            let all = project.document().all::<Registration>().filter(|one| one.moving == open.image);
            let now = all
                .into_iter()
                .next()
                .map(|one| Registered { fixed: one.fixed, moving_from_fixed: one.moving_from_fixed() });
            if open.registered != now {
                open.registered = now;
                moved.extend(now.map(|registered| registered.fixed));
            }
        }
        for fixed in moved {
            self.lead_from(fixed);
        }
    }

    /// Takes linked views to where a picture is seen.
    fn lead_from(&mut self, image: ImageId) {
        let leader = self.workspace.stage.iter().find(|(_, view)| view.image == Some(image)).map(|(id, _)| id);
        if let Some(id) = leader {
            self.workspace.lead(id);
        }
    }
}

fn of_pair(contents: &Contents, fixed: ImageId, moving: ImageId) -> Option<&Registration> {
    contents.all::<Registration>().find(|one| one.fixed == fixed && one.moving == moving)
}
