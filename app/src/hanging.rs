//! Which series of a study go into which views, and how each is first seen: rules as data, which users can change.
//!
//! The first rule whose series are all there counts. Each name of a rule stands for a series of its own, so a rule
//! with two names of one modality asks for two series.

use crate::settings::NamedWindow;
use crate::view_state::{Pane, Viewport};
use crate::workspace::OpenPicture;
use anyhow::{Context as _, ensure};
use limner_imaging::reslice::{Projection, Slab};
use limner_imaging::{Series, View};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SHIPPED: &str = include_str!("../../assets/hanging.json");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For whoever reads the file.
    #[serde(default, rename = "about")]
    _about: String,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    /// What each name of the rule stands for.
    series: BTreeMap<String, Wanted>,
    pub rows: u8,
    pub columns: u8,
    /// In reading order; views without a line stay empty.
    pub views: Vec<Hung>,
}

/// Which series a name may stand for. What is left out does not matter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    modality: Vec<String>,
    format: Vec<String>,
    /// Any of these words in the series' title, in capitals or not.
    title: Vec<String>,
    /// Whether it has slices in space, so that other planes mean something.
    planes: Option<bool>,
}

/// How a series is first seen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hung {
    pub of: String,
    #[serde(default)]
    plane: PlaneName,
    /// A window of the settings' table by name; as stored where there is none.
    #[serde(default)]
    window: Option<String>,
    #[serde(default)]
    inverted: bool,
    #[serde(default)]
    slab: Option<SlabName>,
    /// Another series of the rule laid over it in colour.
    #[serde(default)]
    pub over: Option<String>,
    /// Frames go on by themselves.
    #[serde(default)]
    pub play: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlaneName {
    #[default]
    Stored,
    Axial,
    Coronal,
    Sagittal,
    #[serde(rename = "3d")]
    Solid,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlabName {
    projection: ProjectionName,
    thickness_mm: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProjectionName {
    Maximum,
    Mean,
    Minimum,
}

impl Rules {
    /// The user's own list where there is one, else the one that is shipped.
    pub fn load(config: &Path) -> anyhow::Result<Self> {
        let path = Self::path(config);
        if !path.exists() {
            return Self::shipped();
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a list of hanging rules", path.display()))
    }

    pub fn shipped() -> anyhow::Result<Self> {
        Self::parse(SHIPPED).context("the shipped hanging rules cannot be read")
    }

    /// Where a user's own list lies.
    pub fn path(config: &Path) -> PathBuf {
        config.join("hanging.json")
    }

    /// Puts a copy of the shipped list where a user's own is looked for, unless one is there.
    pub fn write_own(config: &Path) -> anyhow::Result<PathBuf> {
        let path = Self::path(config);
        if !path.exists() {
            std::fs::create_dir_all(config).with_context(|| format!("could not make {}", config.display()))?;
            std::fs::write(&path, SHIPPED).with_context(|| format!("could not write {}", path.display()))?;
        }
        Ok(path)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let rules: Self = serde_json::from_str(text)?;
        for rule in &rules.rules {
            let Rule { name, rows, columns, views, series } = rule;
            ensure!((1..=4).contains(rows) && (1..=4).contains(columns), "{name}: rows and columns go from 1 to 4");
            let room = usize::from(*rows) * usize::from(*columns);
            ensure!(!views.is_empty() && views.len() <= room, "{name}: there is room for 1 to {room} views");
            for view in views {
                for wanted in std::iter::once(&view.of).chain(&view.over) {
                    ensure!(series.contains_key(wanted), "{name}: no series is called {wanted}");
                }
            }
        }
        Ok(rules)
    }

    /// The rule for a study and which of its series each name stands for, by place in `found`.
    pub fn choose<'a>(&'a self, study: &[usize], found: &[Series]) -> Option<(&'a Rule, BTreeMap<&'a str, usize>)> {
        self.rules.iter().find_map(|rule| Some((rule, rule.assigned(study, found)?)))
    }
}

impl Rule {
    /// A series of its own for every name; `None` where one is missing. Studies are small: the first that fits is
    /// tried first, and given back where the rest then cannot be had.
    fn assigned(&self, study: &[usize], found: &[Series]) -> Option<BTreeMap<&str, usize>> {
        let names: Vec<(&str, &Wanted)> = self.series.iter().map(|(name, wanted)| (name.as_str(), wanted)).collect();
        let mut taken = Vec::new();
        assign(&names, study, found, &mut taken).then(|| names.iter().map(|(name, _)| *name).zip(taken).collect())
    }
}

fn assign(names: &[(&str, &Wanted)], study: &[usize], found: &[Series], taken: &mut Vec<usize>) -> bool {
    let Some((_, wanted)) = names.get(taken.len()) else { return true };
    for &n in study {
        if found.get(n).is_some_and(|series| wanted.fits(series)) && !taken.contains(&n) {
            taken.push(n);
            if assign(names, study, found, taken) {
                return true;
            }
            taken.pop();
        }
    }
    false
}

impl Wanted {
    fn fits(&self, series: &Series) -> bool {
        let is_one_of =
            |list: &[String], word: &str| list.is_empty() || list.iter().any(|w| w.eq_ignore_ascii_case(word));
        let title = series.title.to_lowercase();
        let has_planes =
            series.size[2] > 1 && matches!(series.kind, limner_imaging::Kind::Volume | limner_imaging::Kind::Time4d);
        is_one_of(&self.modality, series.modality.as_deref().unwrap_or(""))
            && is_one_of(&self.format, series.format)
            && (self.title.is_empty() || self.title.iter().any(|word| title.contains(&word.to_lowercase())))
            && self.planes.is_none_or(|wanted| wanted == has_planes)
    }
}

impl Hung {
    /// A picture's first look as the rule wants it, as far as the picture can be shown so.
    pub fn look(&self, first: &Viewport, open: &OpenPicture, windows: &[NamedWindow]) -> Viewport {
        let pane = match self.plane {
            PlaneName::Stored => None,
            PlaneName::Axial => Some(Pane::Slice(View::Axial)),
            PlaneName::Coronal => Some(Pane::Slice(View::Coronal)),
            PlaneName::Sagittal => Some(Pane::Slice(View::Sagittal)),
            PlaneName::Solid => open.has_solid().then_some(Pane::Solid),
        };
        let pane = pane.filter(|_| open.has_planes()).unwrap_or(first.pane);
        let named = self.window.as_ref().and_then(|name| windows.iter().find(|w| w.name.eq_ignore_ascii_case(name)));
        Viewport {
            window: named.map_or(first.window, NamedWindow::window),
            inverted: self.inverted,
            slab: self.slab.filter(|_| open.has_planes()).map(SlabName::slab),
            ..first.of_pane(pane)
        }
    }
}

impl SlabName {
    const fn slab(self) -> Slab {
        let projection = match self.projection {
            ProjectionName::Maximum => Projection::Maximum,
            ProjectionName::Mean => Projection::Mean,
            ProjectionName::Minimum => Projection::Minimum,
        };
        Slab { projection, thickness_mm: self.thickness_mm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Kind, ValueMap};

    fn series(modality: &str, title: &str, kind: Kind, slices: usize) -> Series {
        Series {
            path: title.into(),
            files: Vec::new(),
            format: "dicom",
            kind,
            modality: Some(modality.into()),
            transfer_syntax: None,
            size: [8, 8, slices],
            frames: 1,
            frame_order: None,
            channels: 1,
            dtype: "int16",
            geometry: None,
            value_map: ValueMap::default(),
            title: title.into(),
            uid: None,
            warnings: Vec::new(),
        }
    }

    fn hung(found: &[Series]) -> (String, Vec<usize>) {
        let rules = Rules::shipped().unwrap();
        let study: Vec<usize> = (0..found.len()).collect();
        let (rule, places) = rules.choose(&study, found).unwrap();
        (rule.name.clone(), rule.views.iter().map(|view| places[view.of.as_str()]).collect())
    }

    #[test]
    fn every_kind_of_study_finds_its_rule() {
        let volume = |modality, title| series(modality, title, Kind::Volume, 40);
        let flat = |modality, title| series(modality, title, Kind::Image, 1);
        let both = [volume("PT", "whole body"), volume("CT", "low dose")];
        assert_eq!(hung(&both), ("PET with CT".into(), vec![1, 0, 1, 0]));
        assert_eq!(hung(&both[1..]), ("CT".into(), vec![0]));
        assert_eq!(hung(&both[..1]).0, "PET");
        let heads = ["T1", "T2", "FLAIR", "DWI", "ADC"].map(|title| volume("MR", title));
        assert_eq!(hung(&heads), ("MR, four sequences".into(), vec![0, 1, 2, 3]));
        assert_eq!(hung(&heads[..3]), ("MR, two sequences".into(), vec![0, 1]));
        assert_eq!(hung(&heads[..1]).0, "MR");
        let breasts = ["L MLO", "R CC", "L CC", "R MLO"].map(|title| flat("MG", title));
        assert_eq!(hung(&breasts), ("Mammogram, four views".into(), vec![1, 2, 3, 0]));
        assert_eq!(hung(&breasts[..1]).0, "Radiograph");
        assert_eq!(hung(&[flat("DX", "PA"), flat("DX", "lateral")]).0, "Radiograph, two views");
        assert_eq!(hung(&[series("US", "clip", Kind::Cine, 30)]).0, "Ultrasound");
        assert_eq!(hung(&[series("XA", "run", Kind::Cine, 30)]).0, "Angiogram");
        assert_eq!(hung(&[flat("OP", "left"), flat("OP", "right")]), ("Fundus, both eyes".into(), vec![1, 0]));
        let photo = Series { format: "raster", modality: None, ..flat("", "photo") };
        assert_eq!(hung(&[photo]).0, "Photo");
        assert_eq!(hung(&[flat("SM", "slide")]).0, "Anything else");
    }

    #[test]
    fn a_list_of_ones_own_counts_and_its_faults_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = Rules::write_own(folder.path()).unwrap();
        assert_eq!(Rules::load(folder.path()).unwrap().rules.len(), Rules::shipped().unwrap().rules.len());
        for (text, fault) in [
            (
                r#"{"rules": [{"name": "X", "series": {}, "rows": 1, "columns": 1, "views": [{"of": "ct"}]}]}"#,
                "called ct",
            ),
            (r#"{"rules": [{"name": "X", "series": {}, "rows": 9, "columns": 1, "views": []}]}"#, "1 to 4"),
            (r#"{"rules": [{"nam": "X"}]}"#, "line 1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", Rules::load(folder.path()).unwrap_err());
            assert!(error.contains(fault) && error.contains("hanging.json"), "{error}");
        }
    }
}
