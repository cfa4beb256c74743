//! Another picture in the same viewport: where it lies, its window, and how the two share the pixels.

use super::{Content, Gpu};
use crate::view_state::Viewport;
use crate::view_state::link;
use crate::view_state::viewport::How;
use crate::workspace::{OpenPicture, Workspace};
use glam::DAffine3;
use limner_annotation::ImageId;
use limner_imaging::Window;
use limner_render::{ColourMap, Second, SecondMode, Tone};

/// What of another picture a viewport shows, for knowing when it has changed.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct ShownOver {
    image: ImageId,
    how: How,
    moved: DAffine3,
    window: Window,
    inverted: bool,
    revision: u64,
}

/// A square of the checkerboard, in pixels.
const SQUARE_PX: f32 = 48.0;
const COLOUR_OPACITY: f32 = 0.6;

impl Gpu {
    /// `None` where nothing is laid over, or what should be does not lie in the same space.
    pub(super) fn shown_over(
        &self,
        workspace: &Workspace,
        viewport: &Viewport,
        open: &OpenPicture,
    ) -> Option<ShownOver> {
        let over = viewport.over?;
        let other = workspace.pictures.get(&over.image).filter(|other| !other.volume.is_colour())?;
        let moved = link::shared_space(open, other)?;
        // As it is seen in a view of its own, where it has one.
        let own = workspace.stage.iter().find(|(_, view)| view.image == Some(over.image)).map(|(_, view)| view);
        let (window, inverted) = own.map_or((other.stored_window, false), |view| (view.window, view.inverted));
        let content = self.pictures.get(&over.image)?;
        let inverted = inverted != content.is_inverted() && over.how != How::Colour;
        Some(ShownOver { image: over.image, how: over.how, moved, window, inverted, revision: content.revision })
    }
}

impl ShownOver {
    pub(super) fn second<'a>(&self, content: &'a Content, colours: &'a ColourMap, width_px: usize) -> Second<'a> {
        let colour_map = (self.how == How::Colour).then_some(colours);
        let mode = match self.how {
            How::Colour => SecondMode::Fusion { opacity: COLOUR_OPACITY, hides_low: true },
            How::Blend => SecondMode::Blend { share: 0.5 },
            How::Checkerboard => SecondMode::Checkerboard { square_px: SQUARE_PX },
            How::Swipe => SecondMode::SwipeRight { from_px: width_px as f32 / 2.0 },
            How::Difference => SecondMode::Difference { range: self.window.width / 2.0 },
        };
        let tone = Tone { inverted: self.inverted, colour_map, ..Tone::new(self.window) };
        Second { volume: content.volume(), moved: self.moved, tone, mode }
    }

    pub(super) const fn image(&self) -> ImageId {
        self.image
    }
}
