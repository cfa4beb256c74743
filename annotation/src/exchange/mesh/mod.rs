//! Surfaces of painted labels as STL, PLY or GLB, in mm and LPS (`--set space=ras` for the other convention), smooth and
//! closed; `--set smooth=0` keeps the steps of the voxels. `meshes.json` says which file is which label.

mod files;
pub(crate) mod surface;

use super::case::Case;
use super::filled::FILLED;
use super::import::{Import, Labels, Painter, Reading};
use super::voxels::{grid, maps};
use super::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, folder, names};
use crate::ImageId;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::image_entry::ImageEntry;
use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use surface::Surface;

pub(crate) struct Meshes(Kind);

pub(crate) const STL: Meshes = Meshes(Kind::Stl);
pub(crate) const PLY: Meshes = Meshes(Kind::Ply);
pub(crate) const GLB: Meshes = Meshes(Kind::Glb);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stl,
    Ply,
    Glb,
}

const ABOUT: &str = "meshes.json";
const SMOOTH: usize = 10;
const DETAIL: &str = "steps of voxels";

#[derive(Serialize, Deserialize)]
struct About {
    schema: String,
    unit: String,
    space: String,
    meshes: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    path: String,
    case: String,
    image: ImageId,
    label: String,
    value: u16,
    volume_mm3: f64,
}

impl Kind {
    const fn ending(self) -> &'static str {
        match self {
            Self::Stl => "stl",
            Self::Ply => "ply",
            Self::Glb => "glb",
        }
    }
}

impl Exchange for Meshes {
    fn name(&self) -> &'static str {
        match self.0 {
            Kind::Stl => "mesh-stl",
            Kind::Ply => "mesh-ply",
            Kind::Glb => "mesh-glb",
        }
    }

    fn title(&self) -> &'static str {
        match self.0 {
            Kind::Stl => "STL surfaces",
            Kind::Ply => "PLY surfaces",
            Kind::Glb => "GLB surfaces",
        }
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, DETAIL, maps::SHAPES, maps::TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let count = grid::painted_values(contents, &case).len();
            run.records += count;
            maps::lose_time_and_shapes(&mut run, contents, &case, count);
            if rounds(options) > 0 {
                (0..count).for_each(|_| run.lose(DETAIL, || format!("{}: surfaces are smoothed", case.name)));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let ras = job.options.choice("space") == Some("ras");
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        let mut entries = Vec::new();
        job.task.progress.begin("writing surfaces", cases.len() as u64);
        for case in &cases {
            self.write_case(job, case, ras, out, (&mut entries, &mut check))?;
            job.task.progress.advance(1);
        }
        let space = if ras { "RAS" } else { "LPS" };
        let about = About { schema: "limner.meshes/1".into(), unit: "mm".into(), space: space.into(), meshes: entries };
        folder::write_json(&out.join(ABOUT), &about)?;
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        self.read_all(reading)
    }
}

fn rounds(options: &Options) -> usize {
    options.choice("smooth").and_then(|text| text.parse().ok()).unwrap_or(SMOOTH).min(200)
}

impl Meshes {
    fn write_case(
        &self,
        job: &Job<'_>,
        case: &Case<'_>,
        ras: bool,
        out: &Path,
        (entries, check): (&mut Vec<Entry>, &mut SelfCheck),
    ) -> Result<()> {
        let Some(map) = job.contents.label_map(case.image.id) else { return Ok(()) };
        let mut unique = names::Unique::default();
        for value in map.values() {
            job.task.cancel.check()?;
            let mask = map.mask_of(value);
            let volume_mm3 = mask.count() as f64 * case.image.geometry.voxel_volume_mm3();
            let mut surface = Surface::around(&mask, &case.image.geometry);
            if rounds(job.options) > 0 {
                surface.smooth(rounds(job.options), volume_mm3);
            }
            let label = job.contents.label_of_value(value).map_or_else(String::new, |label| label.name.clone());
            let path = format!("{}/{}.{}", case.name, unique.plain(&label), self.0.ending());
            let written = turned(surface, ras);
            folder::write(&out.join(&path), &self.bytes(&written))?;
            let back = self.parse(&out.join(&path))?;
            grid::note(check, case.image, apart(&written, &back));
            entries.push(Entry { path, case: case.name.clone(), image: case.image.id, label, value, volume_mm3 });
        }
        Ok(())
    }

    fn bytes(&self, surface: &Surface) -> Vec<u8> {
        match self.0 {
            Kind::Stl => files::stl(surface),
            Kind::Ply => files::ply(surface),
            Kind::Glb => files::glb(surface),
        }
    }

    fn parse(&self, path: &Path) -> Result<Surface> {
        let bytes = folder::read(path)?;
        let surface = match self.0 {
            Kind::Stl => files::read_stl(&bytes),
            Kind::Ply => files::read_ply(&bytes),
            Kind::Glb => files::read_glb(&bytes),
        };
        surface.ok_or_else(|| Error::export(path, format!("this is no {} that can be read", self.title())))
    }

    fn read_all(&self, reading: &Reading<'_>) -> Result<Import> {
        let about_file = reading.path.join(ABOUT);
        let about: Option<About> = if about_file.is_file() { Some(folder::read_json(&about_file)?) } else { None };
        let ras = about.as_ref().is_some_and(|about| about.space == "RAS");
        let mut import = Import::default();
        let mut labels = Labels::of(reading.contents);
        let mut painter = Painter::new(reading.contents);
        let mut paint = Vec::new();
        for (path, entry) in self.listed(reading.path, about)? {
            reading.task.cancel.check()?;
            let surface = turned(self.parse(&path)?, ras);
            let image = image_of(reading, entry.as_ref().map(|e| e.image), &surface, &path)?;
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let (name, value) = entry.map_or((stem, 0), |entry| (entry.label, entry.value));
            let value = labels.want(&name, value, None)?;
            let mask = surface.voxels(&image.geometry);
            import.records += 1;
            paint.push(painter.paint(image.id, image.size(), value, &mask));
        }
        import.commands.extend(labels.commands());
        import.commands.extend(paint);
        Ok(import)
    }

    fn listed(&self, path: &Path, about: Option<About>) -> Result<Vec<(PathBuf, Option<Entry>)>> {
        if let Some(about) = about {
            let outside = || Error::export(path, "a file outside of the folder is named");
            let file = |entry: Entry| Ok((names::inside(path, &entry.path).ok_or_else(outside)?, Some(entry)));
            return about.meshes.into_iter().map(file).collect();
        }
        let mut files = if path.is_dir() { folder::files_under(path)? } else { vec![path.to_path_buf()] };
        files.retain(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case(self.0.ending())));
        Ok(files.into_iter().map(|file| (file, None)).collect())
    }
}

/// LPS to RAS and back: a half turn about the long axis of the patient.
fn turned(mut surface: Surface, ras: bool) -> Surface {
    if ras {
        surface.points.iter_mut().for_each(|p| *p = DVec3::new(-p.x, -p.y, p.z));
    }
    surface
}

/// How far apart the corners of two surfaces with the same triangles are.
fn apart(a: &Surface, b: &Surface) -> f64 {
    if a.triangles.len() != b.triangles.len() {
        return f64::INFINITY;
    }
    let corners = |s: &Surface, n: usize, c: usize| s.points.get(s.triangles[n][c] as usize).copied();
    let each = (0..a.triangles.len()).flat_map(|n| (0..3).map(move |c| (n, c)));
    let distance = |(n, c)| Some(corners(a, n, c)?.distance(corners(b, n, c)?));
    each.map(|at| distance(at).unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
}

/// The image a surface belongs to: the one named, or the only one it lies in.
fn image_of<'a>(
    reading: &Reading<'a>,
    named: Option<ImageId>,
    surface: &Surface,
    path: &Path,
) -> Result<&'a ImageEntry> {
    if let Some(image) = named.and_then(|id| reading.contents.image(id)) {
        return Ok(image);
    }
    let lies_in = |image: &&ImageEntry| {
        let to_voxel = image.geometry.voxel_from_world();
        let size = DVec3::from_array(image.size().map(|n| n as f64));
        surface.points.iter().all(|p| {
            let voxel = to_voxel.transform_point3(*p);
            voxel.cmpge(DVec3::splat(-1.0)).all() && voxel.cmple(size).all()
        })
    };
    let around: Vec<&'a ImageEntry> = reading.bearers().filter(lies_in).collect();
    let meant = around.iter().copied().find(|image| Some(image.id) == reading.pictures.meant());
    match (meant, around.as_slice()) {
        (Some(image), _) => Ok(image),
        (None, [image]) => Ok(*image),
        (None, []) => Err(Error::export(path, "the surface lies in no image of the project; add it first")),
        _ => Err(Error::export(
            path,
            "the surface lies in several images of the project; import it with its meshes.json",
        )),
    }
}
