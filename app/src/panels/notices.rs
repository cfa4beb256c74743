//! Notices, over the lower edge of the pictures where they hide no control: headline, causes, a button to dismiss. The
//! newest are seen, older ones on demand.

use crate::app::App;
use crate::notices::{Notice, Severity};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, strong};
use crate::widgets::{Words, small_icon_button};
use eframe::egui::{
    Align, Align2, Area, Button, Context, Frame, Id, Label, Layout, Margin, Order, RichText, ScrollArea, Ui, vec2,
};

/// So many are seen unless the others are asked for.
const SEEN: usize = 3;
const WIDTH: f32 = 440.0;
/// However much there is to say, the pictures keep the rest of the height.
const MOST_OF_HEIGHT: f32 = 1.0 / 3.0;

fn opened_id() -> Id {
    Id::unique("all notices")
}

fn read_id() -> Id {
    Id::unique("notices being read")
}

/// Whether somebody reads them now: the pointer is on them, or all were asked for.
pub fn is_read(ctx: &Context) -> bool {
    ctx.data(|d| d.get_temp::<bool>(read_id())).unwrap_or(false)
}

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    let shown = app.notices.shown();
    let opened = shown.len() > SEEN && ctx.data(|d| d.get_temp::<bool>(opened_id())).unwrap_or(false);
    let is_read = !shown.is_empty() && (list_ui(app, opened, ctx, out) || opened);
    ctx.data_mut(|d| {
        d.insert_temp(read_id(), is_read);
        if shown.len() <= SEEN {
            d.insert_temp(opened_id(), false);
        }
    });
}

/// The answer is whether the pointer is on them.
fn list_ui(app: &App, opened: bool, ctx: &Context, out: &mut Outbox) -> bool {
    let shown = app.notices.shown();
    let hidden = if opened { 0 } else { shown.len().saturating_sub(SEEN) };
    // Above the bars at the bottom, and above the letter and the scale of the pictures.
    let bars = if super::timebar::is_needed(app) { 2.0 * size::BAR_HEIGHT } else { size::BAR_HEIGHT };
    let area = Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -bars - 34.0));
    let height = ctx.content_rect().height() * MOST_OF_HEIGHT - 1.5 * size::BAR_HEIGHT;
    let response = area.show(ctx, |ui| {
        ui.set_max_width(WIDTH);
        more_ui((hidden, opened), ui);
        let scroll = ScrollArea::vertical().id_salt("notices").max_height(height).min_scrolled_height(height);
        scroll.stick_to_bottom(true).show(ui, |ui| {
            for (n, notice) in shown.iter().enumerate().skip(hidden) {
                notice_ui(n, notice, ui, out);
            }
        });
    });
    let rect = response.response.rect;
    ctx.input(|i| i.pointer.hover_pos()).is_some_and(|at| rect.contains(at))
}

fn more_ui((hidden, opened): (usize, bool), ui: &mut Ui) {
    if hidden == 0 && !opened {
        return;
    }
    let words = if opened { "Show the newest only".to_owned() } else { format!("and {hidden} more") };
    if ui.add(Button::new(words).small()).clicked() {
        ui.data_mut(|d| d.insert_temp(opened_id(), !opened));
    }
}

fn notice_ui(n: usize, notice: &Notice, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (colour, sign) = match notice.severity {
        Severity::Done => (c.good, icon::CIRCLE_CHECK),
        Severity::Warning => (c.warning, icon::TRIANGLE_ALERT),
        Severity::Error => (c.error, icon::OCTAGON_ALERT),
    };
    let frame = Frame::window(ui.style()).inner_margin(Margin::symmetric(12, 8)).corner_radius(radius::M);
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(sign).font(icon_font(size::ICON)).color(colour));
            // The cross keeps its place beside a headline of several lines.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = Words { name: "Dismiss", hint: "Esc dismisses all", ..Words::default() };
                if small_icon_button(ui, icon::X, words, false).clicked() {
                    out.ask(Request::DismissNotice(n));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let text = RichText::new(&notice.headline).font(strong(size::BODY)).color(c.text);
                    ui.add(Label::new(text).wrap());
                });
            });
        });
        for cause in &notice.causes {
            ui.label(RichText::new(cause).color(c.weak));
        }
        if let Some(offer) = &notice.offer
            && ui.button(offer.title).clicked()
        {
            out.ask(Request::DismissNotice(n));
            out.ask(offer.request.clone());
        }
    });
}
