//! Colours of what is drawn over a picture, the same in every theme.

use eframe::egui::{Color32, Rgba};
use limner_imaging::View;

/// Behind every picture.
pub const GROUND: Color32 = Color32::BLACK;
/// Light, with a dark edge so that it reads on bone and on air.
pub const TEXT: Color32 = Color32::from_rgb(232, 232, 222);
pub const WEAK: Color32 = Color32::from_rgb(186, 188, 192);
pub const EDGE: Color32 = Color32::from_black_alpha(235);
/// Under small letters. The picture is still seen through it, and they keep their contrast on bright bone and fat.
pub const PLATE: Color32 = Color32::from_black_alpha(188);
pub const ACTIVE: Color32 = Color32::from_rgb(96, 160, 255);
pub const POSITIVE: Color32 = Color32::from_rgb(80, 200, 120);
pub const NEGATIVE: Color32 = Color32::from_rgb(240, 90, 90);
pub const CAUTION: Color32 = Color32::from_rgb(240, 190, 90);

/// Measurements and shapes without a label.
pub const MEASURE: Color32 = Color32::from_rgb(255, 214, 92);

/// From here on letters on a plate keep their contrast also where the picture under it is white.
const READS: f32 = 0.45;
/// Lighter step by step: so many from a colour to that of text.
const LIGHTER: u8 = 8;

/// A colour for letters on a plate: as it is where it reads there, else as much lighter as it takes.
pub fn ink(colour: Color32) -> Color32 {
    let mut lighter = (0..=LIGHTER).map(|step| colour.lerp_to_gamma(TEXT, f32::from(step) / f32::from(LIGHTER)));
    lighter.find(|ink| luminance(*ink) >= READS).unwrap_or(TEXT)
}

/// Relative luminance as WCAG 2 defines it.
pub fn luminance(colour: Color32) -> f32 {
    let linear = Rgba::from(colour);
    0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
}

/// The colour of a plane's line in the other planes: the set that Slicer and OHIF share.
pub const fn plane(view: View) -> Color32 {
    match view {
        View::Axial => Color32::from_rgb(224, 84, 74),
        View::Sagittal => Color32::from_rgb(222, 196, 70),
        View::Coronal => Color32::from_rgb(92, 186, 104),
    }
}

/// Where two versions of a picture agree and differ: told apart with the common colour-vision deficiencies.
pub const AGREED: Color32 = Color32::from_rgb(0, 158, 115);
pub const ONLY_A: Color32 = Color32::from_rgb(230, 159, 0);
pub const ONLY_B: Color32 = Color32::from_rgb(86, 180, 233);
pub const OTHERWISE: Color32 = Color32::from_rgb(214, 110, 180);

/// A step of a distance map: blue far inside, pale at the surface, red far outside.
pub fn distance(code: u16) -> [u8; 3] {
    const STEPS: f32 = 8.0;
    const ENDS: [[f32; 3]; 2] = [[44.0, 112.0, 214.0], [222.0, 52.0, 44.0]];
    let step = f32::from(code);
    let (end, far) = if step <= STEPS { (ENDS[0], STEPS + 1.0 - step) } else { (ENDS[1], step - STEPS) };
    let share = 0.25 + 0.75 * (far / STEPS).min(1.0);
    end.map(|channel| (245.0 + (channel - 245.0) * share) as u8)
}

/// A step of a probability map: dark where it is unlikely, bright where it is certain, even in lightness.
pub fn probability(code: u16, steps: u16) -> [u8; 3] {
    const STOPS: [[f32; 3]; 5] =
        [[60.0, 15.0, 110.0], [135.0, 35.0, 105.0], [205.0, 70.0, 75.0], [250.0, 145.0, 10.0], [252.0, 250.0, 160.0]];
    let along = f32::from(code.min(steps)) / f32::from(steps.max(1)) * (STOPS.len() - 1) as f32;
    let below = (along as usize).min(STOPS.len() - 2);
    let share = along - below as f32;
    std::array::from_fn(|n| (STOPS[below][n] + (STOPS[below + 1][n] - STOPS[below][n]) * share) as u8)
}

/// How many versions differ from what most say.
pub const fn dispute(count: u16) -> [u8; 3] {
    match count {
        0 | 1 => [255, 214, 102],
        2 => [250, 140, 60],
        _ => [228, 40, 40],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::LABEL_COLOURS;

    #[test]
    fn words_in_the_colour_of_any_label_read_on_a_plate_over_white() {
        // A plate is black: it leaves what its alpha lets through.
        let ground = luminance(Color32::from_gray(255 - PLATE.a()));
        let labels = LABEL_COLOURS.map(|[r, g, b]| Color32::from_rgb(r, g, b));
        let rest = [MEASURE, TEXT, WEAK, Color32::BLACK, Color32::from_rgb(90, 0, 0), Color32::from_rgb(0, 0, 255)];
        for colour in labels.into_iter().chain(rest) {
            let contrast = (luminance(ink(colour)) + 0.05) / (ground + 0.05);
            assert!(contrast >= 4.5, "{colour:?} becomes {:?}: {contrast}", ink(colour));
        }
        assert_eq!([MEASURE, TEXT].map(ink), [MEASURE, TEXT], "what reads already is not changed");
    }
}
