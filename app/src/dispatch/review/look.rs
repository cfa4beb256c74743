//! How versions are shown: side by side or over each other, in which colours, and which of two is in front.

use crate::app::App;
use crate::gpu::{SheetColours, SheetId};
use crate::review::look::ColoursOf;
use crate::review::{How, OWN, Side, SourceId, State};
use crate::view_state::{Arrangement, Links, Pane, ViewportId};
use limner_annotation::ImageId;
use limner_imaging::View;
use std::time::Duration;

/// How long one of two stays in front.
const TURN: Duration = Duration::from_millis(600);
/// More versions than this are not shown side by side.
const MOST_SIDE_BY_SIDE: usize = 16;

impl App {
    /// The reference first, then every version shown that says something.
    pub(crate) fn side_by_side_order(&self) -> Vec<SourceId> {
        let review = &self.review;
        let says = |id: &SourceId| review.labels_of(*id).is_some() || review.says_in_records(*id);
        let mut order: Vec<SourceId> = review.reference.filter(says).into_iter().collect();
        let compared = review.compared_now();
        let in_records = review.speaking().map(|source| source.id).filter(|id| review.says_in_records(*id));
        let in_records: Vec<SourceId> = in_records.collect();
        let shown = review.sources.iter().map(|source| source.id);
        let others = shown.filter(|id| compared.contains(id) || in_records.contains(id));
        order.extend(others.filter(|id| Some(*id) != review.reference));
        order.truncate(MOST_SIDE_BY_SIDE);
        order
    }

    /// One view a version, all of one plane, place, zoom and window; again for one view of all.
    pub(super) fn side_by_side(&mut self) {
        if self.is_side_by_side() {
            return self.leave_side_by_side();
        }
        let order = self.side_by_side_order();
        let (rows, columns) = match order.len() {
            0 | 1 => return,
            2 => (1, 2),
            3 => (1, 3),
            4 => (2, 2),
            5 | 6 => (2, 3),
            7..=9 => (3, 3),
            _ => (4, 4),
        };
        let stage = &mut self.workspace.stage;
        let look = stage.active().clone();
        let look = if look.is_solid() { look.of_pane(Pane::Slice(View::Axial)) } else { look };
        stage.links = Links::default();
        self.arrange(Arrangement::grid(rows, columns));
        self.review.seats.clear();
        let views = self.workspace.stage.own_layout().ids();
        for (n, view) in views.iter().enumerate() {
            self.workspace.stage.put(*view, look.clone());
            if let Some(id) = order.get(n) {
                self.review.seats.insert(*view, *id);
            }
        }
        // Zoom is of the whole plane in each of the smaller views.
        if let Some(first) = views.first() {
            self.workspace.stage.activate(*first);
            self.workspace.lead(*first);
        }
    }

    pub fn is_side_by_side(&self) -> bool {
        let visible = self.workspace.stage.visible();
        visible.len() > 1 && visible.iter().filter(|id| self.review.seats.contains_key(id)).count() > 1
    }

    pub(super) fn leave_side_by_side(&mut self) {
        let was = self.is_side_by_side();
        self.review.seats.clear();
        if was {
            self.arrange(Arrangement::ONE);
        }
    }

    /// Lays versions over each other in the views that show no single one.
    pub(super) fn lay_over(&mut self, how: How) {
        self.leave_side_by_side();
        self.review.how = how;
        self.review.flickers = how == How::Flicker;
        self.review.flipped = false;
    }

    pub(super) fn choose_side(&mut self, side: Side, id: SourceId) {
        let now = self.review.pair();
        let mut pair = now.map_or([None; 2], |pair| pair.map(Some));
        let other = 1 - side.index();
        // The other one takes the place that became free.
        if pair[other] == Some(id) {
            pair[other] = pair[side.index()];
        }
        pair[side.index()] = Some(id);
        self.review.pair = pair;
    }

    /// Puts onto the adapter what is not there, in the colours of now.
    pub(super) fn send_sheets(&mut self, image: ImageId) {
        let Some(grid) = self.workspace.pictures.get(&image).map(|open| open.volume.geometry) else { return };
        let contents = self.workspace.project.as_ref().map(|project| project.document().contents());
        let stage = &self.workspace.stage;
        let in_space = |id: &ViewportId| self.review.in_space(*id, stage.get(*id)?);
        let in_space: Vec<SourceId> = stage.visible().iter().filter_map(in_space).collect();
        let review = &self.review;
        let of = ColoursOf {
            made: review.made,
            only: review.only,
            colours: review.sources.iter().map(|source| (source.id, source.shown_colour())).collect(),
            labels: contents
                .map(|c| c.labels().into_iter().map(|l| (l.value, l.colour())).collect())
                .unwrap_or_default(),
        };
        let recolour = review.coloured.as_ref() != Some(&of);
        let mut failed: Vec<(Option<SourceId>, anyhow::Error)> = Vec::new();
        for (source, ready) in review.ready() {
            let id = SheetId::Version(source.id.0);
            if !self.gpu.has_sheet(image, id) {
                let colours = review.colours_of(source, contents);
                let error = self.gpu.show_sheet(image, id, &ready.sheet, &grid, &colours).err();
                failed.extend(error.map(|error| (Some(source.id), error)));
            } else if recolour {
                let colours = review.colours_of(source, contents);
                self.gpu.colour_sheet(image, id, &colours);
            }
            if in_space.contains(&source.id) && !self.gpu.has_in_space(image, id) {
                let colours = review.colours_of(source, contents);
                let error = self.gpu.show_in_space(image, id, &ready.sheet, &colours).err();
                failed.extend(error.map(|error| (Some(source.id), error)));
            }
        }
        if !review.map.drawn.sheet.codes.is_empty() && !self.gpu.has_sheet(image, SheetId::Map) {
            let colours: SheetColours = review.map_colours();
            let sheet = &review.map.drawn.sheet;
            let error = self.gpu.show_sheet(image, SheetId::Map, sheet, &grid, &colours).err();
            failed.extend(error.map(|error| (None, error)));
        }
        let shown: Vec<SheetId> = in_space.iter().map(|id| SheetId::Version(id.0)).collect();
        self.gpu.keep_in_space(image, &shown);
        self.review.coloured = Some(of);
        for (source, error) in failed {
            self.notices.error("A version could not be drawn", &error);
            match source.and_then(|id| self.review.get_mut(id)) {
                // Said once: it is not tried again for this picture.
                Some(source) => source.state = State::Failed(format!("{error:#}")),
                None => self.review.how = How::Outlines,
            }
        }
    }

    /// Two that take turns change places when it is time.
    pub(super) fn take_turns(&mut self) {
        if self.review.how == How::Flicker && self.review.flickers && !self.is_side_by_side() {
            let time = self.ctx.input(|input| input.time);
            let turn = (time / TURN.as_secs_f64()) as u64;
            self.review.flipped = turn % 2 == 1;
            self.ctx.request_repaint_after(TURN / 2);
        }
    }

    /// Why versions cannot be laid over each other in a way now.
    pub fn why_not_how(&self, how: How) -> Option<&'static str> {
        let review = &self.review;
        match how {
            How::Disputes if review.compared_now().len() < 2 => Some("At least two versions have to be shown"),
            How::Probability => {
                review.soft().is_none().then_some("No version of the picture in front is a probability map")
            }
            How::Outlines | How::Disputes => None,
            _ if review.pair().is_none() => Some("This needs two versions of the picture in front"),
            _ => None,
        }
    }

    /// Whether a source is the project's own and nothing is painted.
    pub fn says_nothing(&self, id: SourceId) -> bool {
        id == OWN && self.review.labels_of(id).is_none_or(|labels| labels.labels().is_empty())
    }
}
