//! The drag in hand: which button holds it, in which viewport, and where it was last.

use crate::outbox::Button;
use crate::view_state::ViewportId;

#[derive(Default)]
pub struct Stroke {
    held: Option<Button>,
    viewport: Option<ViewportId>,
    pixel: [f64; 2],
}

impl Stroke {
    pub fn begin(&mut self, button: Button, viewport: ViewportId, pixel: [f64; 2]) {
        self.held = Some(button);
        self.viewport = Some(viewport);
        self.pixel = pixel;
    }

    pub fn held(&self) -> Option<Button> {
        self.held
    }

    /// How far the hand has come since it was asked last, in pixels.
    pub fn moved_to(&mut self, pixel: [f64; 2]) -> [f64; 2] {
        let before = std::mem::replace(&mut self.pixel, pixel);
        [pixel[0] - before[0], pixel[1] - before[1]]
    }

    /// The viewport it was begun in.
    pub fn viewport(&self) -> Option<ViewportId> {
        self.viewport
    }

    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    pub fn end(&mut self) {
        self.held = None;
    }
}
