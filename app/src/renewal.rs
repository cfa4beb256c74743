//! A graphics device that is gone takes nothing with it.
//!
//! A driver that fails, an adapter that is unplugged or a laptop that sleeps can lose the device the window draws with.
//! eframe has one device for a window's life, so the window closes and another one opens in its place, with the same
//! application in it: steps, drafts, proposals, jobs and views go on; only the textures are made again.

use crate::app::App;
use crate::in_order::{Keys, Waiting};
use crate::overlay;
use crate::thumbnails::Thumbnails;
use eframe::CreationContext;
use eframe::egui::{self, Rect, Ui, ViewportCommand};
use limner_annotation::ImageId;
use std::cell::RefCell;
use std::rc::Rc;

/// An application without a window, and where its window was.
pub struct Kept {
    pub app: App,
    pub place: Option<Rect>,
}

/// Where a window that lost its device leaves what it showed.
pub type Shelf = Rc<RefCell<Option<Kept>>>;

/// The application as eframe sees it.
pub struct Shell {
    /// `None` only while it is dropped.
    app: Option<App>,
    place: Option<Rect>,
    shelf: Shelf,
    waiting: Waiting,
}

impl Shell {
    pub fn new(app: App, shelf: Shelf) -> Self {
        Self { app: Some(app), place: None, shelf, waiting: Waiting::default() }
    }

    pub const fn app(&self) -> Option<&App> {
        self.app.as_ref()
    }

    pub const fn app_mut(&mut self) -> Option<&mut App> {
        self.app.as_mut()
    }

    /// The application, unless its device is gone: then nothing may be drawn, and the window closes.
    fn app_with_device(&mut self, ctx: &egui::Context) -> Option<&mut App> {
        let app = self.app.as_mut()?;
        if app.gpu.is_lost() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
            ctx.request_repaint();
            return None;
        }
        Some(app)
    }
}

impl eframe::App for Shell {
    fn raw_input_hook(&mut self, ctx: &egui::Context, raw_input: &mut egui::RawInput) {
        let asks = self.app.as_ref().is_none_or(|app| app.dialog.is_some());
        let keys = if asks || ctx.egui_wants_keyboard_input() { Keys::Typed } else { Keys::Orders };
        raw_input.events = self.waiting.next(std::mem::take(&mut raw_input.events), keys);
        if !self.waiting.is_empty() {
            ctx.request_repaint();
        }
    }

    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.place = ctx
            .input(|i| i.viewport().outer_rect.zip(i.viewport().inner_rect))
            .map_or(self.place, |(o, i)| Some(Rect::from_min_size(o.min, i.size())));
        if let Some(app) = self.app_with_device(ctx) {
            app.logic(ctx, frame);
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if let Some(app) = self.app_with_device(&ctx) {
            app.ui(ui, frame);
        }
    }

    fn on_exit(&mut self) {
        // Jobs of an application that goes on are not cancelled.
        if let Some(app) = self.app.as_mut().filter(|app| !app.gpu.is_lost()) {
            app.on_exit();
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(app) = self.app.take().filter(|app| app.gpu.is_lost()) {
            *self.shelf.borrow_mut() = Some(Kept { app, place: self.place });
        }
    }
}

impl App {
    /// Goes on in another window, on its device.
    pub fn move_to(&mut self, cc: &CreationContext<'_>) -> anyhow::Result<()> {
        let host = cc.wgpu_render_state.as_ref().ok_or_else(|| anyhow::anyhow!("the window has no graphics device"))?;
        self.gpu.renew(host)?;
        self.ctx = cc.egui_ctx.clone();
        self.jobs.wake(cc.egui_ctx.clone());
        self.thumbnails = Thumbnails::default();
        self.restyle();
        if let Some(project) = &self.workspace.project {
            for open in self.workspace.pictures.values() {
                let marks = overlay::Marks::of(self.label, &self.workspace.stage);
                overlay::show_all(&mut self.gpu, project.document(), open, marks);
                self.gpu.show_drawings(open.image, &open.drawn)?;
            }
        }
        let images: Vec<ImageId> = self.workspace.pictures.keys().copied().collect();
        for image in images {
            self.lay_companions_over(image);
        }
        self.work.shown_proposal = None;
        self.show_proposal();
        Ok(())
    }
}
