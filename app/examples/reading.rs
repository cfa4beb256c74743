//! How long a reader waits: from an input to the frame that shows it, with four linked views of one CT-like volume of
//! 512 × 512 × 300 voxels, drawn and read back on whatever adapter there is. Then how often a window in which nothing
//! moves draws itself.
//!
//!     cargo run --release --locked -p limner --example reading [slices]

use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use limner::action::{Action, Tool};
use limner::app::{App, Start};
use limner::paths::Paths;
use limner::view_state::Arrangement;
use limner::window::renderer_options;
use limner_imaging::{Geometry, Samples, Volume, World, formats};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const STEPS: usize = 100;

fn main() -> anyhow::Result<()> {
    let slices = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(300);
    let folder = std::env::temp_dir().join(format!("limner-reading-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("picture.nii");
    formats::write(&picture([512, 512, slices])?, &path)?;
    let outcome = session(&folder, &path);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

/// Ellipses of soft tissue and bone in air, with noise, so that no slice is like the next.
fn picture(size: [usize; 3]) -> anyhow::Result<Volume> {
    let geometry = Geometry::axis_aligned(size, World::default(), [0.8, 0.8, 1.0])?;
    let [w, h, d] = size;
    let value = |n: usize| {
        let (i, j, k) = (n % w, n / w % h, n / (w * h));
        let (x, y) = (i as f64 / w as f64 - 0.5, j as f64 / h as f64 - 0.5);
        let body = 0.18 + 0.04 * (k as f64 / d as f64 * 6.0).sin();
        let noise = (n.wrapping_mul(2_654_435_761) >> 16 & 63) as f64 - 32.0;
        let inside = x * x / 0.2 + y * y / 0.12 < body * 4.0;
        let bone = x * x + (y - 0.15) * (y - 0.15) < 0.003;
        (if bone {
            700.0
        } else if inside {
            40.0
        } else {
            -1000.0
        } + noise) as i16
    };
    Ok(Volume::new(geometry, Samples::I16((0..geometry.voxel_count()).map(value).collect()), 1)?)
}

fn session(home: &Path, path: &Path) -> anyhow::Result<()> {
    let (paths, start) = (Paths::under(home), Start::Path(path.into()));
    let builder = Harness::builder().with_size([1600.0, 1000.0]).with_max_steps(64);
    let builder = builder.with_render_options(renderer_options()).wgpu();
    let mut window = builder.build_eframe(move |cc| App::new(cc, paths, start).expect("the application starts"));
    while window.state().workspace.open().is_none() || !window.state().jobs.running().is_empty() {
        window.step();
    }
    window.state_mut().act(Action::Arrange(Arrangement::grid(2, 2)));
    let views = window.state().workspace.stage.visible();
    let first = window.state().workspace.stage.active().clone();
    for id in &views[1..] {
        window.state_mut().workspace.stage.put(*id, first.clone());
    }
    settle(&mut window)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "input\tmedian_ms\tp95_ms")?;
    let at = window.get_by_label("Axial view").rect().center();
    window.hover_at(at);
    settle(&mut window)?;
    let scroll = measure(&mut window, |window, n| {
        let delta = vec2(0.0, if n % 80 < 40 { -1.0 } else { 1.0 });
        let (unit, phase) = (MouseWheelUnit::Line, TouchPhase::Move);
        let (source, modifiers) = (MouseWheelSource::Wheel, Modifiers::NONE);
        window.event(Event::MouseWheel { unit, delta, phase, source, modifiers });
    })?;
    report(&mut out, "scroll", scroll)?;
    for (name, tool) in [("window drag", Tool::Window), ("crosshair", Tool::Crosshair)] {
        window.state_mut().act(Action::Tool(tool));
        window.hover_at(at);
        window.step();
        window.drag_at(at);
        window.step();
        let times = measure(&mut window, |window, n| {
            let angle = n as f32 * 0.2;
            window.hover_at(at + vec2(angle.cos(), angle.sin()) * 60.0);
        })?;
        window.drop_at(at);
        settle(&mut window)?;
        report(&mut out, name, times)?;
    }
    // Nothing moves: a window that asks for no repaint is drawn no more.
    settle(&mut window)?;
    std::thread::sleep(Duration::from_secs(6));
    settle(&mut window)?;
    writeln!(out, "asks to be drawn again while nothing moves\t{}", window.ctx.has_requested_repaint())?;
    Ok(())
}

/// Each input to the picture on the screen: the frame and its pixels.
fn measure(
    window: &mut Harness<'_, App>,
    mut input: impl FnMut(&mut Harness<'_, App>, usize),
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(STEPS);
    for n in 0..STEPS {
        let start = Instant::now();
        input(window, n);
        frame(window)?;
        times.push(start.elapsed());
    }
    Ok(times)
}

fn report(out: &mut impl std::io::Write, name: &str, mut times: Vec<Duration>) -> anyhow::Result<()> {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    writeln!(out, "{name}\t{:.1}\t{:.1}", at(0.5), at(0.95))?;
    Ok(())
}

fn settle(window: &mut Harness<'_, App>) -> anyhow::Result<()> {
    for _ in 0..12 {
        window.step();
    }
    frame(window)
}

fn frame(window: &mut Harness<'_, App>) -> anyhow::Result<()> {
    window.step();
    window.render().map(drop).map_err(|error| anyhow::anyhow!(error))
}
