//! The look, as tokens: every colour, size, radius and duration the window uses has its name here and nowhere else.
//!
//! Greys are neutral so that they lend no tint to the pictures. Text keeps a contrast of at least 4.5 to 1 on every
//! ground it stands on, 7 to 1 in high contrast; a test holds the three themes to it. What is drawn over a picture is
//! the same in all themes, because a picture is always on black: `over`.

pub mod icon;
pub mod over;

mod font;
mod style;
mod themes;

pub use font::{icon_font, strong};
pub use style::{apply, focus};
pub use themes::{Colours, Theme, colours};

/// Distances, in points.
pub mod space {
    pub const XS: f32 = 2.0;
    pub const S: f32 = 4.0;
    pub const M: f32 = 8.0;
    pub const L: f32 = 12.0;
    pub const XL: f32 = 16.0;
    pub const XXL: f32 = 24.0;
}

/// Heights of letters and of what holds them, widths of panels, in points.
pub mod size {
    pub const TINY: f32 = 10.5;
    pub const SMALL: f32 = 11.5;
    pub const BODY: f32 = 13.0;
    pub const HEADING: f32 = 13.0;
    pub const TITLE: f32 = 17.0;
    pub const DISPLAY: f32 = 30.0;
    pub const ICON: f32 = 16.0;
    pub const SMALL_ICON: f32 = 13.0;
    pub const CONTROL_HEIGHT: f32 = 26.0;
    /// A button that holds only an icon.
    pub const ICON_BUTTON: f32 = 28.0;
    pub const RAIL_WIDTH: f32 = 40.0;
    pub const BAR_HEIGHT: f32 = 36.0;
    pub const STATUS_HEIGHT: f32 = 24.0;
    pub const PANEL_WIDTH: f32 = 248.0;
    pub const QUESTIONS_WIDTH: f32 = 348.0;
}

/// Corners, in points.
pub mod radius {
    pub const S: u8 = 3;
    pub const M: u8 = 5;
    pub const L: u8 = 8;
}

/// How long changes take, in seconds. What a hand holds never lags behind it.
pub mod motion {
    pub const QUICK: f32 = 0.08;
    pub const CALM: f32 = 0.16;
}

/// Label colours, distinguishable with the common colour-vision deficiencies (Okabe and Ito's set, two added). In an order
/// in which neighbours stay apart when they are seen through: green and yellow over grey do not.
pub const LABEL_COLOURS: [[u8; 3]; 9] = [
    [230, 159, 0],
    [86, 180, 233],
    [204, 121, 167],
    [0, 158, 115],
    [213, 94, 0],
    [0, 114, 178],
    [240, 228, 66],
    [148, 103, 189],
    [140, 200, 90],
];
