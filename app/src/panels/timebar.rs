//! The bar under pictures that go on in time: play, a line of frames to drag along, where it stands, how fast.

use crate::action::Action;
use crate::app::App;
use crate::cine::{SPEEDS, playing};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, radius, size, space};
use crate::view_state::ViewportId;
use crate::widgets::{Words, action_button, explained, focus_ring, icon_button};
use eframe::egui::{
    Align, Button, CursorIcon, Label, Layout, Popup, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use limner_imaging::Clock;

/// More frames than this get no mark each.
const MOST_MARKS: usize = 120;

/// The active view, its clock and the frame it shows, where it has a time.
fn on_stage(app: &App) -> Option<(ViewportId, Clock, usize)> {
    let (viewport, open) = app.workspace.active()?;
    open.clock.as_ref()?;
    let (clock, frame) = playing(viewport, open)?;
    Some((app.workspace.stage.active_id(), clock, frame))
}

pub fn is_needed(app: &App) -> bool {
    on_stage(app).is_some()
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let Some((viewport, clock, frame)) = on_stage(app) else { return };
    let c = colours(ui.ctx());
    ui.horizontal_centered(|ui| {
        action_button(app, Action::PreviousTime, ui, out);
        play_ui(app, ui, out);
        action_button(app, Action::NextTime, ui, out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            speed_ui(app, &clock, ui, out);
            let at = format!("{} / {}", frame + 1, clock.frames());
            // A time that nobody measured is not shown.
            if clock.is_known() {
                let time = format!("{:.2} s of {:.2} s", clock.start_ms(frame) / 1000.0, clock.total_ms() / 1000.0);
                ui.add(Label::new(RichText::new(time).size(size::SMALL).color(c.weak)).selectable(false));
            }
            ui.add(Label::new(RichText::new(at).size(size::SMALL).color(c.text)).selectable(false));
            line_ui(app, (viewport, &clock, frame), ui, out);
        });
    });
}

fn play_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let plays = app.is_on(Action::PlayCine);
    let keys = app.keys_of(Action::PlayCine);
    let name = if plays { "Stop" } else { "Play" };
    let reason = app.why_not(Action::PlayCine);
    let words = Words { name, hint: "At the speed the frames were taken", keys: &keys, reason };
    if icon_button(ui, if plays { icon::PAUSE } else { icon::PLAY }, words, plays).clicked() {
        out.act(Action::PlayCine);
    }
}

fn speed_ui(app: &App, clock: &Clock, ui: &mut Ui, out: &mut Outbox) {
    let now = app.settings.look.speed();
    let hint = if clock.is_known() {
        "How many times as fast as the frames were taken"
    } else {
        "The file does not say how fast the frames were taken: 25 a second are assumed"
    };
    let text = RichText::new(format!("{now} ×")).size(size::SMALL);
    let button = ui.add(Button::new(text).min_size(vec2(44.0, 24.0)));
    button.widget_info(|| WidgetInfo::labeled(eframe::egui::Role::Button, true, "Speed"));
    let response = explained(button, Words { name: "Speed", hint, ..Words::default() });
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(80.0);
        for speed in SPEEDS {
            if ui.add(Button::selectable(speed == now, format!("{speed} ×"))).clicked() {
                out.ask(Request::Speed(speed));
                ui.close();
            }
        }
    });
}

/// A line as long as the sequence: what is decoded is brighter, a mark for every frame where there is room.
fn line_ui(app: &App, (viewport, clock, frame): (ViewportId, &Clock, usize), ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let wide = (ui.available_width() - space::M).max(60.0);
    let (rect, response) = ui.allocate_exact_size(vec2(wide, 24.0), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, frame as f64 + 1.0, "Frame"));
    let rail = Rect::from_center_size(rect.center(), vec2(rect.width() - 12.0, 4.0));
    let total = clock.total_ms().max(1.0);
    let x = |ms: f64| rail.left() + rail.width() * (ms / total) as f32;
    ui.painter().rect_filled(rail, radius::S, c.hovered);
    let times = app.workspace.picture_in(viewport).and_then(|open| open.times.as_ref());
    if let Some(times) = times.filter(|times| times.count() <= MOST_MARKS) {
        for time in (0..times.count()).filter(|time| times.is_held(*time)) {
            let part = Rect::from_min_max(
                pos2(x(clock.start_ms(time)), rail.top()),
                pos2(x(clock.start_ms(time + 1)), rail.bottom()),
            );
            ui.painter().rect_filled(part, 0.0, c.edge);
        }
    }
    if clock.frames() <= MOST_MARKS {
        for at in (0..=clock.frames()).map(|n| x(clock.start_ms(n))) {
            ui.painter().vline(at, rail.bottom() + 2.0..=rail.bottom() + 5.0, Stroke::new(1.0, c.edge));
        }
    }
    let shown = Rect::from_min_max(rail.min, pos2(x(clock.start_ms(frame)), rail.bottom()));
    ui.painter().rect_filled(shown, radius::S, c.accent);
    let knob = pos2(x(clock.start_ms(frame)), rail.center().y);
    let lit = response.hovered() || response.dragged() || response.has_focus();
    ui.painter().circle_filled(knob, if lit { 7.0 } else { 6.0 }, c.accent);
    ui.painter().circle_stroke(knob, 6.0, Stroke::new(1.0, c.panel));
    focus_ring(ui, &response, rect, f32::from(radius::S));
    let response = response.on_hover_and_drag_cursor(CursorIcon::PointingHand);
    // Pressed and let go within one frame is a click and no button that is down.
    if (response.is_pointer_button_down_on() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        let ms = f64::from((at.x - rail.left()) / rail.width()) * total;
        let wanted = clock.frame_at(ms);
        if wanted != frame {
            out.ask(Request::Frame(viewport, wanted));
        }
    }
}
