//! The application: state, and one frame of it.
//!
//! `logic()` takes what jobs finished and what keys asked for; `ui()` draws from shared state into the outbox; the
//! outbox is carried out at the end of the frame, so paint made now is on screen now.

use crate::action::{Action, Tool};
use crate::assist::Assist;
use crate::beside::{self, Place};
use crate::case::{Desk, Page};
use crate::cine::Cine;
use crate::companions::Companions;
use crate::gpu::Gpu;
use crate::hanging::Rules;
use crate::jobs::Jobs;
use crate::keymap::{Chord, Keymap, Mode};
use crate::model_choice::{Choice, ChosenBy};
use crate::notices::{Notices, Offer};
use crate::outbox::{Outbox, Request};
use crate::overlay;
use crate::panels::export::Wish;
use crate::panels::tour::Tour;
use crate::panels::{self, dialog::Dialog};
use crate::paths::Paths;
use crate::recovery::Session;
use crate::review::Review;
use crate::settings::Settings;
use crate::stroke::Stroke;
use crate::theme::{self, size};
use crate::thumbnails::Thumbnails;
use crate::view_state::{Hand, ViewportId};
use crate::views;
use crate::window;
use crate::work::Work;
use crate::workspace::{OpenPicture, Workspace};
use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, Ui, ViewportCommand};
use limner_annotation::{Contents, LabelId};
use std::collections::BTreeSet;
use std::path::PathBuf;

pub struct App {
    pub workspace: Workspace,
    pub hand: Hand,
    /// The label that tools paint.
    pub label: Option<LabelId>,
    pub stroke: Stroke,
    /// What the hand is in the middle of.
    pub work: Work,
    pub assist: Assist,
    pub case: Desk,
    pub review: Review,
    pub tour: Option<Tour>,
    pub gpu: Gpu,
    pub jobs: Jobs,
    pub notices: Notices,
    pub settings: Settings,
    pub keymap: Keymap,
    pub thumbnails: Thumbnails,
    pub companions: Companions,
    pub paths: Paths,
    /// The viewport the pointer is over, and where, in its pixels.
    pub hover: Option<(ViewportId, [f64; 2])>,
    pub dialog: Option<Dialog>,
    /// The export asked for last.
    pub(crate) exporting: Option<Wish>,
    pub cine: Option<Cine>,
    pub hanging: Option<Rules>,
    /// Where the second window is opened, and where it was seen last.
    pub(crate) beside_place: Option<Place>,
    beside_now: Option<Place>,
    /// Whether the window that moves one picture to another by hand is open.
    pub adjusting: bool,
    /// Views that lay a series over theirs as soon as all are read, by line of the list.
    pub(crate) fused: Vec<(ViewportId, usize)>,
    /// Lines of the list that a scan in progress has told of.
    pub(crate) told: Vec<usize>,
    /// Views a picture is on its way to.
    pub awaited: BTreeSet<ViewportId>,
    /// Files and folders that were opened before there was a project to note them with.
    pub(crate) opened_before: Vec<PathBuf>,
    pub(crate) ctx: egui::Context,
    session: Session,
    quitting: bool,
    /// Whether a field or a button had the keys in the last frame.
    had_focus: bool,
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

/// A window narrower than this has room for one side panel.
const ROOM_FOR_BOTH: f32 = 960.0;
/// From here on labels and questions stand side by side.
const ROOM_FOR_THREE: f32 = 1600.0;

impl App {
    pub fn new(cc: &eframe::CreationContext<'_>, paths: Paths, start: Start) -> anyhow::Result<Self> {
        let host = cc.wgpu_render_state.as_ref().ok_or_else(|| anyhow::anyhow!("the window has no graphics device"))?;
        let settings = Settings::load(&paths.config);
        let (session, crashed) = Session::begin(&paths.config);
        let mut app = Self {
            workspace: Workspace::default(),
            hand: settings.hand.clone().unwrap_or_default(),
            label: None,
            stroke: Stroke::default(),
            work: Work::default(),
            assist: Assist::new(limner_segmentation::models::open("classical")?)?,
            case: Desk::new(),
            review: Review::default(),
            tour: None,
            gpu: Gpu::new(host)?,
            jobs: Jobs::new(cc.egui_ctx.clone()),
            notices: Notices::default(),
            keymap: Keymap::of(settings.profile, &settings.own_keys),
            thumbnails: Thumbnails::default(),
            companions: Companions::default(),
            beside_place: settings.beside_place,
            beside_now: settings.beside_place,
            settings,
            session,
            paths,
            hover: None,
            dialog: None,
            exporting: None,
            cine: None,
            hanging: None,
            adjusting: false,
            fused: Vec::new(),
            told: Vec::new(),
            awaited: BTreeSet::new(),
            opened_before: Vec::new(),
            ctx: cc.egui_ctx.clone(),
            quitting: false,
            had_focus: false,
            fault_told: false,
        };
        app.restyle();
        app.load_hanging();
        if crashed {
            app.tell_of_the_crash(&start);
        }
        app.begin(start);
        Ok(app)
    }

    /// Brings theme, text size and keys in line with the settings.
    pub(crate) fn restyle(&mut self) {
        theme::apply(&self.ctx, self.settings.look.theme);
        self.ctx.set_zoom_factor(self.settings.look.text_scale);
        self.keymap = Keymap::of(self.settings.profile, &self.settings.own_keys);
    }

    /// Says where the work of a session is that did not end: on screen again, or one press away.
    fn tell_of_the_crash(&mut self, start: &Start) {
        let headline = "Limner did not end properly last time";
        let Some(project) = self.settings.last_project.clone().filter(|path| path.exists()) else { return };
        let is_opened = match start {
            Start::Continue => true,
            Start::Path(path) => *path == project,
            Start::Sample => false,
        };
        if is_opened {
            let cause = "Every step up to the last green dot was on disk and is here again";
            return self.notices.warning(headline, vec![cause.into()]);
        }
        let name = project.file_name().unwrap_or_default().to_string_lossy();
        let cause = format!("Every step up to the last green dot is in {name}");
        let offer = Offer { title: "Open that project", request: Request::OpenProject(project) };
        self.notices.offer(headline, vec![cause], offer);
    }

    fn begin(&mut self, start: Start) {
        let best = self.assist.models.first().map(|model| Choice::Listed(model.name.clone()));
        if let Some(choice) = self.settings.model.chosen.clone().or(best)
            && choice != Choice::Listed(self.assist.engine().name().into())
        {
            self.use_model(choice, ChosenBy::Start);
        }
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

    /// The labels at a voxel of a picture, over all layers, and what is laid over it.
    pub fn label_names_at(&self, open: &OpenPicture, index: [usize; 3]) -> String {
        let Some(project) = &self.workspace.project else { return String::new() };
        let own: &Contents = project.document();
        let names_in = |contents: &Contents| -> Vec<String> {
            let Some(map) = contents.label_map(open.image) else { return Vec::new() };
            let values = map.layers().iter().map(|layer| layer.get(index)).filter(|&value| value != 0);
            values.filter_map(|value| contents.label_of_value(value)).map(|label| label.name.clone()).collect()
        };
        let names: Vec<String> = std::iter::once(own).chain(self.companions.shown()).flat_map(names_in).collect();
        names.join(", ")
    }

    /// What the hand is doing, for the keys.
    pub fn mode(&self) -> Mode {
        if self.hand.tool.annotates() { Mode::Annotating } else { Mode::Reading }
    }

    /// The first chord of an action, as it stands on the keyboard.
    pub fn keys_of(&self, action: Action) -> String {
        self.keymap.name_of(&self.ctx, action)
    }

    /// A chord as it stands on the keyboard.
    pub fn name_of(&self, chord: &Chord) -> String {
        crate::keymap::name(&self.ctx, &chord.keys)
    }

    fn frame_ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let app = &*self;
        let c = theme::colours(ui.ctx());
        let empty = app.workspace.project.is_none() && app.workspace.found.is_empty();
        // Most of the window is filled here once; only before a picture is open the bars differ from the rest.
        ui.painter().add(app.gpu.ground(ui.ctx().content_rect(), if empty { c.ground } else { c.panel }));
        let bar = |panel: Panel, height: f32| {
            let frame = Frame::new().inner_margin(Margin::symmetric(8, 0));
            let frame = if empty { frame.fill(c.panel) } else { frame };
            panel.exact_size(height).resizable(false).frame(frame)
        };
        let side = |panel: Panel| {
            let frame = Frame::new().inner_margin(Margin::symmetric(8, 4));
            panel.default_size(size::PANEL_WIDTH).min_size(180.0).max_size(460.0).resizable(true).frame(frame)
        };
        let (browser, inspector) = self.side_panels();
        bar(Panel::top("menu"), size::BAR_HEIGHT).show(ui, |ui| panels::menu::ui(app, ui, out));
        bar(Panel::bottom("status"), size::STATUS_HEIGHT).show(ui, |ui| panels::status::ui(app, ui, out));
        let rail = Frame::new().inner_margin(Margin::symmetric(6, 0));
        let rail = if empty { rail.fill(c.panel) } else { rail };
        let width = panels::rail::width(ui.available_height());
        Panel::left("rail")
            .exact_size(width)
            .resizable(false)
            .frame(rail)
            .show(ui, |ui| panels::rail::ui(app, ui, out));
        if browser {
            side(Panel::left("series")).show(ui, |ui| panels::browser::ui(app, ui, out));
        }
        if app.settings.look.questions && app.workspace.project.is_some() {
            let wide = side(Panel::right("questions")).default_size(size::QUESTIONS_WIDTH).max_size(560.0);
            wide.show(ui, |ui| panels::questions::ui(app, ui, out));
        }
        if inspector {
            // A table of figures needs more room than a list of labels.
            let panel = if app.case.page == Page::Review {
                side(Panel::right("review")).default_size(size::QUESTIONS_WIDTH).max_size(620.0)
            } else {
                side(Panel::right("labels"))
            };
            panel.show(ui, |ui| panels::inspector::ui(app, ui, out));
        }
        if !empty {
            bar(Panel::top("view"), size::BAR_HEIGHT).show(ui, |ui| panels::viewbar::ui(app, ui, out));
        }
        if panels::timebar::is_needed(app) {
            bar(Panel::bottom("time"), size::BAR_HEIGHT).show(ui, |ui| panels::timebar::ui(app, ui, out));
        }
        let layout = app.workspace.stage.layout();
        let central = CentralPanel::default().frame(Frame::NONE);
        central.show(ui, |ui| if empty { panels::welcome::ui(app, ui, out) } else { views::ui(app, layout, ui, out) });
        let beside = beside::ui(app, ui.ctx(), out);
        panels::notices::ui(app, ui.ctx(), out);
        panels::tour::ui(app, ui.ctx(), out);
        panels::registration::ui(app, ui.ctx(), out);
        panels::review::charts::ui(app, ui.ctx(), out);
        self.beside_now = beside.or(self.beside_now);
        let mut dialog = self.dialog.take();
        if let Some(dialog) = &mut dialog {
            panels::dialog::ui(self, dialog, &self.ctx, out);
        }
        self.dialog = dialog;
    }

    /// Whether the pictures need the place of one of the side panels.
    pub(crate) fn is_narrow(&self) -> bool {
        self.ctx.content_rect().width() < ROOM_FOR_BOTH
    }

    /// Whether there is room for labels and questions at once.
    pub(crate) fn is_wide(&self) -> bool {
        self.ctx.content_rect().width() >= ROOM_FOR_THREE
    }

    /// Whether the list of series is seen: in a narrow window not beside a panel at the right.
    pub(crate) fn shows_browser(&self) -> bool {
        let look = &self.settings.look;
        look.browser && !(self.is_narrow() && (look.inspector || look.questions))
    }

    /// Which side panels there is room for: in a narrow window only one, and before a picture none.
    fn side_panels(&self) -> (bool, bool) {
        let look = &self.settings.look;
        if self.workspace.project.is_none() && self.workspace.found.is_empty() {
            return (false, false);
        }
        // Questions stand beside the pictures; the labels come back when there is room for both, or they are put away.
        let inspector = look.inspector && (!look.questions || self.is_wide());
        (self.shows_browser(), inspector)
    }

    /// Draws the picture again where what it shows has changed.
    fn draw(&mut self) {
        let labels = match &self.workspace.project {
            Some(project) => overlay::show_waiting(&mut self.gpu, project.document()),
            None => Ok(true),
        };
        self.gpu.scale = self.ctx.pixels_per_point();
        let reviews = self.review.looks(&self.workspace.stage);
        match labels.and_then(|all| Ok(self.gpu.draw(&self.workspace, &reviews)? && all)) {
            Ok(true) => {}
            // What is on its way arrives part by part, and the volume sharpens.
            Ok(false) => self.ctx.request_repaint(),
            Err(error) => self.notices.error("The picture could not be drawn", &error),
        }
    }

    fn remember(&mut self) {
        self.settings.stage = Some(self.workspace.stage.clone());
        self.settings.beside_place = self.beside_now;
        self.settings.window_place = Place::of_window(&self.ctx, self.ctx.zoom_factor()).or(self.settings.window_place);
        self.settings.hand = Some(self.hand.clone());
        self.settings.label = self.label;
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
            self.notices.fault("Your work is no longer being saved", &error);
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
        self.commit_typing();
        self.keep_report();
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
            self.session.end();
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            ctx.request_repaint_after(std::time::Duration::from_millis(20));
        }
    }
}

impl eframe::App for App {
    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::colours(&self.ctx).ground.to_normalized_gamma_f32()
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        if window::is_ending() && !self.quitting {
            self.quit();
        }
        while let Some(finished) = self.jobs.next_finished() {
            match finished.outcome {
                Ok(apply) => {
                    self.notices.mended(&format!("{} failed", finished.title));
                    apply(self);
                }
                Err(error) => self.notices.error(format!("{} failed", finished.title), &error),
            }
        }
        self.take_case_keys(ctx);
        if self.dialog.is_some() && ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
            self.dialog = None;
        } else if self.dialog.is_none() {
            let typing = ctx.egui_wants_keyboard_input();
            // Esc closes what lies on top, and that alone.
            let on_top = egui::Popup::is_any_open(ctx);
            for action in self.keymap.pressed(ctx, self.mode(), typing, |action| self.why_not(action).is_none()) {
                // An earlier one of them may have changed what is possible.
                match action {
                    _ if self.why_not(action).is_some() => {}
                    Action::Reject if on_top => {}
                    // It takes the keys from a button, and ends what waits for a click.
                    Action::Reject if self.had_focus => self.work.asking.pointing = None,
                    _ => self.act(action),
                }
            }
            if ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
                // In a field Esc is no key of ours, but what waits for a click ends with it.
                let waited = self.work.asking.pointing.take().is_some();
                if !waited && !typing {
                    self.notices.dismiss_all();
                }
            }
        }
        for path in ctx.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>()) {
            self.take_dropped(path);
        }
        if let Some(tour) = self.tour.take() {
            self.tour = tour.advanced(self);
        }
        self.report_fault();
        self.follow_project();
        self.follow_questions();
        self.order_thumbnail();
        self.follow_case(ctx);
        self.follow_review();
        self.order_companions();
        self.receive_times();
        self.advance_cine();
        self.follow_films();
        if let Some(next) = self.notices.expire(panels::notices::is_read(ctx)) {
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
        self.had_focus = self.ctx.memory(|memory| memory.focused().is_some());
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
        self.drop_draft();
        self.hand.tool = tool;
    }
}
