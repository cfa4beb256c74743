//! A row of the study browser for what a study brings along: show it over its picture, take it into the project.

use crate::app::App;
use crate::companions::{Known, State};
use crate::outbox::{CompanionAct, Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, space};
use crate::widgets::{Words, explained, small_icon_button};
use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

const ROW: f32 = 36.0;
const BUTTON: f32 = 20.0;

pub fn ui(app: &App, line: usize, known: &Known, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let on = known.is_shown();
    let name = format!("{}, {}", known.title(), state_words(known));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &name));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius::M, c.raised);
    }
    let ink = if on { c.accent } else { c.weak };
    let sign_at = rect.left_center() + vec2(8.0 + 24.0, 0.0);
    ui.painter().text(sign_at, Align2::CENTER_CENTER, sign_of(known), icon_font(size::ICON), ink);
    let left = rect.left() + 64.0;
    let buttons = Rect::from_min_max(pos2(rect.right() - 2.0 * BUTTON - space::M, rect.top()), rect.max);
    let painter = ui.painter().with_clip_rect(Rect::from_min_max(rect.min, pos2(buttons.left(), rect.bottom())));
    let (title_at, state_at) = (pos2(left, rect.top() + 3.0), pos2(left, rect.top() + 18.0));
    painter.text(title_at, Align2::LEFT_TOP, known.title(), FontId::proportional(size::BODY), c.text);
    let state_ink = if matches!(known.state, State::Failed(_)) { c.warning } else { c.weak };
    painter.text(state_at, Align2::LEFT_TOP, state_words(known), FontId::proportional(size::SMALL), state_ink);
    buttons_ui(app, (line, known), buttons, ui, out);
    let hint = match &known.state {
        State::Failed(why) => why.as_str(),
        _ => "Lies over its picture without being part of the project; a click shows or hides it",
    };
    if explained(response, Words { name: known.title(), hint, ..Words::default() }).clicked() {
        out.ask(Request::Companion(line, CompanionAct::Show));
    }
}

fn buttons_ui(app: &App, (line, known): (usize, &Known), place: Rect, ui: &mut Ui, out: &mut Outbox) {
    let place = Rect::from_center_size(place.center(), vec2(place.width(), BUTTON));
    ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(("companion", line)), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let on = known.is_shown();
            let show = Words {
                name: if on { "Hide overlay" } else { "Show overlay" },
                hint: "Over its picture, with the colours the file asks for",
                ..Words::default()
            };
            if small_icon_button(ui, if on { icon::EYE } else { icon::EYE_OFF }, show, on).clicked() {
                out.ask(Request::Companion(line, CompanionAct::Show));
            }
            let reason = app.why_not_import(line);
            let again = matches!(known.state, State::Imported);
            let import = Words {
                name: if again { "Import again" } else { "Import into the project" },
                hint: "Makes labels and shapes of it that can be edited, as one step that can be undone",
                reason,
                ..Words::default()
            };
            if small_icon_button(ui, icon::DOWNLOAD, import, false).clicked() {
                out.ask(Request::Companion(line, CompanionAct::Import));
            }
        });
    });
}

fn sign_of(known: &Known) -> &'static str {
    match known.format.name() {
        "dicom-seg" => icon::LAYERS,
        "rtstruct" => icon::SPLINE,
        "gsps" => icon::PEN_LINE,
        _ => icon::CLIPBOARD_LIST,
    }
}

fn state_words(known: &Known) -> String {
    match &known.state {
        State::Waiting | State::Hidden => "Not shown".to_owned(),
        State::Wanted | State::Reading => "Reading…".to_owned(),
        State::Imported => "In the project".to_owned(),
        State::Failed(_) => "Cannot be shown".to_owned(),
        State::Shown(contents) => {
            let labels = contents.labels();
            match labels.as_slice() {
                [] => "Shown".to_owned(),
                [one] => format!("Shown: {}", one.name),
                more => format!("Shown: {} labels", more.len()),
            }
        }
    }
}
