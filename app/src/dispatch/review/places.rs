//! Where versions differ: the maps that are laid over the picture and the places to go to, worked out off the frame.

use super::versions::OWN_READING;
use crate::app::App;
use crate::jobs::Apply;
use crate::review::{How, Map, MapOf, Places, PlacesOf, Ready, SourceId};
use limner_annotation::metrics::Labels;
use limner_annotation::review::differ::{self, Distances};
use limner_imaging::{Task, Voxel};
use std::sync::Arc;

const PLACES: &str = "places of disagreement";
const MAP: &str = "map of disagreement";

impl App {
    fn ready_versions(&self, sources: &[SourceId]) -> Vec<Arc<Ready>> {
        sources.iter().filter_map(|id| self.review.get(*id)?.ready().cloned()).collect()
    }

    /// Looks for the places anew where versions or what is looked at has changed.
    pub(super) fn refresh_places(&mut self) {
        let review = &self.review;
        let of = PlacesOf { made: review.made, sources: review.compared_now(), only: review.only };
        if review.places.of.as_ref() == Some(&of) {
            return;
        }
        let versions = self.ready_versions(&of.sources);
        self.review.places = Places { of: Some(of.clone()), ..Places::default() };
        if versions.len() < 2 {
            return;
        }
        self.jobs.start_latest(PLACES, "Looking for disagreement", move |_| {
            let labels: Vec<&Labels> = versions.iter().map(|ready| &ready.version.labels).collect();
            let list = differ::places(&labels, of.only);
            let apply: Apply = Box::new(move |app| {
                if app.review.places.of.as_ref() == Some(&of) {
                    app.review.places = Places { list, said_by: of.sources.clone(), at: None, of: Some(of) };
                }
            });
            Ok(apply)
        });
    }

    pub(super) fn refresh_map(&mut self) {
        let review = &self.review;
        let how = review.how;
        let sources = match how {
            How::Agreement | How::Distance => review.pair().map(|pair| pair.to_vec()),
            How::Disputes => Some(review.compared_now()),
            How::Probability => review.soft().map(|id| vec![id]),
            _ => None,
        };
        let wanted =
            sources.map(|sources| MapOf { how, places: PlacesOf { made: review.made, sources, only: review.only } });
        if review.map.of == wanted {
            return;
        }
        self.review.map = Map { of: wanted.clone(), ..Map::default() };
        self.gpu.drop_sheet(crate::gpu::SheetId::Map);
        let Some(of) = wanted else { return };
        let versions = self.ready_versions(&of.places.sources);
        if versions.len() < 2 && of.how != How::Probability {
            return;
        }
        self.jobs.start_latest(MAP, "Mapping disagreement", move |task| {
            let drawn = map(of.how, &versions, of.places.only, task)?;
            let apply: Apply = Box::new(move |app| {
                if app.review.map.of.as_ref() == Some(&of) {
                    app.review.map = Map { drawn, is_drawn: true, of: Some(of) };
                    app.gpu.drop_sheet(crate::gpu::SheetId::Map);
                }
            });
            Ok(apply)
        });
    }

    pub(super) fn step_place(&mut self, by: isize) {
        let count = self.disagreements();
        if count == 0 {
            let looks = self.jobs.is_busy(PLACES) || self.jobs.is_busy(OWN_READING);
            let words = if looks { "Still looking where the versions differ" } else { "All versions shown agree" };
            return self.notices.done(words);
        }
        let at = match (self.review.places.at, by > 0) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), _) => (at as isize + by).rem_euclid(count as isize) as usize,
        };
        self.go_to_place(at);
    }

    /// Takes the view in front, and those linked to it, to where versions differ.
    pub(super) fn go_to_place(&mut self, n: usize) {
        self.review.places.at = Some(n);
        let Some(voxel) = self.review.places.list.get(n).map(|place| place.voxel) else {
            return self.go_to_disputed_row(n - self.review.places.list.len());
        };
        // Decisions are about what is looked at: here that is a label again, and no row of records.
        self.review.row = None;
        let active = self.workspace.stage.active_id();
        self.workspace.look(active, |view, open| {
            let at = open.volume.geometry.world(Voxel::centre(voxel));
            view.go_to(&open.volume.geometry, at);
            if !view.is_solid() && view.camera.zoom > 1.0 {
                let scale = view.raster(&open.volume).mm_per_pixel;
                view.centre_on(&open.volume, at, scale);
            }
        });
    }
}

fn map(how: How, versions: &[Arc<Ready>], only: Option<u32>, task: &Task) -> anyhow::Result<Distances> {
    let labels: Vec<&Labels> = versions.iter().map(|ready| &ready.version.labels).collect();
    Ok(match how {
        How::Probability => {
            let soft = versions.first().and_then(|ready| ready.version.soft.clone());
            Distances { sheet: soft.unwrap_or_default(), reach_mm: 0.0 }
        }
        How::Distance => differ::distances(labels[0], labels[1], only, task)?,
        How::Agreement => Distances { sheet: differ::agreement(labels[0], labels[1], only), reach_mm: 0.0 },
        _ => Distances { sheet: differ::disputes(&labels, only), reach_mm: 0.0 },
    })
}
