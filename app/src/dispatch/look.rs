//! Requests that change how the picture is seen, never what is said about it.

use crate::app::App;
use crate::view_state::{Layout, Pane};
use crate::workspace::OpenPicture;

impl App {
    /// Changes how the open picture is shown, if there is one.
    pub(super) fn look(&mut self, change: impl FnOnce(&mut OpenPicture)) {
        if let Some(open) = &mut self.workspace.open {
            change(open);
        }
    }

    /// A stroke in hand stays on the slice it began on.
    pub(super) fn scroll(&mut self, pane: Pane, steps: isize) {
        let Pane::Slice(view) = pane else { return };
        if !self.stroke.is_held() {
            self.look(|open| open.view.step(&open.volume, view, steps));
        }
    }

    pub(super) fn go_to_slice(&mut self, slice: usize) {
        if !self.stroke.is_held() {
            self.look(|open| open.view.go_to_slice(open.view.view(), &open.volume.geometry, slice));
        }
    }

    pub(super) fn zoom_about(&mut self, pane: Pane, pixel: [f64; 2], factor: f64) {
        let size = self.view_sizes[pane.index()];
        self.look(|open| open.view.zoom_about(&open.volume, pane, size, pixel, factor));
    }

    pub(super) fn show_alone(&mut self, pane: Pane) {
        self.look(|open| (open.view.layout, open.view.active) = (Layout::One, pane));
    }

    pub(super) fn maximise(&mut self, pane: Pane) {
        let four = self.workspace.open.as_ref().is_some_and(|open| open.view.layout == Layout::Four);
        if four {
            self.show_alone(pane);
        } else {
            self.look(|open| open.view.layout = Layout::Four);
        }
    }

    /// Each pane says in every frame whether the pointer is over it; one that is not does not speak for the others.
    pub(super) fn hover_over(&mut self, pane: Pane, at: Option<[f64; 2]>) {
        let Pane::Slice(view) = pane else { return };
        match at {
            Some(at) => self.hover = Some((view, at)),
            None if self.hover.is_some_and(|(over, _)| over == view) => self.hover = None,
            None => {}
        }
    }
}
