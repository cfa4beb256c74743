//! Records of versions: matched to the cases of the list and compared off the frame, and the way from row to row.

use crate::app::App;
use crate::jobs::Apply;
use crate::review::said::{RowKey, Said, SaidCase, SaidOf};
use crate::review::{CaseKey, SourceId, Speaker};
use limner_annotation::exchange::vqa::boxes;
use limner_annotation::review::records::{Reading, RecordFile};
use limner_annotation::review::said::plots::Pictured;
use limner_annotation::review::said::{About, Cell, Left, Row, compare};
use limner_annotation::tools::{handles, place};
use limner_annotation::{Form, ImageId, counted};
use limner_imaging::{Geometry, Voxel, World};
use std::collections::BTreeMap;
use std::sync::Arc;

const RECORDS: &str = "records of versions";
/// Lines in a notice.
const MOST_NAMED: usize = 6;

impl App {
    /// Works the rows out anew where what they are of has changed.
    pub(super) fn refresh_records(&mut self) {
        let Some(document) = self.document() else { return };
        let speaking = self.review.sources.iter().filter_map(|source| match &source.from {
            Speaker::Files(model) if source.has_records() => Some((source.id, model.records.clone())),
            _ => None,
        });
        let versions: Vec<(SourceId, Vec<Arc<RecordFile>>)> = speaking.collect();
        if versions.is_empty() {
            if self.review.said.of.is_some() {
                self.review.said = Said::default();
            }
            return;
        }
        let revision = document.content_revision();
        let of = SaidOf {
            sources: versions.iter().map(|(id, _)| *id).collect(),
            reference: self.review.reference,
            revision,
            cases: self.workspace.found.len().max(document.images().count()),
            images: document.images().count(),
            boxes: self.settings.answer_boxes.clone(),
        };
        if self.review.said.of.as_ref() == Some(&of) || self.jobs.is_busy(RECORDS) {
            return;
        }
        let contents = document.contents().clone();
        let cases = self.cases();
        let titles: Vec<String> = cases.iter().map(|case| case.title.clone()).collect();
        let keys: Vec<CaseKey> = cases.iter().map(|case| CaseKey { series: case.series, image: case.image }).collect();
        let pictures = self.review_pictures();
        self.jobs.start_quiet(RECORDS, move |task| {
            let images: BTreeMap<usize, ImageId> =
                keys.iter().enumerate().filter_map(|(n, key)| Some((n, key.image?))).collect();
            let reference = of.reference.map(|id| id.0 as usize);
            let how = Reading { convention: boxes::by_name(&of.boxes) };
            let about = About { contents: &contents, pictures: &pictures, images: &images, how, reference };
            let versions: Vec<_> = versions.into_iter().map(|(id, files)| (id.0 as usize, files)).collect();
            let records = match compare(&about, &versions, task) {
                Ok(records) => records,
                Err(error) => {
                    task.cancel.check()?;
                    let apply: Apply = Box::new(move |app| {
                        app.notices.error("The records could not be compared", &error.into());
                        app.review.said = Said { of: Some(of), ..Said::default() };
                    });
                    return Ok(apply);
                }
            };
            let case = |(n, rows): (usize, Vec<Row>)| SaidCase { key: keys[n], title: titles[n].clone(), rows };
            let cases = records.rows.into_iter().map(case).collect();
            let (left, unreadable) = (records.left, records.unreadable);
            let keyed = |one: Pictured<usize>| Pictured { key: keys[one.key], lesions: one.lesions, boxes: one.boxes };
            let found = records.found.into_iter();
            let found = found.map(|(version, all)| (version, all.into_iter().map(keyed).collect())).collect();
            let said = Said { cases, left, unreadable, found, of: Some(of), ..Said::default() }.queued();
            let apply: Apply = Box::new(move |app| app.take_records(said));
            Ok(apply)
        });
    }

    fn take_records(&mut self, said: Said) {
        let told = std::mem::take(&mut self.review.said.told);
        self.review.said = Said { told, ..said };
        let sources: Vec<SourceId> = self.review.said.of.iter().flat_map(|of| of.sources.clone()).collect();
        let fresh: Vec<SourceId> = sources.into_iter().filter(|id| self.review.said.told.insert(*id)).collect();
        self.tell_left(&fresh);
    }

    /// Once for each source: lines that belong to nothing, with why.
    fn tell_left(&mut self, sources: &[SourceId]) {
        let said = &self.review.said;
        let one = |left: &Left| {
            let id = sources.iter().find(|id| id.0 as usize == left.version)?;
            Some(format!("{}, {}: {}", self.shown_name(*id), left.key, left.why))
        };
        let mut causes: Vec<String> = said.left.iter().filter_map(one).collect();
        if causes.is_empty() {
            return;
        }
        let total = causes.len();
        if total > MOST_NAMED {
            causes.truncate(MOST_NAMED);
            causes.push(format!("and {} more, listed in the panel", total - MOST_NAMED));
        }
        self.notices.warning(format!("{} of records could not be matched", counted(total, "line")), causes);
    }

    /// How many places there are to step through: of label maps first, then rows of records.
    pub fn disagreements(&self) -> usize {
        self.review.places.list.len() + self.review.disputed_rows().len()
    }

    pub(super) fn go_to_disputed_row(&mut self, n: usize) {
        let Some(row) = self.review.disputed_rows().get(n).copied() else { return };
        let key = self.review.rows_here().get(row).map(|row| (row.kind, row.title.clone()));
        let image = self.review.image;
        let case = self.review.said.cases.iter().find(|case| image.is_some() && case.key.image == image);
        if let (Some((kind, title)), Some(case)) = (key, case.map(|case| case.key)) {
            self.look_at_row(Some(RowKey { case, kind, title }));
        }
    }

    /// Opens a row and takes the view to where it is; the case is opened first where it is another one.
    pub(super) fn look_at_row(&mut self, row: Option<RowKey>) {
        self.review.row = row;
        self.review.goes_to_row = self.review.row.is_some();
        if let Some(case) = self.review.row.as_ref().map(|row| row.case)
            && (case.image.is_none() || case.image != self.review.image)
        {
            self.open_compared(case);
        }
        self.follow_row();
    }

    /// Takes the view to the row that is looked at, once its picture is in front.
    pub(super) fn follow_row(&mut self) {
        if !self.review.goes_to_row {
            return;
        }
        // A case that was no picture of the project is one now.
        let image = self.review.image;
        let here = self.review.said.cases.iter().find(|case| image.is_some() && case.key.image == image);
        if let (Some(case), Some(row)) = (here.map(|case| case.key), self.review.row.as_mut())
            && row.case.image.is_none()
            && row.case.series == case.series
        {
            row.case = case;
        }
        let Some(n) = self.review.row_here() else { return };
        self.review.goes_to_row = false;
        let row = &self.review.rows_here()[n];
        let shown = row.said.iter().filter(|(version, _)| self.review.is_shown(**version)).map(|(_, cell)| cell);
        let form = row.reference.iter().chain(shown).find_map(|cell: &Cell| cell.form.clone());
        if let Some(form) = form {
            self.show_form(&form);
        }
    }

    fn show_form(&mut self, form: &Form) {
        let active = self.workspace.stage.active_id();
        self.workspace.look(active, |view, open| {
            if let Some(at) = middle_of(form, &open.volume.geometry) {
                view.go_to(&open.volume.geometry, at);
            }
        });
    }

    /// The next row of the queue where somebody is wrong.
    pub(super) fn worst_row(&mut self, n: usize) {
        let key = self.review.said.queue.get(n).and_then(|place| self.review.said.key_of(*place));
        if key.is_some() {
            self.look_at_row(key);
        }
    }

    pub(super) fn read_boxes_as(&mut self, name: String) {
        self.settings.answer_boxes = name;
        if let Err(error) = self.settings.save(&self.paths.config) {
            self.notices.error("The settings could not be saved", &error);
        }
    }
}

fn middle_of(form: &Form, geometry: &Geometry) -> Option<World> {
    if let Form::Point { at } = form {
        return Some(geometry.world(Voxel((*at).into())));
    }
    if let Form::Box3d { min, max } = form {
        let middle: [f64; 3] = std::array::from_fn(|a| f64::midpoint(min[a], max[a]) - 0.5);
        return Some(geometry.world(Voxel(middle.into())));
    }
    Some(place::world_of(geometry, form.slice()?, handles::middle(form)?))
}
