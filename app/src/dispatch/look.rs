//! Requests that change how the picture is seen, never what is said about it.

use crate::app::App;
use crate::workspace::OpenPicture;

impl App {
    /// Changes the open picture's view, if there is one. A stroke in hand stays on the plane it began on.
    pub(super) fn look(&mut self, change: impl FnOnce(&mut OpenPicture, [usize; 2])) {
        if let Some(open) = &mut self.workspace.open {
            change(open, self.view_size);
        }
    }

    pub(super) fn scroll(&mut self, steps: isize) {
        if !self.stroke.is_held() {
            self.look(|open, _| open.view.step(&open.volume, steps));
        }
    }

    pub(super) fn zoom_about(&mut self, pixel: [f64; 2], factor: f64) {
        self.look(|open, size| open.view.zoom_about(&open.volume, size, pixel, factor));
    }
}
