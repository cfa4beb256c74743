//! Notices, over the lower edge of the pictures where they hide no control: headline, causes, a button to dismiss. The
//! newest are seen, each entire, older ones on demand.

use crate::app::App;
use crate::notices::{Notice, Severity};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, strong};
use crate::widgets::{Words, small_icon_button};
use eframe::egui::{
    Align, Align2, Area, Button, Context, Frame, Id, Label, Layout, Margin, Order, RichText, ScrollArea, Ui, vec2,
};

/// So many are seen at most unless the others are asked for.
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

/// How high a notice was when it was drawn last.
fn height_id(notice: &Notice) -> Id {
    Id::unique(("height of a notice", &notice.headline, &notice.causes))
}

/// Whether somebody reads them now: the pointer is on them, or all were asked for.
pub fn is_read(ctx: &Context) -> bool {
    ctx.data(|d| d.get_temp::<bool>(read_id())).unwrap_or(false)
}

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    let shown = app.notices.shown();
    let room = ctx.content_rect().height() * MOST_OF_HEIGHT - 1.5 * size::BAR_HEIGHT;
    // One that was never drawn is taken to fit, and measured.
    let height = |notice: &Notice| ctx.data(|d| d.get_temp::<f32>(height_id(notice))).unwrap_or_default();
    let gap = ctx.global_style().spacing.item_spacing.y;
    let hidden = shown.len().saturating_sub(entire(shown.iter().rev().map(|notice| height(notice) + gap), room + gap));
    let opened = hidden > 0 && ctx.data(|d| d.get_temp::<bool>(opened_id())).unwrap_or(false);
    let is_read = !shown.is_empty() && (list_ui(app, (hidden, opened), room, ctx, out) || opened);
    ctx.data_mut(|d| {
        d.insert_temp(read_id(), is_read);
        if hidden == 0 {
            d.insert_temp(opened_id(), false);
        }
    });
}

/// How many of the newest find room as they are. The newest is seen in any case.
fn entire(newest_first: impl Iterator<Item = f32>, room: f32) -> usize {
    let below = newest_first.scan(0.0, |sum, height| {
        *sum += height;
        Some(*sum)
    });
    below.take(SEEN).take_while(|sum| *sum <= room).count().max(1)
}

/// The answer is whether the pointer is on them.
fn list_ui(app: &App, (hidden, opened): (usize, bool), room: f32, ctx: &Context, out: &mut Outbox) -> bool {
    let shown = app.notices.shown();
    // Above the bars at the bottom, and above the letter and the scale of the pictures.
    let bars = if super::timebar::is_needed(app) { 2.0 * size::BAR_HEIGHT } else { size::BAR_HEIGHT };
    let at = vec2(0.0, -bars - 34.0);
    let area = Area::new(Id::unique("notices")).order(Order::Foreground).anchor(Align2::CENTER_BOTTOM, at);
    let response = area.show(ctx, |ui| {
        ui.set_max_width(WIDTH);
        if shown.len() > 1 {
            ui.horizontal(|ui| about_all_ui(shown.len(), (hidden, opened), ui, out));
        }
        // All of them begin with the newest, at the bottom; one that is too long by itself begins with its headline.
        let scroll = ScrollArea::vertical().id_salt(("notices", opened)).max_height(room).min_scrolled_height(room);
        scroll.stick_to_bottom(opened).show(ui, |ui| {
            for (n, notice) in shown.iter().enumerate().skip(if opened { 0 } else { hidden }) {
                notice_ui(n, notice, ui, out);
            }
        });
    });
    let rect = response.response.rect;
    ctx.input(|i| i.pointer.hover_pos()).is_some_and(|at| rect.contains(at))
}

fn about_all_ui(count: usize, (hidden, opened): (usize, bool), ui: &mut Ui, out: &mut Outbox) {
    if hidden > 0 {
        let words = if opened { "Show the newest only".to_owned() } else { format!("and {hidden} more") };
        if ui.add(Button::new(words).small()).clicked() {
            ui.data_mut(|d| d.insert_temp(opened_id(), !opened));
        }
    }
    if ui.add(Button::new("Dismiss all").small()).on_hover_text("Esc does the same").clicked() {
        // From the last on, so that each is still where it was.
        (0..count).rev().for_each(|n| out.ask(Request::DismissNotice(n)));
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
    let drawn = frame.show(ui, |ui| {
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
    let (id, height) = (height_id(notice), drawn.response.rect.height());
    let known = ui.data(|d| d.get_temp::<f32>(id));
    // A window that is not yet seen is laid out otherwise.
    if !ui.is_sizing_pass() && known.is_none_or(|known| (known - height).abs() > 0.5) {
        ui.data_mut(|d| d.insert_temp(id, height));
        ui.ctx().request_repaint();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_of_the_newest_are_seen_as_are_seen_entire() {
        assert_eq!(entire([60.0, 70.0, 80.0, 10.0].into_iter(), 300.0), SEEN);
        assert_eq!(entire([60.0, 70.0, 80.0].into_iter(), 200.0), 2);
        assert_eq!(entire([60.0, 200.0, 10.0].into_iter(), 200.0), 1, "what is older stands above it");
        assert_eq!(entire([400.0, 10.0].into_iter(), 200.0), 1, "the newest is seen in any case");
    }
}
