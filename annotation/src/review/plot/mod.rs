//! Plots as SVG, drawn here: they stand alone in a paper and in a page, in colours that the colour-blind can tell apart.

pub mod axes;
pub mod confusion;
pub mod curves;
pub mod heat;
pub mod scatter;
pub mod spread;

pub use axes::{Axis, Frame, escaped};
pub use confusion::confusion;
pub use curves::{Line, curves};
pub use heat::heat;
pub use scatter::bland_altman;
pub use spread::spread;

/// Okabe and Ito's colours, black and yellow left out.
pub const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];

#[must_use]
pub fn colour(n: usize) -> &'static str {
    COLOURS[n % COLOURS.len()]
}
