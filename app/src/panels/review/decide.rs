//! Verdicts about the version in hand, why, and what was decided about this picture so far.

use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::dispatch::review::REASONS;
use crate::outbox::{Outbox, Request};
use crate::review::act::VERDICTS;
use crate::review::{Act, Ask};
use crate::theme::{Colours, colours, icon, icon_font, radius, size, space};
use crate::widgets::{Words, action_button, line_edit, pill, small_icon_button};
use eframe::egui::{Align2, Color32, FontId, Rect, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use limner_annotation::records::{Decision, Prediction, Rater, Verdict};
use limner_annotation::review::dashboard::state;
use limner_annotation::{Key, Kind};

const ROW: f32 = 24.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let review = &app.review;
    let about = review.in_hand.map(|id| app.shown_name(id));
    let label = review.only.map(|label| app.label_name(label));
    let row = app.row_in_hand().map(|(_, row, _)| row.title);
    let title = match (about, row.or(label)) {
        (None, _) => "Decide".to_owned(),
        (Some(version), None) => format!("Decide: {version}"),
        (Some(version), Some(label)) => format!("Decide: {version}, {label} alone"),
    };
    part_head(ui, &title);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for verdict in VERDICTS {
            action_button(app, Action::Review(Act::Decide(verdict)), ui, out);
        }
        ui.separator();
        action_button(app, Action::Review(Act::Comment), ui, out);
    });
    let c = colours(ui.ctx());
    if let Some(verdict) = review.asking {
        let words = format!("Why is it {}?", state(verdict));
        ui.label(RichText::new(words).size(size::SMALL).color(c.warning));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        for (n, reason) in REASONS.into_iter().enumerate() {
            let digit = review.asking.map(|_| n + 1);
            if pill(ui, reason, digit, review.reasons.iter().any(|known| known == reason)).clicked() {
                out.ask(Request::Review(Ask::Reason(reason.to_owned())));
            }
        }
    });
    let mut comment = review.comment.clone();
    let field = ui.add(line_edit(&mut comment).hint_text("Reason or comment in words").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Reason or comment"));
    if comment != review.comment {
        out.ask(Request::Review(Ask::Comment(comment)));
    }
    list_ui(app, ui, out);
}

/// What was decided about this picture and the places on it.
fn list_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let (Some(project), Some(image)) = (&app.workspace.project, app.review.image) else { return };
    let document = project.document();
    let is_here = |decision: &&Decision| match decision.target.kind {
        Kind::Prediction => {
            document.all::<Prediction>().any(|one| Key::from(one.id) == decision.target && one.target == image.into())
        }
        Kind::Shape => document.shapes_on(image).any(|shape| Key::from(shape.id) == decision.target),
        _ => false,
    };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for decision in document.all::<Decision>().filter(is_here) {
            let of = document.all::<Prediction>().find(|one| Key::from(one.id) == decision.target);
            let about = of.map_or_else(|| "Place".to_owned(), |one| app.source_named(&one.model.name));
            let by = document.get::<Rater>(decision.reviewer).map_or("", |rater| rater.pseudonym.as_str());
            decision_ui(decision, &about, by, ui, out);
        }
    });
}

fn decision_ui(decision: &Decision, about: &str, by: &str, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let why = decision.reasons.iter().chain(&decision.comment).cloned().collect::<Vec<_>>().join(", ");
    let is_place = decision.target.kind == Kind::Shape;
    let title = if is_place { format!("{about}: {why}") } else { format!("{about}: {}", state(decision.verdict)) };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Decision {title}")));
    if response.hovered() {
        ui.painter().rect_filled(rect, radius::S, c.hovered);
    }
    let (sign, ink) = sign_of(decision.verdict, is_place, c);
    let at = rect.left_center() + vec2(10.0, 0.0);
    ui.painter().text(at, Align2::CENTER_CENTER, sign, icon_font(size::SMALL_ICON), ink);
    let room = Rect::from_min_max(pos2(rect.left() + 22.0, rect.top()), pos2(rect.right() - 24.0, rect.bottom()));
    let line = if is_place || why.is_empty() { title.clone() } else { format!("{title}, {}", why.to_lowercase()) };
    let font = FontId::proportional(size::SMALL);
    ui.painter().with_clip_rect(room).text(room.left_center(), Align2::LEFT_CENTER, line, font, c.text);
    let place = Rect::from_min_size(pos2(rect.right() - 22.0, rect.top() + 2.0), vec2(20.0, 20.0));
    ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(decision.id), |ui| {
        let words = Words { name: "Remove decision", hint: "Paint that was accepted stays", ..Words::default() };
        if small_icon_button(ui, icon::TRASH_2, words, false).clicked() {
            out.ask(Request::Review(Ask::Remove(decision.id)));
        }
    });
    if response.on_hover_text(format!("{title}\n{why}\nby {by}")).clicked() {
        out.ask(Request::Review(Ask::JumpTo(decision.target)));
    }
}

pub(super) const fn sign_of(verdict: Verdict, is_place: bool, c: &Colours) -> (&'static str, Color32) {
    match verdict {
        _ if is_place => (icon::MESSAGE_SQUARE, c.accent),
        Verdict::Accept => (icon::CHECK, c.good),
        Verdict::Edit => (icon::PENCIL, c.good),
        Verdict::Reject => (icon::X, c.error),
        Verdict::Flag => (icon::FLAG, c.warning),
        Verdict::Defer => (icon::CLOCK, c.weak),
    }
}
