//! How the active view shows a volume in 3D: its look, and what is cut away.

use super::transfer;
use super::viewbar::drop_button;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::picture::preset_for;
use crate::theme::{colours, icon, space};
use crate::view_state::{Cut, SolidView};
use crate::widgets::{Words, sentence_case};
use crate::workspace::OpenPicture;
use eframe::egui::style::StyleModifier;
use eframe::egui::{Button, DragValue, Grid, Popup, PopupCloseBehavior, Response, RichText, Ui};
use limner_imaging::{Geometry, Side};
use limner_render::{SolidLook, SolidPreset};

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let Some((viewport, open)) = app.workspace.active() else { return };
    let mut wanted = viewport.solid.clone();
    cut_ui(open, &mut wanted.cut, ui);
    look_ui(open, viewport.window, &mut wanted, ui);
    if wanted != viewport.solid {
        out.ask(Request::Solid(app.workspace.stage.active_id(), wanted));
    }
}

fn look_ui(open: &OpenPicture, window: limner_imaging::Window, view: &mut SolidView, ui: &mut Ui) {
    let chosen = view.chosen();
    let title = chosen.map_or("By modality", |preset| preset.title);
    let text = if view.function.is_some() { format!("{title}, edited") } else { title.to_owned() };
    let words = Words { name: "3D look", hint: "How values become colour and opacity in 3D", ..Words::default() };
    let response = drop_button(ui, icon::PALETTE, &text, words);
    stays_open(&response).show(|ui| {
        ui.set_width(transfer::WIDTH);
        ui.horizontal_wrapped(|ui| {
            let name = |preset: Option<SolidPreset>| preset.map(|preset| preset.name.to_owned());
            for preset in std::iter::once(None).chain(SolidPreset::all().map(Some)) {
                let title = preset.map_or("By modality", |preset| preset.title);
                let on = view.function.is_none() && view.preset == name(preset);
                if ui.add(Button::selectable(on, title)).clicked() {
                    (view.preset, view.function) = (name(preset), None);
                }
            }
        });
        if matches!(chosen.map(|preset| preset.look), Some(SolidLook::Projected(_))) {
            return;
        }
        ui.separator();
        let function = view.transfer(preset_for(open.volume.looks_like_ct()), window);
        if let Some(edited) = transfer::ui(open, &function, ui) {
            view.function = Some(edited);
        }
        let reset = Button::new("As the preset has it");
        if ui.add_enabled(view.function.is_some(), reset).clicked() {
            view.function = None;
        }
    });
}

/// Holds fields to be set one after another, so it looks and stays like a panel and not like a list to choose from.
fn stays_open(response: &Response) -> Popup<'_> {
    Popup::menu(response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).style(StyleModifier::default())
}

fn cut_ui(open: &OpenPicture, cut: &mut Cut, ui: &mut Ui) {
    let text = match cut.side {
        Some(side) => format!("no {}", side.name()),
        None if cut.is_nothing() => String::new(),
        None => "block".into(),
    };
    let hint = "Cuts away one side of the crosshair, or everything outside a block";
    let response = drop_button(ui, icon::CROP, &text, Words { name: "Cut away", hint, ..Words::default() });
    stays_open(&response).show(|ui| {
        ui.set_width(230.0);
        if ui.add(Button::selectable(cut.is_nothing(), "Nothing is cut away")).clicked() {
            *cut = Cut::default();
        }
        let weak = colours(ui.ctx()).weak;
        ui.label(RichText::new("This side of the crosshair").small().color(weak));
        Grid::new("sides").num_columns(2).min_col_width(105.0).spacing([space::S, space::XS]).show(ui, |ui| {
            for (n, side) in Side::ALL.into_iter().enumerate() {
                let on = cut.side == Some(side);
                if ui.add(Button::selectable(on, sentence_case(side.name()))).clicked() {
                    cut.side = if on { None } else { Some(side) };
                }
                if n % 2 == 1 {
                    ui.end_row();
                }
            }
        });
        ui.separator();
        ui.label(RichText::new("Outside of this block").small().color(weak));
        Grid::new("block").num_columns(3).spacing([space::S, space::XS]).show(ui, |ui| {
            for (axis, ends) in cut.block.iter_mut().enumerate() {
                block_ui(&open.volume.geometry, axis, ends, ui);
                ui.end_row();
            }
        });
    });
}

/// From where to where one axis of the voxels is shown, named after the sides it runs between.
fn block_ui(geometry: &Geometry, axis: usize, ends: &mut [f32; 2], ui: &mut Ui) {
    let step = geometry.step(axis);
    let (from, to) = (Side::nearest(-step), Side::nearest(step));
    let label = ui.label(format!("{} to {}", sentence_case(from.name()), to.name()));
    for end in ends {
        let mut percent = *end * 100.0;
        let value = DragValue::new(&mut percent).range(0.0..=100.0).speed(0.5).max_decimals(0).suffix(" %");
        if ui.add(value).labelled_by(label.id).changed() {
            *end = percent / 100.0;
        }
    }
}
