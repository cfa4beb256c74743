//! The letters: Inter with tabular figures, so that numbers do not dance, and the Lucide icons as a font.

use eframe::egui::{Context, FontData, FontDefinitions, FontFamily, FontId};
use std::sync::Arc;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf");
const ICONS: &[u8] = include_bytes!("../../../assets/fonts/Lucide.ttf");

fn named(name: &str) -> FontFamily {
    FontFamily::Name(name.into())
}

/// For headings and what is to stand out.
pub fn strong(points: f32) -> FontId {
    FontId::new(points, named("strong"))
}

pub fn icon_font(points: f32) -> FontId {
    FontId::new(points, named("icons"))
}

/// Puts our letters before egui's own, which stay for signs ours lack.
pub(super) fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [("inter", REGULAR), ("inter-semibold", SEMIBOLD), ("lucide", ICONS)] {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let before = |first: &str| std::iter::once(first.to_owned()).chain(fallback.clone()).collect::<Vec<_>>();
    fonts.families.insert(FontFamily::Proportional, before("inter"));
    fonts.families.insert(named("strong"), before("inter-semibold"));
    fonts.families.insert(named("icons"), vec!["lucide".into()]);
    ctx.set_fonts(fonts);
}
