//! `limner convert`: any picture in, any writable format out.

use super::note;
use anyhow::{Context as _, bail};
use limner_imaging::{Geometry, Series, Task, Volume, formats};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner convert scans/ct_series out.nii.gz --series 0")]
pub struct Args {
    /// A file or folder
    input: PathBuf,
    /// The file to write; its ending names the format
    output: PathBuf,
    /// Which series, counted from 0, where several are found
    #[arg(long)]
    series: Option<usize>,
    /// Only this frame or slice, counted from 0
    #[arg(long)]
    frame: Option<usize>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let task = Task::default();
    let mut volume = load_one(&args.input, args.series, &task)?;
    for warning in &volume.warnings {
        note(format!("limner: warning: {}", warning.text));
    }
    if let Some(frame) = args.frame {
        volume = slice(&volume, frame)?;
    }
    formats::write(&volume, &args.output)?;
    Ok(ExitCode::SUCCESS)
}

/// The one series under a path, or the one whose number is given.
pub fn load_one(path: &std::path::Path, number: Option<usize>, task: &Task) -> anyhow::Result<Volume> {
    Ok(find_one(path, number, task)?.load(task)?)
}

pub fn find_one(path: &std::path::Path, number: Option<usize>, task: &Task) -> anyhow::Result<Series> {
    let mut found = formats::scan(path, task)?;
    let count = found.series.len();
    match (number, count) {
        (_, 0) => match found.failed.pop() {
            Some(failure) => Err(failure.error.into()),
            None => bail!("no picture was found under {}", path.display()),
        },
        (Some(n), _) if n < count => Ok(found.series.swap_remove(n)),
        (Some(n), _) => bail!("series {n} was asked for, but {} holds {count}, counted from 0", path.display()),
        (None, 1) => Ok(found.series.swap_remove(0)),
        (None, _) => {
            bail!("{} holds {count} series; name one with --series N (limner info lists them)", path.display())
        }
    }
}

fn slice(volume: &Volume, frame: usize) -> anyhow::Result<Volume> {
    let [columns, rows, slices] = volume.size();
    if frame >= slices {
        bail!("frame {frame} was asked for, but there are {slices}, counted from 0");
    }
    let mut affine = volume.geometry.world_from_voxel();
    affine.translation = volume.geometry.world(limner_imaging::Voxel::centre([0, 0, frame])).0;
    let geometry = Geometry::new([columns, rows, 1], affine)?;
    let length = columns * rows * volume.channels();
    let samples =
        volume.samples().slice(frame * length..(frame + 1) * length).context("the slice lies outside the samples")?;
    let mut one = Volume::new(geometry, samples, volume.channels())?;
    one.value_map = volume.value_map.clone();
    one.windows.clone_from(&volume.windows);
    one.inverted = volume.inverted;
    one.spacing_known = volume.spacing_known;
    one.modality.clone_from(&volume.modality);
    Ok(one)
}
