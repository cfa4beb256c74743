//! Which parts of the bar find room in it, by how wide they are drawn, and the button behind which the others are.

use super::{Part, Place, drop_width};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{icon, size, space};
use crate::widgets::{Words, icon_button};
use crate::workspace::OpenPicture;
use eframe::egui::{Id, Popup, PopupCloseBehavior, Ui};

/// Who finds room first. The tool in hand is worked with now; what views share is set once.
const WANTED: [Part; 9] = [
    Part::Tool,
    Part::Plane,
    Part::Window,
    Part::Solid,
    Part::FourUp,
    Part::Layout,
    Part::Slab,
    Part::Over,
    Part::Links,
];

/// The parts that there are now, each in the order of the bar: those that find room, and the rest.
pub(super) fn parted(app: &App, ui: &Ui) -> (Vec<Part>, Vec<Part>) {
    let widths = Part::ALL.into_iter().filter_map(|part| Some((part, width_of(app, part, ui)?)));
    let widths: Vec<(Part, f32)> = widths.collect();
    let fits = fitting(&widths, ui.available_width(), ui.spacing().item_spacing.x);
    widths.into_iter().map(|(part, _)| part).partition(|part| fits.contains(part))
}

/// All where there is room for all; else those wanted most that fit beside the button for the rest.
fn fitting(widths: &[(Part, f32)], room: f32, gap: f32) -> Vec<Part> {
    let all: f32 = widths.iter().map(|(_, width)| width + gap).sum();
    if all <= room + gap {
        return widths.iter().map(|(part, _)| *part).collect();
    }
    let mut room = room - size::ICON_BUTTON;
    let mut fits = Vec::new();
    for wanted in WANTED {
        let width = widths.iter().find(|(part, _)| *part == wanted).map(|(_, width)| width + gap);
        if let Some(width) = width.filter(|width| *width <= room) {
            room -= width;
            fits.push(wanted);
        }
    }
    fits
}

/// `None` where the active view has no such part.
fn width_of(app: &App, part: Part, ui: &Ui) -> Option<f32> {
    match part {
        Part::FourUp => Some(size::ICON_BUTTON),
        Part::Tool | Part::Solid => shown_by(app, part).map(|shown| remembered(part, &shown, ui).unwrap_or_default()),
        _ => part.face(app).map(|face| drop_width(ui, &face.text)),
    }
}

/// What decides how wide a part of several controls is. They are drawn elsewhere, and measured once they were.
fn shown_by(app: &App, part: Part) -> Option<String> {
    match part {
        Part::Tool => {
            let (hand, assist) = (&app.hand, &app.assist);
            let offer = assist.operation().map(|preview| (preview.offer.title(), preview.mask.is_none()));
            let (rule, range) = (std::mem::discriminant(&hand.rule), hand.settings.range.is_some());
            let has_planes = app.workspace.open().is_some_and(OpenPicture::has_planes);
            let asks = (assist.collects, assist.is_busy());
            Some(format!("{:?} {offer:?} {rule:?} {range} {has_planes} {asks:?}", hand.tool))
        }
        Part::Solid => {
            let (viewport, _) = app.workspace.active().filter(|(viewport, _)| viewport.is_solid())?;
            let view = &viewport.solid;
            let (side, whole) = (view.cut.side, view.cut.is_nothing());
            Some(format!("{:?} {} {side:?} {whole}", view.preset, view.function.is_some()))
        }
        _ => None,
    }
}

fn key_of(part: Part) -> Id {
    Id::unique(("width in the view bar", part))
}

/// How wide a part was when it stood in the bar last, as long as it shows the same.
fn remembered(part: Part, shown: &str, ui: &Ui) -> Option<f32> {
    let known = ui.data(|data| data.get_temp::<(String, f32)>(key_of(part)));
    known.filter(|(of, _)| of == shown).map(|(_, width)| width)
}

/// Keeps how wide a part was drawn. Where that is news the bar is laid out anew in the next frame.
pub(super) fn remember(app: &App, part: Part, width: f32, ui: &Ui) {
    let Some(shown) = shown_by(app, part) else { return };
    if remembered(part, &shown, ui).is_none_or(|before| (before - width).abs() > 0.5) {
        ui.ctx().request_repaint();
    }
    ui.data_mut(|data| data.insert_temp(key_of(part), (shown, width)));
}

/// Whether the rest of the bar is seen, and whether a part of it had a list of its own open when it was drawn last.
#[derive(Clone, Copy, Default)]
struct More {
    is_open: bool,
    has_list: bool,
}

/// The button for what found no room. egui keeps one popup open at a time, and the parts open lists of their own: so
/// whether the rest is seen is kept here.
pub(super) fn more_ui(app: &App, rest: &[Part], ui: &mut Ui, out: &mut Outbox) {
    let id = Id::unique("rest of the view bar");
    if rest.is_empty() {
        return ui.data_mut(|data| data.remove::<More>(id));
    }
    let mut more = ui.data(|data| data.get_temp::<More>(id)).unwrap_or_default();
    let words = Words { name: "More", hint: "What of this bar finds no room in it", ..Words::default() };
    let response = icon_button(ui, icon::ELLIPSIS, words, more.is_open);
    more.is_open ^= response.clicked();
    let mut stays = more.is_open;
    let popup = Popup::from_response(&response).id(id).gap(space::S);
    let popup = popup.open_bool(&mut stays).close_behavior(PopupCloseBehavior::IgnoreClicks);
    let shown = popup.show(|ui| {
        for part in rest {
            // The controls of a tool stand beside each other, here too.
            ui.scope_builder(part.scope(), |ui| ui.horizontal(|ui| part.ui(app, Place::More, ui, out)));
        }
    });
    if let Some(shown) = shown {
        let elsewhere = shown.response.clicked_elsewhere() && !response.clicked();
        // A click or Esc that closes a list of one of the parts closes that alone.
        more.is_open = more.has_list || (stays && !elsewhere);
    }
    let ctx = ui.ctx();
    more.has_list = more.is_open && Popup::is_any_open(ctx) && !Popup::is_id_open(ctx, id);
    if !more.is_open {
        Popup::close_id(ctx, id);
    } else if !more.has_list {
        // The program asks egui whether something lies on top that Esc belongs to.
        Popup::open_id(ctx, id);
    }
    ui.data_mut(|data| data.insert_temp(id, more));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_least_goes_first_and_all_come_back_when_there_is_room() {
        let widths = [
            (Part::Tool, 180.0),
            (Part::Plane, 80.0),
            (Part::Window, 100.0),
            (Part::Slab, 42.0),
            (Part::Links, 42.0),
            (Part::FourUp, 28.0),
            (Part::Layout, 42.0),
        ];
        // 514 points of parts, and six gaps of six.
        assert_eq!(fitting(&widths, 550.0, 6.0), widths.map(|(part, _)| part));
        let most = [Part::Tool, Part::Plane, Part::Window, Part::FourUp, Part::Layout, Part::Slab];
        assert_eq!(fitting(&widths, 549.0, 6.0), most, "the button takes its room as well");
        assert_eq!(fitting(&widths, 420.0, 6.0), most[..3]);
    }

    #[test]
    fn a_tool_wider_than_the_bar_leaves_it_to_what_fits() {
        let widths = [(Part::Tool, 300.0), (Part::Plane, 80.0), (Part::Links, 42.0)];
        assert_eq!(fitting(&widths, 200.0, 6.0), [Part::Plane, Part::Links]);
        assert!(fitting(&widths, 20.0, 6.0).is_empty());
    }
}
