//! The plots of a comparison of label maps. What a dot or a cell stands for is the number of its row.

use super::plot::{self, Column, Drawing, Pair, Table, Valued};
use super::study::Row;
use super::summary::{Figure, ModelSummary, Summary};
use std::collections::BTreeSet;

/// A plot with the name its file gets.
pub struct Plot {
    pub name: String,
    pub drawing: Drawing,
}

/// What of a study is drawn: rows with their numbers, models in their order, and what labels are called.
pub struct Shown<'a> {
    pub rows: Vec<(usize, &'a Row)>,
    /// As rows name them, and as they are called in the plot.
    pub models: Vec<(&'a str, String)>,
    pub label: &'a dyn Fn(u32) -> String,
}

impl Shown<'_> {
    fn of<'s>(&'s self, model: &'s str) -> impl Iterator<Item = &'s (usize, &'s Row)> {
        self.rows.iter().filter(move |(_, row)| row.model == model)
    }

    fn named(&self, row: &Row) -> String {
        format!("{}, {}", row.case, (self.label)(row.label))
    }

    /// Box and violin of a figure, model beside model.
    #[must_use]
    pub fn spread(&self, figure: Figure) -> Drawing {
        let column = |(model, name): &(&str, String)| {
            let values = self.of(model).filter_map(|(to, row)| {
                let value = figure.of(row)?;
                Some(Valued { of: self.named(row), value, to: *to })
            });
            Column { name: name.clone(), values: values.collect() }
        };
        let columns: Vec<Column> = self.models.iter().map(column).collect();
        let limits = match figure {
            Figure::VolumeDifference => None,
            _ if figure.more_is_better() => Some([0.0, 1.0]),
            _ => Some([0.0, f64::MAX]),
        };
        plot::spread(&format!("{} of each label of each case", figure.title()), figure.title(), &columns, limits)
    }

    /// The volumes of the n-th model against those of the reference.
    #[must_use]
    pub fn volumes(&self, n: usize) -> Drawing {
        let (model, name) = &self.models[n];
        let pair = |(to, row): &(usize, &Row)| {
            let volume = row.volume_mm3;
            let (reference, predicted) = (volume.reference / 1000.0, volume.pred / 1000.0);
            Pair { of: self.named(row), reference, predicted, to: *to }
        };
        let pairs: Vec<Pair> = self.of(model).map(pair).collect();
        plot::bland_altman(&format!("Volume by {name}"), "ml", (n, name), &pairs)
    }

    /// The mean of a figure, labels by models. A cell stands for its rows, the worst first.
    #[must_use]
    pub fn heat(&self, figure: Figure, summary: &Summary) -> Drawing {
        let labels: BTreeSet<u32> = self.rows.iter().map(|(_, row)| row.label).collect();
        let labels: Vec<u32> = labels.into_iter().collect();
        let summary_of = |model: &str| summary.models.iter().find(|one| one.model == model);
        let mean = |of: &ModelSummary, label: u32| Some(of.by_label.get(&label)?.get(&figure)?.value);
        let row = |label: &u32| {
            let values = self.models.iter().map(|(model, _)| mean(summary_of(model)?, *label));
            ((self.label)(*label), values.collect::<Vec<_>>())
        };
        let rows: Vec<_> = labels.iter().map(row).collect();
        let most = rows.iter().flat_map(|(_, values)| values.iter().flatten()).fold(0.0, |a: f64, b| a.max(b.abs()));
        let share = move |value: f64| match figure.more_is_better() {
            true => value,
            // What is best is 0.
            false => 1.0 - value.abs() / most.max(f64::MIN_POSITIVE),
        };
        let to = |r: usize, c: usize| self.worst_first(self.models[c].0, labels[r], figure);
        let columns = self.models.iter().map(|(_, name)| name.clone()).collect();
        plot::heat(&format!("Mean {} by label", figure.title()), &Table { columns, rows }, share, to)
    }

    fn worst_first(&self, model: &str, label: u32, figure: Figure) -> Vec<usize> {
        let mine = self.of(model).filter(|(_, row)| row.label == label);
        let mut all: Vec<(f64, usize)> = mine.filter_map(|(to, row)| Some((figure.of(row)?, *to))).collect();
        let badness = |value: f64| if figure.more_is_better() { -value } else { value.abs() };
        all.sort_by(|a, b| badness(b.0).total_cmp(&badness(a.0)));
        all.into_iter().map(|(_, to)| to).collect()
    }
}

/// The plots of a study, in the order of its page.
#[must_use]
pub fn plots(rows: &[Row], summary: &Summary) -> Vec<Plot> {
    let models = summary.models.iter().map(|model| (model.model.as_str(), model.model.clone()));
    let label = |label: u32| format!("label {label}");
    let shown = Shown { rows: rows.iter().enumerate().collect(), models: models.collect(), label: &label };
    let mut out = Vec::new();
    for figure in [Figure::Dice, Figure::Nsd, Figure::Hd95Mm] {
        let name = format!("spread_{}", figure.title().split(' ').next().unwrap_or_default().to_lowercase());
        out.push(Plot { name, drawing: shown.spread(figure) });
    }
    if summary.models.iter().flat_map(|model| model.by_label.keys()).collect::<BTreeSet<_>>().len() > 1 {
        out.push(Plot { name: "heat_dice".into(), drawing: shown.heat(Figure::Dice, summary) });
    }
    for (n, (model, _)) in shown.models.iter().enumerate() {
        out.push(Plot { name: format!("bland_altman_{}", file_name(model)), drawing: shown.volumes(n) });
    }
    out
}

pub(super) fn file_name(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::summarise;

    fn row(case: &str, model: &str, label: u32, dice: f64) -> Row {
        Row { case: case.into(), subject: case.into(), model: model.into(), label, dice, nsd: dice, ..Row::default() }
    }

    #[test]
    fn a_dot_stands_for_its_row_and_a_cell_for_its_rows_with_the_worst_first() {
        let rows = [row("a", "m", 1, 0.9), row("b", "m", 1, 0.2), row("a", "m", 2, 0.5), row("a", "n", 1, 0.7)];
        let summary = summarise(&rows);
        let label = |label: u32| format!("organ {label}");
        let models = vec![("m", "M".to_owned()), ("n", "N".to_owned())];
        let shown = Shown { rows: rows.iter().enumerate().collect(), models, label: &label };
        let drawing = shown.spread(Figure::Dice);
        let dots: Vec<_> = drawing.spots().map(|(tip, ..)| tip).filter(|tip| !tip.to.is_empty()).collect();
        assert_eq!(dots.len(), 4);
        let worst = dots.iter().find(|tip| tip.to == [1]).expect("the row has its dot");
        assert_eq!(worst.text, "b, organ 1, M: 0.2000");
        let heat = shown.heat(Figure::Dice, &summary);
        let cells: Vec<_> = heat.spots().map(|(tip, ..)| tip.clone()).collect();
        assert_eq!(cells.len(), 4);
        assert_eq!((cells[0].text.as_str(), &cells[0].to[..]), ("organ 1, M: 0.5500", &[1, 0][..]));
        assert_eq!((cells[3].text.as_str(), cells[3].to.len()), ("organ 2, N: no value", 0));
        assert!(drawing.data.csv_text().contains("\"b, organ 1\",M,0.2"));
        // What is pointed at is said in the written plot too.
        assert!(drawing.svg().contains("<title>b, organ 1, M: 0.2000</title>"));
        assert_eq!(plots(&rows, &summary).len(), 3 + 1 + 2);
    }
}
