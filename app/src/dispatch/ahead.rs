//! Pictures wanted by their place in the project, and the one that is read before it is wanted.

use super::file::Place;
use super::loaded::Loaded;
use crate::app::App;
use crate::jobs::Apply;
use anyhow::Context as _;
use eframe::egui::Context;
use limner_annotation::{ImageId, ShapeId, sources};
use limner_imaging::formats;

const SLOT: &str = "ahead";
/// A picture of more voxels is not kept in memory on a guess.
const MOST_VOXELS: usize = 1 << 28;

impl App {
    /// Shows a picture of the project, wherever it is by now.
    pub(super) fn open_image(&mut self, image: ImageId) {
        let stage = &mut self.workspace.stage;
        if stage.active().image == Some(image) {
            return;
        }
        let shown = stage.visible().into_iter().find(|id| stage.get(*id).is_some_and(|view| view.image == Some(image)));
        if let Some(id) = shown {
            return stage.activate(id);
        }
        if self.workspace.pictures.contains_key(&image) {
            return self.put_picture(image, Place::Active);
        }
        let series = self.cases().iter().find(|case| case.image == Some(image)).and_then(|case| case.series);
        if let Some(series) = series {
            return self.open_series(series, None);
        }
        let Some(project) = &self.workspace.project else { return };
        let Some(entry) = project.document().image(image).cloned() else { return };
        let path = project.file_of(&entry);
        let gpu = self.gpu.context().clone();
        self.jobs.start_latest("open", "Reading the picture", move |task| {
            let found = formats::scan(&path, task)?.series;
            let same = |one: &limner_imaging::Series| {
                one.size == entry.size() && (entry.series_uid.is_none() || one.uid == entry.series_uid)
            };
            let series = found.into_iter().find(same).context("the picture is no longer where it was")?;
            let loaded = Loaded::read(series, &gpu, task)?;
            let apply: Apply = Box::new(move |app| app.show_loaded(loaded, Place::Active));
            Ok(apply)
        });
    }

    pub(super) fn go_to_shape_when_open(&mut self, image: ImageId, shape: ShapeId) {
        self.case.jump = Some((image, shape));
        self.jump_when_open();
    }

    fn jump_when_open(&mut self) {
        let Some((image, shape)) = self.case.jump else { return };
        if self.workspace.open().is_some_and(|open| open.image == image) {
            self.case.jump = None;
            self.work.selected = Some(shape);
            self.jump_to_shape(shape);
        }
    }

    /// What a case needs in every frame: its time, its text, what comes next.
    pub(crate) fn follow_case(&mut self, ctx: &Context) {
        let moved = ctx.input(|i| i.pointer.is_moving() || !i.events.is_empty());
        self.tick_case(moved);
        self.tick_review(moved);
        self.jump_when_open();
        self.keep_report_at_rest();
        if self.case.report.typed.is_some() {
            ctx.request_repaint_after(std::time::Duration::from_millis(300));
        }
        self.prefetch_case();
    }

    pub(super) fn is_reading_ahead(&self) -> bool {
        self.jobs.is_busy(SLOT)
    }

    pub(super) fn read_ahead(&mut self, n: usize) {
        let Some(series) = self.workspace.found.get(n).cloned() else { return };
        let large = series.size.iter().product::<usize>() > MOST_VOXELS && !sources::is_long(&series);
        if large {
            return;
        }
        let gpu = self.gpu.context().clone();
        // What cannot be read is told when it is opened.
        self.jobs.start_quiet(SLOT, move |task| {
            let loaded = Loaded::read(series, &gpu, task)?;
            let apply: Apply = Box::new(move |app| app.case.ahead = Some((n, loaded)));
            Ok(apply)
        });
    }

    /// The series if it was read ahead; whatever was is let go.
    pub(super) fn take_ahead(&mut self, n: usize) -> Option<Loaded> {
        self.case.ahead.take().filter(|(known, _)| *known == n).map(|(_, loaded)| loaded)
    }
}
