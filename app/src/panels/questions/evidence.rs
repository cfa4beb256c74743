//! What is pointed at, a row each: which picture, what kind of thing, what the text calls it. A click on the row goes
//! there and marks it on the views.

use super::sheet::{Field, Sheet, section};
use crate::action::{Action, Ask};
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, icon_font, radius, size};
use crate::widgets::action_button;
use crate::work::asking::{Part, Slot};
use eframe::egui::{
    Align, Align2, CollapsingHeader, Color32, FontId, Label, Layout, RichText, Role, Sense, Ui, WidgetInfo, vec2,
};
use limner_annotation::question::{Evidence, ImageSet, Question, Region};
use limner_annotation::{Document, Form};

pub fn grounding_ui(sheet: &mut Sheet<'_>, question: &mut Question, set: &ImageSet, ui: &mut Ui) {
    let app = sheet.app;
    let mut pressed = Outbox::default();
    let count = question.grounding.len();
    let head = |ui: &mut Ui| {
        action_button(app, Action::Ask(Ask::PointAtEvidence), ui, &mut pressed);
    };
    section(ui, "Evidence", count, true, head, |ui| {
        let keys = app.keys_of(Action::Ask(Ask::PointAtEvidence));
        let hint = format!("{keys}, then click a shape or a segment on any view");
        list_ui(sheet, &mut question.grounding, set, (Part::Evidence(0), &hint), ui);
        hidden_ui(sheet, question, ui);
    });
    pressed.drain().into_iter().for_each(|request| sheet.out.ask(request));
}

/// `first` is the part of the first name; those after it count on.
pub fn list_ui(
    sheet: &mut Sheet<'_>,
    list: &mut Vec<Evidence>,
    set: &ImageSet,
    (first, hint): (Part, &str),
    ui: &mut Ui,
) {
    if list.is_empty() && !hint.is_empty() {
        ui.add(Label::new(RichText::new(hint).size(size::SMALL).color(colours(ui.ctx()).weak)).wrap());
    }
    let mut gone = None;
    for (n, evidence) in list.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            badge_ui(sheet, evidence, set, n, ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if sheet.remove(ui, &format!("Remove evidence {}", n + 1)) {
                    gone = Some(n);
                }
                let c = colours(ui.ctx());
                let place = place_of(sheet.document, evidence, set);
                ui.add(Label::new(RichText::new(place).size(size::TINY).color(c.weak)).selectable(false));
                let name = format!("Name of evidence {}", n + 1);
                let field = Field {
                    part: counted(first, n),
                    name: &name,
                    hint: "What the text calls it",
                    rows: 1,
                    step: "Name evidence",
                };
                sheet.text_in(ui, field, &mut evidence.name, ui.available_width());
            });
        });
    }
    if let Some(n) = gone {
        list.remove(n);
        sheet.did("Remove evidence");
    }
}

const fn counted(first: Part, n: usize) -> Part {
    match first {
        Part::Evidence(from) => Part::Evidence(from + n),
        Part::AnswerName(from) => Part::AnswerName(from + n),
        Part::StepEvidence(step, from) => Part::StepEvidence(step, from + n),
        Part::TurnEvidence(turn, from) => Part::TurnEvidence(turn, from + n),
        other => other,
    }
}

/// The number that stands beside the place on the views; a click goes there.
fn badge_ui(sheet: &mut Sheet<'_>, evidence: &Evidence, set: &ImageSet, n: usize, ui: &mut Ui) {
    let c = colours(ui.ctx());
    let on = sheet.app.work.asking.marked.as_ref() == Some(evidence);
    let (rect, response) = ui.allocate_exact_size(vec2(38.0, 22.0), Sense::click());
    let name = format!("Go to evidence {}", n + 1);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, &name));
    let fill = match (on, response.hovered() || response.has_focus()) {
        (true, _) => c.accent_ground,
        (false, true) => c.hovered,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, radius::S, fill);
    let ink = if on { c.text } else { c.weak };
    let left = rect.left_center() + vec2(10.0, 0.0);
    ui.painter().text(
        left,
        Align2::CENTER_CENTER,
        icon_of(sheet.document, &evidence.region),
        icon_font(size::SMALL_ICON),
        ink,
    );
    let right = rect.left_center() + vec2(27.0, 0.0);
    ui.painter().text(right, Align2::CENTER_CENTER, (n + 1).to_string(), FontId::proportional(size::SMALL), ink);
    if response.clicked() {
        sheet.ask(AskAct::JumpTo(evidence.clone(), set.id));
    }
    response.on_hover_text(format!("Go to it on the picture: {}", place_of(sheet.document, evidence, set)));
}

fn icon_of(document: &Document, region: &Region) -> &'static str {
    match region {
        Region::Painted { .. } => icon::DROPLET,
        Region::Landmark { .. } => icon::LOCATE,
        Region::Shape { shape } => match document.shape(*shape).map(|shape| shape.form.flat()) {
            Some(Form::Box2d { .. } | Form::RotatedBox { .. } | Form::Oblique { .. }) => icon::SQUARE,
            Some(Form::Box3d { .. }) => icon::BOX,
            Some(Form::Point { .. } | Form::Landmarks { .. }) => icon::LOCATE,
            Some(Form::Ruler { .. } | Form::Ruler3d { .. }) => icon::RULER,
            Some(Form::Angle { .. } | Form::Cobb { .. }) => icon::TRIANGLE_RIGHT,
            Some(Form::Bidirectional { .. }) => icon::DIAMETER,
            Some(Form::Interval { .. }) => icon::TIMER,
            Some(Form::Polyline { .. }) => icon::SPLINE,
            Some(Form::Ellipse { .. }) => icon::EGG,
            Some(Form::Polygon { .. } | Form::Lasso { .. }) => icon::PENTAGON,
            Some(Form::ConfidenceMap { .. }) => icon::DROPLET,
            None => icon::CIRCLE_ALERT,
        },
    }
}

/// "Image 2, slice 14".
fn place_of(document: &Document, evidence: &Evidence, set: &ImageSet) -> String {
    let own = evidence.region.slice(document.contents());
    let slice = own.or_else(|| set.items.get(evidence.image_index).and_then(|item| item.frame.slice));
    let image = if set.items.len() > 1 { format!("image {}", evidence.image_index + 1) } else { String::new() };
    let part = match (&evidence.region, slice) {
        (Region::Painted { around: Some(_), slice: None, .. }, _) => "part".to_owned(),
        (Region::Painted { slice: None, .. }, _) => "all".to_owned(),
        (_, Some(slice)) => format!("slice {}", slice.index + 1),
        (_, None) => "in space".to_owned(),
    };
    if image.is_empty() { part } else { format!("{image}, {part}") }
}

/// What the author knows and readers must not be told.
fn hidden_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let hidden = question.hidden.clone().unwrap_or_default();
    let title = RichText::new("Hidden from readers").size(size::SMALL).color(colours(ui.ctx()).weak);
    CollapsingHeader::new(title).id_salt("hidden").default_open(false).show_unindented(ui, |ui| {
        let mut hidden = hidden;
        let hint = "The report, or what else is known; never exported";
        let field = Field { part: Part::Report, name: "Hidden report", hint, rows: 2, step: "Edit hidden report" };
        sheet.text(ui, field, &mut hidden.report);
        ui.horizontal(|ui| {
            if ui.small_button("Point at a hidden region").clicked() {
                sheet.ask(AskAct::Point(Slot::Hidden));
            }
            let regions = hidden.regions.len();
            if regions > 0 {
                ui.label(RichText::new(format!("{regions} hidden")).size(size::SMALL));
                if sheet.remove(ui, "Remove hidden regions") {
                    hidden.regions.clear();
                    sheet.did("Remove hidden regions");
                }
            }
        });
        let empty = hidden.report.is_empty() && hidden.regions.is_empty();
        question.hidden = (!empty).then_some(hidden);
    });
}
