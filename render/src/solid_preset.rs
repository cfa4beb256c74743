//! How a volume can be shown in 3D before anybody edits anything: transfer functions and projections in one list.

use crate::transfer::{TRANSFER_PRESETS, TransferPreset};
use limner_imaging::reslice::Projection;

#[derive(Clone, Copy)]
pub enum SolidLook {
    /// Lit, with a transfer function that can be edited from here on.
    Shaded(&'static TransferPreset),
    /// Within the picture's own window.
    Projected(Projection),
}

#[derive(Clone, Copy)]
pub struct SolidPreset {
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    pub look: SolidLook,
}

const PROJECTIONS: [SolidPreset; 3] = [
    SolidPreset { name: "mip", title: "Maximum intensity", look: SolidLook::Projected(Projection::Maximum) },
    SolidPreset { name: "minip", title: "Minimum intensity", look: SolidLook::Projected(Projection::Minimum) },
    SolidPreset { name: "mean", title: "Mean intensity", look: SolidLook::Projected(Projection::Mean) },
];

impl SolidPreset {
    /// Transfer functions first, then projections.
    pub fn all() -> impl Iterator<Item = Self> {
        let shaded = TRANSFER_PRESETS.iter();
        let shaded = shaded.map(|t| Self { name: t.name, title: t.title, look: SolidLook::Shaded(t) });
        shaded.chain(PROJECTIONS)
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_found_by_its_own_name() {
        let mut names: Vec<_> = SolidPreset::all().map(|preset| preset.name).collect();
        for name in &names {
            assert_eq!(SolidPreset::named(&name.to_uppercase()).unwrap().name, *name);
        }
        for wanted in ["ct-bone", "ct-lung", "ct-soft", "ct-vessels", "mr", "mip"] {
            assert!(names.contains(&wanted), "{wanted}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SolidPreset::all().count());
    }
}
