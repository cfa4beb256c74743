//! Follow-up: visits of a subject, the same lesion at each of them, and the way from one to the next.

use super::visit;
use crate::app::App;
use crate::case::Page;
use crate::case::ask::LesionAsk;
use limner_annotation::entity::{LesionId, StudyId, SubjectId};
use limner_annotation::follow_up::{Cell, Row, Table};
use limner_annotation::records::{Lesion, LesionStage, Study};
use limner_annotation::{Command, ImageId, ShapeId, StepInfo};

impl App {
    /// The subject of the picture in view.
    pub fn subject_in_view(&self) -> Option<SubjectId> {
        let open = self.workspace.open()?;
        self.workspace.project.as_ref()?.document().study_of(open.image).map(|study| study.subject)
    }

    pub fn follow_up(&self) -> Option<Table> {
        Some(Table::of(self.workspace.project.as_ref()?.document(), self.subject_in_view()?))
    }

    pub(super) fn ask_lesion(&mut self, ask: LesionAsk) {
        match ask {
            LesionAsk::Select(id) => self.case.lesion = Some(id),
            LesionAsk::Visit(subject) => self.make_visit(subject),
            LesionAsk::Days(study, days) => self.change_study(study, "Set days", |study| study.days = days),
            LesionAsk::Earlier(study) => self.move_earlier(study),
            LesionAsk::Link(id) => self.link_lesion(id),
            LesionAsk::New => self.new_lesion(),
            LesionAsk::Rename(id, name) => self.change_lesion(id, "Rename lesion", |lesion| lesion.name = name),
            LesionAsk::Target(id, on) => self.change_lesion(id, "Target lesion", |lesion| lesion.is_target = on),
            LesionAsk::Trend(id, study, trend) => self.change_lesion(id, "Lesion's trend", |lesion| {
                stage_of(lesion, study).trend = trend;
                lesion.stages.retain(|stage| !is_bare(stage));
            }),
            LesionAsk::Jump { image, shape, lesion } => {
                self.case.lesion = Some(lesion);
                self.jump_to_place(image, shape);
            }
            LesionAsk::Delete(id) => {
                self.change_from("The deletion", "Delete lesion", |_| Ok(vec![Command::remove(id)]));
            }
            LesionAsk::Copy => self.copy_follow_up(),
        }
    }

    fn change_lesion(&mut self, id: LesionId, step: &str, change: impl FnOnce(&mut Lesion)) {
        self.change_from("The lesion", step, |document| {
            let Some(mut lesion) = document.get::<Lesion>(id).cloned() else { return Ok(Vec::new()) };
            change(&mut lesion);
            Ok(vec![Command::put(lesion)])
        });
    }

    fn change_study(&mut self, id: StudyId, step: &str, change: impl FnOnce(&mut Study)) {
        self.change_from("The visit", step, |document| {
            let Some(mut study) = document.get::<Study>(id).cloned() else { return Ok(Vec::new()) };
            change(&mut study);
            Ok(vec![Command::put(study)])
        });
    }

    /// The picture in view becomes the next visit of a subject; of a new one where none is named.
    fn make_visit(&mut self, subject: Option<SubjectId>) {
        let Some(image) = self.workspace.open().map(|open| open.image) else { return };
        let Some(document) = self.document() else { return };
        if document.study_of(image).is_some() {
            return;
        }
        let commands = match subject {
            None => visit::ensured(self, image, &[]).0,
            Some(subject) => {
                let points = document.all::<Study>().filter(|study| study.subject == subject);
                let next = points.filter_map(|study| study.time_point).max().map_or(0, |last| last + 1);
                vec![Command::put(visit::new_study(subject, image, Some(next), None))]
            }
        };
        self.change_by("The visit", StepInfo::named("Make visit"), commands);
    }

    /// Changes places with the visit before it.
    fn move_earlier(&mut self, study: StudyId) {
        let Some(table) = self.follow_up() else { return };
        let Some(here) = table.visits.iter().position(|visit| visit.study == study).filter(|n| *n > 0) else { return };
        self.change_from("The visit", "Move visit", |document| {
            let mut order: Vec<StudyId> = table.visits.iter().map(|visit| visit.study).collect();
            order.swap(here - 1, here);
            let studies = order.iter().enumerate().filter_map(|(n, id)| {
                let study = document.get::<Study>(*id)?;
                let time_point = Some(n as u32);
                (study.time_point != time_point).then(|| Command::put(Study { time_point, ..study.clone() }))
            });
            Ok(studies.collect())
        });
    }

    /// The selected shape is a lesion that was not followed before.
    pub(super) fn new_lesion(&mut self) {
        let Some(shape) = self.work.selected.and_then(|id| self.document()?.shape(id)).cloned() else { return };
        let (mut commands, study) = visit::ensured(self, shape.image, &[]);
        let Some(document) = self.document() else { return };
        let made = commands.iter().find_map(|command| match command {
            Command::Put { entity, .. } => match entity.as_ref() {
                limner_annotation::Entity::Study(study) => Some(study.subject),
                _ => None,
            },
            _ => None,
        });
        let known = document.get::<Study>(study).map(|study| study.subject);
        let Some(subject) = made.or(known) else { return };
        let names: Vec<&str> =
            document.all::<Lesion>().filter(|l| l.subject == subject).map(|l| l.name.as_str()).collect();
        let free = (1..).map(|n| format!("L{n}")).find(|name| !names.contains(&name.as_str()));
        let mut lesion = Lesion {
            id: LesionId::new(),
            subject,
            name: free.unwrap_or_default(),
            label: shape.label,
            is_target: true,
            stages: Vec::new(),
        };
        stage_of(&mut lesion, study).shapes.push(shape.id);
        let id = lesion.id;
        commands.push(Command::put(lesion));
        if self.change_by("The lesion", StepInfo::named("New lesion"), commands) {
            self.case.lesion = Some(id);
            self.case.page = Page::FollowUp;
        }
    }

    /// The selected shape is what became of a lesion that is known.
    fn link_lesion(&mut self, id: LesionId) {
        let Some(shape) = self.work.selected.and_then(|id| self.document()?.shape(id)).cloned() else { return };
        let (mut commands, study) = visit::ensured(self, shape.image, &[]);
        let done = self.change_from("The lesion", "Link lesion", |document| {
            let Some(mut lesion) = document.get::<Lesion>(id).cloned() else { return Ok(Vec::new()) };
            let stage = stage_of(&mut lesion, study);
            stage.shapes = vec![shape.id];
            stage.trend = None;
            commands.push(Command::put(lesion));
            Ok(commands)
        });
        if done {
            self.case.lesion = Some(id);
        }
    }

    /// Where the lesion in hand was measured at the visit after this one, or before it.
    pub(super) fn step_visit(&mut self, by: isize) {
        let (Some(table), Some(open)) = (self.follow_up(), self.workspace.open()) else { return };
        let Some(here) = table.visits.iter().position(|visit| visit.images.contains(&open.image)) else { return };
        let Some(there) = here.checked_add_signed(by).filter(|n| *n < table.visits.len()) else {
            return self.notices.done(if by > 0 { "This is the last visit" } else { "This is the first visit" });
        };
        let row = table.rows.iter().find(|row| row.lesion == self.case.lesion).or_else(|| table.rows.first());
        let place = row.and_then(|row| row.cells[there].as_ref()).and_then(|cell| cell.place);
        let image = place.map(|(image, _)| image).or_else(|| table.visits[there].images.first().copied());
        if let Some(image) = image {
            self.jump_to_place(image, place.map(|(_, shape)| shape));
        }
    }

    /// Opens a picture and goes to a shape on it.
    fn jump_to_place(&mut self, image: ImageId, shape: Option<ShapeId>) {
        self.open_image(image);
        if let Some(shape) = shape {
            self.go_to_shape_when_open(image, shape);
        }
    }

    /// The table as text with tabs, for a spreadsheet.
    fn copy_follow_up(&mut self) {
        let Some(table) = self.follow_up() else { return };
        let mut lines = vec![
            std::iter::once("Lesion".to_owned())
                .chain(table.visits.iter().map(|visit| visit.name.clone()))
                .chain(["Nadir".to_owned(), "Change since baseline %".to_owned(), "Change since nadir %".to_owned()])
                .collect::<Vec<_>>()
                .join("\t"),
        ];
        lines.extend(table.rows.iter().chain([&table.sum]).map(line));
        self.ctx.copy_text(lines.join("\n"));
        self.notices.done("The table is on the clipboard");
    }
}

fn line(row: &Row) -> String {
    let size = |cell: &Option<Cell>| {
        cell.as_ref().map_or_else(String::new, |c| format!("{:.1} {}", c.size.value, c.size.unit))
    };
    let percent =
        |all: &[Option<f64>]| all.iter().rev().flatten().next().map_or_else(String::new, |n| format!("{n:.0}"));
    let nadir = row.course.nadir.map_or_else(String::new, |(_, value)| format!("{value:.1}"));
    let changes = [percent(&row.course.since_baseline), percent(&row.course.since_nadir)];
    let cells = row.cells.iter().map(size);
    std::iter::once(row.name.clone()).chain(cells).chain([nadir]).chain(changes).collect::<Vec<_>>().join("\t")
}

fn stage_of(lesion: &mut Lesion, study: StudyId) -> &mut LesionStage {
    let known = lesion.stages.iter().position(|stage| stage.study == study);
    let n = known.unwrap_or_else(|| {
        let stage = LesionStage { study, finding: None, shapes: Vec::new(), measurements: Vec::new(), trend: None };
        lesion.stages.push(stage);
        lesion.stages.len() - 1
    });
    &mut lesion.stages[n]
}

fn is_bare(stage: &LesionStage) -> bool {
    stage.finding.is_none() && stage.shapes.is_empty() && stage.measurements.is_empty() && stage.trend.is_none()
}
