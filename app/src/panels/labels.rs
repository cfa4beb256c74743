//! The labels of the project: pick, name, show, lock, and how much of each there is.

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::colours;
use crate::widgets::{action_button, panel_head};
use eframe::egui::{Button, Color32, RichText, ScrollArea, Sense, Slider, TextEdit, Ui, vec2};
use limner_annotation::{Label, LabelMap};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    panel_head(ui, "Labels", |ui| {
        action_button(app, Action::NewLabel, ui, out);
    });
    let Some(project) = &app.workspace.project else {
        ui.label(
            RichText::new("Labels belong to a project. One is made when you open a picture.")
                .color(colours(ui.ctx()).weak),
        );
        return;
    };
    let document = project.document();
    let map = app.workspace.open().and_then(|o| document.label_map(o.image));
    if document.labels().is_empty() {
        let hint =
            "Take the brush (B) and paint, or draw a scribble (S) through an object: the first label makes itself.";
        ui.label(RichText::new(hint).color(colours(ui.ctx()).weak));
        return;
    }
    ScrollArea::vertical().id_salt("labels").max_height(ui.available_height() - 72.0).show(ui, |ui| {
        for label in document.labels() {
            ui.push_id(label.id, |ui| label_ui(app, label, map, ui, out));
        }
    });
    ui.separator();
    let mut opacity = app.workspace.stage.label_opacity;
    if ui.add(Slider::new(&mut opacity, 0.0..=1.0).text("Opacity")).changed() {
        out.ask(Request::LabelOpacity(opacity));
    }
}

fn label_ui(app: &App, label: &Label, map: Option<&LabelMap>, ui: &mut Ui, out: &mut Outbox) {
    let selected = app.label == Some(label.id);
    ui.horizontal(|ui| {
        let [r, g, b] = label.colour();
        let (swatch, response) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::click());
        ui.painter().rect_filled(swatch, 3.0, Color32::from_rgb(r, g, b));
        if response.on_hover_text("Select this label").clicked() {
            out.ask(Request::SelectLabel(label.id));
        }
        if selected {
            name_ui(label, ui, out);
        } else if ui.add(Button::selectable(false, &label.name).truncate()).clicked() {
            out.ask(Request::SelectLabel(label.id));
        }
    });
    ui.horizontal(|ui| {
        ui.add_space(20.0);
        let mut visible = label.visible;
        if ui.checkbox(&mut visible, "Show").on_hover_text(format!("Show {}", label.name)).changed() {
            out.ask(Request::ShowLabel { label: label.id, visible });
        }
        let mut locked = label.locked;
        if ui
            .checkbox(&mut locked, "Lock")
            .on_hover_text(format!("Keep {} from being painted over", label.name))
            .changed()
        {
            out.ask(Request::LockLabel { label: label.id, locked });
        }
        if let (Some(map), Some(open)) = (map, app.workspace.open()) {
            let count = map.count(label.value);
            ui.label(RichText::new(amount(open, count)).small().color(colours(ui.ctx()).weak));
        }
    });
}

/// The name as a field that keeps what is typed until it is left or Enter is pressed.
fn name_ui(label: &Label, ui: &mut Ui, out: &mut Outbox) {
    let id = ui.scope_id().with("name");
    let mut name = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| label.name.clone());
    let response = ui.add(TextEdit::singleline(&mut name).desired_width(150.0));
    if response.lost_focus() {
        ui.data_mut(|d| d.remove::<String>(id));
        if name.trim() != label.name && !name.trim().is_empty() {
            out.ask(Request::RenameLabel { label: label.id, name: name.trim().into() });
        }
    } else if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, name));
    }
}

fn amount(open: &crate::workspace::OpenPicture, voxels: u64) -> String {
    let volume = &open.volume;
    if !volume.spacing_known || volume.stack_axis != limner_imaging::StackAxis::Space {
        return format!("{voxels} px");
    }
    format!("{:.2} ml", voxels as f64 * volume.geometry.voxel_volume_mm3() / 1000.0)
}
