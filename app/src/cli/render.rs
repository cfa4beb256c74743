//! `limner render`: a view into a PNG, through the same scene the window draws.

use super::convert::load_one;
use super::progress::task;
use super::usage;
use crate::curve::stored_window;
use crate::picture::{self, Labels, Look, Other, Room, Studio};
use crate::view_state::{Cut, SolidView};
use anyhow::{Context as _, bail};
use limner_imaging::reslice::{Projection, Raster, Slab};
use limner_imaging::{Plane, Side, Task, View, Volume, Window, World, formats};
use limner_render::{MapPreset, SecondMode, SolidPreset};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
#[command(
    after_help = "Example: limner render ct.nii.gz --view axial --window 400,40 --mask liver.nii.gz --size 768x768 -o ct.png"
)]
pub struct Args {
    /// A file or folder
    input: PathBuf,
    /// axial, coronal, sagittal, oblique or 3d
    #[arg(long, default_value = "axial")]
    view: String,
    /// Through this point, LPS millimetres: X,Y,Z (default: the middle)
    #[arg(long, allow_hyphen_values = true)]
    at: Option<String>,
    /// The direction across an oblique plane, LPS: X,Y,Z
    #[arg(long, allow_hyphen_values = true)]
    normal: Option<String>,
    /// WIDTH,LEVEL or a preset: soft, lung, liver, bone, brain
    #[arg(long, allow_hyphen_values = true)]
    window: Option<String>,
    /// A label map of the same patient space, drawn over the image
    #[arg(long)]
    mask: Option<PathBuf>,
    /// A thick slice: MM, or MM,max or MM,min or MM,mean (the maximum where nothing is said)
    #[arg(long)]
    slab: Option<String>,
    /// How 3D is shown: ct-bone, ct-soft, ct-lung, ct-vessels, mr, mip, minip or mean
    #[arg(long)]
    preset: Option<String>,
    /// In 3D, what to cut away: the superior, inferior, anterior, posterior, right or left side of --at
    #[arg(long)]
    cut: Option<String>,
    /// In 3D, how far to turn from the patient's front: degrees to the right and down
    #[arg(long, allow_hyphen_values = true, value_name = "RIGHT,DOWN")]
    turn: Option<String>,
    /// A second volume that shines through in colour, where it lies in the patient: PET on CT
    #[arg(long, conflicts_with = "compare")]
    fusion: Option<PathBuf>,
    /// checkerboard, swipe, blend or difference, and the volume to compare with
    #[arg(long, num_args = 2, value_names = ["MODE", "FILE"])]
    compare: Option<Vec<String>>,
    /// Which series, counted from 0, where several are found
    #[arg(long)]
    series: Option<usize>,
    /// Pixels, WIDTHxHEIGHT
    #[arg(long, default_value = "768x768")]
    size: String,
    /// The PNG to write
    #[arg(short, long)]
    output: PathBuf,
}

/// Larger pictures than this are a slip of the keyboard, and no adapter's texture.
const MOST_PIXELS: usize = 16384;

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let task = task();
    let volume = load_one(&args.input, args.series, &task)?;
    let window = match &args.window {
        Some(text) => {
            Window::parse(text).ok_or_else(|| usage(format!("{text:?} is no window; write WIDTH,LEVEL or a preset")))?
        }
        None => stored_window(&volume),
    };
    let look = Look {
        window,
        size: parse_size(&args.size)?,
        slab: args.slab.as_deref().map(parse_slab).transpose()?,
        solid: args.solid()?,
        turn_degrees: args.turn.as_deref().map_or(Ok([0.0; 2]), parse_turn)?,
        ..Look::default()
    };
    args.refuse_what_does_not_apply()?;
    let look = Look { at: args.through(&volume)?, ..look };
    let labels = args.mask.as_deref().map(|path| labels_of(path, &volume, &task)).transpose()?;
    let png = match args.view.as_str() {
        "3d" => picture::draw_solid(&volume, &look, labels.as_ref())?,
        _ => draw_plane(args, &volume, &look, labels.as_ref(), &task)?,
    };
    png.save(&args.output).with_context(|| format!("could not write {}", args.output.display()))?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// An option the view cannot follow is a mistake, not a detail to pass over.
    fn refuse_what_does_not_apply(&self) -> anyhow::Result<()> {
        let is_solid = self.view == "3d";
        let of_slices = [
            ("--at", self.at.is_some() && self.cut.is_none()),
            ("--slab", self.slab.is_some()),
            ("--fusion", self.fusion.is_some()),
            ("--compare", self.compare.is_some()),
        ];
        let of_solids =
            [("--preset", self.preset.is_some()), ("--turn", self.turn.is_some()), ("--cut", self.cut.is_some())];
        let (options, shown) = if is_solid { (&of_slices[..], "slices, not 3D") } else { (&of_solids[..], "3D only") };
        if let Some((option, _)) = options.iter().find(|(_, is_given)| *is_given) {
            return Err(usage(format!("{option} is for {shown}")));
        }
        if self.normal.is_some() && self.view != "oblique" {
            return Err(usage("--normal goes with --view oblique"));
        }
        Ok(())
    }

    /// The point asked for, or the middle.
    fn through(&self, volume: &Volume) -> anyhow::Result<World> {
        let geometry = &volume.geometry;
        let Some(text) = &self.at else { return Ok(geometry.centre()) };
        let through = World(parse_triple(text, "--at")?);
        if geometry.voxel(through).index_in(geometry.size()).is_none() {
            bail!(
                "the point of --at lies outside the picture; its middle is at {:.1?}",
                geometry.centre().0.to_array()
            );
        }
        Ok(through)
    }

    fn solid(&self) -> anyhow::Result<SolidView> {
        let preset = self.preset.as_deref().map(parse_preset).transpose()?;
        Ok(SolidView { preset: preset.map(|preset| preset.name.to_owned()), cut: self.cut()?, ..SolidView::default() })
    }

    fn cut(&self) -> anyhow::Result<Cut> {
        let Some(name) = &self.cut else { return Ok(Cut::default()) };
        let side = Side::ALL.into_iter().find(|side| side.name() == name);
        let names = || Side::ALL.map(Side::name).join(", ");
        let side = side.ok_or_else(|| usage(format!("{name:?} is no side; choose one of {}", names())))?;
        Ok(Cut { side: Some(side), ..Cut::default() })
    }
}

fn draw_plane(
    args: &Args,
    volume: &Volume,
    look: &Look,
    labels: Option<&Labels>,
    task: &Task,
) -> anyhow::Result<image::RgbaImage> {
    let (path, mode, colours) = match (&args.fusion, args.compare.as_deref()) {
        (Some(path), _) => {
            let mode = SecondMode::Fusion { opacity: 0.6, hides_low: true };
            (Some(path.clone()), mode, MapPreset::named("hot"))
        }
        (None, Some([mode, file])) => (Some(PathBuf::from(file)), mode_of(mode, look)?, None),
        _ => (None, SecondMode::Blend { share: 0.0 }, None),
    };
    let second = path.map(|path| load_one(&path, None, task)).transpose()?;
    let other = second.map(|volume| Other { volume: Arc::new(volume), mode, colours });
    let raster = Raster::fitted(&plane_of(args, volume)?, volume, look.size);
    Studio::in_room(&Room::new()?, volume)?.draw(&raster, look, labels, other.as_ref())
}

fn mode_of(name: &str, look: &Look) -> anyhow::Result<SecondMode> {
    let width = look.size[0] as f32;
    Ok(match name {
        "checkerboard" => SecondMode::Checkerboard { square_px: width / 8.0 },
        "swipe" => SecondMode::SwipeRight { from_px: width / 2.0 },
        "blend" => SecondMode::Blend { share: 0.5 },
        "difference" => SecondMode::Difference { range: look.window.width / 2.0 },
        "flicker" => {
            return Err(usage("flicker shows one after the other and needs the window; choose blend for one picture"));
        }
        other => {
            return Err(usage(format!(
                "{other:?} is no way to compare; choose checkerboard, swipe, blend or difference"
            )));
        }
    })
}

fn plane_of(args: &Args, volume: &Volume) -> anyhow::Result<Plane> {
    let geometry = &volume.geometry;
    let through = args.through(volume)?;
    let view = match args.view.as_str() {
        "axial" => View::Axial,
        "coronal" => View::Coronal,
        "sagittal" => View::Sagittal,
        "oblique" => {
            let normal = args.normal.as_deref().ok_or_else(|| usage("an oblique view needs --normal X,Y,Z"))?;
            let normal = parse_triple(normal, "--normal")?;
            return Plane::oblique(through, normal).ok_or_else(|| usage("--normal must not be 0,0,0"));
        }
        other => return Err(usage(format!("{other:?} is no view; choose axial, coronal, sagittal, oblique or 3d"))),
    };
    Ok(Plane::of_view(geometry, view, through))
}

fn labels_of(path: &std::path::Path, volume: &Volume, task: &Task) -> anyhow::Result<Labels> {
    let mask = formats::open_single(path, task)?;
    let middle = volume.geometry.voxel(mask.geometry.centre());
    if !mask.geometry.matches(&volume.geometry, 1e-3) && !reaches(&mask, volume) {
        bail!(
            "{} lies beside the image, not on it (its middle is at voxel {:.0?} of {:?})",
            path.display(),
            middle.0.to_array(),
            volume.size()
        );
    }
    Labels::from_volume(&mask)
}

/// Do two volumes share a part of the patient? Boxes around both decide.
fn reaches(one: &Volume, other: &Volume) -> bool {
    let around = |volume: &Volume| {
        let corners: Vec<_> = volume.geometry.corners().map(|corner| corner.0).collect();
        let low = corners.iter().copied().reduce(glam::DVec3::min).unwrap_or_default();
        (low, corners.into_iter().reduce(glam::DVec3::max).unwrap_or_default())
    };
    let ((low, high), (other_low, other_high)) = (around(one), around(other));
    low.cmple(other_high).all() && other_low.cmple(high).all()
}

fn parse_slab(text: &str) -> anyhow::Result<Slab> {
    let wrong = || usage(format!("--slab takes millimetres, perhaps with max, min or mean (20,mean), not {text:?}"));
    let (thickness, name) = text.split_once(',').unwrap_or((text, "max"));
    let thickness_mm: f64 = thickness.trim().parse().map_err(|_| wrong())?;
    let projection = match name.trim() {
        "max" => Projection::Maximum,
        "min" => Projection::Minimum,
        "mean" => Projection::Mean,
        _ => return Err(wrong()),
    };
    if thickness_mm.is_finite() && thickness_mm > 0.0 { Ok(Slab { projection, thickness_mm }) } else { Err(wrong()) }
}

fn parse_preset(name: &str) -> anyhow::Result<SolidPreset> {
    SolidPreset::named(name).ok_or_else(|| {
        let all: Vec<_> = SolidPreset::all().map(|preset| preset.name).collect();
        usage(format!("{name:?} is no preset; choose one of {}", all.join(", ")))
    })
}

fn parse_turn(text: &str) -> anyhow::Result<[f64; 2]> {
    let parsed =
        text.split_once(',').and_then(|(right, down)| Some([right.trim().parse().ok()?, down.trim().parse().ok()?]));
    parsed
        .filter(|degrees: &[f64; 2]| degrees.iter().all(|d| d.is_finite()))
        .ok_or_else(|| usage(format!("--turn takes two numbers of degrees, RIGHT,DOWN, not {text:?}")))
}

fn parse_triple(text: &str, option: &str) -> anyhow::Result<glam::DVec3> {
    let numbers: Vec<f64> =
        text.split(',').filter_map(|n| n.trim().parse().ok()).filter(|n: &f64| n.is_finite()).collect();
    match numbers[..] {
        [x, y, z] if text.split(',').count() == 3 => Ok(glam::DVec3::new(x, y, z)),
        _ => Err(usage(format!("{option} takes three numbers, X,Y,Z, not {text:?}"))),
    }
}

fn parse_size(text: &str) -> anyhow::Result<[usize; 2]> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    let Some(size) = parsed else { return Err(usage(format!("--size takes WIDTHxHEIGHT, not {text:?}"))) };
    if size.iter().any(|&n| n == 0 || n > MOST_PIXELS) {
        return Err(usage(format!("--size must be between 1 and {MOST_PIXELS} pixels a side, not {text}")));
    }
    Ok(size)
}
