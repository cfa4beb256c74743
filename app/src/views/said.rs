//! Boxes, points and tracks that versions say in records, on the slice or frame they are about: each in its version's colour with its class
//! and score. What is compared with is dashed.

use super::Shown;
use super::drawn::{Ground, Pen};
use crate::app::App;
use crate::review::look::Caption;
use crate::review::{How, OWN, Source, SourceId};
use crate::theme::{over, radius, size};
use eframe::egui::{Color32, FontId, Pos2, Rect, Shape as Mark, Stroke, Ui, Vec2, pos2, vec2};
use limner_annotation::Slice;
use limner_annotation::oblique::Seen;
use limner_annotation::review::said::{Cell, Path, Row};
use limner_annotation::tools::{handles, place};
use std::cell::RefCell;

const WIDTH: f32 = 1.75;
const CHOSEN: f32 = 3.0;
const DASH: f32 = 6.0;
/// How much of its ink is left to what is hidden on a frame.
const HIDDEN: f32 = 0.5;
/// Frames before the one in view that a track is drawn through.
const TRAIL: usize = 12;
/// What a dot and the gaps around it take on a plate.
const DOT: f32 = 15.0;
/// Above a box its words stand; where others stand already they go on to the next free line, so many times.
const MOST_LINES: usize = 8;

pub fn ui(app: &App, (id, viewport, open): Shown<'_>, ground: Ground<'_>, ui: &Ui) {
    let review = &app.review;
    if !review.is_on(viewport) || !app.workspace.stage.show_labels || review.rows_here().is_empty() {
        return;
    }
    let painter = ui.painter().with_clip_rect(ground.rect);
    let geometry = &open.volume.geometry;
    let slice = place::slice_of(geometry, &ground.raster.plane);
    let captions = RefCell::default();
    let pen = Pen { painter: &painter, ground, geometry, slice, captions: &captions };
    let here = review.row_here();
    // The row that is looked at lies over the others.
    let order = |chosen: bool| review.rows_here().iter().enumerate().filter(move |(n, _)| (Some(*n) == here) == chosen);
    for (n, row) in order(false).chain(order(true)) {
        let width = if Some(n) == here { CHOSEN } else { WIDTH };
        let mut drawn: Vec<Drawn<'_>> = Vec::new();
        for source in sources(app, id, viewport) {
            let cell = cell(app, row, source);
            drawn.extend(cell.and_then(|(cell, dashed)| form_ui(&pen, (cell, source), (width, dashed))));
        }
        sign_ui(&pen, row, &drawn);
    }
}

/// What one version has on the view: where, in which colour, and what it says of it.
struct Drawn<'a> {
    place: Rect,
    ink: Color32,
    sign: &'a str,
}

/// The versions whose records a view shows, the reference first so that the others lie over it.
fn sources<'a>(
    app: &'a App,
    id: crate::view_state::ViewportId,
    viewport: &crate::view_state::Viewport,
) -> impl Iterator<Item = &'a Source> {
    let review = &app.review;
    let only: Option<Vec<SourceId>> = match review.caption(id, viewport) {
        Some(Caption::One(one) | Caption::Turn(_, one)) => Some(vec![one]),
        Some(Caption::Swiped(pair)) => Some(pair.to_vec()),
        Some(Caption::Map(How::Probability)) => Some(review.soft().into_iter().collect()),
        Some(Caption::Map(How::Agreement | How::Distance)) => review.pair().map(|pair| pair.to_vec()),
        _ => None,
    };
    let shown = move |source: &&Source| match &only {
        // What is right stands beside the labels of the reference.
        Some(only) => {
            only.contains(&source.id) || source.is_truth() && only.iter().any(|id| review.reference == Some(*id))
        }
        None => source.visible,
    };
    let is_reference = |source: &&Source| Some(source.id) == review.reference || source.is_truth();
    let first = review.sources.iter().filter(is_reference);
    let rest = review.sources.iter().filter(move |source| !is_reference(source));
    first.chain(rest).filter(shown)
}

/// What a source has on the picture in a row. The project's own shapes are drawn as such.
fn cell<'a>(app: &App, row: &'a Row, source: &Source) -> Option<(&'a Cell, bool)> {
    if source.id == OWN {
        return None;
    }
    if let Some(said) = row.said.get(&(source.id.0 as usize)) {
        return Some((said, false));
    }
    app.review.cell(row, source.id).map(|cell| (cell, true))
}

fn form_ui<'a>(pen: &Pen<'_>, (cell, source): (&'a Cell, &Source), (width, dashed): (f32, bool)) -> Option<Drawn<'a>> {
    let [r, g, b] = source.shown_colour();
    let ink = Color32::from_rgb(r, g, b);
    let (form, ink) = match &cell.path {
        None => (cell.form.as_ref()?, ink),
        Some(path) => {
            let frame = pen.slice.filter(|slice| slice.axis == 2)?.index;
            trail_ui(pen, path, frame, ink);
            let (form, hidden) = path.get(&frame)?;
            (form, if *hidden { ink.gamma_multiply(HIDDEN) } else { ink })
        }
    };
    let Seen { grid, slice, section } = pen.seen(form)?;
    let pen = &pen.on(&grid);
    let mut corners: Vec<Pos2> = Vec::new();
    for line in handles::lines(&section) {
        let points: Vec<Pos2> =
            line.points.iter().map(|point| pen.screen(place::world_of(&grid, slice, *point))).collect();
        match (points.as_slice(), dashed) {
            ([single], _) => pen.cross(*single, ink),
            (_, true) => dashes(pen, &points, line.closed, width, ink),
            (_, false) => pen.line(&points, line.closed, width, ink),
        }
        corners.extend(points);
    }
    (!corners.is_empty()).then(|| Drawn { place: Rect::from_points(&corners), ink, sign: &cell.sign })
}

/// Where it was on the frames before.
fn trail_ui(pen: &Pen<'_>, path: &Path, frame: usize, ink: Color32) {
    let places = path.range(frame.saturating_sub(TRAIL)..=frame).filter_map(|(_, (form, _))| {
        let middle = handles::middle(form)?;
        Some(pen.screen(place::world_of(pen.geometry, Slice::stored(frame), middle)))
    });
    let places: Vec<Pos2> = places.collect();
    pen.painter.add(Mark::line(places, Stroke::new(1.0, ink.gamma_multiply(0.7))));
}

fn dashes(pen: &Pen<'_>, points: &[Pos2], closed: bool, width: f32, ink: Color32) {
    let mut way = points.to_vec();
    way.extend(points.first().filter(|_| closed));
    pen.painter.add(Mark::line(way.clone(), Stroke::new(width + 2.0, over::EDGE)));
    pen.painter.extend(Mark::dashed_line(&way, Stroke::new(width, ink), DASH, DASH * 0.7));
}

/// One plate for all that is drawn of a row, at its upper left, on a line that is free, inside of the view: the class once,
/// and the score of each version behind its colour.
fn sign_ui(pen: &Pen<'_>, row: &Row, drawn: &[Drawn<'_>]) {
    let Some(first) = drawn.iter().find(|one| !one.sign.is_empty()) else { return };
    let name = class_of(row, first.sign);
    let about = drawn.iter().map(|one| one.place).reduce(Rect::union).unwrap_or(first.place);
    let font = FontId::proportional(size::SMALL);
    let text = |words: &str| pen.painter.layout_no_wrap(words.to_owned(), font.clone(), over::TEXT);
    let title = text(name);
    let parts: Vec<_> =
        drawn.iter().map(|one| (one.ink, text(one.sign.get(name.len()..).unwrap_or_default().trim()))).collect();
    let width = 6.0 + title.size().x + parts.iter().map(|(_, part)| DOT + part.size().x).sum::<f32>();
    let plate = vec2(width + 3.0, title.size().y + 3.0);
    let rect = pen.free_place(&lines_above(about, plate), plate);
    pen.painter.rect_filled(rect, radius::S, over::PLATE);
    let mut left = rect.left() + 5.0;
    let top = rect.top() + 1.5;
    let advance = title.size().x;
    pen.painter.galley(pos2(left, top), title, over::TEXT);
    left += advance;
    for (ink, part) in parts {
        pen.painter.circle_filled(pos2(left + 8.0, rect.center().y), 3.5, ink);
        let advance = part.size().x;
        pen.painter.galley(pos2(left + DOT - 1.0, top), part, over::TEXT);
        left += DOT + advance;
    }
}

/// What all signs of a row begin with.
fn class_of<'a>(row: &Row, sign: &'a str) -> &'a str {
    let named = sign.get(..row.part.len()).filter(|start| start.eq_ignore_ascii_case(&row.part));
    named.unwrap_or(sign)
}

fn lines_above(about: Rect, plate: Vec2) -> [Pos2; MOST_LINES] {
    std::array::from_fn(|line| about.left_top() - vec2(0.0, 3.0 + plate.y + line as f32 * (plate.y + 1.0)))
}
