//! Subjects and their studies, made when something is first said of them: from the hospital's own filing where pictures
//! have it, else each picture is a study until the user says more. Names and dates stay in the pictures: a subject has a
//! number, a study the days since the first.

use crate::app::App;
use crate::case::list::Case;
use limner_annotation::entity::{StudyId, SubjectId};
use limner_annotation::records::{Study, Subject};
use limner_annotation::{Command, Document, Entity, ImageId};
use std::collections::BTreeMap;

/// A series' place among the patients and studies that were found.
struct Filed {
    patient: usize,
    study: usize,
}

/// The study of an image, with the commands that make it where there is none; `sofar` are commands of the same step.
pub(super) fn ensured(app: &App, image: ImageId, sofar: &[Command]) -> (Vec<Command>, StudyId) {
    let planned = sofar.iter().rev().find_map(|command| match command {
        Command::Put { entity, .. } => match entity.as_ref() {
            Entity::Study(study) if study.images.contains(&image) => Some(study.id),
            _ => None,
        },
        _ => None,
    });
    let document = app.workspace.project.as_ref().map(limner_annotation::Project::document);
    let known = document.and_then(|document| document.study_of(image)).map(|study| study.id);
    if let Some(id) = planned.or(known) {
        return (Vec::new(), id);
    }
    let cases = app.cases();
    let filed = filed(app, &cases, image);
    if let (Some(document), Some(filed)) = (document, &filed) {
        // Another series of the same study may be known.
        if let Some(study) = relatives(app, &cases, filed, true).iter().find_map(|image| document.study_of(*image)) {
            let mut study = study.clone();
            study.images.push(image);
            let id = study.id;
            return (vec![Command::put(study)], id);
        }
    }
    let relatives = filed.as_ref().map(|filed| relatives(app, &cases, filed, false)).unwrap_or_default();
    let subject = document.and_then(|d| relatives.iter().find_map(|image| d.study_of(*image))).map(|s| s.subject);
    let mut commands = Vec::new();
    let subject = subject.unwrap_or_else(|| {
        let made = sofar
            .iter()
            .filter(|c| matches!(c, Command::Put { entity, .. } if matches!(entity.as_ref(), Entity::Subject(_))));
        let subject = new_subject(document, made.count());
        let id = subject.id;
        commands.push(Command::put(subject));
        id
    });
    let (time_point, days) = filed.map_or((Some(0), None), |filed| when(app, &filed));
    let study = new_study(subject, image, time_point, days);
    let id = study.id;
    commands.push(Command::put(study));
    (commands, id)
}

pub(super) fn new_subject(document: Option<&Document>, besides: usize) -> Subject {
    let taken: Vec<String> =
        document.map(|d| d.all::<Subject>().map(|s| s.pseudonym.clone()).collect()).unwrap_or_default();
    let names = (1..).map(|n| format!("Subject {n}")).filter(|name| !taken.contains(name));
    let pseudonym = names.into_iter().nth(besides).unwrap_or_default();
    Subject { id: SubjectId::new(), pseudonym, sex: None, age: None, attributes: BTreeMap::new() }
}

pub(super) fn new_study(subject: SubjectId, image: ImageId, time_point: Option<u32>, days: Option<i64>) -> Study {
    let (indication, history, diagnosis) = (None, None, None);
    Study { id: StudyId::new(), subject, images: vec![image], time_point, days, indication, history, diagnosis }
}

/// Where a DICOM picture is filed; nothing for others, which say nothing of whose they are.
fn filed(app: &App, cases: &[Case], image: ImageId) -> Option<Filed> {
    let series = cases.iter().find(|case| case.image == Some(image))?.series?;
    let patients = app.workspace.patients.iter().enumerate();
    let mut studies =
        patients.flat_map(|(p, patient)| patient.studies.iter().enumerate().map(move |(s, one)| (p, s, one)));
    let (patient, study, _) = studies.find(|(.., one)| one.uid.is_some() && one.series.contains(&series))?;
    Some(Filed { patient, study })
}

/// The pictures of the project that are of the same patient, or of the same study.
fn relatives(app: &App, cases: &[Case], filed: &Filed, same_study: bool) -> Vec<ImageId> {
    let studies = &app.workspace.patients[filed.patient].studies;
    let wanted = studies.iter().enumerate().filter(|(n, _)| !same_study || *n == filed.study);
    let series: Vec<usize> = wanted.flat_map(|(_, study)| study.series.clone()).collect();
    cases.iter().filter(|case| case.series.is_some_and(|n| series.contains(&n))).filter_map(|case| case.image).collect()
}

/// Which of the patient's studies it is by date, and how many days after the first.
fn when(app: &App, filed: &Filed) -> (Option<u32>, Option<i64>) {
    let studies = &app.workspace.patients[filed.patient].studies;
    let date = |n: usize| jiff::civil::Date::strptime("%Y%m%d", studies[n].date.reveal()).ok();
    let Some(mine) = date(filed.study) else { return (Some(filed.study as u32), None) };
    let others: Vec<jiff::civil::Date> = (0..studies.len()).filter_map(date).collect();
    let earlier = others.iter().filter(|other| **other < mine).count();
    let first = others.iter().min().copied().unwrap_or(mine);
    let days = mine.since(first).ok().map(|span| i64::from(span.get_days()));
    (Some(earlier as u32), days)
}
