//! What is written on a picture: the patient's sides, what and where it is, a scale.

use crate::app::App;
use crate::theme::{dark, size};
use crate::views::Shown;
use crate::workspace::OpenPicture;
use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Stroke, Ui, pos2, vec2};
use limner_imaging::reslice::Raster;
use limner_imaging::{Side, StackAxis};

const MARGIN: f32 = 8.0;

pub fn ui(app: &App, (_, viewport, open): Shown<'_>, raster: &Raster, rect: Rect, ui: &Ui) {
    let painter = ui.painter().with_clip_rect(rect);
    let shape = &open.volume;
    if shape.spacing_known && shape.stack_axis == StackAxis::Space {
        letters(&painter, rect, raster.plane.screen_sides());
    }
    let (slice, count) = viewport.slice(&shape.geometry);
    let word = if shape.stack_axis == StackAxis::Space { "Slice" } else { "Frame" };
    let window = viewport.window;
    let unit = shape.value_map.unit.as_deref().unwrap_or("");
    let place = if viewport.is_oblique() {
        format!("{} turned by {:.0}°", viewport.pane.name(), viewport.tilt_degrees(&shape.geometry))
    } else {
        format!("{word} {} of {count}", slice + 1)
    };
    let lines = [open.title.clone(), place, format!("W {:.0}  L {:.0} {unit}", window.width, window.centre)];
    for (n, line) in lines.iter().enumerate() {
        let at = rect.min + vec2(MARGIN, MARGIN + n as f32 * 16.0);
        text(&painter, at, Align2::LEFT_TOP, line, size::SMALL);
    }
    if !shape.spacing_known {
        text(&painter, rect.right_top() + vec2(-MARGIN, MARGIN), Align2::RIGHT_TOP, "Not calibrated", size::SMALL);
    }
    if app.hand.tool == crate::action::Tool::Scribble {
        let (word, colour) =
            if app.hand.positive { ("Positive", dark::POSITIVE) } else { ("Negative", dark::NEGATIVE) };
        coloured(&painter, rect.right_bottom() - vec2(MARGIN, MARGIN), Align2::RIGHT_BOTTOM, word, size::BODY, colour);
    }
    scale_bar(&painter, rect, open, raster, ui.ctx().pixels_per_point());
}

fn letters(painter: &Painter, rect: Rect, [left, right, top, bottom]: [Side; 4]) {
    let inner = rect.shrink(MARGIN);
    for (side, at, align) in [
        (left, inner.left_center(), Align2::LEFT_CENTER),
        (right, inner.right_center(), Align2::RIGHT_CENTER),
        (top, inner.center_top(), Align2::CENTER_TOP),
        (bottom, inner.center_bottom(), Align2::CENTER_BOTTOM),
    ] {
        text(painter, at, align, &side.letter().to_string(), size::HEADING);
    }
}

/// A round number of mm (or px where nothing is calibrated), about a sixth of the view.
fn scale_bar(painter: &Painter, rect: Rect, open: &OpenPicture, raster: &Raster, pixels_per_point: f32) {
    let points_per_mm = 1.0 / (raster.mm_per_pixel as f32 * pixels_per_point);
    let wanted = rect.width() / 6.0 / points_per_mm;
    if !wanted.is_normal() {
        return;
    }
    let decade = 10_f32.powf(wanted.log10().floor());
    let length = [5.0, 2.0, 1.0].map(|step| step * decade).into_iter().find(|&l| l <= wanted).unwrap_or(decade);
    let unit = if open.volume.spacing_known { "mm" } else { "px" };
    let start = rect.left_bottom() + vec2(MARGIN, -MARGIN);
    let end = pos2(start.x + length * points_per_mm, start.y);
    for (width, colour) in [(4.0, dark::OVERLAY_EDGE), (2.0, dark::OVERLAY)] {
        painter.line_segment([start, end], Stroke::new(width, colour));
    }
    text(painter, start - vec2(0.0, 5.0), Align2::LEFT_BOTTOM, &format!("{length} {unit}"), size::SMALL);
}

fn text(painter: &Painter, at: Pos2, align: Align2, text: &str, size: f32) {
    coloured(painter, at, align, text, size, dark::OVERLAY);
}

fn coloured(painter: &Painter, at: Pos2, align: Align2, text: &str, size: f32, colour: Color32) {
    let font = FontId::proportional(size);
    for edge in [vec2(1.0, 1.0), vec2(-1.0, 1.0), vec2(1.0, -1.0), vec2(-1.0, -1.0)] {
        painter.text(at + edge, align, text, font.clone(), dark::OVERLAY_EDGE);
    }
    painter.text(at, align, text, font, colour);
}
