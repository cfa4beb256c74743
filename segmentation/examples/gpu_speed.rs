//! Times a network of a folder on the graphics adapter: `gpu_speed FOLDER SLICES ROWS COLUMNS REPEATS single|half`. One
//! line of JSON on stdout: the adapter, seconds of the first run (which makes the pipelines) and of each later one, what
//! the weights and the work take, and the longest submission, which is how long a window may have to wait.
//!
//! `segmentation/bench/gpu_peers.py` makes the folder, runs this beside PyTorch, and compares.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod speed;

use limner_imaging::Task;
use limner_segmentation::gpu::{GpuDevice, GpuNetwork};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, numbers @ .., width] = &arguments[..] else { return Err("which folder, and single or half?".into()) };
    let numbers: Vec<usize> = numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
    let &[slices, rows, columns, repeats] = &numbers[..] else {
        return Err("which slices, rows, columns and repeats?".into());
    };
    let (plan, weights) = speed::opened(Path::new(folder))?;
    let network = GpuNetwork::new(GpuDevice::own()?, plan, &weights, width == "half")?;
    let size = [slices, rows, columns];
    let input = speed::input(size);
    let task = Task::default();
    let once = || -> Result<f64, Box<dyn std::error::Error>> {
        let start = Instant::now();
        network.shares(&input, size, &task)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let first = once()?;
    once()?;
    network.device().pace.lock().forget_longest();
    let seconds = (0..repeats).map(|_| once()).collect::<Result<Vec<_>, _>>()?;
    println!(
        "{}",
        serde_json::json!({
            "adapter": network.device().name(),
            "half": network.is_half(),
            "first_seconds": first,
            "seconds": seconds,
            "weight_bytes": network.weight_bytes(),
            "working_bytes": network.working_bytes(),
            "longest_submission_ms": network.device().pace.lock().longest().as_secs_f64() * 1e3,
        })
    );
    Ok(())
}
