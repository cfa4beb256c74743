//! A transfer function edited by hand: its points over the values the picture holds.
//!
//! Opacity is drawn on a cubic scale, since what lets one look into a body lies close to zero.

use crate::theme::{Colours, colours, radius, space};
use crate::workspace::OpenPicture;
use eframe::egui::{
    Button, Color32, DragValue, Id, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};
use limner_imaging::Volume;
use limner_render::{TransferFunction, TransferPoint};
use std::sync::Arc;

pub const WIDTH: f32 = 380.0;
const HEIGHT: f32 = 150.0;
const HANDLE: f32 = 5.0;
const BINS: usize = 95;
/// So many values of a picture are looked at for its histogram: enough for its shape, at once for any size.
const MOST_VALUES: usize = 1 << 16;

/// How often values occur, as parts of the most frequent, on a logarithmic scale.
#[derive(Clone)]
struct Backdrop {
    heights: Arc<[f32; BINS]>,
    low: f64,
    high: f64,
}

/// What is shown of the values: never less than was shown before, so that nothing jumps under the pointer.
#[derive(Clone, Copy)]
struct Axes {
    rect: Rect,
    low: f64,
    high: f64,
}

impl Axes {
    fn place(&self, value: f64, opacity: f32) -> Pos2 {
        let x = ((value - self.low) / (self.high - self.low)) as f32;
        pos2(self.rect.left() + x * self.rect.width(), self.rect.bottom() - opacity.cbrt() * self.rect.height())
    }

    fn meaning(&self, at: Pos2) -> (f64, f32) {
        let at = self.rect.clamp(at);
        let x = f64::from((at.x - self.rect.left()) / self.rect.width());
        (self.low + x * (self.high - self.low), ((self.rect.bottom() - at.y) / self.rect.height()).powi(3))
    }
}

/// The function as edited in this frame.
pub fn ui(open: &OpenPicture, function: &TransferFunction, ui: &mut Ui) -> Option<TransferFunction> {
    let id = ui.scope_id().with(("transfer", open.image));
    let backdrop = ui.data(|data| data.get_temp::<Backdrop>(id)).unwrap_or_else(|| {
        let backdrop = backdrop(&open.volume);
        ui.data_mut(|data| data.insert_temp(id, backdrop.clone()));
        backdrop
    });
    let (rect, ground) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    ground.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Opacity by value"));
    let ground = ground.on_hover_text("Drag a point; double click adds one, right click removes it");
    let axes = axes(ui, id, rect.shrink(HANDLE + 2.0), &backdrop, function);
    let c = colours(ui.ctx());
    paint(ui, rect, &axes, &backdrop, function, c);
    let chosen_id = id.with("chosen");
    let mut chosen = ui.data(|data| data.get_temp::<usize>(chosen_id)).unwrap_or(0);
    let edited = points_ui(ui, id, (&axes, &ground), function, &mut chosen);
    chosen = chosen.min(function.points().len().saturating_sub(1));
    ui.data_mut(|data| data.insert_temp(chosen_id, chosen));
    let unit = open.volume.value_map.unit.as_deref().unwrap_or_default();
    let by_numbers = numbers_ui(ui, function, chosen, unit);
    let whole = whole_ui(ui, function, unit);
    edited.or(by_numbers).or(whole)
}

fn axes(ui: &Ui, id: Id, rect: Rect, backdrop: &Backdrop, function: &TransferFunction) -> Axes {
    let id = id.with("axes");
    let (low, high) = ui.data(|data| data.get_temp(id)).unwrap_or((backdrop.low, backdrop.high));
    let (first, last) = function.range();
    let (low, high) = (low.min(first), high.max(last));
    ui.data_mut(|data| data.insert_temp(id, (low, high)));
    Axes { rect, low, high }
}

fn paint(ui: &Ui, rect: Rect, axes: &Axes, backdrop: &Backdrop, function: &TransferFunction, c: &Colours) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, radius::S, c.ground);
    let step = (backdrop.high - backdrop.low) / BINS as f64;
    for (n, height) in backdrop.heights.iter().enumerate() {
        let low = backdrop.low + n as f64 * step;
        let (left, right) = (axes.place(low, 0.0).x, axes.place(low + step, 0.0).x);
        let top = axes.rect.bottom() - height * axes.rect.height();
        let bar = Rect::from_min_max(pos2(left, top), pos2((right - 0.5).max(left + 0.5), axes.rect.bottom()));
        painter.rect_filled(bar, 0.0, c.raised);
    }
    let points = function.points();
    let mut line: Vec<Pos2> = points.iter().map(|p| axes.place(p.value, p.opacity_per_mm)).collect();
    if let (Some(first), Some(last)) = (line.first().copied(), line.last().copied()) {
        line.insert(0, pos2(axes.rect.left(), first.y));
        line.push(pos2(axes.rect.right(), last.y));
    }
    painter.add(Shape::line(line, Stroke::new(1.5, c.text)));
}

/// The points as handles. They take the keyboard's focus too, which chooses them.
fn points_ui(
    ui: &Ui,
    id: Id,
    (axes, ground): (&Axes, &Response),
    function: &TransferFunction,
    chosen: &mut usize,
) -> Option<TransferFunction> {
    let c = colours(ui.ctx());
    let mut edited = None;
    for (n, point) in function.points().iter().enumerate() {
        let at = axes.place(point.value, point.opacity_per_mm);
        let around = Rect::from_center_size(at, vec2(HANDLE, HANDLE) * 3.0);
        let response = ui.interact(around, id.with(n), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("Point {}", n + 1)));
        if response.gained_focus() || response.clicked() || response.drag_started() {
            *chosen = n;
        }
        if response.secondary_clicked() && function.points().len() > 1 {
            edited = Some(function.without(n));
        } else if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            let (value, opacity) = axes.meaning(pointer);
            edited = Some(function.moved(n, value, opacity));
        }
        let [r, g, b] = point.colour;
        let ring = if n == *chosen || response.hovered() { c.accent } else { c.text };
        ui.painter().circle(at, HANDLE, Color32::from_rgb(r, g, b), Stroke::new(1.5, ring));
    }
    if let Some(at) = ground.interact_pointer_pos().filter(|_| ground.double_clicked()) {
        let (value, opacity_per_mm) = axes.meaning(at);
        let [r, g, b, _] = function.at(value);
        let colour = [r, g, b].map(|part| (part * 255.0).round() as u8);
        edited = Some(function.with(TransferPoint { value, colour, opacity_per_mm }));
    }
    edited
}

/// The chosen point in numbers.
fn numbers_ui(ui: &mut Ui, function: &TransferFunction, chosen: usize, unit: &str) -> Option<TransferFunction> {
    let point = *function.points().get(chosen)?;
    let mut edited = None;
    ui.horizontal(|ui| {
        let label = ui.label(format!("Point {}", chosen + 1));
        let (mut value, mut percent) = (point.value, point.opacity_per_mm * 100.0);
        let field = DragValue::new(&mut value).max_decimals(2).suffix(format!(" {unit}"));
        let moved = ui.add(field).labelled_by(label.id).on_hover_text("Value").changed();
        let field = DragValue::new(&mut percent).range(0.0..=100.0).speed(0.1).max_decimals(1).suffix(" %");
        let faded = ui.add(field).labelled_by(label.id).on_hover_text("Hidden by one millimetre of it").changed();
        if moved || faded {
            edited = Some(function.moved(chosen, value, percent / 100.0));
        }
        let mut colour = point.colour;
        let mut recoloured = false;
        for (part, name) in colour.iter_mut().zip(["Red", "Green", "Blue"]) {
            recoloured |= ui.add(DragValue::new(part)).labelled_by(label.id).on_hover_text(name).changed();
        }
        if recoloured {
            edited = Some(function.coloured(chosen, colour));
        }
        let remove = ui.add_enabled(function.points().len() > 1, Button::new("Remove"));
        if remove.clicked() {
            edited = Some(function.without(chosen));
        }
    });
    edited
}

/// All of it at once: to other values, thinner or denser.
fn whole_ui(ui: &mut Ui, function: &TransferFunction, unit: &str) -> Option<TransferFunction> {
    let mut edited = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let label = ui.label(RichText::new("All points from"));
        let before = function.range().0;
        let mut start = before;
        let field = DragValue::new(&mut start).max_decimals(2).suffix(format!(" {unit}"));
        if ui.add(field).labelled_by(label.id).changed() && start.is_finite() {
            edited = Some(function.shifted(start - before));
        }
        for (name, factor) in [("Thinner", 0.8), ("Denser", 1.25)] {
            if ui.button(name).clicked() {
                edited = Some(function.with_opacity(factor));
            }
        }
    });
    edited
}

fn backdrop(volume: &Volume) -> Backdrop {
    let samples = volume.samples();
    let stride = samples.len().div_ceil(MOST_VALUES).max(1);
    let values = (0..samples.len()).step_by(stride).map(|n| volume.value_map.value(samples.get(n)));
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    // A few outliers must not squeeze everything else into one bar.
    let at = |part: f64| values.get((part * values.len() as f64) as usize).or(values.last()).copied().unwrap_or(0.0);
    let (low, high) = (at(0.0), at(0.999));
    let high = if high > low { high } else { low + 1.0 };
    let mut counts = [0_u32; BINS];
    for value in values.iter().filter(|value| **value <= high) {
        counts[(((value - low) / (high - low) * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let log = |count: u32| f64::from(count).ln_1p() / f64::from(most).ln_1p().max(1.0);
    Backdrop { heights: Arc::new(counts.map(|count| log(count) as f32)), low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, World};

    #[test]
    fn a_place_in_the_drawing_means_what_is_drawn_there() {
        let axes = Axes { rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(200.0, 100.0)), low: -1000.0, high: 1000.0 };
        for (value, opacity) in [(-1000.0, 0.0), (0.0, 0.125), (250.0, 1.0)] {
            let (back, opaque) = axes.meaning(axes.place(value, opacity));
            assert!((back - value).abs() < 0.1 && (opaque - opacity).abs() < 1e-4, "{value} {opacity}");
        }
        assert_eq!(axes.meaning(pos2(-500.0, 5000.0)), (-1000.0, 0.0), "the pointer left the drawing");
    }

    #[test]
    fn outliers_do_not_squeeze_the_rest() {
        let geometry = Geometry::axis_aligned([100, 100, 1], World::default(), [1.0; 3]).unwrap();
        let mut samples: Vec<i16> = (0..10_000).map(|n| n % 100).collect();
        samples[77] = 30_000;
        let backdrop = backdrop(&Volume::new(geometry, Samples::I16(samples), 1).unwrap());
        assert!(backdrop.high < 200.0 && backdrop.low == 0.0);
        assert!(backdrop.heights.iter().filter(|height| **height > 0.5).count() > 80);
    }
}
