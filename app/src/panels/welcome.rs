//! What stands in the middle before a picture is open: what to do next.

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::theme::dark;
use eframe::egui::{Button, RichText, Ui, vec2};

const CHOICES: [(Action, &str); 4] = [
    (
        Action::OpenSample,
        "Two CT visits, an MR, an ultrasound clip, a chest film and a fundus picture to try things on",
    ),
    (Action::OpenFolder, "A folder of DICOM files, or any folder with pictures in it"),
    (Action::OpenFile, "DICOM, NIfTI, NRRD, MetaImage, PNG, JPEG, TIFF, BMP, GIF, WebP"),
    (Action::OpenProject, "Go on with work saved earlier"),
];

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.22).max(16.0));
        ui.label(RichText::new("Limner").size(34.0).strong());
        ui.label(RichText::new("Annotate and review medical images").color(dark::WEAK));
        ui.add_space(20.0);
        for (action, about) in CHOICES {
            let button = Button::new(RichText::new(action.title()).strong()).min_size(vec2(260.0, 30.0));
            if ui.add(button).clicked() {
                out.act(action);
            }
            ui.label(RichText::new(about).small().color(dark::WEAK));
            ui.add_space(8.0);
        }
        if let Some(path) = &app.settings.last_project {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if ui.link(format!("Continue with {name}")).clicked() {
                out.ask(Request::OpenProject(path.clone()));
            }
        }
        ui.label(
            RichText::new("You can also drop files or folders anywhere in this window. Not for diagnosis.")
                .small()
                .color(dark::WEAK),
        );
    });
}
