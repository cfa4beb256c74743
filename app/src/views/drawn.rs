//! What is drawn over a plane: shapes with what they measure, prompts with their sign, and the path in the hand.

use crate::app::App;
use crate::theme::{over, radius, size};
use crate::view_state::ViewportId;
use crate::views::followed;
use crate::work::measures::Readout;
use crate::work::prompt_form;
use crate::workspace::OpenPicture;
use eframe::egui::{Color32, FontId, Painter, Pos2, Rect, Shape as Mark, Stroke, Ui, Vec2, pos2, vec2};
use limner_annotation::oblique::{self, Seen};
use limner_annotation::tools::path::Gather;
use limner_annotation::tools::{Makes, handles, place};
use limner_annotation::{Form, Shape, Slice};
use limner_imaging::reslice::Raster;
use limner_imaging::{Geometry, Voxel, World};
use limner_segmentation::{Prompt, Shape as Prompted};
use std::cell::RefCell;

/// Where the plane lies on the screen.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub viewport: ViewportId,
    pub raster: &'a Raster,
    pub rect: Rect,
    /// Pixels of the raster in a point.
    pub scale: f32,
}

impl Ground<'_> {
    pub fn screen(&self, world: World) -> Pos2 {
        let (pixel, _) = limner_render::pick::screen(self.raster, world);
        self.rect.min + vec2(pixel.0.x as f32, pixel.0.y as f32) / self.scale
    }
}

/// Half the side of a handle, in points.
const HANDLE: f32 = 3.5;
/// Around the words of a caption, on its plate.
const PADDING: Vec2 = vec2(4.0, 2.0);
/// Between what is drawn and its caption.
const APART: f32 = 6.0;
/// Where no side of a shape is free its caption goes on to the next free line, so many times.
const MOST_LINES: usize = 4;

pub fn ui(app: &App, open: &OpenPicture, ground: Ground<'_>, ui: &Ui) {
    let painter = ui.painter().with_clip_rect(ground.rect);
    let geometry = &open.volume.geometry;
    let slice = place::slice_of(geometry, &ground.raster.plane);
    let captions = RefCell::default();
    let pen = Pen { painter: &painter, ground, geometry, slice, captions: &captions };
    if app.workspace.stage.show_labels {
        guest_shapes_ui(app, open, &pen);
        shapes_ui(app, open, &pen);
    }
    followed::ui(app, open, &pen);
    prompts_ui(app, open, &pen);
    draft_ui(app, open, &pen);
}

pub(super) struct Pen<'a> {
    pub painter: &'a Painter,
    pub ground: Ground<'a>,
    pub geometry: &'a Geometry,
    pub slice: Option<Slice>,
    /// Where words stand already: the next find a place beside them.
    pub captions: &'a RefCell<Vec<Rect>>,
}

impl Pen<'_> {
    pub(super) fn screen(&self, world: World) -> Pos2 {
        self.ground.screen(world)
    }

    /// What the plane shows of a form.
    pub(super) fn seen(&self, form: &Form) -> Option<Seen> {
        Seen::of(form, self.geometry, &self.ground.raster.plane)
    }

    /// The same pen on another grid of the same place.
    pub(super) const fn on<'b>(&'b self, grid: &'b Geometry) -> Pen<'b> {
        let Pen { painter, ground, slice, captions, .. } = *self;
        Pen { painter, ground, geometry: grid, slice, captions }
    }

    fn at(&self, slice: Slice, point: [f64; 2]) -> Pos2 {
        self.ground.screen(place::world_of(self.geometry, slice, point))
    }

    /// A line that reads on bone and on air.
    pub(super) fn line(&self, points: &[Pos2], closed: bool, width: f32, colour: Color32) {
        for (width, colour) in [(width + 2.0, over::EDGE), (width, colour)] {
            let stroke = Stroke::new(width, colour);
            let mark =
                if closed { Mark::closed_line(points.to_vec(), stroke) } else { Mark::line(points.to_vec(), stroke) };
            self.painter.add(mark);
        }
    }

    pub(super) fn form(&self, slice: Slice, form: &Form, width: f32, colour: Color32) {
        for line in handles::lines(form) {
            let points: Vec<Pos2> = line.points.iter().map(|point| self.at(slice, *point)).collect();
            if let [single] = points.as_slice() {
                self.cross(*single, colour);
            } else {
                self.line(&points, line.closed, width, colour);
            }
        }
    }

    pub(super) fn cross(&self, at: Pos2, colour: Color32) {
        for by in [vec2(6.0, 0.0), vec2(0.0, 6.0)] {
            self.line(&[at - by, at + by], false, 1.5, colour);
        }
    }

    pub(super) fn handles(&self, slice: Slice, form: &Form, colour: Color32) {
        for point in handles::handles(form) {
            let square = Rect::from_center_size(self.at(slice, point), vec2(2.0 * HANDLE, 2.0 * HANDLE));
            self.painter.rect_filled(square.expand(1.0), radius::S, over::EDGE);
            self.painter.rect_filled(square, radius::S, colour);
        }
    }

    /// Lines of text beside a form.
    pub(super) fn text(&self, form: &Form, slice: Slice, lines: &[String], colour: Color32) {
        if lines.is_empty() {
            return;
        }
        let points: Vec<Pos2> = handles::handles(form).into_iter().map(|point| self.at(slice, point)).collect();
        let Some(rightmost) = points.iter().copied().max_by(|a, b| a.x.total_cmp(&b.x)) else { return };
        let first = |plate: Vec2| rightmost + vec2(APART, -plate.y / 2.0);
        self.caption(&lines.join("\n"), colour, Rect::from_points(&points), first);
    }

    /// Words on a plate about what is drawn in a place: where they are wanted `first`, else on another side of it.
    pub(super) fn caption(&self, words: &str, colour: Color32, about: Rect, first: impl FnOnce(Vec2) -> Pos2) {
        let ink = over::ink(colour);
        let galley = self.painter.layout_no_wrap(words.to_owned(), FontId::proportional(size::SMALL), ink);
        let plate = galley.size() + 2.0 * PADDING;
        let place = self.free_place(&around(about, first(plate), plate), plate);
        self.painter.rect_filled(place, radius::S, over::PLATE);
        self.painter.galley(place.min + PADDING, galley, ink);
    }

    /// Takes the first of some places on which no words stand yet.
    pub(super) fn free_place(&self, places: &[Pos2], plate: Vec2) -> Rect {
        let place = first_free(places, plate, self.ground.rect.shrink(2.0), &self.captions.borrow());
        self.captions.borrow_mut().push(place);
        place
    }
}

/// Where a caption may stand, the place wanted most first. What lies near others moves, and moves in the same way in
/// every frame, because the places depend on nothing but what is drawn.
fn around(about: Rect, first: Pos2, plate: Vec2) -> Vec<Pos2> {
    let middle = about.center() - plate / 2.0;
    let sides = [
        first,
        pos2(middle.x, about.bottom() + APART),
        pos2(middle.x, about.top() - APART - plate.y),
        pos2(about.right() + APART, middle.y),
        pos2(about.left() - APART - plate.x, middle.y),
    ];
    let further = (1..=MOST_LINES).map(|line| first + vec2(0.0, line as f32 * (plate.y + 1.0)));
    sides.into_iter().chain(further).collect()
}

/// All places are kept inside of the view; where none is free words lie over others.
fn first_free(places: &[Pos2], plate: Vec2, inside: Rect, taken: &[Rect]) -> Rect {
    let most = (inside.max - plate).max(inside.min);
    let mut kept = places.iter().map(|at| Rect::from_min_size(at.clamp(inside.min, most), plate));
    let Some(first) = kept.next() else { return Rect::from_min_size(inside.min, plate) };
    let is_free = |rect: &Rect| !taken.iter().any(|other| other.intersects(*rect));
    if is_free(&first) { first } else { kept.find(is_free).unwrap_or(first) }
}

fn shapes_ui(app: &App, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(project) = &app.workspace.project else { return };
    let document = project.document();
    for shape in document.shapes_on(open.image) {
        let form = app.as_drawn(open.image, app.work.form_of(shape));
        let Some(Seen { grid, slice, section }) = pen.seen(&form) else { continue };
        let pen = &pen.on(&grid);
        let label = shape.label.and_then(|id| document.label(id));
        if label.is_some_and(|label| !label.visible) {
            continue;
        }
        let colour = followed::colour_of(document, shape.label);
        let hovered = app.work.hovered == Some(shape.id) || app.is_pointed_at(shape.id);
        let selected = app.work.selected == Some(shape.id);
        if !matches!(form, Form::Landmarks { .. }) {
            pen.form(slice, &section, if hovered || selected { 2.5 } else { 1.5 }, colour);
        }
        if hovered || selected {
            pen.handles(slice, &section, colour);
        }
        let mut lines = app.work.measures.get(shape.id).map(|readout| readout.lines.clone()).unwrap_or_default();
        if let Some(name) = shape.text.as_ref().or(label.map(|label| &label.name)) {
            lines.insert(0, name.clone());
        }
        pen.text(&section, slice, &lines, colour);
    }
}

/// Shapes that a study brought along: seen, not held.
fn guest_shapes_ui(app: &App, open: &OpenPicture, pen: &Pen<'_>) {
    for contents in app.companions.shown() {
        for shape in contents.shapes_on(open.image) {
            let Some(Seen { grid, slice, section }) = pen.seen(&shape.form) else { continue };
            let pen = &pen.on(&grid);
            let label = shape.label.and_then(|id| contents.label(id));
            let colour = label.map_or(over::MEASURE, |label| {
                let [r, g, b] = label.colour();
                Color32::from_rgb(r, g, b)
            });
            pen.form(slice, &section, 1.5, colour);
            let words = shape.text.as_ref().or(label.map(|label| &label.name));
            pen.text(&section, slice, &words.cloned().into_iter().collect::<Vec<_>>(), colour);
        }
    }
}

fn prompts_ui(app: &App, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(talk) = app.assist.talk().filter(|talk| talk.image == open.image) else { return };
    let Some(slice) = pen.slice else {
        talk.prompts().iter().for_each(|prompt| aslant_ui(prompt, pen));
        return;
    };
    for (n, prompt) in talk.prompts().iter().enumerate() {
        let Some(section) = prompt_form::section(prompt, slice) else { continue };
        let colour = sign_colour(prompt.positive);
        let hovered = app.work.hovered_prompt == Some(n);
        if let Form::Polyline { points, .. } = &section
            && let [single] = points.as_slice()
        {
            sign_ui(pen, pen.at(slice, *single), prompt.positive, hovered);
            continue;
        }
        pen.form(slice, &section, if hovered { 3.0 } else { 2.0 }, colour);
        if hovered && matches!(section, Form::Box2d { .. }) {
            pen.handles(slice, &section, colour);
        }
    }
}

/// A prompt on a plane that lies along no slice: its points near the plane.
fn aslant_ui(prompt: &Prompt, pen: &Pen<'_>) {
    let near_mm = pen.geometry.spacing_mm().into_iter().fold(0.0, f64::max);
    let seen = |at: &Voxel| {
        let world = pen.geometry.world(*at);
        (pen.ground.raster.plane.mm_of(world).z.abs() <= near_mm).then(|| pen.ground.screen(world))
    };
    match &prompt.shape {
        Prompted::Point { at } => {
            if let Some(at) = seen(at) {
                sign_ui(pen, at, prompt.positive, false);
            }
        }
        Prompted::Scribble { points, .. } | Prompted::Lasso { points, .. } => {
            let line: Vec<Pos2> = points.iter().filter_map(seen).collect();
            let closed = matches!(prompt.shape, Prompted::Lasso { .. });
            pen.line(&line, closed, 2.0, sign_colour(prompt.positive));
        }
        Prompted::Box { .. } | Prompted::Marks { .. } | Prompted::Mask { .. } => {}
    }
}

fn sign_ui(pen: &Pen<'_>, at: Pos2, positive: bool, hovered: bool) {
    let radius = if hovered { 7.0 } else { 5.5 };
    pen.painter.circle_filled(at, radius + 1.5, over::EDGE);
    pen.painter.circle_filled(at, radius, sign_colour(positive));
    let stroke = Stroke::new(1.5, over::GROUND);
    let arm = radius - 2.0;
    pen.painter.line_segment([at - vec2(arm, 0.0), at + vec2(arm, 0.0)], stroke);
    if positive {
        pen.painter.line_segment([at - vec2(0.0, arm), at + vec2(0.0, arm)], stroke);
    }
}

/// The path in the hand, as what it will become where that is known.
fn draft_ui(app: &App, open: &OpenPicture, pen: &Pen<'_>) {
    let Some(draft) = app.work.draft.as_ref().filter(|draft| draft.viewport == pen.ground.viewport) else { return };
    let info = draft.tool.info();
    let mut points = draft.path.with_hover();
    if let (Some(wire), Some(hover)) = (&draft.wire, points.last().copied()) {
        points.pop();
        points.extend(wire.way_to(pen.geometry, hover));
    }
    let screen: Vec<Pos2> = points.iter().map(|at| pen.ground.screen(*at)).collect();
    match info.makes {
        Makes::Dab { .. } => {}
        Makes::Shape(make) => {
            let plane = if pen.slice.is_some() { &pen.ground.raster.plane } else { &draft.raster.plane };
            let Some(form) = oblique::form_on(pen.geometry, plane, &points, make) else {
                return pen.line(&screen, false, 1.5, over::MEASURE);
            };
            let Some(Seen { grid, slice, section }) = pen.seen(&form) else { return };
            let pen = pen.on(&grid);
            pen.form(slice, &section, 1.5, over::MEASURE);
            pen.text(&section, slice, &measured(app, open, &form), over::MEASURE);
        }
        Makes::Prompt(_) => {
            let colour = sign_colour(app.hand.positive != draft.is_opposite);
            match (info.gather, screen.as_slice()) {
                (Gather::Corners { .. }, [a, b]) => {
                    let rect = Rect::from_two_pos(*a, *b);
                    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
                    pen.line(&corners, true, 2.0, colour);
                }
                (Gather::Corners { .. }, [a]) => sign_ui(pen, *a, app.hand.positive != draft.is_opposite, false),
                _ => pen.line(&screen, false, 2.5, colour),
            }
        }
        Makes::Area { .. } | Makes::Scissors => {
            let colour = if draft.is_opposite { over::NEGATIVE } else { over::TEXT };
            pen.line(&screen, false, 1.5, colour);
            if let Some(first) = screen.first().filter(|_| info.gather == Gather::RING) {
                pen.painter.circle_stroke(*first, 5.0, Stroke::new(1.5, colour));
            }
        }
    }
}

/// Lengths and angles while they are drawn; statistics come when the shape is done.
fn measured(app: &App, open: &OpenPicture, form: &Form) -> Vec<String> {
    let image = app.workspace.project.as_ref().and_then(|project| project.document().image(open.image));
    let Some(image) = image else { return Vec::new() };
    Readout::lengths(&Shape::new(open.image, form.clone(), None), image)
}

pub fn sign_colour(positive: bool) -> Color32 {
    if positive { over::POSITIVE } else { over::NEGATIVE }
}

/// The sign of the prompt to come, beside the pointer.
pub fn sign_at_pointer_ui(app: &App, at: Pos2, ground: Ground<'_>, ui: &Ui) {
    let asks = app.hand.tool.used().is_some_and(|tool| matches!(tool.info().makes, Makes::Prompt(_)));
    if !asks {
        return;
    }
    let flipped = ui.input(|i| i.modifiers.command || i.modifiers.shift);
    let positive = app.hand.positive != flipped;
    let painter = ui.painter().with_clip_rect(ground.rect);
    let at = at + vec2(13.0, 13.0);
    painter.circle_filled(at, 6.5, over::EDGE);
    let stroke = Stroke::new(2.0, sign_colour(positive));
    painter.line_segment([at - vec2(4.0, 0.0), at + vec2(4.0, 0.0)], stroke);
    if positive {
        painter.line_segment([at - vec2(0.0, 4.0), at + vec2(0.0, 4.0)], stroke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Captions of rulers that end at these heights, one after the other.
    fn captions(ends: &[f32], inside: Rect) -> Vec<Rect> {
        let plate = vec2(60.0, 18.0);
        let mut taken: Vec<Rect> = Vec::new();
        for y in ends {
            let about = Rect::from_min_max(pos2(20.0, *y), pos2(120.0, *y));
            let first = about.right_center() + vec2(APART, -plate.y / 2.0);
            taken.push(first_free(&around(about, first, plate), plate, inside, &taken));
        }
        taken
    }

    #[test]
    fn captions_of_rulers_near_each_other_stand_beside_each_other_on_the_picture() {
        let inside = Rect::from_min_max(pos2(0.0, 0.0), pos2(200.0, 160.0));
        let ends = [80.0, 84.0, 88.0, 92.0];
        let placed = captions(&ends, inside);
        for (n, one) in placed.iter().enumerate() {
            assert!(inside.contains_rect(*one), "{one:?}");
            assert!(placed[..n].iter().all(|other| !other.intersects(*one)), "{one:?} lies over {placed:?}");
        }
        assert_eq!(placed[0].left(), 126.0, "the first stands where it would alone");
        assert_eq!(placed[..2], captions(&ends[..2], inside), "what comes later moves nothing");
    }

    #[test]
    fn a_caption_at_the_edge_is_kept_inside_and_one_that_finds_no_place_is_still_drawn() {
        let inside = Rect::from_min_max(pos2(0.0, 0.0), pos2(130.0, 30.0));
        let placed = captions(&[15.0; 6], inside);
        assert_eq!(placed.len(), 6);
        assert!(placed.iter().all(|one| inside.contains_rect(*one)), "{placed:?}");
    }
}
