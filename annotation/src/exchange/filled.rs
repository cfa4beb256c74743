//! What formats of voxels see of a project: the paint, and what outlines enclose as if it were painted.

use super::import::Painter;
use super::{Exchange, Options};
use crate::apply::apply;
use crate::contents::Contents;
use crate::edit::Editor;
use crate::error::Result;
use crate::operations::outlines;
use std::borrow::Cow;

/// The word of a loss: the corners of an outline are not kept, the voxels inside are.
pub(crate) const FILLED: &str = "outlines as voxels";

/// The contents as a format is given them. What is painted stays as it is: outlines fill the first layer that is free.
pub(super) fn filled<'a>(
    exchange: &dyn Exchange,
    contents: &'a Contents,
    options: &Options,
) -> Result<Cow<'a, Contents>> {
    if !exchange.lossy().contains(&FILLED) {
        return Ok(Cow::Borrowed(contents));
    }
    let mut painter = Painter::new(contents);
    let mut commands = Vec::new();
    for case in options.cases(contents) {
        for (label, mask) in outlines::enclosed(contents, case.image) {
            let Some(label) = contents.label(label) else { continue };
            commands.push(painter.paint(case.image.id, case.image.size(), label.value, &mask));
        }
    }
    if commands.is_empty() {
        return Ok(Cow::Borrowed(contents));
    }
    let mut filled = contents.clone();
    let mut editor = Editor::new(&mut filled);
    commands.iter().try_for_each(|command| apply(&mut editor, command))?;
    Ok(Cow::Owned(filled))
}
