//! The case form: findings with their status, and answers to fields.

use super::visit;
use crate::app::App;
use crate::case::focus::finding_of;
use limner_annotation::entity::{FindingId, FormEntryId};
use limner_annotation::records::{About, CaseForm, Finding, FormEntry, Severity, Status};
use limner_annotation::tags::Attribute;
use limner_annotation::{Command, Document, Error, ImageId, Key, Label, LabelId, StepInfo, form_file};
use std::collections::BTreeMap;
use std::path::Path;

impl App {
    pub(super) fn use_ready_form(&mut self, name: &str) {
        match form_file::ready(name) {
            Ok(form) => self.add_form(form),
            Err(error) => self.notices.error("The form was not loaded", &error.into()),
        }
    }

    pub(super) fn load_form(&mut self, path: &Path) {
        match form_file::read(path) {
            Ok(form) => self.add_form(form),
            Err(error) => self.notices.error("The form was not loaded", &error.into()),
        }
    }

    /// A form of the same name is replaced, and refused where its answers would not fit the new one.
    fn add_form(&mut self, form: CaseForm) {
        let Some(document) = self.document() else { return };
        let known = document.all::<CaseForm>().find(|known| known.name == form.name).map(|known| known.id);
        let form = CaseForm { id: known.unwrap_or(form.id), ..form };
        let id = form.id;
        let step = StepInfo::named(format!("Use form {}", form.name));
        if self.change_by("The form", step, vec![Command::put(form)]) {
            self.case.form = Some(id);
        }
    }

    /// Says of some pictures whether something is there; `None` takes back what was said.
    pub(super) fn set_findings(&mut self, images: &[ImageId], name: &str, status: Option<Status>) {
        let words = match status {
            Some(Status::Present) => format!("{name} present"),
            Some(Status::Absent) => format!("{name} absent"),
            Some(Status::Uncertain) => format!("{name} uncertain"),
            Some(Status::NotAssessed) => format!("{name} not assessed"),
            None => format!("{name} not said"),
        };
        self.change_from("The finding", words, |document| {
            let (mut commands, label) = label_named(document, name)?;
            for &image in images {
                let known = finding_of(document, image, name);
                match status {
                    Some(status) => commands.push(Command::put(finding(document, known, image, label, status))),
                    None => commands.extend(known.map(|known| Command::remove(known.id))),
                }
            }
            Ok(commands)
        });
    }

    pub(super) fn detail_finding(&mut self, id: FindingId, severity: Option<Severity>, certainty: Option<f64>) {
        self.change_from("The finding", "Detail finding", |document| {
            let known = document.get::<Finding>(id);
            Ok(known.map(|known| Command::put(Finding { severity, certainty, ..known.clone() })).into_iter().collect())
        });
    }

    /// Answers a field of the form about some pictures, or about their studies; what the answer is may depend on the one
    /// there was.
    pub(super) fn answer(
        &mut self,
        images: &[ImageId],
        field: &str,
        value: impl Fn(Option<&Attribute>) -> Option<Attribute>,
    ) {
        let Some((form, field)) = self.case_form().and_then(|form| Some((form.id, form.field(field)?.clone()))) else {
            return;
        };
        let mut commands = Vec::new();
        let mut targets: Vec<Key> = Vec::new();
        for &image in images {
            let target = match field.about {
                About::Image => image.into(),
                About::Study => {
                    let (more, study) = visit::ensured(self, image, &commands);
                    commands.extend(more);
                    study.into()
                }
            };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        self.change_from("The answer", format!("Answer {}", field.question), |document| {
            for target in targets {
                let known = FormEntry::of(document, form, target).cloned();
                let id = FormEntryId::new();
                let entry = known.clone().unwrap_or(FormEntry { id, form, target, values: BTreeMap::new() });
                let mut values = entry.values.clone();
                match value(entry.values.get(&field.key)) {
                    Some(value) => drop(values.insert(field.key.clone(), value)),
                    None => drop(values.remove(&field.key)),
                }
                match known {
                    Some(known) if values.is_empty() => commands.push(Command::remove(known.id)),
                    None if values.is_empty() => {}
                    _ => commands.push(Command::put(FormEntry { values, ..entry })),
                }
            }
            Ok(commands)
        });
    }
}

/// The label of a name, made where there is none.
fn label_named(document: &Document, name: &str) -> Result<(Vec<Command>, LabelId), Error> {
    if let Some(known) = document.labels().into_iter().find(|label| label.name.eq_ignore_ascii_case(name)) {
        return Ok((Vec::new(), known.id));
    }
    let label = crate::dispatch::labels::fresh(document, |_| name.to_owned())?;
    let label = match crate::work::concepts::named(name) {
        Some(concept) => Label { name: name.to_owned(), ..concept.dressed(label) },
        None => label,
    };
    let id = label.id;
    Ok((vec![Command::AddLabel { label }], id))
}

/// A finding with another status. What is seen has its shapes as evidence; what is not seen has none.
pub(super) fn finding(
    document: &Document,
    known: Option<&Finding>,
    image: ImageId,
    label: LabelId,
    status: Status,
) -> Finding {
    let seen = matches!(status, Status::Present | Status::Uncertain);
    let drawn = document.shapes_on(image).filter(|shape| shape.label == Some(label) && seen).map(|shape| shape.id);
    let bare = Finding {
        id: FindingId::new(),
        images: vec![image],
        study: None,
        label,
        status,
        severity: None,
        certainty: None,
        shapes: Vec::new(),
        measurements: Vec::new(),
        attributes: BTreeMap::new(),
        sentence: None,
    };
    let finding = Finding { status, shapes: drawn.collect(), ..known.cloned().unwrap_or(bare) };
    if seen { finding } else { Finding { severity: None, measurements: Vec::new(), ..finding } }
}
