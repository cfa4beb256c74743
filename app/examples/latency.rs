//! How long a hand waits: each move of a brush of radius 100 pixels, and each prompt until something is proposed for it. A
//! frame is one of the whole window, drawn and read back, on whatever adapter there is.
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
use limner_imaging::{Geometry, Samples, Volume, Voxel, World, formats};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const MOVES: usize = 120;
const RADIUS_PX: f64 = 100.0;
/// What prompts are about.
const BALL_MM: f64 = 60.0;
const PROMPTS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "picture\tmedian_ms\tp95_ms\tcommit_ms\tpreview_median_ms\tpreview_p95_ms")?;
    for (name, size) in [("1024x1024", [1024, 1024, 1]), ("512x512x500", [512, 512, 500])] {
        let folder = std::env::temp_dir().join(format!("limner-latency-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("picture.nii");
        formats::write(&picture(size)?, &path)?;
        let times = stroke(&folder, &path);
        std::fs::remove_dir_all(&folder)?;
        let Times { moves, commit, previews } = times?;
        let row = [at(&moves, 0.5), at(&moves, 0.95), milliseconds(commit), at(&previews, 0.5), at(&previews, 0.95)];
        writeln!(out, "{name}\t{}", row.map(|ms| format!("{ms:.1}")).join("\t"))?;
    }
    Ok(())
}

struct Times {
    moves: Vec<Duration>,
    commit: Duration,
    previews: Vec<Duration>,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The time that so great a share of them did not exceed.
fn at(times: &[Duration], share: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    milliseconds(times[((times.len() - 1) as f64 * share) as usize])
}

fn picture(size: [usize; 3]) -> anyhow::Result<Volume> {
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3])?;
    let centre = geometry.centre().0;
    let ball = |n: usize| {
        let at = [n % size[0], n / size[0] % size[1], n / size[0] / size[1]];
        geometry.world(Voxel::centre(at)).0.distance(centre) < BALL_MM
    };
    let noise = |n: usize| ((n * 7 + n / 512 * 13) % 300) as i16;
    let samples = (0..geometry.voxel_count()).map(|n| noise(n) + if ball(n) { 600 } else { 0 }).collect();
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
    let commit = start.elapsed();
    let previews = (0..PROMPTS).map(|n| preview(&mut window, middle + vec2(n as f32 - 10.0, 5.0)));
    Ok(Times { moves, commit, previews: previews.collect::<anyhow::Result<_>>()? })
}

/// From pressing the button to the frame that shows what it would come to, with the window's own engine and its preview.
fn preview(window: &mut Harness<'_, App>, at: Pos2) -> anyhow::Result<Duration> {
    let point = ToolId::named("point").ok_or_else(|| anyhow::anyhow!("there is no point"))?;
    window.state_mut().act(Action::Tool(Tool::Use(point)));
    window.hover_at(at);
    window.step();
    let start = Instant::now();
    window.drag_at(at);
    frame(window)?;
    window.drop_at(at);
    while window.state().assist.proposal().is_none() {
        frame(window)?;
        anyhow::ensure!(start.elapsed() < PATIENCE, "nothing was proposed");
    }
    frame(window)?;
    let took = start.elapsed();
    while !window.state().is_safe_to_quit() || !window.state().jobs.running().is_empty() {
        window.step();
    }
    window.state_mut().act(Action::Reject);
    window.step();
    Ok(took)
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
