//! What the question in hand points at, on the plane: a numbered mark at each place, and the outline of the one that was
//! picked. Under the pointer while something waits to be pointed at: what a click would take.

use super::drawn::Ground;
use crate::app::App;
use crate::dispatch::questions::evidence::painted;
use crate::theme::{over, radius, size, strong};
use crate::workspace::OpenPicture;
use eframe::egui::{Align2, Color32, Id, Painter, Pos2, Rect, Stroke, Ui, vec2};
use limner_annotation::oblique::Seen;
use limner_annotation::question::{Dialogue, Evidence, Region};
use limner_annotation::tools::{handles, place};
use limner_annotation::{Document, Form, Revision, Slice};
use limner_imaging::Mask;
use std::collections::HashMap;
use std::sync::Arc;

/// Edges of a region on a slice, in its pixels.
type Edges = Arc<Vec<[[f64; 2]; 2]>>;

/// Found once for a revision: looking for the outline of an organ in every frame would be too slow.
#[derive(Clone, Default)]
struct Known {
    revision: Option<Revision>,
    edges: HashMap<String, Edges>,
}

pub fn ui(app: &App, open: &OpenPicture, ground: Ground<'_>, ui: &Ui) {
    if !app.settings.look.questions || !app.workspace.stage.show_labels {
        return;
    }
    let Some(project) = &app.workspace.project else { return };
    let document = project.document();
    let geometry = &open.volume.geometry;
    let plane = &ground.raster.plane;
    let slice = place::slice_of(geometry, plane);
    let painter = ui.painter().with_clip_rect(ground.rect);
    for (n, (evidence, marked)) in shown(app, document).into_iter().enumerate() {
        if evidence.region.image(document.contents()).ok() != Some(open.image) {
            continue;
        }
        let Some((grid, slice, edges)) = (match (turned(document, &evidence.region), slice) {
            (Some(form), _) => {
                Seen::of(form, geometry, plane).map(|s| (s.grid, s.slice, Arc::new(form_edges(&s.section))))
            }
            (None, Some(slice)) => Some((*geometry, slice, edges(document, &evidence.region, slice, ui))),
            (None, None) => None,
        })
        .filter(|(.., edges)| !edges.is_empty()) else {
            continue;
        };
        let at = |point: [f64; 2]| ground.screen(place::world_of(&grid, slice, point));
        if marked {
            for (width, colour) in [(4.0, over::EDGE), (2.0, over::ACTIVE)] {
                for [from, to] in edges.iter() {
                    painter.line_segment([at(*from), at(*to)], Stroke::new(width, colour));
                }
            }
        }
        let corner = edges.iter().flatten().copied().map(at).min_by(|a, b| (a.y - a.x).total_cmp(&(b.y - b.x)));
        if let Some(corner) = corner {
            badge(&painter, corner, n + 1, marked, ground.rect);
        }
    }
}

/// A drawing on a plane of its own, where the region is one.
fn turned<'a>(document: &'a Document, region: &Region) -> Option<&'a Form> {
    let Region::Shape { shape } = region else { return None };
    document.shape(*shape).map(|shape| &shape.form).filter(|form| matches!(form, Form::Oblique { .. }))
}

/// The evidence of what is in hand, in the order of the panel, each once; and whether it is marked.
fn shown(app: &App, document: &Document) -> Vec<(Evidence, bool)> {
    let asking = &app.work.asking;
    let question = asking.shown(document);
    let talk = asking.talk.and_then(|id| asking.live::<Dialogue>(document, id));
    let of_talk = talk.iter().flat_map(|talk| &talk.turns).flat_map(|turn| &turn.evidence);
    let all = question.iter().flat_map(|question| question.all_evidence()).chain(of_talk);
    let mut list: Vec<(Evidence, bool)> = Vec::new();
    for evidence in all {
        if !list.iter().any(|(known, _)| known.region == evidence.region) {
            list.push((evidence.clone(), false));
        }
    }
    if let Some(marked) = &asking.marked {
        match list.iter_mut().find(|(known, _)| known.region == marked.region) {
            Some(known) => known.1 = true,
            None if question.is_some() || talk.is_some() => list.push((marked.clone(), true)),
            None => {}
        }
    }
    list
}

fn badge(painter: &Painter, corner: Pos2, number: usize, marked: bool, rect: Rect) {
    let (inside, wanted) = (rect.shrink(10.0), corner + vec2(8.0, -8.0));
    // A view may be smaller than the mark: then its first corner counts.
    let centre = wanted.min(inside.max).max(inside.min);
    let place = Rect::from_center_size(centre, vec2(16.0, 15.0));
    let (fill, ink) = if marked { (over::ACTIVE, Color32::BLACK) } else { (over::PLATE, over::TEXT) };
    painter.rect_filled(place, radius::S, fill);
    painter.text(centre, Align2::CENTER_CENTER, number.to_string(), strong(size::TINY), ink);
}

fn edges(document: &Document, region: &Region, slice: Slice, ui: &Ui) -> Edges {
    let id = Id::unique("edges of evidence");
    let revision = Some(document.revision());
    let key = format!("{region:?} {slice:?}");
    let known = ui.data(|data| data.get_temp::<Known>(id)).filter(|known| known.revision == revision);
    let mut known = known.unwrap_or_else(|| Known { revision, edges: HashMap::new() });
    if let Some(edges) = known.edges.get(&key) {
        return edges.clone();
    }
    let edges = Arc::new(found(document, region, slice).unwrap_or_default());
    known.edges.insert(key, edges.clone());
    ui.data_mut(|data| data.insert_temp(id, known));
    edges
}

fn found(document: &Document, region: &Region, slice: Slice) -> Option<Vec<[[f64; 2]; 2]>> {
    match region {
        Region::Painted { image, label, around, slice: own } => {
            if own.is_some_and(|own| own != slice) {
                return None;
            }
            let mask = painted(document, *image, *label, *around)?;
            Some(mask_edges(&mask, slice))
        }
        Region::Landmark { shape, name } => match &document.shape(*shape)?.form {
            Form::Landmarks { points } => {
                let point = Form::Point { at: *points.get(name)? };
                handles::section(&point, slice).map(|form| form_edges(&form))
            }
            _ => None,
        },
        Region::Shape { shape } => handles::section(&document.shape(*shape)?.form, slice).map(|form| form_edges(&form)),
    }
}

fn form_edges(form: &Form) -> Vec<[[f64; 2]; 2]> {
    let mut edges = Vec::new();
    for line in handles::lines(form) {
        edges.extend(line.pieces().map(|(from, to)| [from, to]));
        if let [single] = line.points.as_slice() {
            edges.push([*single, *single]);
        }
    }
    edges
}

/// Between pixels inside and outside: long runs as one edge.
fn mask_edges(mask: &Mask, slice: Slice) -> Vec<[[f64; 2]; 2]> {
    let bounds = mask.bounds();
    if !(bounds.min[slice.axis]..bounds.max[slice.axis]).contains(&slice.index) {
        return Vec::new();
    }
    let [a, b] = slice.axes_in_plane();
    let inside = |x: isize, y: isize| {
        let mut index = [slice.index; 3];
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return false };
        (index[a], index[b]) = (x, y);
        mask.get(index)
    };
    let (min, max) = (bounds.min, bounds.max);
    let mut edges = Vec::new();
    let mut run = |along: (usize, usize), across: (usize, usize), is_row: bool| {
        for v in across.0..=across.1 {
            let v = v as isize;
            let mut from: Option<isize> = None;
            for u in along.0 as isize..=along.1 as isize {
                let here = if is_row { inside(u, v) != inside(u, v - 1) } else { inside(v, u) != inside(v - 1, u) };
                match (here && u < along.1 as isize, from) {
                    (true, None) => from = Some(u),
                    (false, Some(start)) => {
                        let ends = [[start as f64, v as f64], [u as f64, v as f64]];
                        edges.push(if is_row { ends } else { ends.map(|[u, v]| [v, u]) });
                        from = None;
                    }
                    _ => {}
                }
            }
        }
    };
    run((min[a], max[a]), (min[b], max[b]), true);
    run((min[b], max[b]), (min[a], max[a]), false);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::VoxelBox;

    #[test]
    fn the_outline_of_an_l_has_six_edges_as_long_as_it() {
        let filled = |v: [usize; 3]| v[2] == 1 && ((2..4).contains(&v[0]) && (3..6).contains(&v[1]) || v == [4, 5, 1]);
        let mask = Mask::from_fn(VoxelBox::whole([8, 9, 3]), filled);
        let edges = mask_edges(&mask, Slice::stored(1));
        let length: f64 = edges.iter().map(|[p, q]| (p[0] - q[0]).abs() + (p[1] - q[1]).abs()).sum();
        assert_eq!((edges.len(), length), (6, 12.0), "{edges:?}");
        assert!(mask_edges(&mask, Slice::stored(0)).is_empty());
        let across = mask_edges(&mask, Slice { axis: 0, index: 4 });
        assert_eq!(across.len(), 4, "{across:?}");
    }
}
