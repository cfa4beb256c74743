//! Dice, NSD and HD95 of twenty labels beside NumPy and surface-distance, on the same files in one run:
//! `review_bench PYTHON SCRIPT` with the Python of tests/judges/prepare.sh and tests/judges/bench_review.py.

use limner_annotation::metrics::{LabelPair, Labels, MaskScores};
use limner_imaging::{Geometry, Samples, Task, Volume, World, formats};
use std::path::Path;
use std::time::Instant;

const SIZE: [usize; 3] = [512, 512, 200];
const LABELS: usize = 20;
const TOLERANCE_MM: f64 = 2.0;

/// Ellipsoids in a lattice, `shift` voxels along columns.
fn organs(shift: usize) -> Vec<u8> {
    let mut voxels = vec![0; SIZE.iter().product()];
    for label in 0..LABELS {
        let middle = [60 + label % 5 * 98 + shift, 70 + label / 5 * 124, 100];
        let radius = [40.0, 50.0, 80.0];
        for k in 20..180 {
            for j in middle[1] - 50..middle[1] + 50 {
                for i in middle[0] - 40..(middle[0] + 40).min(SIZE[0]) {
                    let far = [i, j, k].into_iter().zip(middle).zip(radius);
                    if far.map(|((x, m), r)| (x.abs_diff(m) as f64 / r).powi(2)).sum::<f64>() < 1.0 {
                        voxels[(k * SIZE[1] + j) * SIZE[0] + i] = label as u8 + 1;
                    }
                }
            }
        }
    }
    voxels
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(python), Some(script)) = (arguments.next(), arguments.next()) else {
        return Err("name the Python and the script".into());
    };
    let folder = std::env::temp_dir().join(format!("review_bench_{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = run(&folder, &python, &script);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn run(folder: &Path, python: &str, script: &str) -> Result<(), Box<dyn std::error::Error>> {
    let geometry = Geometry::axis_aligned(SIZE, World::default(), [0.8, 0.8, 2.5])?;
    let files = [folder.join("a.nii"), folder.join("b.nii")];
    for (file, shift) in files.iter().zip([0, 3]) {
        formats::write(&Volume::new(geometry, Samples::U8(organs(shift)), 1)?, file)?;
    }
    let start = Instant::now();
    let read = |file: &Path| Labels::of(formats::open_single(file, &Task::default())?);
    let (a, b) = (read(&files[0])?, read(&files[1])?);
    let reading = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let pair = LabelPair::new(&a, &b)?;
    let dice: f64 = pair.labels().values().map(|reach| reach.overlap.dice()).sum::<f64>() / LABELS as f64;
    let dice_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let (mut nsd, mut hd95) = (0.0, 0.0);
    for label in pair.labels().keys() {
        let (x, y) = pair.masks(*label);
        let scores = MaskScores::of(&x, &y, &geometry, TOLERANCE_MM);
        nsd += scores.nsd / LABELS as f64;
        hd95 += scores.hd95_mm.unwrap_or(0.0) / LABELS as f64;
    }
    let surfaces_s = start.elapsed().as_secs_f64();
    println!(
        "limner: read {reading:.3} s, Dice {dice_s:.3} s, NSD and HD95 {surfaces_s:.3} s ({dice:.6} {nsd:.6} {hd95:.4})"
    );
    let output = std::process::Command::new(python)
        .arg(script)
        .args(&files)
        .args([dice_s.to_string(), surfaces_s.to_string(), TOLERANCE_MM.to_string()])
        .output()?;
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(())
}
