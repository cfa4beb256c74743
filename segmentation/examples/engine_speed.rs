//! Times what a hand waits for: the classical preview on a volume of 128 x 128 x 128, prompt after prompt, and the first
//! answer of the model that comes with the program. `engine_speed [REPEATS] [cpu|gpu|auto]`; medians in milliseconds on
//! stdout.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::{Geometry, Samples, Task, Volume, Voxel, VoxelBox, World};
use limner_segmentation::gpu::{self, Wish};
use limner_segmentation::{Engine, Prompt, Session, Shape, models};
use std::error::Error;
use std::sync::Arc;

/// A warped ball in a bed of other values and noise.
fn picture(side: usize) -> Result<Volume, Box<dyn Error>> {
    let geometry = Geometry::axis_aligned([side; 3], World::default(), [1.0; 3])?;
    let (centre, mut state) = (side as f64 / 2.0, 1_u32);
    let value = |n: usize| {
        let [x, y, z] = [n % side, n / side % side, n / side / side].map(|i| i as f64 - centre);
        let radius = side as f64 / 4.0 * (1.0 + 0.2 * (x / 9.0).sin() * (y / 7.0).cos());
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(state >> 16) / 32_768.0 - 1.0;
        let inside = x * x + y * y + z * z <= radius * radius;
        (if inside { 120.0 } else { 40.0 } + y / 3.0 + 14.0 * noise) as i16
    };
    Ok(Volume::new(geometry, Samples::I16((0..side * side * side).map(value).collect()), 1)?)
}

fn prompts(side: usize) -> Vec<(&'static str, Prompt)> {
    let [near, middle, far] = [side * 2 / 5, side / 2, side * 19 / 20];
    let at = |i: usize, j: usize| Voxel::new(i as f64, j as f64, middle as f64);
    let flat = VoxelBox::new([side / 5, side / 5, middle], [side * 4 / 5, side * 4 / 5, middle + 1]);
    vec![
        ("point", Prompt::point([middle; 3], true)),
        ("point against", Prompt::point([far, middle, middle], false)),
        ("scribble", Prompt::positive(Shape::Scribble { axis: 2, points: vec![at(near, near), at(middle, middle)] })),
        ("box", Prompt::positive(Shape::Box { bounds: flat })),
    ]
}

/// Milliseconds of each prompt of a session, in turn.
fn session(volume: &Arc<Volume>, engine: &Arc<dyn Engine>) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut session = Session::new(Arc::clone(volume), Arc::clone(engine));
    let mut times = Vec::new();
    for (_, prompt) in prompts(volume.size()[0]) {
        let start = std::time::Instant::now();
        session.add(prompt, &Task::default())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

fn main() -> Result<(), Box<dyn Error>> {
    let repeats = std::env::args().nth(1).map_or(Ok(5), |n| n.parse())?;
    let device = std::env::args().nth(2).unwrap_or_else(|| "cpu".into());
    gpu::prefer(Wish::parse(&device).ok_or("which device: cpu, gpu or auto?")?);
    for (model, side) in [("classical", 128), (models::EMBEDDED, 96)] {
        let volume = Arc::new(picture(side)?);
        let engine = models::open(model)?;
        println!("{model} on {}", engine.device());
        let all = (0..repeats).map(|_| session(&volume, &engine)).collect::<Result<Vec<_>, _>>()?;
        for (n, (kind, _)) in prompts(side).into_iter().enumerate() {
            let mut times: Vec<f64> = all.iter().map(|times| times[n]).collect();
            times.sort_by(f64::total_cmp);
            println!("{model:<10} {side}^3 {kind:<14} {:>7.1} ms", times[times.len() / 2]);
        }
    }
    Ok(())
}
