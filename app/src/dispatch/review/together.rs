//! Versions brought together into a new one, off the frame, and the report of what is open.

use super::figures::Order;
use crate::app::App;
use crate::cli;
use crate::dispatch::case::own_rater;
use crate::jobs::Apply;
use crate::panels::dialog::Purpose;
use crate::review::{Combine, OWN, SourceId, Speaker};
use limner_annotation::metrics::Labels;
use limner_annotation::review::agree::Method;
use limner_annotation::review::said::{Kind, Row};
use limner_annotation::review::together::{Input, Said, Together, bring_together, keep};
use limner_annotation::review::together_boxes::{self, OneBox};
use limner_annotation::review::{Report, decide, judged, judged_page, page};
use limner_annotation::{Form, ImageId, StepInfo};
use std::path::PathBuf;

const TOGETHER: &str = "consensus";
const REPORT: &str = "review report";

impl App {
    /// The versions a consensus is made of: all shown ones but those made of others.
    pub fn consensus_inputs(&self) -> Vec<SourceId> {
        let made = |source: &crate::review::Source| match &source.from {
            Speaker::Layer(layer) => layer.rater.is_none(),
            _ => false,
        };
        let shown = self.review.sources.iter().filter(|source| source.visible && source.labels().is_some());
        shown.filter(|source| !made(source) && !self.says_nothing(source.id)).map(|source| source.id).collect()
    }

    pub(super) fn combine(&mut self, how: Combine) {
        let Some(image) = self.review.image else { return };
        let method = match how {
            Combine::Majority => Method::Majority,
            Combine::Staple => Method::Staple,
            Combine::StapleMulti => Method::StapleMulti,
            Combine::Boxes => return,
        };
        let inputs = self.consensus_inputs();
        let versions: Vec<(String, Labels)> = inputs
            .iter()
            .filter_map(|id| Some((self.review.get(*id)?.name.clone(), self.review.labels_of(*id)?.clone())))
            .collect();
        self.jobs.start_latest(TOGETHER, "Bringing versions together", move |task| {
            let together = bring_together(&versions, method)?;
            task.cancel.check()?;
            let apply: Apply = Box::new(move |app| app.keep_consensus(image, &inputs, &together));
            Ok(apply)
        });
    }

    /// The versions shown that have boxes on the picture in front, with their boxes.
    pub fn box_inputs(&self) -> Vec<(SourceId, Vec<OneBox>)> {
        let shown = self.review.sources.iter().filter(|source| source.visible).map(|source| source.id);
        let all = shown.enumerate().map(|(n, id)| (id, self.boxes_of(id, n))).filter(|(_, boxes)| !boxes.is_empty());
        let numbered = |(n, (id, boxes)): (usize, (SourceId, Vec<OneBox>))| {
            (id, boxes.into_iter().map(|one| OneBox { version: n, ..one }).collect())
        };
        all.enumerate().map(numbered).collect()
    }

    fn boxes_of(&self, id: SourceId, version: usize) -> Vec<OneBox> {
        let rows = self.review.rows_here().iter().filter(|row| row.kind == Kind::Box);
        let one = |row: &Row| {
            let own = || row.reference.as_ref().filter(|_| id == OWN && self.own_boxes_are_right());
            let cell = self.review.cell(row, id).or_else(own)?;
            let Some(Form::Box2d { slice, min, max }) = cell.form else { return None };
            let class = if cell.sign.is_empty() { String::new() } else { row.part.clone() };
            Some(OneBox { version, class, slice, rect: [min[0], min[1], max[0], max[1]], score: cell.sure })
        };
        rows.filter_map(one).collect()
    }

    /// Whether boxes are compared with those of the project: no version is chosen and no file says what is right.
    fn own_boxes_are_right(&self) -> bool {
        let rows = || self.review.rows_here().iter().filter(|row| row.kind == Kind::Box);
        !self.review.sources.iter().any(|source| rows().any(|row| self.review.is_compared_with(source, row)))
    }

    pub(super) fn combine_boxes(&mut self) {
        let Some(image) = self.review.image else { return };
        let inputs = self.box_inputs();
        let boxes: Vec<OneBox> = inputs.iter().flat_map(|(_, boxes)| boxes.clone()).collect();
        let agreed = together_boxes::agreed(&boxes, inputs.len());
        if agreed.is_empty() {
            return self.notices.done("No box is there that most versions have");
        }
        let of = |(id, _): &(SourceId, Vec<OneBox>)| {
            let source = self.review.get(*id)?;
            let file = match &source.from {
                Speaker::Files(files) => files.records.iter().find(|file| file.says(Kind::Box)),
                _ => None,
            };
            Some((source.name.clone(), file.is_some(), file.map(|file| file.sha256.clone())))
        };
        let speakers: Vec<(String, bool, Option<String>)> = inputs.iter().filter_map(of).collect();
        let done = self.change("The consensus", |document| {
            let (mut commands, own) = own_rater(document);
            let mut inputs = Vec::new();
            for (name, is_file, sha256) in speakers {
                let said = if is_file {
                    Said::Model(decide::prediction(document, image, &name, sha256.as_deref(), &mut commands))
                } else {
                    Said::Rater(own, Vec::new())
                };
                inputs.push(Input { name, said });
            }
            commands.extend(together_boxes::keep(document, image, &agreed, &inputs)?);
            let step = StepInfo::named("Bring boxes together").with_tool("derive");
            document.apply_step(step, commands).map(|_| ())
        });
        if done.is_some() {
            let count = limner_annotation::counted(agreed.len(), "thing");
            self.notices.done(format!("{count} that most of {} versions have", inputs.len()));
        }
    }

    fn keep_consensus(&mut self, image: ImageId, sources: &[SourceId], together: &Together) {
        let names: std::collections::BTreeMap<u32, String> =
            together.labels.labels().into_iter().map(|label| (label, self.label_name(label))).collect();
        let speakers: Vec<(String, Speaker, Option<String>)> = sources
            .iter()
            .filter_map(|id| self.review.get(*id))
            .map(|source| {
                let sha256 = source.ready().and_then(|ready| ready.version.sha256.clone());
                (source.name.clone(), source.from.clone(), sha256)
            })
            .collect();
        let done = self.change("The consensus", |document| {
            let (mut commands, own) = own_rater(document);
            let mut inputs = Vec::new();
            for (name, from, sha256) in speakers {
                let said = match from {
                    Speaker::Project => Said::Rater(own, Vec::new()),
                    Speaker::Layer(layer) => Said::Rater(layer.rater.unwrap_or(own), layer.annotations),
                    Speaker::Files(_) => {
                        Said::Model(decide::prediction(document, image, &name, sha256.as_deref(), &mut commands))
                    }
                };
                inputs.push(Input { name, said });
            }
            let name = |label: u32| names.get(&label).cloned().unwrap_or_default();
            commands.extend(keep(document, image, together, &inputs, name)?);
            let step = StepInfo::named("Bring versions together").with_tool("derive");
            document.apply_step(step, commands).map(|_| ())
        });
        if done.is_some() {
            let share = 100.0 * together.disagreement;
            let undecided = match together.undecided_voxels {
                0 => String::new(),
                count => format!("; on {count} voxels nobody won, they are background"),
            };
            self.notices.done(format!("A consensus was made; {share:.1} % of labelled voxels disagreed{undecided}"));
        }
    }

    pub(super) fn pick_report(&mut self) {
        self.pick_report_file(Purpose::Report, Self::write_report);
    }

    /// Of every case of the list that is compared; and what was judged, on a page beside it.
    pub(crate) fn write_report(&mut self, path: PathBuf) {
        let path = if path.extension().is_some() { path } else { path.with_extension("html") };
        let (Some(order), Some(document)) = (self.order_of_all(), self.document()) else { return };
        let contents = document.contents().clone();
        let models: Vec<String> = order.models().map(str::to_owned).collect();
        self.jobs.start_latest(REPORT, "Writing the report", move |task| {
            let compared = Order::compare(order, task)?;
            anyhow::ensure!(!compared.rows.is_empty(), "no case of the list has both a prediction and the reference");
            let mut title = format!("Comparison of {}", models.join(", "));
            if !compared.soft.is_empty() {
                let soft: Vec<&str> = compared.soft.iter().map(String::as_str).collect();
                let cut = limner_annotation::review::soft::THRESHOLD;
                title = format!("{title}; probability maps of {} cut at {cut:.2}", soft.join(", "));
            }
            let report = Report { rows: compared.rows, failed: compared.left_out, ..Report::default() };
            cli::write_whole(&path, page::html(&report, &compared.summary, &title).as_bytes())?;
            let judged = judged::judged(&contents);
            let mut written = path.display().to_string();
            if !judged.preferences.is_empty() || !judged.scores.is_empty() || !judged.decisions.is_empty() {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let beside = path.with_file_name(format!("{stem}-judged.html"));
                cli::write_whole(&beside, judged_page::html(&judged, "What was judged").as_bytes())?;
                written = format!("{written} and {}", beside.display());
            }
            let apply: Apply = Box::new(move |app| app.notices.done(format!("Wrote {written}")));
            Ok(apply)
        });
    }
}
