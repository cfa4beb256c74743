//! What stands in the middle before a picture is open: what to do next.

use crate::action::Action;
use crate::app::App;
use crate::outbox::{Outbox, Request};
use crate::settings::Recent;
use crate::theme::{colours, icon, icon_font, radius, size, space, strong};
use eframe::egui::{
    Align2, FontId, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

const CHOICES: [(Action, &str); 5] = [
    (Action::Tour, "Five steps: scroll, window, point at an organ, accept, mend an edge"),
    (Action::OpenSample, "Two CT visits, MR, ultrasound, a chest film and a fundus photo"),
    (Action::OpenFolder, "A folder of DICOM files, or any folder with pictures in it"),
    (Action::OpenFile, "DICOM, NIfTI, NRRD, MetaImage, pictures (PNG, JPEG, TIFF…), video"),
    (Action::OpenProject, "Go on with work saved earlier"),
];

const WIDTH: f32 = 440.0;
const ROW: f32 = 54.0;
const RECENT: usize = 4;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    ScrollArea::vertical().id_salt("welcome").show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(((ui.available_height() - 540.0) / 2.0).max(space::XXL));
            ui.label(RichText::new("Limner").font(strong(size::DISPLAY)).color(c.text));
            ui.label(RichText::new("Annotate and review medical images").color(c.weak));
            ui.add_space(space::XXL);
            for (action, about) in CHOICES {
                choice_ui(app, action, about, ui, out);
            }
            recent_ui(app, ui, out);
            ui.add_space(space::XL);
            let drop = "Drop files or folders anywhere in this window. Not a medical device, not for diagnosis.";
            ui.label(RichText::new(drop).size(size::SMALL).color(c.weak));
        });
    });
}

fn choice_ui(app: &App, action: Action, about: &str, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let wide = WIDTH.min(ui.available_width() - space::XXL);
    let (rect, response) = ui.allocate_exact_size(vec2(wide, ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, action.title()));
    let lit = response.hovered() || response.has_focus();
    let edge = if lit { c.accent } else { c.line };
    let fill = if lit { c.raised } else { c.panel };
    ui.painter().rect(rect, radius::L, fill, Stroke::new(1.0, edge), StrokeKind::Inside);
    let sign = action.icon().unwrap_or(icon::FILE);
    let sign_at = rect.left_center() + vec2(26.0, 0.0);
    ui.painter().text(sign_at, Align2::CENTER_CENTER, sign, icon_font(20.0), if lit { c.accent } else { c.weak });
    let left = rect.left() + 52.0;
    let title_at = pos2(left, rect.top() + 9.0);
    ui.painter().text(title_at, Align2::LEFT_TOP, action.title(), strong(size::BODY), c.text);
    let font = FontId::proportional(size::SMALL);
    let clip = ui.painter().with_clip_rect(Rect::from_min_max(rect.min, rect.max - vec2(space::M, 0.0)));
    clip.text(pos2(left, rect.top() + 28.0), Align2::LEFT_TOP, about, font.clone(), c.weak);
    let keys_at = pos2(rect.right() - space::L, rect.top() + 10.0);
    ui.painter().text(keys_at, Align2::RIGHT_TOP, app.keys_of(action), font, c.weak);
    ui.add_space(space::S);
    if response.clicked() {
        out.act(action);
    }
}

fn recent_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let recent: Vec<Recent> = app.settings.recent().take(RECENT).collect();
    if recent.is_empty() {
        return;
    }
    ui.add_space(space::L);
    ui.label(RichText::new("Recent projects").size(size::SMALL).color(c.weak));
    for Recent { path, name, when } in recent {
        if ui.link(format!("{name}, {when}")).on_hover_text(path.display().to_string()).clicked() {
            out.ask(Request::OpenProject(path));
        }
    }
}
