//! What is written on a picture: the patient's sides, what and where it is, a scale, and what a reader must beware of.

use crate::app::App;
use crate::theme::{icon, icon_font, over, radius, size, space};
use crate::views::Shown;
use crate::workspace::OpenPicture;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Stroke, Ui, pos2, vec2};
use limner_imaging::reslice::Raster;
use limner_imaging::{Plane, Side, StackAxis, View};
use std::sync::Arc;

const MARGIN: f32 = 8.0;
const LINE: f32 = 15.0;
/// In a smaller view there is only room for the sides and the slice.
const ROOM_FOR_TEXT: f32 = 220.0;

pub fn ui(app: &App, shown: Shown<'_>, raster: &Raster, rect: Rect, ui: &Ui) {
    let (_, _, open) = shown;
    let painter = ui.painter().with_clip_rect(rect);
    let sides = open.volume.orientation.screen_sides(&raster.plane, &open.volume.geometry);
    letters(&painter, rect, sides, app.settings.look.head_and_feet);
    if app.settings.look.text_on_pictures {
        corner(&painter, shown, app.study_date_of(open), rect);
        scale_bar(&painter, rect, open, raster, ui.ctx().pixels_per_point());
    }
    badges(&painter, shown, raster, rect);
}

/// In 3D: which sides of the patient the edges of the view are nearest to.
pub fn solid_ui(app: &App, (_, viewport, open): Shown<'_>, rect: Rect, ui: &Ui) {
    let geometry = &open.volume.geometry;
    let camera = viewport.solid_camera(geometry);
    let plane = Plane { origin: camera.target, right: camera.right, down: camera.down };
    let sides = open.volume.orientation.screen_sides(&plane, geometry);
    letters(&ui.painter().with_clip_rect(rect), rect, sides, app.settings.look.head_and_feet);
}

/// What is shown, at the upper left.
fn corner(painter: &Painter, (_, viewport, open): Shown<'_>, date: Option<String>, rect: Rect) {
    let volume = &open.volume;
    let (slice, count) = viewport.slice(&volume.geometry);
    let word = if volume.stack_axis == StackAxis::Space { "Slice" } else { "Frame" };
    let place = if viewport.is_oblique() {
        format!("{} turned by {:.0}°", viewport.pane.name(), viewport.tilt_degrees(&volume.geometry))
    } else if count > 1 {
        format!("{word} {} of {count}", slice + 1)
    } else {
        String::new()
    };
    let title = date.map_or_else(|| open.title.clone(), |date| format!("{}, {date}", open.title));
    let mut lines = vec![title, place];
    if rect.width() >= ROOM_FOR_TEXT {
        if !volume.is_colour() {
            let unit = volume.value_map.unit.as_deref().unwrap_or("");
            let window = viewport.window;
            let decimals = if window.width < 10.0 { 2 } else { 0 };
            lines.push(format!("W {:.decimals$}  L {:.decimals$} {unit}", window.width, window.centre));
        }
        if let Some(slab) = viewport.slab {
            lines.push(format!("{:?} over {:.0} mm", slab.projection, slab.thickness_mm));
        }
        if let Some(over) = viewport.over {
            lines.push(format!("With another picture: {}", over.how.name().to_lowercase()));
        }
        if open.registered.is_some() {
            lines.push("Registered".to_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    // The letter at the top stays free.
    let room = rect.width() / 2.0 - MARGIN - LINE;
    for (n, line) in lines.iter().enumerate() {
        let at = rect.min + vec2(MARGIN, MARGIN + n as f32 * LINE);
        let colour = if n == 0 { over::TEXT } else { over::WEAK };
        let mut job = LayoutJob::simple_singleline(line.clone(), FontId::proportional(size::SMALL), colour);
        job.wrap = TextWrapping::truncate_at_width(room);
        on_plate(painter, at, Align2::LEFT_TOP, &painter.layout_job(job), colour);
    }
}

/// At the upper right: what could mislead.
fn badges(painter: &Painter, (_, viewport, open): Shown<'_>, raster: &Raster, rect: Rect) {
    let [left, right, ..] = raster.plane.screen_sides();
    let sided = matches!(viewport.view(), View::Axial | View::Coronal) && open.volume.orientation.is_placed();
    let mut words: Vec<(&str, &str)> = Vec::new();
    if sided && open.volume.spacing_known && (left, right) == (Side::Left, Side::Right) {
        words.push((icon::ARROW_LEFT_RIGHT, "Neurological"));
    }
    if !open.volume.spacing_known {
        words.push((icon::RULER, "Not calibrated: px"));
    }
    if open.lossy {
        words.push((icon::TRIANGLE_ALERT, "Lossy"));
    }
    let mut top = rect.top() + MARGIN;
    for (sign, word) in words {
        let font = FontId::proportional(size::TINY);
        let galley = painter.layout_no_wrap(word.to_owned(), font, over::CAUTION);
        let wide = galley.size().x + 24.0;
        let plate = Rect::from_min_size(pos2(rect.right() - MARGIN - wide, top), vec2(wide, 18.0));
        painter.rect_filled(plate, radius::S, over::PLATE);
        let sign_at = plate.left_center() + vec2(10.0, 0.0);
        painter.text(sign_at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL), over::CAUTION);
        let text_at = pos2(plate.left() + 19.0, plate.center().y - galley.size().y / 2.0);
        painter.galley(text_at, galley, over::CAUTION);
        top += 18.0 + space::S;
    }
}

/// The patient's sides, as far as the picture says them: none is better than a wrong one.
fn letters(painter: &Painter, rect: Rect, [left, right, top, bottom]: [Option<Side>; 4], head_and_feet: bool) {
    let inner = rect.shrink(MARGIN);
    for (side, at, align) in [
        (left, inner.left_center(), Align2::LEFT_CENTER),
        (right, inner.right_center(), Align2::RIGHT_CENTER),
        (top, inner.center_top(), Align2::CENTER_TOP),
        (bottom, inner.center_bottom(), Align2::CENTER_BOTTOM),
    ] {
        let letter = match side {
            None => continue,
            Some(Side::Superior) if head_and_feet => 'H',
            Some(Side::Inferior) if head_and_feet => 'F',
            Some(other) => other.letter(),
        };
        text(painter, at, align, letter.to_string(), 14.0);
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
    let tick = vec2(0.0, 4.0);
    for (width, colour) in [(3.5, over::EDGE), (1.5, over::TEXT)] {
        let stroke = Stroke::new(width, colour);
        painter.line_segment([start, end], stroke);
        painter.line_segment([start - tick, start], stroke);
        painter.line_segment([end - tick, end], stroke);
    }
    text(painter, start - vec2(0.0, 6.0), Align2::LEFT_BOTTOM, format!("{length} {unit}"), size::SMALL);
}

fn text(painter: &Painter, at: Pos2, align: Align2, text: String, size: f32) {
    let galley = painter.layout_no_wrap(text, FontId::proportional(size), over::TEXT);
    on_plate(painter, at, align, &galley, over::TEXT);
}

/// With a dark edge and on a plate, so that it reads on any picture.
fn on_plate(painter: &Painter, at: Pos2, align: Align2, galley: &Arc<Galley>, colour: Color32) {
    let place = align.anchor_size(at, galley.size());
    painter.rect_filled(place.expand2(vec2(space::XS, 0.0)), radius::S, over::PLATE);
    let (x, y) = (vec2(1.2, 0.0), vec2(0.0, 1.2));
    for edge in [x, -x, y, -y, x + y, x - y, y - x, -x - y] {
        painter.galley_with_override_text_color(place.min + edge, Arc::clone(galley), over::EDGE);
    }
    painter.galley(place.min, Arc::clone(galley), colour);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::over::luminance;

    /// As screens mix them: channel by channel, in the values that are sent.
    fn over_grey(plate: Color32, grey: u8) -> Color32 {
        let through = 1.0 - f32::from(plate.a()) / 255.0;
        let mixed = |channel: u8| (f32::from(channel) + f32::from(grey) * through).round() as u8;
        Color32::from_rgb(mixed(plate.r()), mixed(plate.g()), mixed(plate.b()))
    }

    #[test]
    fn small_text_keeps_its_contrast_on_white_and_on_black() {
        for grey in [0, 128, 255] {
            let ground = luminance(over_grey(over::PLATE, grey));
            for ink in [over::TEXT, over::WEAK, over::CAUTION] {
                let contrast = (luminance(ink) + 0.05) / (ground + 0.05);
                assert!(contrast >= 4.5, "{ink:?} on {grey}: {contrast}");
            }
        }
    }
}
