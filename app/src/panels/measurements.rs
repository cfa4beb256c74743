//! What is measured and drawn on the picture in view: one row a shape, jump to it, name it, copy all as text. Below the
//! rows is what there is to say of the chosen one, in a place of one height: no choice moves a row.

use crate::app::App;
use crate::outbox::{Outbox, Request, ShapeAct};
use crate::theme::{colours, radius, size};
use crate::widgets::{focus_ring, sentence_case};
use crate::work::measures::{Readout, name_of};
use eframe::egui::{
    Align2, Button, CollapsingHeader, FontId, Label, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo,
    pos2, vec2,
};
use limner_annotation::tools::histogram::Histogram;
use limner_annotation::{Shape, counted};

const ROW: f32 = 22.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let (Some(project), Some(open)) = (&app.workspace.project, app.workspace.open()) else { return };
    let shapes: Vec<&Shape> = project.document().shapes_on(open.image).collect();
    if shapes.is_empty() {
        return;
    }
    let title = format!("Measurements and shapes ({})", shapes.len());
    CollapsingHeader::new(title).id_salt("measurements").default_open(true).show(ui, |ui| {
        ScrollArea::vertical().id_salt("shapes").max_height(200.0).auto_shrink([false, true]).show_rows(
            ui,
            ROW,
            shapes.len(),
            |ui, shown| {
                for shape in &shapes[shown] {
                    ui.push_id(shape.id, |ui| row_ui(app, shape, ui, out));
                }
            },
        );
        let histogram_of = |id| app.work.measures.get(id).and_then(|readout| readout.histogram.as_ref());
        if shapes.iter().any(|shape| histogram_of(shape.id).is_some()) {
            histogram_ui(app.work.selected.and_then(histogram_of), ui);
        }
        if ui.add(Button::new("Copy as text")).on_hover_text("All rows, with tabs between values").clicked() {
            out.ask(Request::CopyMeasurements);
        }
    });
}

fn row_ui(app: &App, shape: &Shape, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let selected = app.work.selected == Some(shape.id);
    let name = shape.text.clone().unwrap_or_else(|| sentence_case(name_of(&shape.form)));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &name));
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, radius::S, if selected { c.accent_ground } else { c.hovered });
    }
    focus_ring(ui, &response, rect, f32::from(radius::S));
    let font = FontId::proportional(size::SMALL);
    let left = pos2(rect.left() + 6.0, rect.center().y);
    let name_end = ui.painter().text(left, Align2::LEFT_CENTER, &name, font.clone(), c.text).right();
    let readout = app.work.measures.get(shape.id);
    let value = readout.and_then(|readout| readout.lines.first()).cloned().unwrap_or_default();
    let place = Rect::from_min_max(pos2(name_end + 6.0, rect.top()), rect.max);
    let at = pos2(rect.right() - 6.0, rect.center().y);
    ui.painter().with_clip_rect(place).text(at, Align2::RIGHT_CENTER, value, font, c.weak);
    if response.clicked() {
        out.ask(Request::Shape(shape.id, ShapeAct::JumpTo));
    }
    response.context_menu(|ui| {
        for (title, act) in [("Jump to", ShapeAct::JumpTo), ("Delete", ShapeAct::Delete)] {
            if ui.button(title).clicked() {
                out.ask(Request::Shape(shape.id, act));
                ui.close();
            }
        }
        if let Some(label) = app.label
            && ui.button("Give it the label in hand").clicked()
        {
            out.ask(Request::Shape(shape.id, ShapeAct::Label(Some(label))));
            ui.close();
        }
    });
    response.on_hover_text(readout.map(Readout::summary).unwrap_or_default());
}

/// How the values inside of the chosen shape are spread, or how to see that.
fn histogram_ui(histogram: Option<&Histogram>, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 56.0), Sense::hover());
    ui.painter().rect_filled(rect, radius::S, c.ground);
    let line = histogram.map_or_else(
        || "Choose an area to see its values".to_owned(),
        |histogram| format!("{}, median {:.1}", counted(histogram.voxels as usize, "voxel"), histogram.median),
    );
    if let Some(histogram) = histogram {
        bars_ui(histogram, rect, response, ui);
    }
    ui.add(Label::new(RichText::new(line).small().color(c.weak)).truncate());
}

fn bars_ui(histogram: &Histogram, rect: Rect, response: Response, ui: &Ui) {
    let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1) as f32;
    let inner = rect.shrink2(vec2(4.0, 3.0));
    let width = inner.width() / histogram.counts.len() as f32;
    for (n, count) in histogram.counts.iter().enumerate() {
        let x = inner.left() + n as f32 * width;
        let height = inner.height() * *count as f32 / most;
        let bar =
            Rect::from_min_max(pos2(x, inner.bottom() - height), pos2(x + (width - 0.5).max(0.5), inner.bottom()));
        ui.painter().rect_filled(bar, 0.0, colours(ui.ctx()).accent);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "Histogram"));
    if let Some(at) = response.hover_pos() {
        let n = (((at.x - inner.left()) / width).max(0.0) as usize).min(histogram.counts.len() - 1);
        let step = (histogram.high - histogram.low) / histogram.counts.len() as f64;
        let low = histogram.low + step * n as f64;
        response.on_hover_text(format!("{:.1} to {:.1}: {}", low, low + step, histogram.counts[n]));
    }
}
