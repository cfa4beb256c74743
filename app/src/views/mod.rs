//! What shows a picture. A view draws from shared state and asks through the outbox.

pub mod overlay_text;
pub mod slice;
pub mod solid;

use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use crate::view_state::{Layout, Pane};
use crate::workspace::OpenPicture;
use eframe::egui::{self, Color32, Rect, Response, Sense, Stroke, StrokeKind, Ui, UiBuilder, pos2};

/// Between two panes, in points.
const SEAM: f32 = 2.0;

/// Every pane of the layout in its place.
pub fn ui(app: &App, open: &OpenPicture, ui: &mut Ui, out: &mut Outbox) {
    let whole = ui.available_rect_before_wrap();
    for (n, &pane) in open.view.panes().iter().enumerate() {
        let rect = match open.view.layout {
            Layout::One => whole,
            Layout::Four => quarter(whole, n),
        };
        ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(pane.name()), |ui| {
            match pane {
                Pane::Slice(view) => slice::ui(app, open, view, ui, out),
                Pane::Solid => solid::ui(app, open, ui, out),
            }
            if open.view.layout == Layout::Four && open.view.active == pane {
                ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, dark::ACCENT), StrokeKind::Inside);
            }
        });
    }
}

fn quarter(whole: Rect, n: usize) -> Rect {
    let half = (whole.size() - egui::vec2(SEAM, SEAM)) / 2.0;
    let (column, row) = ((n % 2) as f32, (n / 2) as f32);
    let corner = whole.min + egui::vec2(column * (half.x + SEAM), row * (half.y + SEAM));
    Rect::from_min_size(corner, half)
}

/// The pane's picture, filling the space; says how large it is and takes clicks.
fn picture_ui(app: &App, pane: Pane, ui: &mut Ui, out: &mut Outbox) -> (Rect, Response) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    let name = format!("{} view", pane.name());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name));
    out.ask(Request::ViewResized(pane, size_in_pixels(rect, ui)));
    ui.painter().rect_filled(rect, 0.0, dark::VIEW);
    let texture = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(app.gpu.texture_id(pane), rect, texture, Color32::WHITE);
    if response.double_clicked() && !app.hand.tool.paints() {
        out.ask(Request::Maximise(pane));
    }
    (rect, response)
}

fn size_in_pixels(rect: Rect, ui: &Ui) -> [usize; 2] {
    let scale = ui.ctx().pixels_per_point();
    [rect.width(), rect.height()].map(|points| (points * scale).round().max(1.0) as usize)
}
