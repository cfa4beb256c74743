//! `limner convert`: any picture in, any writable format out.

use super::progress::task;
use super::{note, usage};
use anyhow::bail;
use limner_imaging::{Series, Task, Volume, Window, formats, straighten};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner convert scans/ct_series out.nii.gz --series 0")]
pub struct Args {
    /// A file or folder
    input: PathBuf,
    /// The file to write; its ending names the format. Several slices become several PNGs, or the pages of one TIFF
    output: PathBuf,
    /// Which series, counted from 0, where several are found
    #[arg(long)]
    series: Option<usize>,
    /// Only this frame or slice, counted from 0
    #[arg(long)]
    frame: Option<usize>,
    /// This time of a 4D series, counted from 0
    #[arg(long, conflicts_with = "frame")]
    time: Option<usize>,
    /// Resample slices taken with a tilted gantry so that they lie straight above one another
    #[arg(long)]
    straighten: bool,
    /// PET values as standardised uptake by body weight (g/ml)
    #[arg(long)]
    suv: bool,
    /// Grey from 0 to 255 through this window: WIDTH,LEVEL or a preset
    #[arg(long)]
    window: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let task = task();
    let window = match args.window.as_deref() {
        None => None,
        Some(text) => Some(Window::parse(text).ok_or_else(|| usage(format!("{text:?} is no window")))?),
    };
    let series = find_one(&args.input, args.series, &task)?;
    let mut volume = read(&series, args, &task)?;
    for warning in &volume.warnings {
        note(format!("limner: warning: {}", warning.text));
    }
    if args.straighten {
        volume = straighten::straighten(&volume, series.kind == limner_imaging::Kind::Segmentation, &task)?;
    }
    if args.suv {
        let Some(in_suv) = volume.in_suv() else {
            bail!("{} does not say enough for standardised uptake", args.input.display());
        };
        volume = in_suv;
    }
    if let Some(window) = window {
        volume = volume.windowed(window)?;
    }
    formats::write_with(&volume, &args.output, &task)?;
    Ok(ExitCode::SUCCESS)
}

fn read(series: &Series, args: &Args, task: &Task) -> anyhow::Result<Volume> {
    if let Some(time) = args.time {
        if time >= series.frames {
            bail!("time {time} was asked for, but the series has {}, counted from 0", series.frames);
        }
        return Ok(series.load_time(time, task)?);
    }
    let Some(frame) = args.frame else { return Ok(series.load(task)?) };
    let count = series.size[2];
    if frame >= count {
        bail!("frame {frame} was asked for, but there are {count}, counted from 0");
    }
    Ok(series.open()?.picture(frame, task)?)
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
