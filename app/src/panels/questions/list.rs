//! The questions of the case, a row each: type, words, state, and whether something is missing.

use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, icon_font, radius, size};
use crate::widgets::tick;
use crate::work::asking::Page;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align, Align2, Color32, FontId, Key, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2,
    vec2,
};
use limner_annotation::Document;
use limner_annotation::question::{AnswerType, Dialogue, Question, Status};

const ROW: f32 = 24.0;

pub fn ui(app: &App, document: &Document, ui: &mut Ui, out: &mut Outbox) {
    let asking = &app.work.asking;
    let c = colours(ui.ctx());
    let talks = if asking.page == Page::Write { asking.talks.as_slice() } else { &[] };
    let count = asking.list.len() + talks.len();
    ui.horizontal(|ui| {
        let text = if count == 1 { "1 of this case".to_owned() } else { format!("{count} of this case") };
        let text = if asking.all_cases { format!("{count} in the project") } else { text };
        ui.add(Label::new(RichText::new(text).size(size::SMALL).color(c.weak)).selectable(false));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut all = asking.all_cases;
            let name = RichText::new("All cases").size(size::SMALL);
            if tick(ui, &mut all, name).on_hover_text("Also questions about pictures that are not in view").changed() {
                out.about_questions(AskAct::AllCases(all));
            }
        });
    });
    if count == 0 {
        return;
    }
    let height = (ROW * count as f32).min((ui.available_height() * 0.26).max(3.0 * ROW));
    let scroll = ScrollArea::vertical().id_salt("question list").max_height(height).auto_shrink([false, true]);
    scroll.show_rows(ui, ROW, count, |ui, rows| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for n in rows {
            if let Some(question) = asking.list.get(n).and_then(|id| asking.live::<Question>(document, *id)) {
                row_ui(app, document, n, question, ui, out);
            } else if let Some(talk) = n.checked_sub(asking.list.len()).and_then(|n| talks.get(n)) {
                talk_row_ui(app, document, *talk, ui, out);
            }
        }
    });
}

fn row_ui(app: &App, document: &Document, n: usize, question: &Question, ui: &mut Ui, out: &mut Outbox) {
    let on = app.work.asking.question == Some(question.id);
    let stem = if question.stem.trim().is_empty() { "Empty question" } else { question.stem.trim() };
    let depth = question.stage.as_ref().map_or(0.0, |stage| if stage.parent.is_some() { 12.0 } else { 0.0 });
    let name = format!("Question {}: {stem}", n + 1);
    let missing = !question.missing(document.contents()).is_empty();
    let c = colours(ui.ctx());
    let (sign, ink) = match question.status {
        _ if missing => (icon::CIRCLE_ALERT, c.warning),
        Status::Accepted => (icon::CIRCLE_CHECK, c.good),
        Status::Proposed => (icon::CLOCK, c.accent),
        Status::Rejected => (icon::CIRCLE_SLASH, c.weak),
        Status::Draft => (icon::CIRCLE_DASHED, c.weak),
    };
    let row = Row { on, name: &name, text: stem, left: (icon_of(question.answer_type), depth), right: (sign, ink) };
    let response = row.ui(ui);
    if response.clicked() || (response.has_focus() && ui.input(|i| i.key_pressed(Key::Space))) {
        out.about_questions(AskAct::Show(question.id));
    }
    let state = if missing { "something is missing" } else { question.status.title() };
    response.on_hover_text(format!("{stem}\n{}, {}", question.answer_type.title(), state.to_lowercase()));
}

fn talk_row_ui(
    app: &App,
    document: &Document,
    id: limner_annotation::question::DialogueId,
    ui: &mut Ui,
    out: &mut Outbox,
) {
    let Some(talk) = app.work.asking.live::<Dialogue>(document, id) else { return };
    let first =
        talk.turns.iter().map(|turn| turn.text.trim()).find(|text| !text.is_empty()).unwrap_or("Empty dialogue");
    let name = format!("Dialogue: {first}");
    let c = colours(ui.ctx());
    let on = app.work.asking.talk == Some(id);
    let unsaid = talk.turns.iter().position(|turn| turn.text.trim().is_empty() && turn.evidence.is_empty());
    let right = unsaid.map_or((icon::CIRCLE_CHECK, c.good), |_| (icon::CIRCLE_ALERT, c.warning));
    let response = Row { on, name: &name, text: first, left: (icon::MESSAGE_SQUARE, 0.0), right }.ui(ui);
    if response.clicked() {
        out.about_questions(AskAct::ShowTalk(id));
    }
    let state = match unsaid {
        Some(n) => format!("Nothing is said in turn {} yet; it is exported when something is", n + 1),
        None => "Complete: it is exported with the accepted questions".to_owned(),
    };
    response.on_hover_text(format!("{first}\n{state}"));
}

struct Row<'a> {
    on: bool,
    name: &'a str,
    text: &'a str,
    left: (&'a str, f32),
    right: (&'a str, Color32),
}

impl Row<'_> {
    fn ui(&self, ui: &mut Ui) -> eframe::egui::Response {
        let c = colours(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, self.on, self.name));
        let fill = match (self.on, response.hovered() || response.has_focus()) {
            (true, _) => c.accent_ground,
            (false, true) => c.hovered,
            (false, false) => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(rect, radius::S, fill);
        let (sign, depth) = self.left;
        let left = rect.left_center() + vec2(12.0 + depth, 0.0);
        ui.painter().text(left, Align2::CENTER_CENTER, sign, icon_font(size::SMALL_ICON), c.weak);
        let right = rect.right_center() - vec2(11.0, 0.0);
        ui.painter().text(right, Align2::CENTER_CENTER, self.right.0, icon_font(size::SMALL_ICON), self.right.1);
        let place = Rect::from_min_max(pos2(left.x + 12.0, rect.top()), pos2(right.x - 10.0, rect.bottom()));
        let line = self.text.replace('\n', " ");
        let mut job = LayoutJob::simple_singleline(line, FontId::proportional(size::SMALL), c.text);
        job.wrap = TextWrapping::truncate_at_width(place.width());
        let galley = ui.painter().layout_job(job);
        let at = pos2(place.left(), place.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, c.text);
        response
    }
}

pub const fn icon_of(kind: AnswerType) -> &'static str {
    match kind {
        AnswerType::Open => icon::LETTER_TEXT,
        AnswerType::YesNo => icon::CONTRAST,
        AnswerType::Single => icon::CIRCLE_DOT,
        AnswerType::Multi => icon::SQUARE_CHECK,
        AnswerType::Numeric => icon::HASH,
        AnswerType::Box => icon::SQUARE,
        AnswerType::Boxes => icon::BLOCKS,
        AnswerType::Point => icon::LOCATE,
        AnswerType::Mask => icon::DROPLET,
        AnswerType::ImageChoice => icon::IMAGE,
        AnswerType::PairChoice => icon::COLUMNS_2,
        AnswerType::Ordering => icon::ARROW_UP_DOWN,
        AnswerType::GroundedCaption => icon::HIGHLIGHTER,
        AnswerType::Staged => icon::ROUTE,
    }
}
