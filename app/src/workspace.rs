//! What is open: a project, the series found so far, and the picture in the view.

use crate::view_state::ViewState;
use limner_annotation::{ImageId, Project};
use limner_imaging::{Series, Volume};
use std::sync::Arc;

#[derive(Default)]
pub struct Workspace {
    pub project: Option<Project>,
    pub found: Vec<Series>,
    pub open: Option<OpenPicture>,
}

pub struct OpenPicture {
    pub image: ImageId,
    pub volume: Arc<Volume>,
    pub title: String,
    /// Its line in `Workspace::found`.
    pub series: Option<usize>,
    pub view: ViewState,
}

impl Workspace {
    /// Adds what a scan found; a series already listed is not listed twice. The answer is where the first one stands.
    pub fn add_found(&mut self, series: Vec<Series>) -> Option<usize> {
        let mut first = None;
        for one in series {
            let known = self.found.iter().position(|s| s.path == one.path && s.files == one.files && s.uid == one.uid);
            let position = known.unwrap_or_else(|| {
                self.found.push(one);
                self.found.len() - 1
            });
            first = first.or(Some(position));
        }
        first
    }
}
