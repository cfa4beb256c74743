//! The application: state, and one frame of it.
//!
//! `logic()` takes what jobs finished and what keys asked for; `ui()` draws from shared state into the outbox; the
//! outbox is carried out at the end of the frame, so paint made now is on screen now.

use crate::action::{Action, Tool};
use crate::assist::Assist;
use crate::gpu::Gpu;
use crate::jobs::Jobs;
use crate::keymap;
use crate::notices::Notices;
use crate::outbox::{Outbox, Request};
use crate::panels::{self, dialog::Dialog};
use crate::paths::Paths;
use crate::settings::Settings;
use crate::stroke::Stroke;
use crate::theme::{self, size};
use crate::view_state::{Arrangement, Hand, Pane, ViewportId};
use crate::views;
use crate::workspace::{OpenPicture, Workspace};
use eframe::egui::{self, CentralPanel, Frame, Panel, Ui, ViewportCommand};
use limner_annotation::LabelId;
use std::path::PathBuf;

pub struct App {
    pub workspace: Workspace,
    pub hand: Hand,
    /// The label that tools paint.
    pub label: Option<LabelId>,
    pub stroke: Stroke,
    pub assist: Assist,
    pub gpu: Gpu,
    pub jobs: Jobs,
    pub notices: Notices,
    pub settings: Settings,
    pub paths: Paths,
    /// The viewport the pointer is over, and where, in its pixels.
    pub hover: Option<(ViewportId, [f64; 2])>,
    pub dialog: Option<Dialog>,
    pub(crate) ctx: egui::Context,
    quitting: bool,
    pub(crate) fault_told: bool,
}

/// What the window opens with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Where the last session ended.
    #[default]
    Continue,
    Sample,
    Path(PathBuf),
}

impl App {
    pub fn new(cc: &eframe::CreationContext<'_>, paths: Paths, start: Start) -> anyhow::Result<Self> {
        let host = cc.wgpu_render_state.as_ref().ok_or_else(|| anyhow::anyhow!("the window has no graphics device"))?;
        theme::apply(&cc.egui_ctx);
        let settings = Settings::load(&paths.config);
        let mut app = Self {
            workspace: Workspace::default(),
            hand: settings.hand.clone().unwrap_or_default(),
            label: None,
            stroke: Stroke::default(),
            assist: Assist::new(limner_segmentation::models::open("classical")?),
            gpu: Gpu::new(host)?,
            jobs: Jobs::new(cc.egui_ctx.clone()),
            notices: Notices::default(),
            settings,
            paths,
            hover: None,
            dialog: None,
            ctx: cc.egui_ctx.clone(),
            quitting: false,
            fault_told: false,
        };
        app.begin(start);
        Ok(app)
    }

    fn begin(&mut self, start: Start) {
        match start {
            Start::Sample => self.act(Action::OpenSample),
            Start::Path(path) => self.open_path(path),
            Start::Continue => {
                if let Some(path) = self.settings.last_project.clone().filter(|p| p.exists()) {
                    self.open_project(path);
                }
            }
        }
    }

    /// Why an action cannot be done now, for its tooltip; `None` where it can.
    pub fn why_not(&self, action: Action) -> Option<&'static str> {
        let open = self.workspace.open();
        let alone = self.workspace.stage.layout().ids().len() < 2;
        let document = self.workspace.project.as_ref().map(limner_annotation::Project::document);
        match action {
            Action::Undo if self.assist.prompts().is_empty() && document.and_then(|d| d.can_undo()).is_none() => {
                Some("Nothing to undo")
            }
            Action::Redo if document.and_then(|d| d.can_redo()).is_none() => Some("Nothing to redo"),
            Action::Accept | Action::Reject if self.assist.prompts().is_empty() => Some("There is no proposal"),
            Action::NewLabel | Action::SaveProjectAs | Action::ExportNifti | Action::ExportCoco
                if document.is_none() =>
            {
                Some("Open a picture or a project first")
            }
            Action::CloseView | Action::NextView | Action::Maximise if alone => Some("There is only one view"),
            Action::Arrange(wanted) if wanted != Arrangement::Planes => None,
            Action::Split(_) | Action::LinkPlace | Action::LinkCamera | Action::LinkWindow => None,
            _ if open.is_none() && action.needs_picture() => Some("Open a picture first"),
            Action::ShowSolid if open.is_some_and(|o| !o.has_solid()) => Some("This picture has no third dimension"),
            Action::FourUp | Action::Arrange(Arrangement::Planes) if open.is_some_and(|o| !o.has_planes()) => {
                Some("This picture has one plane only")
            }
            Action::Show(view) if open.is_some_and(|o| !o.has_planes() && o.stored_view() != view) => {
                Some("This picture has one plane only")
            }
            _ => None,
        }
    }

    /// Whether a switch is on, for menus and buttons.
    pub fn is_on(&self, action: Action) -> bool {
        let stage = &self.workspace.stage;
        let shown = self.workspace.active().map(|(view, _)| view);
        match action {
            Action::Tool(tool) => self.hand.tool == tool,
            Action::Show(wanted) => shown.is_some_and(|v| v.pane == Pane::Slice(wanted)),
            Action::ShowSolid => shown.is_some_and(|v| v.pane == Pane::Solid),
            Action::FourUp => stage.is_arranged(Arrangement::Planes),
            Action::Arrange(wanted) => stage.is_arranged(wanted),
            Action::Maximise => stage.is_maximised(),
            Action::LinkPlace => stage.links.place,
            Action::LinkCamera => stage.links.camera,
            Action::LinkWindow => stage.links.window,
            Action::InvertWindow => shown.is_some_and(|v| v.inverted),
            Action::ToggleLabels => stage.show_labels,
            _ => false,
        }
    }

    /// The labels at a voxel of a picture, over all layers.
    pub fn label_names_at(&self, open: &OpenPicture, index: [usize; 3]) -> String {
        let Some(project) = &self.workspace.project else { return String::new() };
        let document = project.document();
        let Some(map) = document.label_map(open.image) else { return String::new() };
        let values = map.layers().iter().map(|layer| layer.get(index)).filter(|&value| value != 0);
        values.filter_map(|v| document.label_of_value(v)).map(|l| l.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn frame_ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let app = &*self;
        Panel::top("menu").show(ui, |ui| panels::menu::ui(app, ui, out));
        Panel::top("tools").show(ui, |ui| panels::tools::ui(app, ui, out));
        Panel::bottom("status").show(ui, |ui| panels::status::ui(app, ui, out));
        let side = |panel: Panel| panel.default_size(size::PANEL_WIDTH).resizable(true);
        side(Panel::left("series")).show(ui, |ui| panels::series::ui(app, ui, out));
        side(Panel::right("labels")).show(ui, |ui| panels::labels::ui(app, ui, out));
        let central = CentralPanel::default().frame(Frame::NONE.fill(theme::dark::GROUND));
        central.show(ui, |ui| {
            if app.workspace.project.is_none() && app.workspace.found.is_empty() {
                panels::welcome::ui(app, ui, out);
            } else {
                views::ui(app, ui, out);
            }
        });
        panels::notices::ui(app, ui.ctx(), out);
        let mut dialog = self.dialog.take();
        if let Some(dialog) = &mut dialog {
            panels::dialog::ui(self, dialog, &self.ctx, out);
        }
        self.dialog = dialog;
    }

    /// Draws the picture again where what it shows has changed.
    fn draw(&mut self) {
        match self.gpu.draw(&self.workspace) {
            Ok(true) => {}
            // The volume sharpens part by part.
            Ok(false) => self.ctx.request_repaint(),
            Err(error) => self.notices.error("The picture could not be drawn", &error),
        }
    }

    fn remember(&mut self) {
        self.settings.stage = Some(self.workspace.stage.clone());
        self.settings.hand = Some(self.hand.clone());
        if let Err(error) = self.settings.save(&self.paths.config) {
            log::warn!("{error:#}");
        }
    }

    /// A write that failed stays on screen until it is dismissed; the dot stays red after that.
    fn report_fault(&mut self) {
        let fault = self.workspace.project.as_ref().and_then(limner_annotation::Project::fault);
        if let Some(fault) = fault.filter(|_| !self.fault_told) {
            self.fault_told = true;
            let error = anyhow::Error::from(fault).context(
                "every step up to the last green dot is safe, later ones are not: free the disk, then start again",
            );
            self.notices.error("Your work is no longer being saved", &error);
        }
    }

    /// Whether every committed step is on disk, or can no longer get there.
    pub fn is_safe_to_quit(&self) -> bool {
        self.workspace
            .project
            .as_ref()
            .is_none_or(|project| project.fault().is_some() || project.acknowledged() >= project.document().revision())
    }

    pub(crate) fn quit(&mut self) {
        self.quitting = true;
        self.end_stroke();
        self.ctx.request_repaint();
    }

    /// Lets the window close only when the last step is safe.
    fn close_when_safe(&mut self, ctx: &egui::Context) {
        if ctx.input(|i| i.viewport().close_requested()) && !self.quitting {
            self.quit();
        }
        if !self.quitting {
            return;
        }
        if self.is_safe_to_quit() {
            self.remember();
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            ctx.request_repaint_after(std::time::Duration::from_millis(20));
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        while let Some(finished) = self.jobs.next_finished() {
            match finished.outcome {
                Ok(apply) => apply(self),
                Err(error) => self.notices.error(format!("{} failed", finished.title), &error),
            }
        }
        if self.dialog.is_some() && ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
            self.dialog = None;
        } else if self.dialog.is_none() && !ctx.egui_wants_keyboard_input() {
            for action in keymap::pressed(ctx, |action| self.why_not(action).is_none()) {
                // An earlier one of them may have changed what is possible.
                if self.why_not(action).is_none() {
                    self.act(action);
                }
            }
            if ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
                self.notices.dismiss_all();
            }
        }
        for path in ctx.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>()) {
            self.open_path(path);
        }
        self.report_fault();
        if let Some(next) = self.notices.expire() {
            ctx.request_repaint_after(next);
        }
        if !self.is_safe_to_quit() || !self.jobs.running().is_empty() {
            ctx.request_repaint_after(std::time::Duration::from_millis(50));
        }
        self.close_when_safe(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        if let Err(error) = self.gpu.fit_to(&self.workspace.stage) {
            self.notices.error("A view could not be set up", &error);
        }
        let mut out = Outbox::default();
        self.frame_ui(ui, &mut out);
        let requests = out.drain();
        // What was asked for is on the picture in this frame and on the panels in the next.
        if requests.iter().any(Request::changes_panels) {
            self.ctx.request_repaint();
        }
        for request in requests {
            self.carry_out(request);
        }
        self.draw();
    }

    fn on_exit(&mut self) {
        self.jobs.cancel_all();
        if let Some(project) = &mut self.workspace.project
            && let Err(error) = project.wait_until_synced()
        {
            log::error!("the last steps could not be written: {error}");
        }
    }
}

/// A tool that is not being used may be put down; one in the middle of a stroke may not.
impl App {
    pub(crate) fn take_tool(&mut self, tool: Tool) {
        self.end_stroke();
        self.hand.tool = tool;
    }
}
