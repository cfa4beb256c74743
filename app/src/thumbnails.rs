//! Small pictures of the series in the list: made one after the other, off the frame, as series are found.

use crate::app::App;
use crate::jobs::Apply;
use eframe::egui::{ColorImage, TextureHandle, TextureOptions};
use limner_imaging::thumbnail::{self, Thumbnail};
use std::collections::BTreeMap;

/// In pixels: sharp at twice the size it is shown at.
pub const SIDE: usize = 96;
const SLOT: &str = "thumbnail";

/// By line of the series list; `None` where there is no picture to show.
#[derive(Default)]
pub struct Thumbnails {
    made: BTreeMap<usize, Option<TextureHandle>>,
}

impl Thumbnails {
    pub fn get(&self, series: usize) -> Option<&TextureHandle> {
        self.made.get(&series)?.as_ref()
    }

    /// Whether a series was looked at, picture or not.
    pub fn is_made(&self, series: usize) -> bool {
        self.made.contains_key(&series)
    }
}

impl App {
    /// Begins the next thumbnail that is missing, where none is being made.
    pub(crate) fn order_thumbnail(&mut self) {
        if self.jobs.is_busy(SLOT) {
            return;
        }
        let missing = (0..self.workspace.found.len()).find(|n| !self.thumbnails.made.contains_key(n));
        let Some(n) = missing else { return };
        // Asked for once, whatever becomes of it.
        self.thumbnails.made.insert(n, None);
        let (series, age) = (self.workspace.found[n].clone(), self.workspace.list_age);
        self.jobs.start_quiet(SLOT, move |task| {
            // What cannot be read is told when it is opened.
            let picture = thumbnail::of_series(&series, SIDE, task).ok().map(|small| image_of(&small));
            let apply: Apply = Box::new(move |app| {
                if app.workspace.list_age != age {
                    return;
                }
                let texture =
                    picture.map(|image| app.ctx.load_texture(format!("thumbnail {n}"), image, TextureOptions::LINEAR));
                app.thumbnails.made.insert(n, texture);
            });
            Ok(apply)
        });
    }
}

fn image_of(thumbnail: &Thumbnail) -> ColorImage {
    ColorImage::from_rgb(thumbnail.size, &thumbnail.rgb)
}
