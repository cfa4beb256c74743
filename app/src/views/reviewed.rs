//! What is written on a view about the versions it shows: whose it is, what colours mean, and the line between two of them.

use super::Shown;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::review::look::{AGREEMENT, Caption};
use crate::review::{Ask, How, SourceId};
use crate::theme::{over, radius, size};
use eframe::egui::{
    Align2, Color32, CursorIcon, FontId, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use limner_annotation::review::differ::STEPS;
use limner_annotation::review::soft;

const MARGIN: f32 = 8.0;
const ROW: f32 = 18.0;
/// From the line between two versions a hand may be so far off.
const REACH: f32 = 6.0;
/// In a narrower view only the name of one version has room.
const ROOM_FOR_LEGEND: f32 = 200.0;

pub fn ui(app: &App, (id, viewport, _): Shown<'_>, rect: Rect, ui: &Ui, out: &mut Outbox) {
    let Some(caption) = app.review.caption(id, viewport) else { return };
    let painter = ui.painter().with_clip_rect(rect);
    let top = pos2(rect.center().x, rect.top() + MARGIN + 22.0);
    match caption {
        Caption::One(one) => plate(&painter, top, Align2::CENTER_TOP, &name(app, one), ink(app, one)),
        Caption::Turn(side, one) => {
            let text = format!("{}: {}", side.letter(), name(app, one));
            plate(&painter, top, Align2::CENTER_TOP, &text, ink(app, one));
        }
        Caption::Swiped([a, b]) => {
            let line = rect.left() + rect.width() * app.review.swipe;
            let [left, right] = [("A", a), ("B", b)].map(|(side, one)| format!("{side}: {}", name(app, one)));
            plate(&painter, pos2(line - MARGIN, top.y), Align2::RIGHT_TOP, &left, ink(app, a));
            plate(&painter, pos2(line + MARGIN, top.y), Align2::LEFT_TOP, &right, ink(app, b));
            swipe_ui(line, rect, ui, out);
        }
        Caption::Map(how) => legend(&painter, rect, &map_legend(app, how)),
        Caption::Outlines(shown) => {
            let lines: Vec<(Color32, String)> = shown.iter().map(|one| (ink(app, *one), name(app, *one))).collect();
            legend(&painter, rect, &lines);
        }
    }
}

fn name(app: &App, id: SourceId) -> String {
    let name = app.shown_name(id);
    let says_so = name.to_lowercase().contains("reference");
    if app.review.reference == Some(id) && !says_so { format!("{name} (reference)") } else { name }
}

fn ink(app: &App, id: SourceId) -> Color32 {
    let [r, g, b] = app.review.get(id).map_or([255; 3], crate::review::Source::shown_colour);
    Color32::from_rgb(r, g, b)
}

fn plate(painter: &Painter, at: Pos2, align: Align2, text: &str, ink: Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(size::BODY), over::TEXT);
    let inner = galley.size() + vec2(22.0, 6.0);
    let rect = align.anchor_size(at, inner);
    painter.rect_filled(rect, radius::S, over::PLATE);
    painter.circle_filled(rect.left_center() + vec2(10.0, 0.0), 4.0, ink);
    painter.galley(pos2(rect.left() + 18.0, rect.center().y - galley.size().y / 2.0), galley, over::TEXT);
}

/// At the lower right: what each colour stands for.
fn legend(painter: &Painter, rect: Rect, lines: &[(Color32, String)]) {
    if rect.width() < ROOM_FOR_LEGEND || lines.is_empty() {
        return;
    }
    let font = FontId::proportional(size::SMALL);
    let galleys: Vec<_> =
        lines.iter().map(|(_, text)| painter.layout_no_wrap(text.clone(), font.clone(), over::TEXT)).collect();
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max) + 30.0;
    let height = lines.len() as f32 * ROW + 6.0;
    let corner = rect.right_bottom() - vec2(MARGIN + width, MARGIN + height);
    painter.rect_filled(Rect::from_min_size(corner, vec2(width, height)), radius::S, over::PLATE);
    for (n, ((colour, _), galley)) in lines.iter().zip(galleys).enumerate() {
        let middle = corner.y + 3.0 + (n as f32 + 0.5) * ROW;
        let swatch = Rect::from_center_size(pos2(corner.x + 12.0, middle), vec2(10.0, 10.0));
        painter.rect_filled(swatch, 2.0, *colour);
        painter.galley(pos2(corner.x + 23.0, middle - galley.size().y / 2.0), galley, over::TEXT);
    }
}

fn map_legend(app: &App, how: How) -> Vec<(Color32, String)> {
    if !app.review.map.is_drawn {
        return vec![(over::WEAK, "Being computed…".to_owned())];
    }
    let rgb = |[r, g, b]: [u8; 3]| Color32::from_rgb(r, g, b);
    let pair = app.review.pair();
    let side = |n: usize| pair.map_or_else(String::new, |pair| app.shown_name(pair[n]));
    match how {
        How::Agreement => AGREEMENT
            .iter()
            .enumerate()
            .map(|(n, (_, colour, words))| match n {
                1 | 2 => (*colour, format!("{words}: {}", side(n - 1))),
                _ => (*colour, (*words).to_owned()),
            })
            .collect(),
        How::Probability => {
            let name = app.review.soft().map_or_else(String::new, |id| app.shown_name(id));
            let ink = app.review.soft().map_or(over::TEXT, |id| ink(app, id));
            let step = |code: u16| {
                let share = f32::from(code) / f32::from(soft::STEPS);
                (rgb(over::probability(code, soft::STEPS)), format!("{share:.1}"))
            };
            let mut lines =
                vec![(rgb(over::probability(soft::STEPS, soft::STEPS)), format!("1.0, probability by {name}"))];
            lines.extend([8, 6, 4, 2].map(step));
            lines.push((ink, format!("Outline: {:.2}, where figures cut it", soft::THRESHOLD)));
            lines
        }
        How::Distance => {
            let reach = app.review.map.drawn.reach_mm;
            vec![
                (rgb(over::distance(2 * STEPS)), format!("{}: up to {reach:.0} mm outside of {}", side(1), side(0))),
                (rgb(over::distance(STEPS + 1)), "At its surface".to_owned()),
                (rgb(over::distance(1)), format!("Missing, up to {reach:.0} mm inside of it")),
            ]
        }
        _ => {
            let words = ["1 version differs", "2 versions differ", "3 or more differ"];
            let most = app.review.compared_now().len() / 2;
            let lines = (1..).zip(words).map(|(n, words)| (rgb(over::dispute(n)), words.to_owned()));
            lines.take(most.clamp(1, 3)).collect()
        }
    }
}

/// The line between two versions, to be dragged.
fn swipe_ui(line: f32, rect: Rect, ui: &Ui, out: &mut Outbox) {
    let grip = Rect::from_x_y_ranges(line - REACH..=line + REACH, rect.y_range());
    let id = ui.scope_id().with("swipe");
    let response = ui.interact(grip, id, Sense::drag()).on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Line between A and B"));
    let held = response.hovered() || response.dragged();
    let painter = ui.painter().with_clip_rect(rect);
    for (width, colour) in [(3.5, over::EDGE), (1.5, if held { over::ACTIVE } else { over::TEXT })] {
        painter.line_segment([pos2(line, rect.top()), pos2(line, rect.bottom())], Stroke::new(width, colour));
    }
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        out.ask(Request::Review(Ask::Swipe((at.x - rect.left()) / rect.width().max(1.0))));
    }
}
