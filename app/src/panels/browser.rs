//! What was found under the opened paths, as a hospital files it: patients, studies, series with a small picture each.
//! A click shows a series in the active view, a drag puts it into any other.
//!
//! Names and dates are shown here and nowhere else, and only where the settings say so.

use crate::action::Action;
use crate::app::App;
use crate::case::list::Standing;
use crate::outbox::{CompanionAct, Outbox, Request};
use crate::theme::{colours, icon, icon_font, radius, size, space, strong};
use crate::widgets::{action_button, chip, empty_state, line_edit, panel_head};
use crate::workspace::OpenPicture;
use eframe::egui::{
    Align2, Button, Color32, FontId, Id, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextWrapMode, Ui, WidgetInfo, pos2, text::LayoutJob, vec2,
};
use limner_imaging::Series;
use limner_imaging::formats::FORMATS;
use limner_imaging::study::{Patient, Study};
use std::collections::BTreeSet;
use std::path::Path;

/// A series on its way from the list to a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedSeries(pub usize);

const ROW: f32 = 56.0;
const PICTURE: f32 = 48.0;

/// What the list is narrowed to; lives as long as the window.
#[derive(Clone, Default)]
struct Filter {
    text: String,
    modality: Option<String>,
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Studies", |ui| {
        action_button(app, Action::OpenFolder, ui, out);
        action_button(app, Action::OpenFile, ui, out);
    });
    // Those that are not listed are among those that were found.
    if app.workspace.found.len() == app.workspace.superseded.len() {
        let text = "Open a folder or drop files here: every series in it is listed with a picture";
        empty_state(ui, icon::IMAGES, "No series yet", text);
        return;
    }
    let id = Id::unique("series filter");
    let mut filter = ui.data(|d| d.get_temp::<Filter>(id)).unwrap_or_default();
    filter_ui(app, &mut filter, ui);
    ui.data_mut(|d| d.insert_temp(id, filter.clone()));
    ScrollArea::vertical().id_salt("series").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        let shown = shown_series(app, &filter);
        if shown.is_empty() {
            empty_state(ui, icon::FUNNEL, "Nothing matches", "Clear the search or choose another modality");
        }
        for patient in &app.workspace.patients {
            for (n, study) in patient.studies.iter().enumerate() {
                study_ui(app, patient, (n, study), &shown, ui, out);
            }
        }
        let filed: BTreeSet<usize> =
            app.workspace.patients.iter().flat_map(|p| &p.studies).flat_map(|s| s.series.clone()).collect();
        for &n in shown.iter().filter(|n| !filed.contains(n)) {
            series_ui(app, n, ui, out);
        }
    });
}

fn filter_ui(app: &App, filter: &mut Filter, ui: &mut Ui) {
    let field = line_edit(&mut filter.text).hint_text("Search series").desired_width(f32::INFINITY);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Search series"));
    let modalities: BTreeSet<&str> = app.workspace.found.iter().map(modality_of).collect();
    if modalities.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, space::S);
        if pick(ui, "All", filter.modality.is_none()).clicked() {
            filter.modality = None;
        }
        for modality in modalities {
            if pick(ui, modality, filter.modality.as_deref() == Some(modality)).clicked() {
                filter.modality = Some(modality.to_owned());
            }
        }
    });
}

fn pick(ui: &mut Ui, text: &str, on: bool) -> Response {
    let c = colours(ui.ctx());
    let ink = if on { c.text } else { c.weak };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size::SMALL), ink);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 14.0, 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, text));
    let fill = if on {
        c.accent_ground
    } else if response.hovered() {
        c.hovered
    } else {
        c.raised
    };
    ui.painter().rect_filled(rect, 10.0, fill);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
    response
}

/// What made the picture; where it does not say so, what kind of file it is.
fn modality_of(series: &Series) -> &str {
    let format = || FORMATS.iter().find(|format| format.name() == series.format).map_or(series.format, |f| f.title());
    let modality = series.modality.as_deref().unwrap_or_else(format);
    modality.split_once(" (").map_or(modality, |(name, _)| name)
}

fn shown_series(app: &App, filter: &Filter) -> Vec<usize> {
    let wanted = filter.text.to_lowercase();
    let fits = |n: usize, series: &Series| {
        let modality = filter.modality.as_deref().is_none_or(|m| m == modality_of(series));
        if !modality || wanted.is_empty() {
            return modality;
        }
        let text = app.words_of(n);
        wanted.split_whitespace().all(|word| text.contains(word))
    };
    let listed = app.workspace.found.iter().enumerate().filter(|(n, _)| !app.workspace.superseded.contains(n));
    listed.filter(|(n, series)| fits(*n, series)).map(|(n, _)| n).collect()
}

fn study_ui(app: &App, patient: &Patient, (n, study): (usize, &Study), shown: &[usize], ui: &mut Ui, out: &mut Outbox) {
    let series: Vec<usize> = study.series.iter().copied().filter(|n| shown.contains(n)).collect();
    if series.is_empty() {
        return;
    }
    let c = colours(ui.ctx());
    let words = study_words(app, patient, study, n);
    if !words.is_empty() {
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            let count = series.len().to_string();
            let text = RichText::new(words).size(size::SMALL).color(c.weak);
            ui.set_max_width(ui.available_width() - 30.0);
            ui.add(eframe::egui::Label::new(text).truncate());
            chip(ui, &count, c.weak).on_hover_text("Series in this study");
        });
    }
    for n in series {
        series_ui(app, n, ui, out);
    }
}

/// Who and when, as far as it may be shown.
fn study_words(app: &App, patient: &Patient, study: &Study, n: usize) -> String {
    if study.uid.is_none() {
        // Among studies it must be seen where they end.
        let among_studies = app.workspace.patients.iter().flat_map(|p| &p.studies).any(|study| study.uid.is_some());
        return if among_studies { "Files without a study".into() } else { String::new() };
    }
    if !app.settings.look.patient_text {
        return format!("Study {}", n + 1);
    }
    let name = patient.name.reveal().replace('^', ", ");
    let date = readable_date(study.date.reveal());
    let parts = [name.trim_matches([',', ' ']).to_owned(), date, study.description.reveal().clone()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { format!("Study {}", n + 1) } else { parts.join("  ·  ") }
}

impl App {
    /// When a picture's study was made, where that may be shown.
    pub fn study_date_of(&self, open: &OpenPicture) -> Option<String> {
        let (_, study) = open.series.and_then(|line| self.workspace.study_of(line))?;
        let date = readable_date(study.date.reveal());
        (self.settings.look.patient_text && !date.is_empty()).then_some(date)
    }

    /// What whoever made a series called it, where that may be shown.
    fn description_of(&self, line: usize) -> Option<&str> {
        let (_, study) = self.workspace.study_of(line)?;
        study.description_of(line).map(|text| text.reveal().trim()).filter(|_| self.settings.look.patient_text)
    }

    /// Why a picture cannot be taken out of the project.
    fn why_not_take_out(&self, standing: Standing) -> Option<&'static str> {
        let project = self.workspace.project.as_ref()?;
        match standing {
            _ if project.is_read_only() => Some("The project is open for reading only"),
            _ if project.handout().is_some() => Some("The project was handed out with this picture in it"),
            Standing::Unsure => Some("Open it first: several series in its place are alike"),
            Standing::Inside(_) | Standing::Outside => None,
        }
    }

    /// All that a line of the list may be found by.
    fn words_of(&self, line: usize) -> String {
        let series = &self.workspace.found[line];
        let mut words = vec![series.title.clone(), modality_of(series).to_owned(), series.path.display().to_string()];
        let owner = self.workspace.study_of(line).filter(|_| self.settings.look.patient_text);
        if let Some((patient, study)) = owner {
            let private = [&patient.name, &patient.id, &study.date, &study.description];
            words.extend(private.into_iter().chain(study.description_of(line)).map(|text| text.reveal().clone()));
            words.push(readable_date(study.date.reveal()));
        }
        words.join(" ").to_lowercase()
    }
}

/// DICOM's 20240501 as 2024-05-01; anything else as it is.
fn readable_date(date: &str) -> String {
    if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) {
        format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..])
    } else {
        date.to_owned()
    }
}

fn series_ui(app: &App, n: usize, ui: &mut Ui, out: &mut Outbox) {
    if let Some(known) = app.companions.get(n) {
        return super::companions::ui(app, n, known, ui, out);
    }
    let series = &app.workspace.found[n];
    let c = colours(ui.ctx());
    let shown = app.workspace.pictures.values().any(|p| p.series == Some(n));
    let active = app.workspace.open().is_some_and(|p| p.series == Some(n));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click_and_drag());
    let (place, described) = (place_of(series), app.description_of(n));
    let called = described.unwrap_or(&series.title);
    let is_mask = app.workspace.masks.contains(&n);
    let spoken = if is_mask { format!("{called}, {place}, looks like a mask") } else { format!("{called}, {place}") };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, active, &spoken));
    // What is opened comes into view, once: who scrolls on is left alone.
    let followed = ui.ctx().data(|data| data.get_temp::<usize>(followed_id()));
    if active && followed != Some(n) {
        ui.ctx().data_mut(|data| data.insert_temp(followed_id(), n));
        response.scroll_to_me(None);
    }
    if active || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius::M, if active { c.accent_ground } else { c.raised });
    }
    if shown {
        let bar = Rect::from_min_size(rect.left_top() + vec2(0.0, 12.0), vec2(2.5, ROW - 24.0));
        ui.painter().rect_filled(bar, 1.0, c.accent);
    }
    picture_ui(app, n, rect, ui);
    let left = rect.left() + PICTURE + 16.0;
    let mut room = rect.right() - left - space::S;
    if !series.warnings.is_empty() {
        let at = rect.right_top() + vec2(-space::M, space::M);
        ui.painter().text(at, Align2::RIGHT_TOP, icon::TRIANGLE_ALERT, icon_font(size::SMALL_ICON), c.warning);
        room -= 20.0;
    }
    line(ui, pos2(left, rect.top() + 7.0), room, called, strong(size::BODY), c.text);
    let [columns, rows, slices] = series.size;
    let times =
        if series.frames > slices && slices > 1 { format!(" × {}", series.frames / slices) } else { String::new() };
    let kind = match described {
        _ if is_mask => "Looks like a mask",
        Some(_) => series.title.as_str(),
        None => modality_of(series),
    };
    let facts = if columns == 0 { kind.to_owned() } else { format!("{kind}  {columns} × {rows} × {slices}{times}") };
    line(ui, pos2(left, rect.top() + 23.0), room, &facts, FontId::proportional(size::SMALL), c.weak);
    line(ui, pos2(left, rect.top() + 37.0), room, &place, FontId::proportional(size::SMALL), c.weak);
    let response = response.on_hover_ui(|ui| details_ui(series, is_mask, ui));
    response.dnd_set_drag_payload(CarriedSeries(n));
    response.context_menu(|ui| menu_ui(app, n, ui, out));
    if response.clicked() {
        out.ask(Request::OpenSeries(n, None));
    }
}

/// What can be done with a line beside dragging it.
fn menu_ui(app: &App, n: usize, ui: &mut Ui, out: &mut Outbox) {
    if app.workspace.masks.contains(&n) {
        mask_menu_ui(app, n, ui, out);
        ui.separator();
    }
    if item_ui("Open in the view in front", None, ui) {
        out.ask(Request::OpenSeries(n, None));
    }
    if item_ui("Copy path", None, ui) {
        ui.ctx().copy_text(app.workspace.found[n].path.display().to_string());
    }
    ui.separator();
    let (title, act, reason) = match app.standing_of(n) {
        Standing::Outside => ("Take off the list", CompanionAct::TakeOff, None),
        standing => {
            ("Take out of the project…", CompanionAct::TakeOut { is_told: false }, app.why_not_take_out(standing))
        }
    };
    if item_ui(title, reason, ui) {
        out.ask(Request::Companion(n, act));
    }
}

/// What a mask is good for: labels of the picture it lies on.
fn mask_menu_ui(app: &App, mask: usize, ui: &mut Ui, out: &mut Outbox) {
    let Some(picture) = app.picture_of_mask(mask) else {
        ui.label("No picture in the list lies on its grid");
        return;
    };
    let series = &app.workspace.found[picture];
    let called = app.description_of(picture).unwrap_or(&series.title);
    let title = format!("Use as labels of {called}, {}", place_of(series));
    if item_ui(&title, app.why_not(Action::Import), ui) {
        out.ask(Request::Companion(mask, CompanionAct::Import));
    }
}

/// A line of a menu, which closes the menu when it is clicked. Where it cannot be, it says why.
fn item_ui(title: &str, reason: Option<&str>, ui: &mut Ui) -> bool {
    let response = ui.add_enabled(reason.is_none(), Button::new(title));
    let is_clicked = response.clicked();
    if is_clicked {
        ui.close();
    }
    if let Some(reason) = reason {
        response.on_disabled_hover_text(reason);
    }
    is_clicked
}

fn followed_id() -> Id {
    Id::unique("series in view")
}

fn picture_ui(app: &App, n: usize, row: Rect, ui: &Ui) {
    let c = colours(ui.ctx());
    let at = row.left_top() + vec2(8.0, (ROW - PICTURE) / 2.0);
    let place = Rect::from_min_size(at, vec2(PICTURE, PICTURE));
    ui.painter().rect_filled(place, radius::S, Color32::BLACK);
    match app.thumbnails.get(n) {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), place.shrink(1.0), whole, Color32::WHITE);
        }
        None => {
            let grey = Color32::from_gray(90);
            ui.painter().text(place.center(), Align2::CENTER_CENTER, icon::IMAGE, icon_font(size::ICON), grey);
        }
    }
    ui.painter().rect_stroke(place, radius::S, Stroke::new(1.0, c.line), StrokeKind::Inside);
}

/// One line of text, cut with … where there is no room for all of it.
fn line(ui: &Ui, at: eframe::egui::Pos2, room: f32, text: &str, font: FontId, ink: Color32) {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, ink);
    job.wrap = eframe::egui::text::TextWrapping::from_wrap_mode_and_width(TextWrapMode::Truncate, room.max(10.0));
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(at, galley, ink);
}

/// Titles hold no patient text and may repeat; the place on disk tells one from the other.
fn place_of(series: &Series) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = name(&series.path);
    // Two folders: every case of a data set may have an "image.nii.gz" in a "reference".
    let folders: Vec<String> = series.path.ancestors().skip(1).take(2).map(name).filter(|f| !f.is_empty()).collect();
    match folders.as_slice() {
        [folder] if own == series.title => format!("in {folder}"),
        [folder, above] if own == series.title => format!("in {above}/{folder}"),
        _ => own,
    }
}

fn details_ui(series: &Series, is_mask: bool, ui: &mut Ui) {
    let c = colours(ui.ctx());
    ui.label(RichText::new(&series.title).font(strong(size::BODY)));
    let spacing = series.geometry.map(|g| g.spacing_mm().map(|s| format!("{s:.3}")).join(" × "));
    let facts = [Some(format!("{} {}", series.format, series.dtype)), spacing.map(|s| format!("{s} mm"))];
    for fact in facts.into_iter().flatten() {
        ui.label(RichText::new(fact).color(c.weak));
    }
    ui.label(RichText::new(series.path.display().to_string()).size(size::SMALL).color(c.weak));
    if is_mask {
        ui.label("Looks like a mask of a picture beside it: a right click makes labels of that picture from it");
    }
    for warning in &series.warnings {
        ui.label(RichText::new(&warning.text).color(c.warning));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_dates_and_anything_else_as_it_is() {
        assert_eq!(readable_date("20240501"), "2024-05-01");
        for odd in ["", "2024", "2024.05.01", "20240501a"] {
            assert_eq!(readable_date(odd), odd);
        }
    }
}
