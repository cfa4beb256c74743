//! The bar over the pictures: what the tool in hand asks for at the left, how the active view is shown at the right.
//! What finds no room there is behind a button at its end.

mod room;

use super::{solid, tools};
use crate::action::Action;
use crate::app::App;
use crate::curve::Curve;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, space};
use crate::view_state::viewport::{How, Over};
use crate::view_state::{Along, Arrangement, Pane, link};
use crate::widgets::{self, Words, action_button, word_button};
use crate::workspace::OpenPicture;
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Galley, Id, Layout, Popup, Rect, Response, Role, Sense, Ui, UiBuilder,
    WidgetInfo, vec2,
};
use limner_imaging::View;
use limner_imaging::reslice::{Projection, Slab};
use std::sync::Arc;

/// What stands in the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Tool,
    Plane,
    Window,
    Over,
    Slab,
    Solid,
    Links,
    FourUp,
    Layout,
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Bar,
    /// Behind the button at the end, where there is room for what it is called as well.
    More,
}

/// What a part that opens a list shows of itself.
struct Face {
    sign: &'static str,
    text: String,
    words: Words<'static>,
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let (shown, rest) = room::parted(app, ui);
    ui.horizontal_centered(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            room::more_ui(app, &rest, ui, out);
            for part in shown.iter().copied().rev().filter(|part| *part != Part::Tool) {
                let drawn = ui.scope_builder(part.scope(), |ui| part.ui(app, Place::Bar, ui, out));
                room::remember(app, part, drawn.response.rect.width(), ui);
            }
            if shown.contains(&Part::Tool) {
                ui.scope_builder(Part::Tool.scope().layout(Layout::left_to_right(Align::Center)), |ui| {
                    // Until it is known how wide the tool's controls are they must not cover the choices of the view.
                    ui.set_clip_rect(ui.clip_rect().intersect(ui.max_rect()));
                    Part::Tool.ui(app, Place::Bar, ui, out);
                    room::remember(app, Part::Tool, ui.min_rect().width(), ui);
                });
            }
        });
    });
}

impl Part {
    /// From the left to the right.
    const ALL: [Self; 9] = [
        Self::Tool,
        Self::Plane,
        Self::Window,
        Self::Over,
        Self::Slab,
        Self::Solid,
        Self::Links,
        Self::FourUp,
        Self::Layout,
    ];

    /// What holds it. A list that is open, or a field that is typed into, stays so while others come into the bar and
    /// leave it.
    fn scope(self) -> UiBuilder {
        UiBuilder::new().scope_id(Id::unique(("part of the view bar", self)))
    }

    fn ui(self, app: &App, place: Place, ui: &mut Ui, out: &mut Outbox) {
        match self {
            Self::Tool => tools::ui(app, ui, out),
            Self::Solid => solid::ui(app, ui, out),
            Self::FourUp if place == Place::Bar => {
                action_button(app, Action::FourUp, ui, out);
            }
            Self::FourUp => {
                word_button(app, Action::FourUp, Action::FourUp.title(), ui, out);
            }
            _ => {
                let Some(Face { sign, text, words }) = self.face(app) else { return };
                let text = match place {
                    Place::Bar => text,
                    Place::More if text.is_empty() => words.name.to_owned(),
                    Place::More => format!("{}: {text}", words.name),
                };
                let response = drop_button(ui, sign, &text, words);
                Popup::menu(&response).show(|ui| self.list_ui(app, ui, out));
            }
        }
    }

    /// `None` where the active view has no such thing, or where it is no list.
    fn face(self, app: &App) -> Option<Face> {
        let active = app.workspace.active();
        match self {
            Self::Plane => active.filter(|(_, open)| open.has_planes()).map(|(view, _)| plane_face(view.pane)),
            Self::Window => active.filter(|(_, open)| !open.volume.is_colour()).map(|_| window_face(app)),
            Self::Over => over_face(app),
            Self::Slab => active.filter(|(view, open)| !view.is_solid() && open.has_planes()).map(|_| slab_face(app)),
            Self::Links => Some(link_face(app)),
            Self::Layout => Some(layout_face()),
            Self::Tool | Self::Solid | Self::FourUp => None,
        }
    }

    fn list_ui(self, app: &App, ui: &mut Ui, out: &mut Outbox) {
        match self {
            Self::Plane => plane_ui(app, ui, out),
            Self::Window => window_ui(app, ui, out),
            Self::Over => over_ui(app, ui, out),
            Self::Slab => slab_ui(app, ui, out),
            Self::Links => link_ui(app, ui, out),
            Self::Layout => layout_ui(app, ui, out),
            Self::Tool | Self::Solid | Self::FourUp => {}
        }
    }
}

/// Before the words of a button with a list there is its sign, after them an arrow.
const BEFORE: f32 = 24.0;
const AFTER: f32 = 18.0;

fn galley_of(ui: &Ui, text: &str) -> Arc<Galley> {
    ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size::BODY), colours(ui.ctx()).text)
}

/// How wide a button with a list is.
fn drop_width(ui: &Ui, text: &str) -> f32 {
    BEFORE + AFTER + if text.is_empty() { 0.0 } else { galley_of(ui, text).size().x + space::S }
}

/// A button with an icon, a word and an arrow that opens a list.
pub(super) fn drop_button(ui: &mut Ui, sign: &str, text: &str, words: Words<'_>) -> Response {
    let c = colours(ui.ctx());
    let (galley, wide) = (galley_of(ui, text), drop_width(ui, text));
    let (rect, response) = ui.allocate_exact_size(vec2(wide, size::ICON_BUTTON), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words.name));
    let lit = response.hovered()
        || response.has_focus()
        || Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    ui.painter().rect_filled(rect, radius::M, if lit { c.hovered } else { Color32::TRANSPARENT });
    let middle = rect.center().y;
    let icon_at = Rect::from_min_size(rect.min, vec2(BEFORE, rect.height())).center();
    ui.painter().text(icon_at, Align2::CENTER_CENTER, sign, icon_font(size::ICON - 1.0), c.weak);
    let text_at = rect.left_top() + vec2(BEFORE + space::XS, 0.0);
    ui.painter().galley(text_at + vec2(0.0, middle - rect.top() - galley.size().y / 2.0), galley, c.text);
    let arrow_at = rect.right_center() - vec2(AFTER / 2.0, 0.0);
    ui.painter().text(arrow_at, Align2::CENTER_CENTER, icon::CHEVRON_DOWN, icon_font(11.0), c.weak);
    widgets::explained(response, words)
}

/// One line of a list of actions.
fn choice(app: &App, action: Action, ui: &mut Ui, out: &mut Outbox) {
    let reason = app.why_not(action);
    let button = Button::selectable(app.is_on(action), app.title_of(action)).shortcut_text(app.keys_of(action));
    let response = ui.add_enabled(reason.is_none(), button);
    if response.clicked() {
        out.act(action);
        ui.close();
    }
    if let Some(reason) = reason {
        response.on_disabled_hover_text(reason);
    }
}

fn plane_face(pane: Pane) -> Face {
    let sign = if pane == Pane::Solid { icon::BOX } else { icon::SLICE };
    let words = Words { name: "Plane", hint: "Which plane of the picture the active view shows", ..Words::default() };
    Face { sign, text: pane.name().to_owned(), words }
}

fn plane_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.set_min_width(200.0);
    for view in View::ALL {
        choice(app, Action::Show(view), ui, out);
    }
    choice(app, Action::ShowSolid, ui, out);
    ui.separator();
    choice(app, Action::ResetView, ui, out);
}

fn window_face(app: &App) -> Face {
    let text = app.window_name().unwrap_or_else(|| "Window".to_owned());
    let words =
        Words { name: "Window presets", hint: "Which values are shown from black to white", ..Words::default() };
    Face { sign: icon::CONTRAST, text, words }
}

fn window_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.set_min_width(240.0);
    choice(app, Action::WindowAsStored, ui, out);
    curve_ui(app, ui, out);
    ui.separator();
    for n in 0..app.settings.windows.len() {
        choice(app, Action::WindowPreset(n), ui, out);
    }
    ui.separator();
    choice(app, Action::InvertWindow, ui, out);
}

/// The grey curve of the file, where it has one beside its windows.
fn curve_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let Some((viewport, open)) = app.workspace.active() else { return };
    let Some(curve) = Curve::of(&open.volume).filter(|curve| curve.window != open.stored_window) else { return };
    if ui.add(Button::selectable(viewport.window == curve.window, "Curve of the file")).clicked() {
        out.ask(Request::Window(app.workspace.stage.active_id(), curve.window));
        ui.close();
    }
}

/// Thickness in mm of the slabs that are offered.
const THICKNESSES_MM: [f64; 5] = [3.0, 5.0, 10.0, 20.0, 40.0];
const PROJECTIONS: [(Projection, &str); 3] =
    [(Projection::Maximum, "maximum"), (Projection::Mean, "mean"), (Projection::Minimum, "minimum")];

fn slab_face(app: &App) -> Face {
    let now = app.workspace.stage.active().slab;
    let text = now.map_or_else(String::new, |slab| format!("{:.0} mm", slab.thickness_mm));
    let words = Words {
        name: "Slab thickness",
        hint: "Shows the maximum, mean or minimum over a thick slice",
        ..Words::default()
    };
    Face { sign: icon::LAYERS, text, words }
}

fn slab_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let id = app.workspace.stage.active_id();
    let now = app.workspace.stage.active().slab;
    ui.set_min_width(180.0);
    if ui.add(Button::selectable(now.is_none(), "Thin slice")).clicked() {
        out.ask(Request::Slab(id, None));
        ui.close();
    }
    for (projection, name) in PROJECTIONS {
        ui.separator();
        for thickness_mm in THICKNESSES_MM {
            let slab = Slab { projection, thickness_mm };
            if ui.add(Button::selectable(now == Some(slab), format!("{thickness_mm:.0} mm {name}"))).clicked() {
                out.ask(Request::Slab(id, Some(slab)));
                ui.close();
            }
        }
    }
}

/// The pictures that may be laid over the one in the active view.
fn others_of<'a>(app: &'a App, open: &OpenPicture) -> Vec<&'a OpenPicture> {
    let lies_with = |other: &&OpenPicture| other.image != open.image && !other.volume.is_colour();
    app.workspace.pictures.values().filter(lies_with).collect()
}

fn over_face(app: &App) -> Option<Face> {
    let (view, open) = app.workspace.active()?;
    if view.is_solid() || !open.has_planes() || others_of(app, open).is_empty() {
        return None;
    }
    let text = view.over.map_or("", |over| over.how.name()).to_owned();
    let hint = "Another picture on screen over this one: PET over CT, or to see whether two are registered";
    Some(Face { sign: icon::BLEND, text, words: Words { name: "Lay over", hint, ..Words::default() } })
}

/// Another open picture over this one.
fn over_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let id = app.workspace.stage.active_id();
    let Some((viewport, open)) = app.workspace.active() else { return };
    let now = viewport.over;
    ui.set_min_width(220.0);
    if ui.add(Button::selectable(now.is_none(), "This picture alone")).clicked() {
        out.ask(Request::LayOver(id, None));
        ui.close();
    }
    for other in others_of(app, open) {
        ui.separator();
        ui.label(&other.title);
        let apart = link::shared_space(open, other).is_none();
        for how in How::ALL {
            let over = Over { image: other.image, how };
            let response = ui.add_enabled(!apart, Button::selectable(now == Some(over), how.name()));
            if response.on_disabled_hover_text("They do not lie in one space; register them first").clicked() {
                out.ask(Request::LayOver(id, Some(over)));
                ui.close();
            }
        }
    }
}

fn link_face(app: &App) -> Face {
    let links = app.workspace.stage.links;
    let any = links.place || links.camera || links.window;
    let words = Words { name: "Links", hint: "What the views share", ..Words::default() };
    Face { sign: if any { icon::LINK_2 } else { icon::UNLINK }, text: String::new(), words }
}

fn link_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.set_min_width(220.0);
    for action in [Action::LinkPlace, Action::LinkCamera, Action::LinkWindow] {
        choice(app, action, ui, out);
    }
}

fn layout_face() -> Face {
    let words = Words { name: "Layout", hint: "How many views share the space", ..Words::default() };
    Face { sign: icon::LAYOUT_GRID, text: String::new(), words }
}

fn layout_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.set_min_width(220.0);
    if let Some(wanted) = grid_picker(app, ui) {
        out.act(Action::Arrange(wanted));
        ui.close();
    }
    ui.separator();
    for action in [
        Action::FourUp,
        Action::Arrange(Arrangement::ONE),
        Action::Split(Along::Across),
        Action::Split(Along::Down),
        Action::CloseView,
        Action::Maximise,
    ] {
        choice(app, action, ui, out);
    }
}

/// Four rows of four cells: the corner under the pointer is the size of the grid.
fn grid_picker(app: &App, ui: &mut Ui) -> Option<Arrangement> {
    const CELL: f32 = 24.0;
    const MOST: u8 = 4;
    let c = colours(ui.ctx());
    let side = f32::from(MOST) * CELL;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), side + space::M), Sense::hover());
    let start = rect.min + vec2(space::S, space::S);
    let pointer = ui.input(|i| i.pointer.hover_pos());
    let reach = |n: f32| ((n / CELL).floor() as i32).clamp(0, i32::from(MOST) - 1) as u8 + 1;
    let inside = pointer.filter(|p| Rect::from_min_size(start, vec2(side, side)).contains(*p));
    let hovered = inside.map(|p| (reach(p.y - start.y), reach(p.x - start.x)));
    let mut chosen = None;
    for row in 1..=MOST {
        for column in 1..=MOST {
            let corner = start + vec2(f32::from(column - 1) * CELL, f32::from(row - 1) * CELL);
            let cell = Rect::from_min_size(corner, vec2(CELL, CELL)).shrink(2.0);
            let response = ui.interact(cell.expand(2.0), ui.scope_id().with((row, column)), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{row} × {column} views")));
            let wanted = Arrangement::grid(row, column);
            let lit = hovered.is_some_and(|(rows, columns)| row <= rows && column <= columns);
            let on = hovered.is_none() && app.is_on(Action::Arrange(wanted));
            let fill = if lit || on { c.accent } else { c.raised };
            ui.painter().rect_filled(cell, radius::S, fill);
            if response.clicked() {
                chosen = Some(wanted);
            }
        }
    }
    let text = hovered.map_or_else(|| "Rows × columns".to_owned(), |(rows, columns)| format!("{rows} × {columns}"));
    let at = start + vec2(side + space::L, side / 2.0);
    ui.painter().text(at, Align2::LEFT_CENTER, text, FontId::proportional(size::BODY), c.weak);
    chosen
}
