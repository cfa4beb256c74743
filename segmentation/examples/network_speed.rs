//! Times a network of a folder on this machine: `network_speed FOLDER SLICES ROWS COLUMNS REPEATS THREADS`. One line of
//! JSON on stdout: seconds of each run, what the weights and the work take, and the peak this machine reached.
//!
//! `segmentation/bench/network_peers.py` makes the folder, runs this in turns with PyTorch and others, and compares.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::Task;
use limner_segmentation::network::{Isa, Network, Plan, Weights, peak_flops};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, numbers @ ..] = &arguments[..] else { return Err("which folder?".into()) };
    let numbers: Vec<usize> = numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
    let &[slices, rows, columns, repeats, threads] = &numbers[..] else {
        return Err("which slices, rows, columns, repeats and threads?".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let folder = Path::new(folder);
    let path = folder.join("plans.json");
    let plan = Plan::parse(&std::fs::read_to_string(&path)?, &path, None, 8, 2)?;
    let weights = Weights::read(&folder.join("weights.safetensors"))?;
    let network = Network::new(plan, &weights)?;
    let size = [slices, rows, columns];
    let mut state = 1_u32;
    let input: Vec<f32> = (0..8 * size.iter().product::<usize>())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect();
    let task = Task::default();
    network.run(&input, size, &task)?;
    let mut seconds = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let start = Instant::now();
        network.run(&input, size, &task)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    println!(
        "{}",
        serde_json::json!({
            "seconds": seconds,
            "isa": format!("{:?}", Isa::best()),
            "weight_bytes": network.weight_bytes(),
            "working_bytes": network.working_bytes(),
            "peak_flops": peak_flops(threads),
        })
    );
    Ok(())
}
