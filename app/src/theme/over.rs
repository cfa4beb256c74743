//! Colours of what is drawn over a picture, the same in every theme.

use eframe::egui::Color32;
use limner_imaging::View;

/// Behind every picture.
pub const GROUND: Color32 = Color32::BLACK;
/// Light, with a dark edge so that it reads on bone and on air.
pub const TEXT: Color32 = Color32::from_rgb(232, 232, 222);
pub const WEAK: Color32 = Color32::from_rgb(158, 160, 164);
pub const EDGE: Color32 = Color32::from_black_alpha(200);
pub const PLATE: Color32 = Color32::from_black_alpha(150);
pub const ACTIVE: Color32 = Color32::from_rgb(96, 160, 255);
pub const POSITIVE: Color32 = Color32::from_rgb(80, 200, 120);
pub const NEGATIVE: Color32 = Color32::from_rgb(240, 90, 90);
pub const CAUTION: Color32 = Color32::from_rgb(240, 190, 90);

/// Measurements and shapes without a label.
pub const MEASURE: Color32 = Color32::from_rgb(255, 214, 92);

/// The colour of a plane's line in the other planes: the set that Slicer and OHIF share.
pub const fn plane(view: View) -> Color32 {
    match view {
        View::Axial => Color32::from_rgb(224, 84, 74),
        View::Sagittal => Color32::from_rgb(222, 196, 70),
        View::Coronal => Color32::from_rgb(92, 186, 104),
    }
}
