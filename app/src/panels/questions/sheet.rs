//! What a form is written with: fields that know what is being typed, and the one change that a frame may bring. The
//! form works on a copy; whatever changed goes out as one request.

use crate::app::App;
use crate::outbox::{AskAct, Outbox};
use crate::theme::{colours, icon, icon_font, size, space, strong};
use crate::widgets::{Words, line_edit, small_icon_button};
use crate::work::asking::Part;
use eframe::egui::collapsing_header::CollapsingState;
use eframe::egui::{
    Align, ComboBox, Id, Label, Layout, Response, RichText, Role, Sense, TextEdit, TextStyle, Ui, WidgetInfo, vec2,
};
use limner_annotation::{Document, Entity};
use uuid::Uuid;

pub struct Sheet<'a> {
    pub app: &'a App,
    pub document: &'a Document,
    pub out: &'a mut Outbox,
    /// Whose fields these are: each question has its own cursors.
    owner: Uuid,
    typed: Option<&'static str>,
    done: Option<&'static str>,
}

/// A text field.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub part: Part,
    /// Its accessible name.
    pub name: &'a str,
    pub hint: &'static str,
    pub rows: usize,
    /// What the step is called.
    pub step: &'static str,
}

/// Of a field of a question or a dialogue, so that who has the keyboard is known.
pub fn field_id(owner: Uuid, part: Part) -> Id {
    Id::unique(("question field", owner, part))
}

impl<'a> Sheet<'a> {
    pub fn new(app: &'a App, document: &'a Document, owner: Uuid, out: &'a mut Outbox) -> Self {
        Self { app, document, out, owner, typed: None, done: None }
    }

    pub fn id_of(&self, part: Part) -> Id {
        field_id(self.owner, part)
    }

    /// A step is complete: a button was pressed, an item was chosen.
    pub fn did(&mut self, step: &'static str) {
        self.done = Some(step);
    }

    /// Something is being changed by hand and will be complete later.
    pub fn type_on(&mut self, step: &'static str) {
        self.typed = Some(step);
    }

    pub fn ask(&mut self, act: AskAct) {
        self.out.about_questions(act);
    }

    /// Sends the copy out where anything changed.
    pub fn finish(self, entity: impl Into<Entity>) {
        match (self.done, self.typed) {
            (Some(step), _) => self.out.about_questions(AskAct::Put(Box::new(entity.into()), step)),
            (None, Some(step)) => self.out.about_questions(AskAct::Typing(Box::new(entity.into()), step)),
            (None, None) => {}
        }
    }

    pub fn text(&mut self, ui: &mut Ui, field: Field<'_>, text: &mut String) -> Response {
        self.text_in(ui, field, text, ui.available_width())
    }

    pub fn text_in(&mut self, ui: &mut Ui, field: Field<'_>, text: &mut String, width: f32) -> Response {
        let edit = if field.rows > 1 { TextEdit::multiline(text).desired_rows(field.rows) } else { line_edit(text) };
        let edit = edit.id(self.id_of(field.part)).hint_text(field.hint).desired_width(width);
        let response = ui.add(edit);
        response.widget_info(|| {
            let role = if field.rows > 1 { Role::MultilineTextInput } else { Role::TextInput };
            WidgetInfo::labeled(role, true, field.name)
        });
        if self.app.work.asking.wants == Some(field.part) {
            response.request_focus();
            response.scroll_to_me(Some(Align::Center));
            self.ask(AskAct::Focused);
        }
        if response.changed() {
            self.typed = Some(field.step);
        }
        if response.lost_focus() && (response.changed() || self.app.work.asking.is_typing()) {
            self.did(field.step);
        }
        response
    }

    /// A line of the form: what it is at the left, the field at the right.
    pub fn line(&mut self, ui: &mut Ui, label: &str, field: Field<'_>, text: &mut String) {
        row(ui, label, |ui| {
            self.text(ui, field, text);
        });
    }

    /// A button as small as a line of text.
    pub fn mark(&mut self, ui: &mut Ui, sign: &str, name: &str, hint: &str, on: bool) -> bool {
        small_icon_button(ui, sign, Words { name, hint, ..Words::default() }, on).clicked()
    }

    /// The button at the end of a row that takes it out.
    pub fn remove(&mut self, ui: &mut Ui, name: &str) -> bool {
        self.mark(ui, icon::X, name, "", false)
    }
}

const LABEL_WIDTH: f32 = 72.0;

/// A line with its label.
pub fn row(ui: &mut Ui, label: &str, field: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let text = RichText::new(label).size(size::SMALL).color(colours(ui.ctx()).weak);
        ui.allocate_ui_with_layout(
            vec2(LABEL_WIDTH, size::CONTROL_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(LABEL_WIDTH);
                ui.add(Label::new(text).truncate().selectable(false));
            },
        );
        field(ui);
    });
}

fn section_id(name: &str) -> Id {
    Id::unique(("question section", name))
}

/// Opens a section that holds what is to have the keyboard.
pub fn open_section(ui: &Ui, name: &str) {
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), section_id(name), true);
    state.set_open(true);
    state.store(ui.ctx());
}

/// A part of the form that folds away, with its count and its buttons in the head.
pub fn section(
    ui: &mut Ui,
    name: &str,
    count: usize,
    open: bool,
    buttons: impl FnOnce(&mut Ui),
    body: impl FnOnce(&mut Ui),
) {
    let c = colours(ui.ctx());
    let state = CollapsingState::load_with_default_open(ui.ctx(), section_id(name), open);
    ui.add_space(space::S);
    let line = ui.available_rect_before_wrap();
    ui.painter().hline(line.x_range(), line.top(), (1.0, c.line));
    ui.add_space(space::XS);
    state
        .show_header(ui, |ui| {
            let title = if count > 0 { format!("{name}  {count}") } else { name.to_owned() };
            ui.add(Label::new(RichText::new(title).font(strong(size::SMALL)).color(c.text)).selectable(false));
            ui.with_layout(Layout::right_to_left(Align::Center), buttons);
        })
        .body_unindented(body);
}

/// One of several, in a list that opens.
pub fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    width: f32,
    now: T,
    all: &[T],
    title: impl Fn(T) -> String,
) -> Option<T> {
    let mut chosen = None;
    let response = ComboBox::from_id_salt(name)
        .selected_text(RichText::new(title(now)).text_style(TextStyle::Small))
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            for &item in all {
                if ui.selectable_label(item == now, title(item)).clicked() {
                    chosen = Some(item);
                }
            }
        })
        .response;
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, name));
    chosen.filter(|item| *item != now)
}

/// A line to press: an icon, words, and all of the width.
pub fn press_line(ui: &mut Ui, sign: &str, text: &str, ink: eframe::egui::Color32) -> Response {
    let c = colours(ui.ctx());
    let wide = ui.available_width();
    let galley =
        ui.painter().layout(text.to_owned(), eframe::egui::FontId::proportional(size::SMALL), ink, wide - 22.0);
    let (rect, response) = ui.allocate_exact_size(vec2(wide, galley.size().y + 4.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, crate::theme::radius::S, c.hovered);
    }
    let at = rect.left_top() + vec2(10.0, 2.0 + size::SMALL / 2.0 + 1.0);
    ui.painter().text(at, eframe::egui::Align2::CENTER_CENTER, sign, icon_font(size::SMALL_ICON), ink);
    ui.painter().galley(rect.left_top() + vec2(20.0, 2.0), galley, ink);
    response
}
