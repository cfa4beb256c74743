//! Plots drawn here, as lists of marks: they stand alone in a paper, in a page and in the window, in colours that the
//! colour-blind can tell apart.

pub mod axes;
pub mod confusion;
pub mod curves;
pub mod data;
pub mod drawing;
pub mod heat;
pub mod scatter;
pub mod spread;
pub mod svg;

pub use axes::{Axis, escaped};
pub use confusion::confusion;
pub use curves::{Line, Point, curves};
pub use data::{Data, Value};
pub use drawing::{Anchor, Drawing, Face, Frame, Ink, Mark, Paint, Pen, Tip};
pub use heat::{Table, heat};
pub use scatter::{Pair, bland_altman};
pub use spread::{Column, Valued, spread};

/// Okabe and Ito's colours, black and yellow left out.
pub const COLOURS: [[u8; 3]; 6] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [230, 159, 0]];
