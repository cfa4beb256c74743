//! Figures as plots in a window of their own: which one is shown, of what, and what its dots stand for.

use super::said::{RowKey, SaidOf};
use super::{CaseKey, Review, SourceId};
use limner_annotation::review::plot::Drawing;
use limner_annotation::review::said::{Kind, Row, plots};
use limner_annotation::review::study_plots::Shown as ShownMaps;
use limner_annotation::review::{Figure, Row as MapRow};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Chart {
    #[default]
    Spread,
    Volumes,
    Heat,
    Froc,
    Reliability,
    Confusion,
}

impl Chart {
    pub const ALL: [Self; 6] =
        [Self::Spread, Self::Volumes, Self::Heat, Self::Froc, Self::Reliability, Self::Confusion];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Spread => "Box and violin",
            Self::Volumes => "Bland-Altman",
            Self::Heat => "Heat table",
            Self::Froc => "FROC",
            Self::Reliability => "Reliability",
            Self::Confusion => "Confusion",
        }
    }

    /// What has to be there before it can be drawn.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Spread => "It needs label maps that are compared, or records: boxes, landmarks, texts",
            Self::Volumes => "It needs label maps that are compared",
            Self::Heat => "It needs label maps that are compared, or records with what is right",
            Self::Froc => "It needs boxes with scores (COCO results or a CSV), and boxes that are right",
            Self::Reliability => "It needs a CSV of classes with probabilities (p_CLASS), and the right classes",
            Self::Confusion => "It needs a CSV of classes, and the right classes",
        }
    }

    /// Whether it shows one version at a time.
    pub const fn is_of_one(self) -> bool {
        matches!(self, Self::Volumes | Self::Confusion)
    }
}

/// What a plot is of, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Map(Figure),
    Said(Kind),
    /// The share of rows of records that is right.
    Right,
}

impl Measure {
    pub fn title(self) -> String {
        match self {
            Self::Map(figure) => figure.title().to_owned(),
            Self::Said(kind) => format!("{}: {}", kind.title(), kind.measure().unwrap_or_default()),
            Self::Right => "Records: share of what is right".to_owned(),
        }
    }
}

/// What a dot or a cell opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Map { case: CaseKey, title: String, model: Option<SourceId>, label: u32 },
    Row { key: RowKey, title: String },
}

impl Target {
    pub fn title(&self) -> &str {
        match self {
            Self::Map { title, .. } | Self::Row { title, .. } => title,
        }
    }
}

/// A plot that is shown.
pub struct Drawn {
    pub drawing: Drawing,
    pub targets: Vec<Target>,
}

/// Of what a plot was made.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnOf {
    chart: Chart,
    measure: Option<Measure>,
    model: Option<SourceId>,
    label: Option<u32>,
    /// Comparisons of all cases so far.
    compared: Option<u64>,
    said: Option<SaidOf>,
    versions: Vec<(SourceId, String, [u8; 3])>,
}

#[derive(Default)]
pub struct Charts {
    pub is_open: bool,
    pub chart: Chart,
    /// What was chosen; what there is none of gives way to the first there is.
    pub measure: Option<Measure>,
    pub model: Option<SourceId>,
    /// The one label that plots of label maps are of.
    pub label: Option<u32>,
    pub drawn: Option<Drawn>,
    pub of: Option<DrawnOf>,
    /// What a dot or a cell stands for that was opened, and which of it.
    pub opened: Option<(Vec<usize>, usize)>,
}

/// What is called how.
pub struct Names<'a> {
    pub source: &'a dyn Fn(SourceId) -> String,
    pub label: &'a dyn Fn(u32) -> String,
}

impl Review {
    /// What the plot in the window may be of.
    pub fn measures(&self) -> Vec<Measure> {
        let compared = self.compared.as_ref();
        let has = |figure: &Figure| compared.is_some_and(|c| c.rows.iter().any(|row| figure.of(row).is_some()));
        let maps = || Figure::ALL.into_iter().filter(has).map(Measure::Map);
        let rows = || self.said.cases.iter().flat_map(|case| &case.rows);
        let kinds: BTreeSet<Kind> = rows().map(|row| row.kind).collect();
        match self.charts.chart {
            Chart::Spread => {
                let said = kinds.into_iter().filter(|kind| kind.measure().is_some()).map(Measure::Said);
                maps().chain(said).collect()
            }
            Chart::Heat => {
                let judged = |row: &Row| row.kind != Kind::Text && row.said.values().any(|cell| cell.mark.is_some());
                maps().chain(rows().any(judged).then_some(Measure::Right)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn measure(&self) -> Option<Measure> {
        let measures = self.measures();
        self.charts.measure.filter(|chosen| measures.contains(chosen)).or_else(|| measures.first().copied())
    }

    /// The versions a plot of one is offered for.
    pub fn charted(&self) -> Vec<SourceId> {
        let by_name = |name: &str| self.sources.iter().find(|source| source.name == name).map(|source| source.id);
        match self.charts.chart {
            Chart::Volumes => {
                let models = self.compared.iter().flat_map(|compared| &compared.summary.models);
                models.filter_map(|model| by_name(&model.model)).filter(|id| self.is_shown(id.0 as usize)).collect()
            }
            Chart::Confusion => {
                let versions = self.versions_said();
                let speaks = |id: &SourceId| {
                    let rows = self.said.cases.iter().flat_map(|case| &case.rows);
                    rows.filter(|row| row.kind == Kind::Class).any(|row| row.said.contains_key(&(id.0 as usize)))
                };
                versions.into_iter().filter(speaks).collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn charted_one(&self) -> Option<SourceId> {
        let all = self.charted();
        self.charts.model.filter(|chosen| all.contains(chosen)).or_else(|| all.first().copied())
    }

    /// The versions that say something in records, those that are compared with left out.
    fn versions_said(&self) -> Vec<SourceId> {
        let is_compared_with =
            |id: SourceId| Some(id) == self.reference || self.get(id).is_some_and(super::Source::is_truth);
        self.speaking().map(|source| source.id).filter(|id| !is_compared_with(*id)).collect()
    }

    pub fn drawn_of(&self, names: &Names<'_>) -> DrawnOf {
        let shown = self.sources.iter().filter(|source| source.visible);
        DrawnOf {
            chart: self.charts.chart,
            measure: self.measure(),
            model: self.charted_one(),
            label: self.charts.label,
            compared: self.compared.as_ref().map(|compared| compared.made),
            said: self.said.of.clone(),
            versions: shown.map(|source| (source.id, (names.source)(source.id), source.shown_colour())).collect(),
        }
    }

    /// The plot that is chosen; none where there is nothing to draw.
    pub fn draw_chart(&self, names: &Names<'_>) -> Option<Drawn> {
        match (self.charts.chart, self.measure()) {
            (Chart::Spread | Chart::Heat, Some(Measure::Map(figure))) => self.of_maps(names, |shown, compared| {
                Some(match self.charts.chart {
                    Chart::Spread => shown.spread(figure),
                    _ => shown.heat(figure, &compared.summary),
                })
            }),
            (Chart::Spread, Some(Measure::Said(kind))) => self.of_records(names, |shown| shown.spread(kind)),
            (Chart::Heat, Some(Measure::Right)) | (Chart::Reliability, _) => {
                let is_heat = self.charts.chart == Chart::Heat;
                self.of_records(names, |shown| if is_heat { shown.right() } else { shown.reliability() })
            }
            (Chart::Volumes, _) => self.of_maps(names, |shown, _| {
                let one = self.get(self.charted_one()?)?;
                let n = shown.models.iter().position(|(model, _)| *model == one.name)?;
                Some(shown.volumes(n))
            }),
            (Chart::Confusion, _) => self.of_records(names, |shown| {
                let one = self.charted_one()?;
                shown.confusion(shown.versions.iter().position(|(version, _)| *version == one.0 as usize)?)
            }),
            (Chart::Froc, _) => self.froc(names),
            _ => None,
        }
    }

    fn of_maps(
        &self,
        names: &Names<'_>,
        draw: impl FnOnce(&ShownMaps<'_>, &super::Compared) -> Option<Drawing>,
    ) -> Option<Drawn> {
        let compared = self.compared.as_ref()?;
        let source = |name: &str| self.sources.iter().find(|source| source.name == name);
        let models: Vec<_> = compared.summary.models.iter().filter_map(|model| source(&model.model)).collect();
        let models: Vec<_> = models.into_iter().filter(|source| source.visible).collect();
        let fits = |row: &MapRow| self.charts.label.is_none_or(|label| label == row.label);
        let rows: Vec<(usize, &MapRow)> = compared.rows.iter().enumerate().filter(|(_, row)| fits(row)).collect();
        if rows.is_empty() || models.is_empty() {
            return None;
        }
        let called = models.iter().map(|source| (source.name.as_str(), (names.source)(source.id))).collect();
        let mut drawing = draw(&ShownMaps { rows, models: called, label: names.label }, compared)?;
        drawing.colours = models.iter().map(|source| source.shown_colour()).collect();
        let target = |row: &MapRow| Target::Map {
            case: compared.cases.get(&row.case).copied().unwrap_or(CaseKey { series: None, image: None }),
            title: format!("{}, {}", row.case, (names.label)(row.label)),
            model: source(&row.model).map(|source| source.id),
            label: row.label,
        };
        Some(Drawn { drawing, targets: compared.rows.iter().map(target).collect() })
    }

    fn targets_said(&self) -> Vec<Target> {
        let of_case = |case: &super::said::SaidCase| {
            let (key, case_title) = (case.key, case.title.clone());
            let target = move |row: &Row| Target::Row {
                key: RowKey { case: key, kind: row.kind, title: row.title.clone() },
                title: format!("{case_title}, {}", row.title),
            };
            case.rows.iter().map(target).collect::<Vec<_>>()
        };
        self.said.cases.iter().flat_map(of_case).collect()
    }

    fn of_records(&self, names: &Names<'_>, draw: impl FnOnce(&plots::Shown<'_>) -> Option<Drawing>) -> Option<Drawn> {
        let ids = self.versions_said();
        let each = self.said.cases.iter().flat_map(|case| case.rows.iter().map(|row| (case.title.as_str(), row)));
        let rows = each.enumerate().map(|(n, (case, row))| (n, case, row)).collect();
        let versions = ids.iter().map(|id| (id.0 as usize, (names.source)(*id))).collect();
        let drawing = draw(&plots::Shown { rows, versions })?;
        Some(self.coloured(drawing, &ids))
    }

    fn froc(&self, names: &Names<'_>) -> Option<Drawn> {
        // Without a curve there is no line, and lines are coloured in their order.
        let ids: Vec<SourceId> =
            self.versions_said().into_iter().filter(|id| self.said.found.contains_key(&(id.0 as usize))).collect();
        let versions: Vec<(usize, String)> = ids.iter().map(|id| (id.0 as usize, (names.source)(*id))).collect();
        let mut places = BTreeMap::new();
        for (n, target) in self.targets_said().iter().enumerate() {
            if let Target::Row { key, .. } = target {
                places.insert((key.case, key.title.clone()), n);
            }
        }
        let to = |case: &CaseKey, row: &str| places.get(&(*case, row.to_owned())).copied();
        let drawing = plots::froc_of(&self.said.found, &versions, to)?;
        Some(self.coloured(drawing, &ids))
    }

    fn coloured(&self, mut drawing: Drawing, ids: &[SourceId]) -> Drawn {
        let sources = ids.iter().filter_map(|id| self.get(*id));
        drawing.colours = sources.map(super::Source::shown_colour).collect();
        Drawn { drawing, targets: self.targets_said() }
    }
}
