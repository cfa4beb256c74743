//! Starts the native window on eframe, with a device that has what our renderer needs.

use crate::app::{App, Start};
use crate::paths::Paths;
use eframe::egui::ViewportBuilder;
use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetupCreateNew};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

pub fn run(start: Start) -> ExitCode {
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Limner")
            .with_app_id("limner")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([720.0, 480.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: wgpu_options(),
        ..Default::default()
    };
    let made =
        eframe::run_native("limner", options, Box::new(|cc| Ok(Box::new(App::new(cc, Paths::of_user(), start)?))));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let advice =
                "Without a display use the commands instead (limner --help); limner doctor says what is missing.";
            let _ = writeln!(std::io::stderr(), "limner: the window could not be opened: {error}\n{advice}");
            ExitCode::from(1)
        }
    }
}

/// eframe's own device asks for too little: 3D textures as large as the adapter has, and exact 16-bit values.
pub fn wgpu_options() -> WgpuConfiguration {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(limner_render::device_descriptor);
    WgpuConfiguration { wgpu_setup: setup.into(), ..Default::default() }
}
