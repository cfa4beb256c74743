//! An area painted corner by corner.

use super::path::Gather;
use super::{Makes, ToolInfo, lasso};
use crate::command::PaintMode;

pub(super) const POLYGON: ToolInfo = ToolInfo {
    name: "polygon",
    title: "Polygon fill",
    key: Some('p'),
    hint: "Click the corners; a double click, Enter or the first corner paints the area, Backspace takes one back",
    gather: Gather::RING,
    makes: Makes::Area { mode: PaintMode::Set, mask: lasso::area },
};
