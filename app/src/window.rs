//! Starts the native window on eframe, with a device that has what our renderer needs.

use crate::app::{App, Start};
use crate::paths::Paths;
use crate::renewal::{Kept, Shelf, Shell};
use crate::settings::Settings;
use eframe::CreationContext;
use eframe::egui::{self, Rect, ViewportBuilder};
use eframe::egui_wgpu::{RendererOptions, WgpuConfiguration, WgpuSetupCreateNew};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A device that is lost more often than this is of no use.
const MOST_RENEWALS: usize = 8;

/// How long the end of the program waits for servers.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);

pub fn run(start: &Start) -> ExitCode {
    let shelf = Shelf::default();
    for _ in 0..=MOST_RENEWALS {
        let kept = shelf.take();
        let options = options(kept.as_ref().and_then(|kept| kept.place));
        let start = start.clone();
        let make = {
            let shelf = Rc::clone(&shelf);
            move |cc: &CreationContext<'_>| -> anyhow::Result<Shell> {
                end_when_asked(cc.egui_ctx.clone());
                let app = match kept {
                    Some(Kept { mut app, .. }) => {
                        app.move_to(cc)?;
                        app
                    }
                    None => App::new(cc, Paths::of_user(), start)?,
                };
                Ok(Shell::new(app, shelf))
            }
        };
        // egui panics where it meets the loss in the middle of a frame.
        let made = catch_unwind(AssertUnwindSafe(|| {
            eframe::run_native("limner", options, Box::new(move |cc| Ok(Box::new(make(cc)?))))
        }));
        let made = match made {
            Ok(made) => made,
            Err(_) if shelf.borrow().is_some() => Ok(()),
            Err(panic) => resume_unwind(panic),
        };
        if let Err(error) = made {
            let advice =
                "Without a display use the commands instead (limner --help); limner doctor says what is missing.";
            let _ = writeln!(std::io::stderr(), "limner: the window could not be opened: {error}\n{advice}");
            return ExitCode::from(1);
        }
        if shelf.borrow().is_none() {
            // A session at a server is given back, for whoever waits for it.
            limner_segmentation::remote::farewell(FAREWELL);
            return ExitCode::SUCCESS;
        }
        log::warn!("the graphics device was lost; the window opens again");
    }
    let advice = "the graphics device is lost again and again; update its driver. Every step is on disk.";
    let _ = writeln!(std::io::stderr(), "limner: {advice}");
    ExitCode::from(1)
}

/// Set when the system asks the program to end: at a logout, at Ctrl+C where it was started.
static ENDING: AtomicBool = AtomicBool::new(false);

pub fn is_ending() -> bool {
    ENDING.load(Ordering::Relaxed)
}

/// Lets the window close as if it had been closed by hand, with the last step on disk.
fn end_when_asked(ctx: egui::Context) {
    let listens = ctrlc::set_handler(move || {
        ENDING.store(true, Ordering::Relaxed);
        ctx.request_repaint();
    });
    if let Err(error) = listens {
        log::debug!("the end of the session is not heard: {error}");
    }
}

/// Where the window was before: of the one whose device was lost, or of the last session.
fn options(place: Option<Rect>) -> eframe::NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_title("Limner")
        .with_app_id("limner")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([720.0, 480.0])
        .with_drag_and_drop(true);
    let viewport = match place {
        Some(place) => viewport.with_inner_size(place.size()).with_position(place.min),
        None => match Settings::load(&Paths::of_user().config).window_place {
            Some(place) => place.applied(viewport),
            None => viewport,
        },
    };
    eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: wgpu_options(),
        dithering: renderer_options().dithering,
        ..Default::default()
    }
}

/// How the interface is painted. Nothing here has bands that noise would hide, and a software adapter pays for it.
#[must_use]
pub fn renderer_options() -> RendererOptions {
    RendererOptions { dithering: false, ..Default::default() }
}

/// eframe's own device asks for too little: 3D textures as large as the adapter has, and exact 16-bit values.
pub fn wgpu_options() -> WgpuConfiguration {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(limner_render::device_descriptor);
    WgpuConfiguration { wgpu_setup: setup.into(), ..Default::default() }
}
