//! What shows a picture. A view draws from shared state and asks through the outbox.

pub mod crosshair;
pub mod drawn;
pub mod followed;
pub mod grid;
pub mod overlay_text;
pub mod pointed;
pub mod reviewed;
pub mod said;
pub mod slice;
pub mod solid;

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::panels::browser::CarriedSeries;
use crate::theme::{colours, icon, icon_font, over, size};
use crate::view_state::{Along, Node, Viewport, ViewportId};
use crate::workspace::OpenPicture;
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    self, Align, Align2, CursorIcon, FontId, Rect, Response, Sense, Stroke, StrokeKind, Ui, UiBuilder, vec2,
};

/// Every viewport of one of the two windows in its place.
pub fn ui(app: &App, layout: &Node, ui: &mut Ui, out: &mut Outbox) {
    let whole = ui.available_rect_before_wrap();
    if app.case.grid.open {
        ui.painter().rect_filled(whole, 0.0, colours(ui.ctx()).ground);
        return grid::ui(app, ui, out);
    }
    let stage = &app.workspace.stage;
    let places = layout.places(whole);
    let has_active = places.iter().any(|(id, _)| *id == stage.active_id());
    if stage.is_maximised() && has_active {
        return viewport_ui(app, stage.active_id(), whole, ui, out);
    }
    for &(id, rect) in &places {
        viewport_ui(app, id, rect, ui, out);
    }
    seams_ui(app, layout, whole, ui, out);
    if (places.len() > 1 || stage.beside().is_some())
        && let Some((_, rect)) = places.iter().find(|(id, _)| *id == stage.active_id())
    {
        ui.painter().rect_stroke(*rect, 0.0, Stroke::new(1.0, over::ACTIVE), StrokeKind::Inside);
    }
}

fn viewport_ui(app: &App, id: ViewportId, rect: Rect, ui: &mut Ui, out: &mut Outbox) {
    ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(("viewport", id)), |ui| {
        match app.workspace.shown_in(id) {
            Some((viewport, open)) if viewport.is_solid() => solid::ui(app, (id, viewport, open), ui, out),
            Some((viewport, open)) => slice::ui(app, (id, viewport, open), ui, out),
            None => empty_ui(app, id, ui, out),
        }
    });
}

impl App {
    /// Why nothing is to be seen, where what was opened could not be read: the notice of it leaves.
    pub fn refused(&self) -> Option<String> {
        let nothing = self.workspace.pictures.is_empty();
        let mut newest = self.workspace.found.iter().rev().filter(|_| nothing);
        let (series, why) = newest.find_map(|series| {
            let why = series.warnings.iter().find(|warning| warning.code == "unreadable")?;
            Some((series, why))
        })?;
        Some(format!("{} {}", series.title, why.text))
    }
}

/// What stands in a viewport without a picture: what to do about it.
fn empty_ui(app: &App, id: ViewportId, ui: &mut Ui, out: &mut Outbox) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Empty view"));
    ui.painter().add(app.gpu.nothing(rect));
    let image = app.workspace.stage.get(id).and_then(|viewport| viewport.image);
    let is_missing = image.is_some_and(|image| app.workspace.missing.contains(&image));
    let (sign, text) = match app.refused() {
        _ if is_missing => (icon::TRIANGLE_ALERT, "This picture could not be read: File, Find moved pictures…".into()),
        _ if app.awaited.contains(&id) || image.is_some() => (icon::LOADER_CIRCLE, "Reading the picture".into()),
        Some(refused) => (icon::TRIANGLE_ALERT, refused),
        None => (icon::IMAGES, "Drop a series here".to_owned()),
    };
    let painter = ui.painter().with_clip_rect(rect);
    let above = rect.center() - vec2(0.0, 16.0);
    painter.text(above, Align2::CENTER_CENTER, sign, icon_font(22.0), over::WEAK);
    let below = rect.center() + vec2(0.0, 4.0);
    let mut job = LayoutJob::simple(text, FontId::proportional(size::SMALL), over::WEAK, rect.width() * 0.7);
    job.halign = Align::Center;
    painter.galley(below, painter.layout_job(job), over::WEAK);
    if response.clicked() {
        out.ask(Request::Activate(id));
    }
    drop_ui(id, rect, &response, ui, out);
}

/// Takes a series carried here from the list.
fn drop_ui(id: ViewportId, rect: Rect, response: &Response, ui: &Ui, out: &mut Outbox) {
    if response.dnd_hover_payload::<CarriedSeries>().is_some() {
        ui.painter().rect_stroke(rect, 0.0, Stroke::new(2.0, over::ACTIVE), StrokeKind::Inside);
    }
    if let Some(series) = response.dnd_release_payload::<CarriedSeries>() {
        out.ask(Request::OpenSeries(series.0, Some(id)));
    }
}

/// The lines between viewports, to be moved by hand.
fn seams_ui(app: &App, layout: &Node, whole: Rect, ui: &mut Ui, out: &mut Outbox) {
    /// A seam is thin; the hand may miss it by this much.
    const REACH: f32 = 3.0;
    let beside = app.workspace.stage.beside() == Some(layout);
    for seam in layout.seams(whole) {
        let id = ui.scope_id().with(("seam", &seam.path, seam.after));
        let (grip, icon) = match seam.along {
            Along::Across => (seam.rect.expand2(vec2(REACH, 0.0)), CursorIcon::ResizeHorizontal),
            Along::Down => (seam.rect.expand2(vec2(0.0, REACH)), CursorIcon::ResizeVertical),
        };
        let response = ui.interact(grip, id, Sense::drag()).on_hover_and_drag_cursor(icon);
        let held = response.hovered() || response.dragged();
        ui.painter().rect_filled(seam.rect, 0.0, if held { over::ACTIVE } else { colours(ui.ctx()).ground });
        let moved = response.drag_delta();
        let by = if seam.along == Along::Across { moved.x } else { moved.y } / seam.length.max(1.0);
        if by != 0.0 {
            out.ask(Request::MoveSeam { beside, path: seam.path, after: seam.after, by });
        }
    }
}

/// A viewport, what it shows and of which picture.
pub type Shown<'a> = (ViewportId, &'a Viewport, &'a OpenPicture);

/// The viewport's picture, filling the space; says how large it is and takes clicks.
fn picture_ui(app: &App, (id, viewport, _): Shown<'_>, ui: &mut Ui, out: &mut Outbox) -> (Rect, Response) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    let name = accessible_name(app, id, viewport);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name));
    out.ask(Request::ViewResized(id, size_in_pixels(rect, ui)));
    if let Some(picture) = app.gpu.picture(id, rect) {
        ui.painter().add(picture);
    }
    drop_ui(id, rect, &response, ui, out);
    if response.double_clicked() && app.work.is_drafting() {
        out.act(Action::Accept);
    } else if response.double_clicked() && !app.hand.tool.annotates() {
        out.ask(Request::Maximise(id));
    }
    (rect, response)
}

/// "Axial view"; the second one of a kind is "Axial view 2".
fn accessible_name(app: &App, id: ViewportId, viewport: &Viewport) -> String {
    let stage = &app.workspace.stage;
    let alike = stage.visible().into_iter().take_while(|&other| other != id);
    let before = alike.filter(|&other| stage.get(other).is_some_and(|v| v.pane == viewport.pane)).count();
    let name = viewport.pane.name();
    if before == 0 { format!("{name} view") } else { format!("{name} view {}", before + 1) }
}

fn size_in_pixels(rect: Rect, ui: &Ui) -> [usize; 2] {
    let scale = ui.ctx().pixels_per_point();
    [rect.width(), rect.height()].map(|points| (points * scale).round().max(1.0) as usize)
}
