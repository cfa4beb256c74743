//! The tools of the left button, as icons down the left edge: in as many columns as the height asks for.

use crate::action::{Action, Tool};
use crate::app::App;
use crate::outbox::Outbox;
use crate::theme::{size, space};
use crate::widgets::action_button;
use eframe::egui::{Ui, vec2};

/// What one button takes of the height.
const STEP: f32 = size::ICON_BUTTON + space::S;

pub fn columns(height: f32) -> usize {
    let in_column = ((height - space::L) / STEP).floor().max(1.0) as usize;
    Tool::ALL.len().div_ceil(in_column)
}

pub fn width(height: f32) -> f32 {
    columns(height) as f32 * STEP + space::M
}

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let columns = columns(ui.available_height());
    let rows = Tool::ALL.len().div_ceil(columns);
    ui.spacing_mut().item_spacing = vec2(space::S, space::S);
    ui.add_space(space::S);
    ui.horizontal_top(|ui| {
        for column in Tool::ALL.chunks(rows) {
            ui.vertical(|ui| {
                for &tool in column {
                    action_button(app, Action::Tool(tool), ui, out);
                }
            });
        }
    });
}
