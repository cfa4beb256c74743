//! What versions say in records: boxes, classes, landmarks, answers and reports, row by row for every case of the list.

use super::{CaseKey, OWN, Review, Source, SourceId, Speaker};
use limner_annotation::review::said::{Cell, Kind, Left, Mark, Row, Unreadable, plots::Found};
use limner_annotation::{ImageId, Revision};
use std::collections::BTreeSet;

/// A case that records speak of.
pub struct SaidCase {
    pub key: CaseKey,
    pub title: String,
    pub rows: Vec<Row>,
}

/// Of what rows were worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct SaidOf {
    pub sources: Vec<SourceId>,
    pub reference: Option<SourceId>,
    pub revision: Revision,
    pub cases: usize,
    /// Pictures of the project: one that was only listed comes into it when it is opened.
    pub images: usize,
    /// How answers write boxes.
    pub boxes: String,
}

/// A row, wherever it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowKey {
    pub case: CaseKey,
    pub kind: Kind,
    pub title: String,
}

/// The records of all versions; a version is called by the number of its source.
#[derive(Default)]
pub struct Said {
    pub cases: Vec<SaidCase>,
    pub left: Vec<Left>,
    pub unreadable: Vec<Unreadable>,
    /// What boxes find, for the free-response curve.
    pub found: Found<CaseKey>,
    /// Places of cases and rows where somebody is wrong, the worst first.
    pub queue: Vec<(usize, usize)>,
    pub of: Option<SaidOf>,
    /// Sources whose lines without a picture were told.
    pub told: BTreeSet<SourceId>,
}

impl Source {
    pub fn has_records(&self) -> bool {
        matches!(&self.from, Speaker::Files(model) if !model.records.is_empty())
    }

    /// Whether all it says is what is right: it is no model.
    pub fn is_truth(&self) -> bool {
        self.has_records()
            && !self.has_maps()
            && match &self.from {
                Speaker::Files(model) => model.records.iter().all(|file| file.is_truth),
                _ => false,
            }
    }

    /// Whether it may have label maps: of models those with files of them.
    pub fn has_maps(&self) -> bool {
        !matches!(&self.from, Speaker::Files(model) if model.maps.files.is_empty())
    }
}

impl Said {
    /// Sorts the rows in which somebody is wrong.
    pub fn queued(mut self) -> Self {
        let mut queue: Vec<(f64, usize, usize)> = Vec::new();
        for (n, case) in self.cases.iter().enumerate() {
            let rows = case.rows.iter().enumerate();
            queue.extend(rows.filter_map(|(m, row)| Some((row.worst(|_| true)?, n, m))));
        }
        queue.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        self.queue = queue.into_iter().map(|(_, case, row)| (case, row)).collect();
        self
    }

    pub fn rows_of(&self, image: Option<ImageId>) -> &[Row] {
        let of = image.and_then(|image| self.cases.iter().find(|case| case.key.image == Some(image)));
        of.map_or(&[], |case| &case.rows)
    }

    pub fn key_of(&self, (case, row): (usize, usize)) -> Option<RowKey> {
        let case = self.cases.get(case)?;
        let row = case.rows.get(row)?;
        Some(RowKey { case: case.key, kind: row.kind, title: row.title.clone() })
    }
}

impl Review {
    pub fn has_records(&self) -> bool {
        self.sources.iter().any(Source::has_records)
    }

    /// What is said in records about the picture in front.
    pub fn rows_here(&self) -> &[Row] {
        self.said.rows_of(self.image)
    }

    /// Whether a source says something in records about the picture in front.
    pub fn says_in_records(&self, id: SourceId) -> bool {
        self.rows_here().iter().any(|row| self.cell(row, id).is_some_and(|cell| !cell.raw.is_empty()))
    }

    /// What a source says in a row; the reference stands beside the others.
    pub fn cell<'a>(&self, row: &'a Row, id: SourceId) -> Option<&'a Cell> {
        let said = row.said.get(&(id.0 as usize));
        said.or_else(|| row.reference.as_ref().filter(|_| self.get(id).is_some_and(|s| self.is_compared_with(s, row))))
    }

    /// Whether a source is what a row is compared with: the reference, or a file that says what is right.
    pub fn is_compared_with(&self, source: &Source, row: &Row) -> bool {
        let speaks = self.reference == Some(source.id) || source.is_truth();
        speaks && matches!(&source.from, Speaker::Files(model) if model.records.iter().any(|file| file.says(row.kind)))
    }

    /// The sources that have a column: those shown that have records.
    pub fn speaking(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.visible && source.has_records())
    }

    /// Whether a version is one that is shown.
    pub fn is_shown(&self, version: usize) -> bool {
        self.sources.iter().any(|source| source.id.0 as usize == version && source.visible)
    }

    /// Rows of the picture in front that versions disagree on, the worst first.
    pub fn disputed_rows(&self) -> Vec<usize> {
        let rows = self.rows_here().iter().enumerate();
        let shown = |version: usize| self.is_shown(version);
        let disputed = |(_, row): &(usize, &Row)| row.is_disputed(shown) || row.worst(shown).is_some();
        let mut found: Vec<(f64, usize)> =
            rows.filter(disputed).map(|(n, row)| (row.worst(shown).unwrap_or(1.0), n)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, n)| n).collect()
    }

    /// The row that is looked at, of the picture in front.
    pub fn row_here(&self) -> Option<usize> {
        let key = self.row.as_ref().filter(|key| self.image.is_some() && key.case.image == self.image)?;
        self.rows_here().iter().position(|row| row.kind == key.kind && row.title == key.title)
    }

    /// Whether a row fits the filter: all of its words are in the row and in what one of the versions says in it.
    pub fn row_fits(&self, case: &str, row: &Row, name: impl Fn(SourceId) -> String) -> bool {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        if words.is_empty() {
            return true;
        }
        let about = format!("{case} {} {} {}", row.title, row.part, row.kind.title()).to_lowercase();
        self.sources.iter().filter(|source| source.visible || Some(source.id) == self.reference).any(|source| {
            let cell = self.cell(row, source.id);
            let Some(cell) = cell.or_else(|| row.reference.as_ref().filter(|_| source.id == OWN)) else { return false };
            let mark = cell.mark.filter(|_| !self.is_blind()).map_or("", Mark::word);
            let said = format!("{} {} {mark} {}", name(source.id), cell.words, cell.sign).to_lowercase();
            words.iter().all(|word| about.contains(word) || said.contains(word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::review::opened::ModelFiles;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn cell(words: &str, mark: Mark, figure: f64) -> Cell {
        Cell { words: words.into(), raw: words.into(), mark: Some(mark), figure: Some(figure), ..Cell::default() }
    }

    fn row(title: &str, said: [(SourceId, Cell); 2]) -> Row {
        let said: BTreeMap<usize, Cell> = said.into_iter().map(|(id, cell)| (id.0 as usize, cell)).collect();
        Row { kind: Kind::Answer, title: title.into(), part: "single".into(), reference: None, said }
    }

    #[test]
    fn the_worst_row_comes_first_and_a_filter_takes_any_field() {
        let mut review = Review::default();
        let [a, b] = ["alpha", "beta"].map(|name| review.add(name, Speaker::Files(Arc::new(ModelFiles::default()))));
        let rows = vec![
            row("Which side?", [(a, cell("left", Mark::Right, 1.0)), (b, cell("left", Mark::Right, 1.0))]),
            row("Where?", [(a, cell("IoU 0.40", Mark::Wrong, 0.4)), (b, cell("IoU 0.90", Mark::Right, 0.9))]),
            row("How long?", [(a, cell("12", Mark::Right, 1.0)), (b, cell("90", Mark::Wrong, 0.0))]),
        ];
        let image = ImageId::new();
        let key = CaseKey { series: None, image: Some(image) };
        let cases = vec![SaidCase { key, title: "case 7".into(), rows }];
        review.said = Said { cases, ..Said::default() }.queued();
        review.image = Some(image);
        assert_eq!(review.said.queue, [(0, 2), (0, 1)]);
        assert_eq!(review.disputed_rows(), [2, 1]);
        let mut fits = |filter: &str| -> Vec<usize> {
            review.filter = filter.into();
            let name = |id: SourceId| review.get(id).map(|source| source.name.clone()).unwrap_or_default();
            let rows = review.rows_here().iter().enumerate();
            rows.filter(|(_, row)| review.row_fits("case 7", row, name)).map(|(n, _)| n).collect()
        };
        assert_eq!(fits("wrong beta"), [2], "of one version, not of any two");
        assert_eq!(fits("WRONG"), [1, 2]);
        assert_eq!((fits("case side").len(), fits("single").len(), fits("nobody").len()), (1, 3, 0));
        review.row = review.said.key_of((0, 1));
        assert_eq!(review.row_here(), Some(1));
        review.get_mut(b).unwrap().visible = false;
        assert_eq!(review.disputed_rows(), [1], "what is hidden disagrees with nobody");
    }
}
