//! The rows of the case form in the order they are read, and what a key answers in each.

use crate::app::App;
use limner_annotation::Contents;
use limner_annotation::ImageId;
use limner_annotation::entity::StudyId;
use limner_annotation::records::{About, CaseForm, Field, Finding, FormEntry, Status, Study};
use limner_annotation::tags::Attribute;

/// One thing that is asked.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    Finding(&'a str),
    Field(&'a Field),
}

/// In the order of their buttons and digits, each with its letter.
pub const STATUSES: [(Status, &str, &str); 4] = [
    (Status::Present, "Present", "P"),
    (Status::Absent, "Absent", "A"),
    (Status::Uncertain, "Uncertain", "U"),
    (Status::NotAssessed, "Not assessed", "N"),
];

/// The finding of a label on an image, by the label's name.
pub fn finding_of<'a>(contents: &'a Contents, image: ImageId, name: &str) -> Option<&'a Finding> {
    let is_named =
        |finding: &&Finding| contents.label(finding.label).is_some_and(|label| label.name.eq_ignore_ascii_case(name));
    contents.all::<Finding>().filter(|finding| finding.images.contains(&image)).find(is_named)
}

/// What was answered about an image, or about its study.
pub fn answer_of<'a>(contents: &'a Contents, form: &CaseForm, image: ImageId, field: &Field) -> Option<&'a Attribute> {
    let target = match field.about {
        About::Image => image.into(),
        About::Study => contents.study_of(image)?.id.into(),
    };
    FormEntry::of(contents, form.id, target)?.values.get(&field.key)
}

impl App {
    /// The findings to go through: those of the form, then labels that have one here.
    pub fn form_rows(&self) -> Vec<Row<'_>> {
        let Some(project) = &self.workspace.project else { return Vec::new() };
        let document = project.document();
        let form = self.case_form();
        let mut names: Vec<&str> = form.iter().flat_map(|form| form.findings.iter().map(String::as_str)).collect();
        if let Some(open) = self.workspace.open() {
            let here = document.all::<Finding>().filter(|finding| finding.images.contains(&open.image));
            names.extend(here.filter_map(|finding| document.label(finding.label)).map(|label| label.name.as_str()));
        }
        if form.is_none_or(|form| form.findings.is_empty()) {
            names.extend(document.labels().into_iter().map(|label| label.name.as_str()));
        }
        let mut seen: Vec<String> = Vec::new();
        names.retain(|name| {
            let lower = name.to_lowercase();
            let new = !seen.contains(&lower);
            seen.push(lower);
            new
        });
        let fields = form.iter().flat_map(|form| &form.fields);
        let (images, studies): (Vec<&Field>, Vec<&Field>) = fields.partition(|field| field.about == About::Image);
        let fields = images.into_iter().chain(studies).map(Row::Field);
        names.into_iter().map(Row::Finding).chain(fields).collect()
    }

    /// The required answers that the picture in view still waits for.
    pub fn missing_answers(&self, image: ImageId) -> Vec<&Field> {
        let (Some(project), Some(form)) = (&self.workspace.project, self.case_form()) else { return Vec::new() };
        let document = project.document();
        let image_entry = FormEntry::of(document, form.id, image.into());
        let study = document.study_of(image);
        let study_entry = study.and_then(|study| FormEntry::of(document, form.id, study.id.into()));
        let mut missing = FormEntry::missing(form, About::Image, image_entry);
        missing.extend(FormEntry::missing(form, About::Study, study_entry));
        missing
    }
}

/// What a study is called where its date may not be shown.
pub fn visit_name(contents: &Contents, id: StudyId) -> String {
    let Some(study) = contents.get::<Study>(id) else { return String::new() };
    match (study.time_point, study.days) {
        (Some(0) | None, _) => "Baseline".into(),
        (Some(n), Some(days)) => format!("Visit {}, day {days}", n + 1),
        (Some(n), None) => format!("Visit {}", n + 1),
    }
}
