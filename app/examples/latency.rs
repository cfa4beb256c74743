//! How long a brush keeps the hand waiting: each move of a stroke is a frame of the whole window, drawn and read back, on
//! whatever adapter there is. Prints the 95th percentile over a stroke of radius 100 pixels.
//!
//!     cargo run --release -p limner --example latency

use eframe::egui::{Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use limner::action::{Action, Tool};
use limner::app::{App, Start};
use limner::paths::Paths;
use limner::window::renderer_options;
use limner_annotation::tools::ToolId;
use limner_imaging::{Geometry, Samples, Volume, World, formats};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const MOVES: usize = 120;
const RADIUS_PX: f64 = 100.0;

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "picture\tmedian_ms\tp95_ms\tcommit_ms")?;
    for (name, size) in [("1024x1024", [1024, 1024, 1]), ("512x512x500", [512, 512, 500])] {
        let folder = std::env::temp_dir().join(format!("limner-latency-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("picture.nii");
        formats::write(&picture(size)?, &path)?;
        let times = stroke(&folder, &path);
        std::fs::remove_dir_all(&folder)?;
        let Times { mut moves, commit } = times?;
        moves.sort_unstable();
        let at = |share: f64| moves[((moves.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        writeln!(out, "{name}\t{:.1}\t{:.1}\t{:.1}", at(0.5), at(0.95), commit.as_secs_f64() * 1000.0)?;
    }
    Ok(())
}

struct Times {
    moves: Vec<Duration>,
    commit: Duration,
}

fn picture(size: [usize; 3]) -> anyhow::Result<Volume> {
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3])?;
    let samples = (0..geometry.voxel_count()).map(|n| ((n * 7 + n / 512 * 13) % 900) as i16).collect();
    Ok(Volume::new(geometry, Samples::I16(samples), 1)?)
}

fn stroke(home: &Path, path: &Path) -> anyhow::Result<Times> {
    let (paths, start) = (Paths::under(home), Start::Path(path.into()));
    let builder = Harness::builder().with_size([1600.0, 1000.0]).with_max_steps(64);
    let builder = builder.with_render_options(renderer_options()).wgpu();
    let mut window = builder.build_eframe(move |cc| App::new(cc, paths, start).expect("the application starts"));
    while window.state().workspace.open().is_none() {
        window.step();
    }
    let brush = ToolId::named("brush").ok_or_else(|| anyhow::anyhow!("there is no brush"))?;
    window.state_mut().act(Action::Tool(Tool::Use(brush)));
    window.state_mut().hand.settings.radius_mm = RADIUS_PX;
    window.step();
    let middle = window.get_by_label("Axial view").rect().center();
    let at = |n: usize| {
        let angle = n as f32 * 0.13;
        middle + vec2(angle.cos(), angle.sin()) * (20.0 + n as f32)
    };
    press(&mut window, at(0));
    let mut moves = Vec::with_capacity(MOVES);
    for n in 1..=MOVES {
        let start = Instant::now();
        window.hover_at(at(n));
        frame(&mut window)?;
        moves.push(start.elapsed());
    }
    let start = Instant::now();
    window.drop_at(at(MOVES));
    frame(&mut window)?;
    Ok(Times { moves, commit: start.elapsed() })
}

fn press(window: &mut Harness<'_, App>, at: Pos2) {
    window.hover_at(at);
    window.step();
    window.drag_at(at);
    window.step();
}

/// Everything between an input and a picture on the screen.
fn frame(window: &mut Harness<'_, App>) -> anyhow::Result<()> {
    window.step();
    window.render().map(drop).map_err(|error| anyhow::anyhow!(error))
}
