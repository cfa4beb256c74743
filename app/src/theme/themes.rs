//! The three themes.

use eframe::egui::{Color32, Context, Id};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
    HighContrast,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::HighContrast];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::HighContrast => "High contrast",
        }
    }

    pub const fn colours(self) -> &'static Colours {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
            Self::HighContrast => &HIGH_CONTRAST,
        }
    }
}

/// What each colour is for. Grounds from the farthest to the nearest, then lines, letters, and meanings.
#[derive(Debug)]
pub struct Colours {
    /// Behind everything.
    pub ground: Color32,
    pub panel: Color32,
    /// Buttons, fields, rows that stand out.
    pub raised: Color32,
    pub hovered: Color32,
    pub line: Color32,
    /// The edge of what can be typed into or moved.
    pub edge: Color32,
    pub text: Color32,
    /// Text that is not read first.
    pub weak: Color32,
    /// What is on, chosen or in focus.
    pub accent: Color32,
    /// Under what is chosen; `text` reads on it.
    pub accent_ground: Color32,
    pub good: Color32,
    pub warning: Color32,
    pub error: Color32,
    pub shadow: Color32,
}

const fn grey(level: u8) -> Color32 {
    Color32::from_gray(level)
}

static DARK: Colours = Colours {
    ground: Color32::from_rgb(13, 14, 16),
    panel: Color32::from_rgb(22, 23, 26),
    raised: Color32::from_rgb(33, 35, 39),
    hovered: Color32::from_rgb(44, 47, 53),
    line: Color32::from_rgb(36, 38, 43),
    edge: Color32::from_rgb(82, 86, 95),
    text: Color32::from_rgb(226, 229, 234),
    weak: Color32::from_rgb(152, 158, 168),
    accent: Color32::from_rgb(96, 160, 255),
    accent_ground: Color32::from_rgb(29, 56, 96),
    good: Color32::from_rgb(104, 192, 132),
    warning: Color32::from_rgb(232, 182, 88),
    error: Color32::from_rgb(242, 120, 114),
    shadow: Color32::from_black_alpha(140),
};

static LIGHT: Colours = Colours {
    ground: Color32::from_rgb(232, 234, 237),
    panel: Color32::from_rgb(248, 249, 250),
    raised: Color32::from_rgb(235, 237, 241),
    hovered: Color32::from_rgb(224, 228, 233),
    line: Color32::from_rgb(219, 222, 228),
    edge: Color32::from_rgb(168, 174, 184),
    text: Color32::from_rgb(24, 27, 32),
    weak: Color32::from_rgb(82, 88, 98),
    accent: Color32::from_rgb(22, 86, 204),
    accent_ground: Color32::from_rgb(206, 223, 252),
    good: Color32::from_rgb(18, 106, 54),
    warning: Color32::from_rgb(128, 78, 0),
    error: Color32::from_rgb(176, 32, 28),
    shadow: Color32::from_black_alpha(48),
};

static HIGH_CONTRAST: Colours = Colours {
    ground: Color32::BLACK,
    panel: Color32::BLACK,
    raised: grey(22),
    hovered: grey(46),
    line: grey(130),
    edge: grey(200),
    text: Color32::WHITE,
    weak: grey(214),
    accent: Color32::from_rgb(255, 214, 64),
    accent_ground: Color32::from_rgb(70, 56, 0),
    good: Color32::from_rgb(120, 240, 150),
    warning: Color32::from_rgb(255, 206, 96),
    error: Color32::from_rgb(255, 160, 150),
    shadow: Color32::BLACK,
};

/// The colours of the theme a window is drawn in.
pub fn colours(ctx: &Context) -> &'static Colours {
    ctx.data(|data| data.get_temp::<Theme>(Id::NULL)).unwrap_or_default().colours()
}

/// Makes a theme the one a window is drawn in.
pub(super) fn remember(ctx: &Context, theme: Theme) {
    ctx.data_mut(|data| data.insert_temp(Id::NULL, theme));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: Color32) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_reads_on_every_ground_it_stands_on() {
        for theme in Theme::ALL {
            let c = theme.colours();
            let least = if theme == Theme::HighContrast { 7.0 } else { 4.5 };
            for ground in [c.ground, c.panel, c.raised, c.hovered, c.accent_ground] {
                assert!(contrast(c.text, ground) >= least, "{theme:?}: text on {ground:?}");
            }
            for ground in [c.ground, c.panel, c.raised] {
                for colour in [c.weak, c.good, c.warning, c.error, c.accent] {
                    let found = contrast(colour, ground);
                    assert!(found >= least, "{theme:?}: {colour:?} on {ground:?} is {found:.2}");
                }
            }
            assert!(contrast(c.accent, c.panel) >= 3.0 && contrast(c.edge, c.panel) >= 1.9, "{theme:?}");
        }
        let over = [super::super::over::TEXT, super::super::over::WEAK, super::super::over::CAUTION];
        assert!(over.iter().all(|&colour| contrast(colour, Color32::BLACK) >= 7.0));
    }
}
