//! The labels of the project, a row each: pick, find, name, colour, show, lock, and how much of each there is.

use crate::action::Action;
use crate::app::App;
use crate::outbox::{LabelAct, Outbox, Request};
use crate::theme::{colours, icon, radius, size};
use crate::widgets::{Words, empty_state, focus_whole, icon_button, line_edit, panel_head, small_icon_button};
use crate::work::concepts::{Suggestion, suggestions};
use crate::workspace::OpenPicture;
use eframe::egui::{
    self, Align2, Button, Color32, FontId, Key, Popup, PopupCloseBehavior, Rect, Response, RichText, Role, ScrollArea,
    Sense, Slider, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use limner_annotation::records::{Progress, SegmentState};
use limner_annotation::{Contents, Label, LabelId, LabelMap};

const STATES: [(&str, Progress); 4] = [
    ("Not started", Progress::NotStarted),
    ("In progress", Progress::InProgress),
    ("Done", Progress::Done),
    ("Flagged", Progress::Flagged),
];
const ROW: f32 = 24.0;
const MARK: f32 = 20.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Labels", |ui| {
        let words = Words {
            name: Action::NewLabel.title(),
            hint: "A new label, into the hand",
            keys: &app.keys_of(Action::NewLabel),
            reason: app.why_not(Action::NewLabel),
        };
        if icon_button(ui, icon::PLUS, words, false).clicked() {
            out.act(Action::NewLabel);
        }
    });
    let Some(project) = &app.workspace.project else {
        return empty_state(ui, icon::TAGS, "No project", "One is made when you open a picture");
    };
    let document = project.document();
    let wanted = search_ui(ui, document, out);
    if document.labels().is_empty() {
        let text = "Press A and click into an object, or B and paint: the first label makes itself. A name typed above \
                    makes one by that name";
        return empty_state(ui, icon::TAG, "No labels yet", text);
    }
    let open = app.workspace.open();
    let map = open.and_then(|open| document.label_map(open.image));
    let rows = rows(document, &wanted);
    ScrollArea::vertical().id_salt("labels").auto_shrink([false, true]).show_rows(ui, ROW, rows.len(), |ui, shown| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (label, depth) in &rows[shown] {
            let row = Row { app, label, depth: *depth, map, open };
            ui.push_id(label.id, |ui| row.ui(document, ui, out));
        }
    });
    suggestions_ui(&wanted, ui, out);
    if rows.is_empty() {
        ui.label(RichText::new("No label has this in its name. Enter makes one.").color(colours(ui.ctx()).weak));
    }
}

/// How labels are drawn, below the list.
pub fn look_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let mut opacity = app.workspace.stage.label_opacity;
    ui.horizontal(|ui| {
        ui.label("Fill").on_hover_text(
            "Of all labels. At zero only outlines are drawn; a right click on a label takes the fill of that one away",
        );
        ui.spacing_mut().slider_width = (ui.available_width() - 64.0).max(60.0);
        let slider = Slider::new(&mut opacity, 0.0..=1.0).custom_formatter(|x, _| format!("{:.0} %", x * 100.0));
        if ui.add(slider).accessible_name("Opacity of the fill").changed() {
            out.ask(Request::LabelOpacity(opacity));
        }
    });
}

/// What is looked for. Enter picks the only match, or makes a label of that name.
fn search_ui(ui: &mut Ui, document: &Contents, out: &mut Outbox) -> String {
    let id = ui.scope_id().with("search");
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_default();
    let field = ui.add(line_edit(&mut text).hint_text("Find or name a label").desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Find or name a label"));
    if field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) && !text.trim().is_empty() {
        match rows(document, &text.to_lowercase()).as_slice() {
            [(only, _)] => out.ask(Request::Label(only.id, LabelAct::Select)),
            all => {
                let exact = all.iter().find(|(label, _)| label.name.eq_ignore_ascii_case(text.trim()));
                match exact {
                    Some((label, _)) => out.ask(Request::Label(label.id, LabelAct::Select)),
                    None => out.ask(Request::NewLabelNamed(text.trim().to_owned())),
                }
            }
        }
        text.clear();
    }
    ui.data_mut(|d| d.insert_temp(id, text.clone()));
    text.trim().to_lowercase()
}

/// Names of the ready ontologies that have what is typed: a click makes the label with its codes.
fn suggestions_ui(wanted: &str, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    for Suggestion { ontology, node } in suggestions(wanted, 6) {
        let button = Button::new(RichText::new(&node.name).color(c.text)).frame(false).shortcut_text("new");
        if ui.add(button).on_hover_text(format!("A new label from {}", ontology.name)).clicked() {
            out.ask(Request::NewLabelNamed(node.name.clone()));
        }
    }
}

/// Children below their parents; while something is looked for, all that have it in their names.
fn rows<'a>(document: &'a Contents, wanted: &str) -> Vec<(&'a Label, usize)> {
    let labels = document.labels();
    if !wanted.is_empty() {
        let has = |label: &&Label| {
            let names = std::iter::once(&label.name).chain(&label.synonyms);
            names.into_iter().any(|name| name.to_lowercase().contains(wanted))
        };
        return labels.into_iter().filter(has).map(|label| (label, 0)).collect();
    }
    let mut rows = Vec::with_capacity(labels.len());
    add_children(&labels, None, 0, &mut rows);
    rows
}

fn add_children<'a>(labels: &[&'a Label], parent: Option<LabelId>, depth: usize, rows: &mut Vec<(&'a Label, usize)>) {
    for label in labels.iter().filter(|label| label.parent == parent) {
        rows.push((label, depth));
        add_children(labels, Some(label.id), depth + 1, rows);
    }
}

fn name_id(label: LabelId) -> egui::Id {
    egui::Id::unique(("label name", label))
}

/// The name of a label becomes a field, for its first name to be typed.
pub fn begin_rename(ctx: &egui::Context, label: &Label) {
    ctx.data_mut(|data| data.insert_temp(name_id(label.id), label.name.clone()));
}

struct Row<'a> {
    app: &'a App,
    label: &'a Label,
    depth: usize,
    map: Option<&'a LabelMap>,
    open: Option<&'a OpenPicture>,
}

impl Row<'_> {
    fn ui(&self, document: &Contents, ui: &mut Ui, out: &mut Outbox) {
        let width = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
        let selected = self.app.label == Some(self.label.id);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &self.label.name));
        let c = colours(ui.ctx());
        let ground = match (selected, response.contains_pointer()) {
            (true, _) => c.accent_ground,
            (false, true) => c.hovered,
            (false, false) => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(rect, radius::S, ground);
        let mut left = rect.left() + 4.0 + 12.0 * self.depth as f32;
        left = self.swatch_ui(pos2(left, rect.top()), ui, out);
        let mut right = rect.right() - 2.0;
        right = self.lock_ui(pos2(right - MARK, rect.top()), ui, out);
        right = self.eye_ui(pos2(right - MARK, rect.top()), ui, out);
        right = self.state_ui(document, pos2(right - MARK, rect.top()), ui, out);
        right = self.waiting_ui(pos2(right - MARK, rect.top()), ui, out);
        right = self.amount_ui(rect, right, ui);
        self.name_ui(Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom())), ui, out);
        let digit = self.app.work.recent.digit(self.label.id);
        let response = response.on_hover_ui(|ui| drop(ui.label(about(self.label, digit))));
        if response.clicked() {
            out.ask(Request::Label(self.label.id, LabelAct::Select));
        }
        if response.double_clicked() {
            ui.data_mut(|d| d.insert_temp(self.name_id(), self.label.name.clone()));
        }
        response.context_menu(|ui| self.menu_ui(document, ui, out));
    }

    fn name_id(&self) -> egui::Id {
        name_id(self.label.id)
    }

    fn swatch_ui(&self, at: egui::Pos2, ui: &mut Ui, out: &mut Outbox) -> f32 {
        let place = Rect::from_min_size(at, vec2(MARK, ROW));
        let response = ui.interact(place, ui.scope_id().with("colour"), Sense::click());
        let name = format!("Colour of {}", self.label.name);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let [r, g, b] = self.label.colour();
        let swatch = Rect::from_center_size(place.center(), vec2(13.0, 13.0));
        let (colour, outlined) =
            (Color32::from_rgb(r, g, b), self.app.workspace.stage.outlined.contains(&self.label.id));
        if outlined {
            ui.painter().rect_stroke(swatch, 3.0, Stroke::new(2.0, colour), StrokeKind::Inside);
        } else {
            ui.painter().rect_filled(swatch, 3.0, colour);
        }
        if let Some(digit) = self.app.work.recent.digit(self.label.id) {
            let bright = u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b) > 1300;
            let ink = match (outlined, bright) {
                (true, _) => colours(ui.ctx()).text,
                (false, true) => Color32::BLACK,
                (false, false) => Color32::WHITE,
            };
            ui.painter().text(swatch.center(), Align2::CENTER_CENTER, digit, FontId::proportional(10.0), ink);
        }
        Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.horizontal(|ui| {
                for colour in crate::theme::LABEL_COLOURS {
                    let [r, g, b] = colour;
                    let (rect, response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::click());
                    ui.painter().rect_filled(rect, 3.0, Color32::from_rgb(r, g, b));
                    if response.clicked() {
                        out.ask(Request::Label(self.label.id, LabelAct::Colour(colour)));
                        ui.close();
                    }
                }
            });
            self.own_colour_ui(ui, out);
        });
        response
            .on_hover_text("Change the colour; the digit key picks the label while a tool that annotates is in hand");
        place.right() + 4.0
    }

    /// Any other colour: mixed as long as one likes, a step when it is taken.
    fn own_colour_ui(&self, ui: &mut Ui, out: &mut Outbox) {
        let id = ui.scope_id().with(("mixed colour", self.label.id));
        let mut mixed = ui.data(|d| d.get_temp::<[u8; 3]>(id)).unwrap_or_else(|| self.label.colour());
        for (channel, name) in mixed.iter_mut().zip(["Red", "Green", "Blue"]) {
            ui.add(Slider::new(channel, 0..=255).text(name));
        }
        ui.data_mut(|d| d.insert_temp(id, mixed));
        let [r, g, b] = mixed;
        ui.horizontal(|ui| {
            let (place, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
            ui.painter().rect_filled(place, radius::S, Color32::from_rgb(r, g, b));
            if ui.button("Take this colour").clicked() {
                ui.data_mut(|d| d.remove::<[u8; 3]>(id));
                out.ask(Request::Label(self.label.id, LabelAct::Colour(mixed)));
                ui.close();
            }
        });
    }

    fn eye_ui(&self, at: egui::Pos2, ui: &mut Ui, out: &mut Outbox) -> f32 {
        let on = self.label.visible;
        let hint = "Show or hide; Ctrl+click shows this label alone";
        if self.mark_ui(at, ("Show", hint), if on { icon::EYE } else { icon::EYE_OFF }, !on, ui).clicked() {
            let alone = ui.input(|i| i.modifiers.command);
            out.ask(Request::Label(self.label.id, if alone { LabelAct::ShowOnly } else { LabelAct::Show(!on) }));
        }
        at.x
    }

    fn lock_ui(&self, at: egui::Pos2, ui: &mut Ui, out: &mut Outbox) -> f32 {
        let on = self.label.locked;
        let hint = "A locked label is neither painted nor painted over, and no model takes its voxels";
        if self.mark_ui(at, ("Lock", hint), if on { icon::LOCK } else { icon::LOCK_OPEN }, on, ui).clicked() {
            out.ask(Request::Label(self.label.id, LabelAct::Lock(!on)));
        }
        at.x
    }

    /// A switch at the end of the row.
    fn mark_ui(&self, at: egui::Pos2, (what, hint): (&str, &str), sign: &str, on: bool, ui: &mut Ui) -> Response {
        let place = Rect::from_min_size(at + vec2(0.0, (ROW - MARK) / 2.0), vec2(MARK, MARK));
        let name = format!("{what} {}", self.label.name);
        let words = Words { name: &name, hint, ..Words::default() };
        ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(what), |ui| small_icon_button(ui, sign, words, on))
            .inner
    }

    fn progress(&self, document: &Contents) -> Progress {
        let image = self.open.map(|open| open.image);
        let states = image.into_iter().flat_map(|image| document.on::<SegmentState>(image));
        states.into_iter().find(|state| state.label == self.label.id).map_or(Progress::NotStarted, |s| s.progress)
    }

    /// How far the work is; a click goes on to the next state.
    fn state_ui(&self, document: &Contents, at: egui::Pos2, ui: &mut Ui, out: &mut Outbox) -> f32 {
        let (sign, word, next) = match self.progress(document) {
            Progress::NotStarted => return at.x + MARK,
            Progress::InProgress => (icon::CIRCLE_DOT, "In progress", Progress::Done),
            Progress::Done => (icon::CIRCLE_CHECK, "Done", Progress::Flagged),
            Progress::Flagged => (icon::FLAG, "Flagged", Progress::InProgress),
        };
        if self.mark_ui(at, (word, "The state of this label on this picture"), sign, true, ui).clicked() {
            out.ask(Request::Label(self.label.id, LabelAct::Progress(next)));
        }
        at.x
    }

    /// Prompts that nobody has accepted, out of sight as another object is spoken of; a click goes on with them.
    fn waiting_ui(&self, at: egui::Pos2, ui: &mut Ui, out: &mut Outbox) -> f32 {
        if !self.open.is_some_and(|open| self.app.assist.waits_for(open.image, self.label.id)) {
            return at.x + MARK;
        }
        let hint = "A proposal for this label waits; a click goes on with it";
        if self.mark_ui(at, ("Go on with", hint), icon::CIRCLE_DASHED, true, ui).clicked() {
            out.ask(Request::Label(self.label.id, LabelAct::Select));
        }
        at.x
    }

    fn amount_ui(&self, rect: Rect, right: f32, ui: &Ui) -> f32 {
        let (Some(map), Some(open)) = (self.map, self.open) else { return right };
        let count = map.count(self.label.value);
        if count == 0 {
            return right;
        }
        let c = colours(ui.ctx());
        let at = pos2(right - 4.0, rect.center().y);
        let text = amount(open, count);
        let font = FontId::proportional(size::SMALL);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font, c.weak).left() - 6.0
    }

    /// The name; a field while it is being changed.
    fn name_ui(&self, rect: Rect, ui: &mut Ui, out: &mut Outbox) {
        let editing = ui.data(|d| d.get_temp::<String>(self.name_id()));
        let Some(mut name) = editing else {
            let c = colours(ui.ctx());
            let colour = if self.label.visible { c.text } else { c.weak };
            let font = FontId::proportional(size::BODY);
            let mut job = egui::text::LayoutJob::simple_singleline(self.label.name.clone(), font, colour);
            job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
            let galley = ui.painter().layout_job(job);
            let at = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, colour);
            return;
        };
        let field = ui.put(rect.shrink2(vec2(0.0, 1.0)), line_edit(&mut name));
        if !field.has_focus() && !field.lost_focus() {
            focus_whole(&field, &name, ui);
        }
        if field.lost_focus() {
            ui.data_mut(|d| d.remove::<String>(self.name_id()));
            let kept = !ui.input(|i| i.key_pressed(Key::Escape));
            if kept && !name.trim().is_empty() && name.trim() != self.label.name {
                out.ask(Request::Label(self.label.id, LabelAct::Rename(name.trim().into())));
            }
        } else {
            ui.data_mut(|d| d.insert_temp(self.name_id(), name));
        }
    }

    fn menu_ui(&self, document: &Contents, ui: &mut Ui, out: &mut Outbox) {
        let id = self.label.id;
        let mut ask = |ui: &mut Ui, title: &str, act: LabelAct| {
            if ui.button(title).clicked() {
                out.ask(Request::Label(id, act));
                ui.close();
            }
        };
        ask(ui, "Jump to", LabelAct::JumpTo);
        if ui.button("Rename").clicked() {
            ui.data_mut(|d| d.insert_temp(self.name_id(), self.label.name.clone()));
            ui.close();
        }
        ask(ui, "Show alone", LabelAct::ShowOnly);
        let outlined = self.app.workspace.stage.outlined.contains(&id);
        let look = if outlined { "Fill again" } else { "Outline without fill" };
        ask(ui, look, LabelAct::OutlineAlone(!outlined));
        ask(ui, "Refine with its prompts", LabelAct::Refine);
        ui.menu_button("State", |ui| {
            for (word, progress) in STATES {
                ask(ui, word, LabelAct::Progress(progress));
            }
        });
        ui.separator();
        ask(ui, "Duplicate", LabelAct::Duplicate);
        ask(ui, "Split islands into labels", LabelAct::Split);
        let others: Vec<&Label> = document.labels().into_iter().filter(|other| other.id != id).collect();
        ui.add_enabled_ui(!others.is_empty(), |ui| {
            ui.menu_button("Merge into", |ui| {
                for other in &others {
                    ask(ui, &other.name, LabelAct::MergeInto(other.id));
                }
            });
            ui.menu_button("Move under", |ui| {
                ask(ui, "No parent", LabelAct::Under(None));
                for other in &others {
                    ask(ui, &other.name, LabelAct::Under(Some(other.id)));
                }
            });
        });
        ui.separator();
        ask(ui, "Delete", LabelAct::Delete);
    }
}

/// The name in full, and two numbers that are not the same: of the key that picks a label, and of the label in files.
fn about(label: &Label, digit: Option<usize>) -> String {
    let key = digit.map(|digit| format!("Key {digit} picks it while a tool that annotates is in hand"));
    let lines = [Some(label.name.clone()), key, Some(format!("Number {} in label maps", label.value))];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// How much is painted. A single picture has no third side: there it is an area.
pub fn amount(open: &OpenPicture, voxels: u64) -> String {
    let volume = &open.volume;
    if volume.spacing_known && volume.size()[2] == 1 {
        let g = &volume.geometry;
        let mm2 = voxels as f64 * g.step(0).cross(g.step(1)).length();
        return if mm2 >= 1000.0 { format!("{:.1} cm²", mm2 / 100.0) } else { format!("{mm2:.1} mm²") };
    }
    if !volume.spacing_known || volume.stack_axis != limner_imaging::StackAxis::Space {
        return format!("{voxels} px");
    }
    let ml = voxels as f64 * volume.geometry.voxel_volume_mm3() / 1000.0;
    if ml >= 100.0 { format!("{ml:.0} ml") } else { format!("{ml:.2} ml") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_label_and_its_number_are_told_apart() {
        let spleen = Label::new(7, "Spleen");
        let key = "Key 2 picks it while a tool that annotates is in hand";
        assert_eq!(about(&spleen, Some(2)), format!("Spleen\n{key}\nNumber 7 in label maps"));
        assert_eq!(about(&spleen, None), "Spleen\nNumber 7 in label maps");
    }
}
