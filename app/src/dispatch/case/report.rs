//! Captions and reports: kept when the hand rests, and phrases bound to the regions they speak of by clicking them.

use crate::app::App;
use crate::case::ask::ReportAsk;
use crate::dispatch::meant::Meant;
use limner_annotation::entity::{CaptionId, FindingId};
use limner_annotation::records::{Caption, Finding, Region, Status};
use limner_annotation::{Command, Document, Error, ImageId, LabelId, ShapeId};
use std::time::Instant;

/// What a phrase can be bound to, as a list and a click offer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Region(Region),
    /// A painted label that no finding speaks of yet: one is made.
    Painted(LabelId),
}

impl App {
    /// The caption of the kind in hand about a picture.
    pub fn caption_of(&self, image: ImageId) -> Option<&Caption> {
        let kind = self.case.report.kind;
        let document = self.workspace.project.as_ref()?.document();
        document.all::<Caption>().find(|caption| caption.target == image.into() && caption.kind == kind)
    }

    /// What is on a picture that words can be about: shapes, then findings that are seen, then paint without a finding.
    pub fn bindable(&self, image: ImageId) -> Vec<(Target, String)> {
        let Some(project) = &self.workspace.project else { return Vec::new() };
        let document = project.document();
        let name_of = |label: LabelId| document.label(label).map_or_else(String::new, |label| label.name.clone());
        let mut all: Vec<(Target, String)> = Vec::new();
        for shape in document.shapes_on(image) {
            let name = shape.text.clone().or_else(|| shape.label.map(name_of));
            let form = shape.form.name();
            let name = name.map_or_else(|| form.to_owned(), |name| format!("{name} ({form})"));
            all.push((Target::Region(Region::Shape(shape.id)), name));
        }
        let seen = |finding: &&Finding| matches!(finding.status, Status::Present | Status::Uncertain);
        let here = document.all::<Finding>().filter(|finding| finding.images.contains(&image));
        let found: Vec<&Finding> = here.collect();
        for finding in found.iter().copied().filter(seen) {
            all.push((Target::Region(Region::Finding(finding.id)), format!("{} (finding)", name_of(finding.label))));
        }
        let map = document.label_map(image);
        let painted = document.labels().into_iter().filter(|label| {
            let has_paint = map.is_some_and(|map| map.count(label.value) > 0);
            has_paint && !found.iter().any(|finding| finding.label == label.id)
        });
        all.extend(painted.map(|label| (Target::Painted(label.id), format!("{} (painted)", label.name))));
        all
    }

    /// Whether a phrase that is pointed at, or that words are being bound to, speaks of a shape.
    pub fn is_pointed_at(&self, shape: ShapeId) -> bool {
        let draft = &self.case.report;
        if draft.pointed.is_none() && draft.binding.is_none() {
            return false;
        }
        let Some(caption) = self.workspace.open().and_then(|open| self.caption_of(open.image)) else { return false };
        let phrase = match draft.binding {
            Some(span) => caption.phrase(span),
            None => draft.pointed.and_then(|n| caption.phrases.get(n)),
        };
        let Some(phrase) = phrase else { return false };
        let of_finding = |id: &FindingId| {
            self.document().and_then(|d| d.get::<Finding>(*id)).is_some_and(|finding| finding.shapes.contains(&shape))
        };
        phrase.shapes.contains(&shape) || phrase.findings.iter().any(of_finding)
    }

    pub(super) fn ask_report(&mut self, ask: ReportAsk) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        match ask {
            ReportAsk::Kind(kind) => {
                self.keep_report();
                self.case.report.kind = kind;
                self.case.report.binding = None;
            }
            ReportAsk::Typed(text) => self.case.report.typed = Some((image, text, Instant::now())),
            ReportAsk::Keep => self.keep_report(),
            ReportAsk::Bind(span) => {
                self.keep_report();
                self.case.report.binding = span;
            }
            ReportAsk::Unbind(span) => {
                let Some(mut caption) = self.caption_of(image).cloned() else { return };
                caption.phrases.retain(|phrase| phrase.span != span);
                self.change_from("The binding", "Unbind words", |_| Ok(vec![Command::put(caption)]));
            }
            ReportAsk::ToggleNth(n) => {
                if let Some((target, _)) = self.bindable(image).get(n) {
                    self.toggle_region(image, *target);
                }
            }
            ReportAsk::Point(phrase) => self.case.report.pointed = phrase,
            ReportAsk::Delete => {
                self.case.report.typed = None;
                self.case.report.binding = None;
                if let Some(id) = self.caption_of(image).map(|caption| caption.id) {
                    self.change_from("The text", "Delete text", |_| Ok(vec![Command::remove(id)]));
                }
            }
        }
    }

    /// Keeps what was typed once the hand rests; called in every frame.
    pub(crate) fn keep_report_at_rest(&mut self) {
        if self.case.report.is_at_rest(Instant::now()) {
            self.keep_report();
        }
    }

    /// Keeps what was typed, as one step.
    pub(crate) fn keep_report(&mut self) {
        let Some((image, text, _)) = self.case.report.typed.take() else { return };
        let known = self.caption_of(image).cloned();
        let kind = self.case.report.kind;
        match known {
            Some(known) if known.text == text => {}
            Some(known) if text.trim().is_empty() => {
                self.change_from("The text", "Delete text", |_| Ok(vec![Command::remove(known.id)]));
            }
            Some(known) => {
                self.change_from("The text", "Write text", |_| Ok(vec![Command::put(known.with_text(&text))]));
            }
            None if text.trim().is_empty() => {}
            None => {
                let (id, target, language) = (CaptionId::new(), image.into(), "en".to_owned());
                let caption = Caption { id, target, kind, text, language, phrases: Vec::new() };
                self.change_from("The text", "Write text", |_| Ok(vec![Command::put(caption)]));
            }
        }
    }

    /// What was clicked or drawn while words wait for their regions.
    pub(in crate::dispatch) fn bind_words(&mut self, image: ImageId, meant: Meant) {
        let target = match meant {
            Meant::Shape(shape) => Target::Region(Region::Shape(shape)),
            Meant::Paint { label, .. } => self.finding_or_paint(image, label),
        };
        self.toggle_region(image, target);
    }

    fn finding_or_paint(&self, image: ImageId, label: LabelId) -> Target {
        let known = self.document().and_then(|document| seen_finding(document, image, label));
        known.map_or(Target::Painted(label), |id| Target::Region(Region::Finding(id)))
    }

    fn toggle_region(&mut self, image: ImageId, target: Target) {
        let Some(span) = self.case.report.binding else { return };
        let Some(caption) = self.caption_of(image).cloned() else { return };
        self.change_from("The binding", "Bind words to a region", |document| {
            let mut commands = Vec::new();
            let region = match target {
                Target::Region(region) => region,
                Target::Painted(label) => Region::Finding(made_finding(document, image, label, &mut commands)?),
            };
            commands.push(Command::put(caption.toggled(span, region)));
            Ok(commands)
        });
    }
}

fn seen_finding(document: &Document, image: ImageId, label: LabelId) -> Option<FindingId> {
    let seen = |finding: &&Finding| matches!(finding.status, Status::Present | Status::Uncertain);
    let here = document.all::<Finding>().filter(|finding| finding.images.contains(&image) && finding.label == label);
    here.into_iter().find(|finding| seen(finding)).map(|finding| finding.id)
}

/// A finding that says the painted label is there; one that says it is not is an answer the words contradict.
fn made_finding(
    document: &Document,
    image: ImageId,
    label: LabelId,
    commands: &mut Vec<Command>,
) -> Result<FindingId, Error> {
    if let Some(known) = seen_finding(document, image, label) {
        return Ok(known);
    }
    let name = document.label(label).map_or("", |label| label.name.as_str());
    if crate::case::focus::finding_of(document, image, name).is_some() {
        return Err(Error::refused(format!("the case form says that {name} is not present here; change that first")));
    }
    let finding = super::form::finding(document, None, image, label, Status::Present);
    let id = finding.id;
    commands.push(Command::put(finding));
    Ok(id)
}
