//! The bar over the pictures: what the tool in hand asks for at the left, how the active view is shown at the right.

use super::{solid, tools};
use crate::action::Action;
use crate::app::App;
use crate::curve::Curve;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, space};
use crate::view_state::viewport::{How, Over};
use crate::view_state::{Along, Arrangement, Pane, link};
use crate::widgets::{self, Words, action_button};
use crate::workspace::OpenPicture;
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Layout, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2,
};
use limner_imaging::View;
use limner_imaging::reslice::{Projection, Slab};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.horizontal_centered(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            layout_ui(app, ui, out);
            link_ui(app, ui, out);
            if let Some((viewport, open)) = app.workspace.active() {
                if viewport.is_solid() {
                    solid::ui(app, ui, out);
                } else if open.has_planes() {
                    slab_ui(app, ui, out);
                    over_ui(app, ui, out);
                }
                if !open.volume.is_colour() {
                    window_ui(app, ui, out);
                }
                if open.has_planes() {
                    plane_ui(app, viewport.pane, ui, out);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                // Where there is little room the choices of the view come first.
                ui.set_clip_rect(ui.clip_rect().intersect(ui.max_rect()));
                tools::ui(app, ui, out);
            });
        });
    });
}

/// A button with an icon, a word and an arrow that opens a list.
pub(super) fn drop_button(ui: &mut Ui, sign: &str, text: &str, words: Words<'_>) -> Response {
    let c = colours(ui.ctx());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size::BODY), c.text);
    let (before, after) = (24.0, 18.0);
    let wide = galley.size().x + before + after + if text.is_empty() { 0.0 } else { space::S };
    let (rect, response) = ui.allocate_exact_size(vec2(wide, size::ICON_BUTTON), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words.name));
    let lit = response.hovered()
        || response.has_focus()
        || Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    ui.painter().rect_filled(rect, radius::M, if lit { c.hovered } else { Color32::TRANSPARENT });
    let middle = rect.center().y;
    let icon_at = Rect::from_min_size(rect.min, vec2(before, rect.height())).center();
    ui.painter().text(icon_at, Align2::CENTER_CENTER, sign, icon_font(size::ICON - 1.0), c.weak);
    let text_at = rect.left_top() + vec2(before + space::XS, 0.0);
    ui.painter().galley(text_at + vec2(0.0, middle - rect.top() - galley.size().y / 2.0), galley, c.text);
    let arrow_at = rect.right_center() - vec2(after / 2.0, 0.0);
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

fn plane_ui(app: &App, pane: Pane, ui: &mut Ui, out: &mut Outbox) {
    let sign = if pane == Pane::Solid { icon::BOX } else { icon::SLICE };
    let words = Words { name: "Plane", hint: "Which plane of the picture the active view shows", ..Words::default() };
    let response = drop_button(ui, sign, pane.name(), words);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(200.0);
        for view in View::ALL {
            choice(app, Action::Show(view), ui, out);
        }
        choice(app, Action::ShowSolid, ui, out);
        ui.separator();
        choice(app, Action::ResetView, ui, out);
    });
}

fn window_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let name = app.window_name().unwrap_or_else(|| "Window".to_owned());
    let words =
        Words { name: "Window presets", hint: "Which values are shown from black to white", ..Words::default() };
    let response = drop_button(ui, icon::CONTRAST, &name, words);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(240.0);
        choice(app, Action::WindowAsStored, ui, out);
        curve_ui(app, ui, out);
        ui.separator();
        for n in 0..app.settings.windows.len() {
            choice(app, Action::WindowPreset(n), ui, out);
        }
        ui.separator();
        choice(app, Action::InvertWindow, ui, out);
    });
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

fn slab_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let id = app.workspace.stage.active_id();
    let now = app.workspace.stage.active().slab;
    let text = now.map_or_else(String::new, |slab| format!("{:.0} mm", slab.thickness_mm));
    let words = Words {
        name: "Slab thickness",
        hint: "Shows the maximum, mean or minimum over a thick slice",
        ..Words::default()
    };
    let response = drop_button(ui, icon::LAYERS, &text, words);
    Popup::menu(&response).show(|ui| {
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
    });
}

/// Another open picture over this one.
fn over_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let id = app.workspace.stage.active_id();
    let Some((viewport, open)) = app.workspace.active() else { return };
    let lies_with = |other: &&OpenPicture| other.image != open.image && !other.volume.is_colour();
    let others: Vec<&OpenPicture> = app.workspace.pictures.values().filter(lies_with).collect();
    if others.is_empty() {
        return;
    }
    let now = viewport.over;
    let text = now.map_or("", |over| over.how.name());
    let hint = "Another picture on screen over this one: PET over CT, or to see whether two are registered";
    let words = Words { name: "Lay over", hint, ..Words::default() };
    let response = drop_button(ui, icon::BLEND, text, words);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(220.0);
        if ui.add(Button::selectable(now.is_none(), "This picture alone")).clicked() {
            out.ask(Request::LayOver(id, None));
            ui.close();
        }
        for other in others {
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
    });
}

fn link_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let links = app.workspace.stage.links;
    let any = links.place || links.camera || links.window;
    let words = Words { name: "Links", hint: "What the views share", ..Words::default() };
    let response = drop_button(ui, if any { icon::LINK_2 } else { icon::UNLINK }, "", words);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(220.0);
        for action in [Action::LinkPlace, Action::LinkCamera, Action::LinkWindow] {
            choice(app, action, ui, out);
        }
    });
}

fn layout_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let words = Words { name: "Layout", hint: "How many views share the space", ..Words::default() };
    let response = drop_button(ui, icon::LAYOUT_GRID, "", words);
    Popup::menu(&response).show(|ui| {
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
    });
    action_button(app, Action::FourUp, ui, out);
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
