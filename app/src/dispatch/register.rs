//! Lays the picture of another view over the active one's: a job with progress and cancel, its answer kept with the
//! picture so that linked views go through the same place of the patient.

use crate::app::App;
use crate::jobs::Apply;
use crate::workspace::{OpenPicture, Registered};
use limner_annotation::ImageId;
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

    pub(super) fn register_views(&mut self) {
        let Some((fixed, moving)) = self.registrable() else { return };
        let (fixed_image, moving_image) = (fixed.image, moving.image);
        let (fixed, moving, start) = (fixed.volume.clone(), moving.volume.clone(), moving.registered);
        let start = start.filter(|r| r.fixed == fixed_image).map(|r| r.moving_from_fixed);
        self.jobs.start_latest(SLOT, "Registering", move |task| {
            let found = register::register(&fixed, &moving, start, task)?;
            let apply: Apply = Box::new(move |app| {
                let moving_from_fixed = found.moving_from_fixed;
                app.place_registered(moving_image, Registered { fixed: fixed_image, moving_from_fixed });
                let (before, after) = (found.score_before, found.score_after);
                app.notices.done(format!("Registered: agreement {before:.3} before, {after:.3} now"));
            });
            Ok(apply)
        });
    }

    /// Keeps where a picture lies to another, and goes there in every linked view.
    fn place_registered(&mut self, moving: ImageId, registered: Registered) {
        if let Some(picture) = self.workspace.pictures.get_mut(&moving) {
            picture.registered = Some(registered);
        }
        let stage = &self.workspace.stage;
        let leader = stage.iter().find(|(_, view)| view.image == Some(registered.fixed)).map(|(id, _)| id);
        if let Some(id) = leader {
            self.workspace.lead(id);
        }
    }
}
