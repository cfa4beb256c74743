//! The look, as tokens: every colour and size the window uses has its name here and nowhere else.

use eframe::egui::{self, Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals, vec2};

/// Dark reading room. Greys are neutral so that they lend no tint to the pictures.
pub mod dark {
    use super::Color32;
    use limner_imaging::View;

    /// The colour of a plane's line in the other planes: the set that Slicer and OHIF share.
    pub const fn plane(view: View) -> Color32 {
        match view {
            View::Axial => Color32::from_rgb(220, 80, 70),
            View::Sagittal => Color32::from_rgb(214, 190, 70),
            View::Coronal => Color32::from_rgb(90, 180, 100),
        }
    }

    pub const VIEW: Color32 = Color32::BLACK;
    pub const GROUND: Color32 = Color32::from_rgb(18, 19, 21);
    pub const PANEL: Color32 = Color32::from_rgb(26, 27, 30);
    pub const RAISED: Color32 = Color32::from_rgb(38, 40, 44);
    pub const HOVERED: Color32 = Color32::from_rgb(52, 55, 60);
    pub const LINE: Color32 = Color32::from_rgb(48, 50, 55);
    pub const TEXT: Color32 = Color32::from_rgb(222, 224, 228);
    pub const WEAK: Color32 = Color32::from_rgb(150, 154, 162);
    pub const ACCENT: Color32 = Color32::from_rgb(86, 156, 224);
    pub const ACCENT_GROUND: Color32 = Color32::from_rgb(30, 66, 102);
    pub const GOOD: Color32 = Color32::from_rgb(110, 190, 130);
    pub const WARNING: Color32 = Color32::from_rgb(232, 180, 84);
    pub const ERROR: Color32 = Color32::from_rgb(236, 110, 104);
    /// Text laid over a picture: light, with a dark edge so that it reads on bone and on air.
    pub const OVERLAY: Color32 = Color32::from_rgb(232, 232, 220);
    pub const OVERLAY_EDGE: Color32 = Color32::from_black_alpha(200);
    pub const POSITIVE: Color32 = Color32::from_rgb(80, 200, 120);
    pub const NEGATIVE: Color32 = Color32::from_rgb(240, 90, 90);
}

pub mod size {
    pub const BODY: f32 = 13.0;
    pub const SMALL: f32 = 11.5;
    pub const HEADING: f32 = 16.0;
    pub const GAP: f32 = 6.0;
    pub const RADIUS: u8 = 4;
    pub const PANEL_WIDTH: f32 = 236.0;
    pub const CONTROL_HEIGHT: f32 = 24.0;
}

pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, FontId::new(size::SMALL, FontFamily::Proportional)),
            (TextStyle::Body, FontId::new(size::BODY, FontFamily::Proportional)),
            (TextStyle::Button, FontId::new(size::BODY, FontFamily::Proportional)),
            (TextStyle::Heading, FontId::new(size::HEADING, FontFamily::Proportional)),
            (TextStyle::Monospace, FontId::new(size::SMALL, FontFamily::Monospace)),
        ]
        .into();
        style.spacing.item_spacing = vec2(size::GAP, 4.0);
        style.spacing.button_padding = vec2(8.0, 3.0);
        style.spacing.interact_size.y = size::CONTROL_HEIGHT;
        style.visuals = visuals();
    });
}

fn visuals() -> Visuals {
    let mut v = Visuals::dark();
    let radius = CornerRadius::same(size::RADIUS);
    v.panel_fill = dark::PANEL;
    v.window_fill = dark::PANEL;
    v.window_stroke = Stroke::new(1.0, dark::LINE);
    v.extreme_bg_color = dark::GROUND;
    v.faint_bg_color = dark::RAISED;
    v.weak_text_color = Some(dark::WEAK);
    v.hyperlink_color = dark::ACCENT;
    v.warn_fg_color = dark::WARNING;
    v.error_fg_color = dark::ERROR;
    v.selection.bg_fill = dark::ACCENT_GROUND;
    v.selection.stroke = Stroke::new(1.0, dark::TEXT);
    for (widget, fill) in [
        (&mut v.widgets.noninteractive, dark::PANEL),
        (&mut v.widgets.inactive, dark::RAISED),
        (&mut v.widgets.hovered, dark::HOVERED),
        (&mut v.widgets.active, dark::ACCENT_GROUND),
        (&mut v.widgets.open, dark::HOVERED),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.corner_radius = radius;
        widget.fg_stroke = Stroke::new(1.0, dark::TEXT);
        widget.expansion = 0.0;
        widget.bg_stroke = Stroke::NONE;
    }
    v.widgets.noninteractive.bg_stroke = Stroke::new(1.0, dark::LINE);
    v.widgets.hovered.bg_stroke = Stroke::new(1.0, dark::WEAK);
    v
}

/// Label colours, distinguishable with the common colour-vision deficiencies (Okabe and Ito's set, two added).
pub const LABEL_COLOURS: [[u8; 3]; 9] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [148, 103, 189],
    [140, 200, 90],
];
