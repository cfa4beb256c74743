//! Pictures of what a view shows: to the clipboard, or as a file at a chosen scale.

use crate::app::App;
use crate::clip;
use crate::jobs::Apply;
use anyhow::Context as _;
use eframe::egui::ColorImage;
use std::path::PathBuf;

impl App {
    pub(super) fn copy_view(&mut self) {
        if self.workspace.active().is_none() {
            return;
        }
        match self.picture_of_active(1) {
            Ok(picture) => {
                let size = [picture.width() as usize, picture.height() as usize];
                self.ctx.copy_image(ColorImage::from_rgba_unmultiplied(size, picture.as_raw()));
                self.notices.done("The view was copied");
            }
            Err(error) => self.notices.error("The view could not be copied", &error),
        }
    }

    /// Without text: what is written on a view may name a patient's file.
    pub(super) fn save_view(&mut self, path: PathBuf) {
        let path = if path.extension().is_some() { path } else { path.with_extension("png") };
        let scale = usize::from(self.settings.look.snapshot_scale.clamp(1, 4));
        match self.picture_of_active(scale) {
            Ok(picture) => self.jobs.start("Saving the picture", move |_| {
                picture.save(&path).with_context(|| format!("could not write {}", path.display()))?;
                let apply: Apply = Box::new(move |app| app.notices.done(format!("Saved {}", path.display())));
                Ok(apply)
            }),
            Err(error) => self.notices.error("The view could not be saved", &error),
        }
    }

    /// Every frame or slice of the active view, or the volume once around, as an animated GIF. Drawn off the frame.
    pub(super) fn save_clip(&mut self, path: PathBuf) {
        let path = if path.extension().is_some() { path } else { path.with_extension("gif") };
        let Some((viewport, open)) = self.workspace.active() else { return };
        let (viewport, frames) = (viewport.clone(), open.frames());
        self.jobs.start("Saving the clip", move |task| {
            let frames = clip::write(&viewport, &frames, &path, task)?;
            let apply: Apply = Box::new(move |app| {
                app.notices.done(format!("Saved {frames} frames: {}", path.display()));
            });
            Ok(apply)
        });
    }

    fn picture_of_active(&mut self, scale: usize) -> anyhow::Result<image::RgbaImage> {
        let id = self.workspace.stage.active_id();
        let (viewport, open) = self.workspace.shown_in(id).context("no picture is shown in the active view")?;
        let review = self.review.look_of(id, &self.workspace.stage);
        self.gpu.snapshot((id, viewport, open), &self.workspace, review, scale)
    }
}
