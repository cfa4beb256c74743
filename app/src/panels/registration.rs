//! A small window to set by hand where one picture lies to another: shifts and turns, seen at once in every view.

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, size, space};
use crate::widgets::word_button;
use eframe::egui::{Align2, Context, DragValue, Grid, Id, RichText, Ui, Window, vec2};
use glam::{DAffine3, DQuat, DVec3, EulerRot};
use limner_annotation::records::Registration;

/// A turn about the middle of the fixed picture and a shift after it, as a hand thinks of them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pose {
    shift_mm: DVec3,
    degrees: DVec3,
}

impl Pose {
    fn of(moved: DAffine3, middle: DVec3) -> Self {
        let turn = DQuat::from_mat3(&moved.matrix3);
        let (x, y, z) = turn.to_euler(EulerRot::XYZ);
        Self { shift_mm: moved.transform_point3(middle) - middle, degrees: DVec3::new(x, y, z).map(f64::to_degrees) }
    }

    fn affine(self, middle: DVec3) -> DAffine3 {
        let [x, y, z] = self.degrees.map(f64::to_radians).to_array();
        let turn = DQuat::from_euler(EulerRot::XYZ, x, y, z);
        DAffine3::from_rotation_translation(turn, middle + self.shift_mm - turn * middle)
    }
}

/// A step of the hand, from the patient's point of view.
const SHIFTS: [&str; 3] = ["Shift to the left", "Shift backwards", "Shift upwards"];
const TURNS: [&str; 3] = ["Turn about left-right", "Turn about front-back", "Turn about up-down"];

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    if !app.adjusting {
        return;
    }
    let mut is_open = true;
    let window = Window::new("Registration").id(Id::unique("registration")).resizable(false).collapsible(false);
    window.anchor(Align2::RIGHT_BOTTOM, vec2(-space::XL, -56.0)).open(&mut is_open).show(ctx, |ui| {
        match app.registration_in_view() {
            Some(registration) => pose_ui(app, registration, ui, out),
            None => {
                ui.label("These two pictures are not registered yet");
                word_button(app, Action::Register, "Search for the place", ui, out);
            }
        }
    });
    if !is_open {
        out.act(Action::AdjustRegistration);
    }
}

fn pose_ui(app: &App, kept: &Registration, ui: &mut Ui, out: &mut Outbox) {
    let pictures = &app.workspace.pictures;
    let (Some(fixed), Some(moving)) = (pictures.get(&kept.fixed), pictures.get(&kept.moving)) else { return };
    let c = colours(ui.ctx());
    let middle = fixed.volume.geometry.centre().0;
    let now = moving.registered.map_or_else(|| kept.moving_from_fixed(), |registered| registered.moving_from_fixed);
    let before = Pose::of(now, middle);
    let mut pose = before;
    let mut let_go = false;
    ui.label(RichText::new(format!("{} is moved, {} stays", moving.title, fixed.title)).color(c.weak));
    Grid::new("pose").num_columns(2).spacing([space::XL, space::S]).show(ui, |ui| {
        for (name, value, suffix, speed) in [
            (SHIFTS[0], &mut pose.shift_mm.x, " mm", 0.25),
            (SHIFTS[1], &mut pose.shift_mm.y, " mm", 0.25),
            (SHIFTS[2], &mut pose.shift_mm.z, " mm", 0.25),
            (TURNS[0], &mut pose.degrees.x, "°", 0.1),
            (TURNS[1], &mut pose.degrees.y, "°", 0.1),
            (TURNS[2], &mut pose.degrees.z, "°", 0.1),
        ] {
            let label = ui.label(name);
            let drag = DragValue::new(value).speed(speed).fixed_decimals(2).suffix(suffix);
            let response = ui.add(drag).labelled_by(label.id);
            let_go |= response.drag_stopped() || response.lost_focus() || response.changed() && !response.dragged();
            ui.end_row();
        }
    });
    let to = pose.affine(middle);
    if let_go && (pose != before || now != kept.moving_from_fixed()) {
        out.ask(Request::AdjustRegistration { fixed: kept.fixed, moving: kept.moving, to, is_done: true });
    } else if pose != before {
        out.ask(Request::AdjustRegistration { fixed: kept.fixed, moving: kept.moving, to, is_done: false });
    }
    let agreement = kept.score.map_or_else(|| "Set by hand".to_owned(), |score| format!("Agreement {score:.3}"));
    ui.label(RichText::new(agreement).size(size::SMALL).color(c.weak));
    ui.horizontal(|ui| {
        word_button(app, Action::Register, "Search from here", ui, out);
        if ui.button("Remove").on_hover_text("The pictures lie as their files say again").clicked() {
            out.ask(Request::RemoveRegistration);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_says_the_same_as_its_transform() {
        let middle = DVec3::new(12.0, -40.0, 300.0);
        let pose = Pose { shift_mm: DVec3::new(3.0, -2.0, 7.5), degrees: DVec3::new(10.0, -5.0, 20.0) };
        let back = Pose::of(pose.affine(middle), middle);
        assert!(back.shift_mm.distance(pose.shift_mm) < 1e-9 && back.degrees.distance(pose.degrees) < 1e-9, "{back:?}");
        let moved = pose.affine(middle).transform_point3(middle);
        assert!(moved.distance(middle + pose.shift_mm) < 1e-9, "the middle is shifted and not turned");
    }
}
