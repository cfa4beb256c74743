//! Segments an object in a volume of 2000 x 2000 x 3000 and says what memory that took beside the picture. Fails where
//! it is more than what a few patches need: nothing may be kept for the whole picture.
//!
//! The picture is made as it is looked at: its pages are empty until something is drawn into them, so it fits into a
//! machine that could not hold it. Linux only, since it asks the system what is in memory.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::{Geometry, Samples, Task, Volume, VoxelBox, World};
use limner_segmentation::{Prompt, Session, models};
use std::error::Error;
use std::sync::Arc;

const SIZE: [usize; 3] = [2000, 2000, 3000];
const CENTRE: [usize; 3] = [1400, 700, 2100];
const RADIUS: usize = 30;

/// Beside the picture: patches, tensors, masks.
const MOST_BYTES: usize = 1 << 30;

/// What of this process is in memory now, and at most so far.
fn resident_bytes() -> Result<[usize; 2], Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim_end_matches("kB").trim().parse::<usize>().ok()).ok_or("no such field")
    };
    Ok([field("VmRSS:")? << 10, field("VmHWM:")? << 10])
}

fn picture() -> Result<Volume, Box<dyn Error>> {
    let geometry = Geometry::axis_aligned(SIZE, World::default(), [0.02; 3])?;
    let mut samples = vec![0_u8; geometry.voxel_count()];
    let around = VoxelBox::new(CENTRE.map(|n| n - 2 * RADIUS), CENTRE.map(|n| n + 2 * RADIUS));
    for k in around.min[2]..around.max[2] {
        for j in around.min[1]..around.max[1] {
            for i in around.min[0]..around.max[0] {
                let off = [i, j, k].iter().zip(CENTRE).map(|(&a, b)| a.abs_diff(b).pow(2)).sum::<usize>();
                let noise = (i * 7 + j * 13 + k * 29) % 11;
                let value = if off <= RADIUS * RADIUS { 150 } else { 40 };
                samples[geometry.linear_index([i, j, k])] = (value + noise) as u8;
            }
        }
    }
    Ok(Volume::new(geometry, Samples::U8(samples), 1)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let volume = Arc::new(picture()?);
    let [before, _] = resident_bytes()?;
    println!(
        "the picture has {} MB, of which {} MB are in memory",
        volume.samples().len() / 1_000_000,
        before / 1_000_000
    );
    for model in ["classical", models::EMBEDDED] {
        let mut session = Session::new(Arc::clone(&volume), models::open(model)?);
        let start = std::time::Instant::now();
        session.add(Prompt::point(CENTRE, true), &Task::default())?;
        let first = start.elapsed().as_secs_f64();
        let second =
            session.add(Prompt::point([CENTRE[0] + RADIUS + 9, CENTRE[1], CENTRE[2]], false), &Task::default())?;
        let (voxels, seconds) = (second.mask.count(), second.seconds);
        session.undo().ok_or("there was no step to take back")?;
        let [_, most] = resident_bytes()?;
        let ball = 4.19 * (RADIUS as f64).powi(3);
        println!(
            "{model}: first answer in {first:.2} s, second in {seconds:.2} s, {voxels} voxels of about {ball:.0}; \
             {} MB beside the picture at most",
            most.saturating_sub(before) / 1_000_000
        );
        if most.saturating_sub(before) > MOST_BYTES {
            return Err("memory grows with the picture".into());
        }
        if (voxels as f64 / ball - 1.0).abs() > 0.3 {
            return Err("the object was not found".into());
        }
    }
    Ok(())
}
