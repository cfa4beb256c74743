//! Times a network of a folder on this machine: `network_speed FOLDER SLICES ROWS COLUMNS REPEATS THREADS`. One line of
//! JSON on stdout: seconds of each run, what the weights and the work take, and the peak this machine reached.
//!
//! `segmentation/bench/network_peers.py` makes the folder, runs this in turns with PyTorch and others, and compares.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod speed;

use limner_imaging::Task;
use limner_segmentation::network::{Isa, Network, peak_flops};
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
    let (plan, weights) = speed::opened(Path::new(folder))?;
    let network = Network::new(plan, &weights)?;
    let size = [slices, rows, columns];
    let input = speed::input(size);
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
