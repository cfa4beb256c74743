//! What masks say in numbers, each by a definition that another program can follow: tests recompute them in Python.

use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::Images;
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::measure::Scale;
use crate::question::generate::names;
use crate::question::{Quantity, Region};
use crate::shapes::Slice;
use limner_imaging::field::{Components, Connectivity, components};
use limner_imaging::{Mask, StackAxis, Task, Volume, Voxel, World};

/// Of the largest part on a slice a pair of diameters is taken from this many pixels on.
const FEWEST_PIXELS: usize = 12;
/// One label painted on one image.
pub struct Structure<'a> {
    pub image: &'a ImageEntry,
    pub label: &'a Label,
    pub mask: Mask,
    /// Voxels that touch over faces, edges or corners.
    pub parts: Components,
    /// The middle of all voxels, in the patient.
    pub centre: World,
    /// The stored slice with the most voxels, the first of equals, and how many.
    pub key_slice: usize,
    pub key_pixels: usize,
    pub is_lesion: bool,
}

/// The values of an image under a mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intensity {
    pub mean: f64,
    pub deviation: f64,
}

pub struct ImageFacts<'a> {
    pub image: &'a ImageEntry,
    pub structures: Vec<Structure<'a>>,
    /// Read only where a generator asks for values.
    pub volume: Option<Volume>,
    /// HU, g/ml and the like; none where the numbers mean nothing by themselves.
    pub unit: Option<String>,
}

impl<'a> ImageFacts<'a> {
    pub fn of(contents: &'a Contents, image: &'a ImageEntry, images: Option<&dyn Images>, task: &Task) -> Result<Self> {
        let map = contents.label_map(image.id);
        let mut structures = Vec::new();
        for label in contents.labels() {
            task.cancel.check()?;
            let mask = map.map(|map| map.mask_of(label.value)).filter(|mask| !mask.is_empty());
            structures.extend(mask.map(|mask| Structure::of(image, label, mask)));
        }
        let volume = match images {
            Some(images) if !structures.is_empty() => Some(images.load(image, task)?),
            _ => None,
        };
        let unit = volume.as_ref().and_then(|volume| volume.value_map.unit.clone());
        Ok(Self { image, structures, volume, unit })
    }

    /// Whether the values are those of a CT.
    #[must_use]
    pub fn is_ct(&self) -> bool {
        self.unit.as_deref() == Some("HU")
    }

    /// Mean and standard deviation under a structure, where the values have a unit.
    #[must_use]
    pub fn intensity(&self, structure: &Structure<'_>) -> Option<Intensity> {
        self.intensity_under(&structure.mask)
    }

    /// Mean and standard deviation under a mask, where the values have a unit.
    #[must_use]
    pub fn intensity_under(&self, mask: &Mask) -> Option<Intensity> {
        let volume = self.volume.as_ref().filter(|volume| self.unit.is_some() && volume.size() == self.image.size())?;
        let found = crate::measure::statistics(volume, mask);
        let value = |kind| found.iter().find(|m| m.kind == kind).map(|m| m.value);
        use crate::measure::Kind;
        Some(Intensity { mean: value(Kind::Mean)?, deviation: value(Kind::StandardDeviation)? })
    }
}

impl<'a> Structure<'a> {
    fn of(image: &'a ImageEntry, label: &'a Label, mask: Mask) -> Self {
        let bounds = mask.bounds();
        let mut sum = glam::DVec3::ZERO;
        let mut per_slice = vec![0_usize; bounds.size()[2]];
        for index in mask.indices() {
            sum += glam::DVec3::from(index.map(|n| n as f64));
            per_slice[index[2] - bounds.min[2]] += 1;
        }
        let middle = Voxel(sum / mask.count() as f64);
        let most = (0..per_slice.len()).max_by_key(|n| (per_slice[*n], std::cmp::Reverse(*n))).unwrap_or(0);
        Self {
            image,
            label,
            parts: components(&mask, Connectivity::Corner26),
            centre: image.geometry.world(middle),
            key_slice: bounds.min[2] + most,
            key_pixels: per_slice.get(most).copied().unwrap_or(0),
            is_lesion: names::is_lesion(&label.name),
            mask,
        }
    }

    /// Whether lengths in space are millimetres.
    #[must_use]
    pub fn in_millimetres(&self) -> bool {
        self.image.spacing_known && self.image.stack_axis == StackAxis::Space
    }

    /// Whether lengths on a stored slice are millimetres.
    #[must_use]
    pub const fn slice_in_millimetres(&self) -> bool {
        self.image.spacing_known
    }

    fn scale(&self, known: bool) -> Scale {
        if known { Scale::Spacing(self.image.geometry.spacing_mm()) } else { Scale::Pixels }
    }

    #[must_use]
    pub const fn region(&self) -> Region {
        Region::Painted { image: self.image.id, label: self.label.id, slice: None, around: None }
    }

    #[must_use]
    pub const fn region_on(&self, slice: usize) -> Region {
        Region::Painted { image: self.image.id, label: self.label.id, slice: Some(Slice::stored(slice)), around: None }
    }

    /// One connected part, named by its first voxel.
    #[must_use]
    pub fn region_of_part(&self, part: usize) -> Region {
        let around = self.parts.mask(part).indices().next();
        Region::Painted { image: self.image.id, label: self.label.id, slice: None, around }
    }

    /// A number of its own, measured on all of it.
    #[must_use]
    pub fn measured(&self, value: f64, unit: &str, definition: impl Into<String>) -> Quantity {
        self.quantity(value, unit, self.image.spacing_known, &definition.into(), self.region())
    }

    fn quantity(&self, value: f64, unit: &str, known: bool, definition: &str, region: Region) -> Quantity {
        let mut quantity = Quantity::new(value, unit, self.scale(known));
        quantity.definition = definition.into();
        quantity.regions = vec![region];
        quantity
    }

    /// Millilitres, or voxels without spacing.
    #[must_use]
    pub fn volume(&self) -> Quantity {
        let voxels = self.mask.count() as f64;
        let known = self.in_millimetres();
        let (value, unit) =
            if known { (voxels * self.image.geometry.voxel_volume_mm3() / 1000.0, "mL") } else { (voxels, "voxel") };
        self.quantity(value, unit, known, "number of voxels times the volume of a voxel", self.region())
    }

    #[must_use]
    pub fn part_volume(&self, part: usize) -> Quantity {
        let voxels = self.parts.parts()[part].voxels as f64;
        let known = self.in_millimetres();
        let (value, unit) =
            if known { (voxels * self.image.geometry.voxel_volume_mm3() / 1000.0, "mL") } else { (voxels, "voxel") };
        self.quantity(
            value,
            unit,
            known,
            "number of voxels of the connected part times the volume of a voxel",
            self.region_of_part(part),
        )
    }

    #[must_use]
    pub fn count(&self) -> Quantity {
        let text = "parts whose voxels touch over faces, edges or corners";
        self.quantity(self.parts.len() as f64, "1", false, text, self.region())
    }

    /// On the slice with most of it.
    #[must_use]
    pub fn area(&self) -> Quantity {
        let known = self.slice_in_millimetres();
        let g = &self.image.geometry;
        let pixel = if known { g.step(0).cross(g.step(1)).length() } else { 1.0 };
        let text = "pixels on the stored slice with most of them, times the area of a pixel";
        let unit = if known { "mm2" } else { "px2" };
        self.quantity(self.key_pixels as f64 * pixel, unit, known, text, self.region_on(self.key_slice))
    }

    /// Columns and rows from, to: half-open, of all of it on a stored slice.
    #[must_use]
    pub fn box_on(&self, slice: usize) -> Option<[f64; 4]> {
        let on_slice = self.mask.indices().filter(|index| index[2] == slice);
        let start = [usize::MAX, usize::MAX, 0, 0];
        let all = on_slice.fold(start, |b, [i, j, _]| [b[0].min(i), b[1].min(j), b[2].max(i + 1), b[3].max(j + 1)]);
        (all[2] > 0).then(|| all.map(|n| n as f64))
    }

    /// The longest distance between two pixel centres of the largest part on the key slice, and the widest extent across
    /// it; none for a few pixels.
    #[must_use]
    pub fn axes(&self) -> Option<[Quantity; 2]> {
        let bounds = self.mask.bounds();
        let on_slice = components(&self.mask.within(bounds.slice(2, self.key_slice)), Connectivity::Slice8);
        let largest = on_slice.largest()?;
        if on_slice.parts()[largest].voxels < FEWEST_PIXELS {
            return None;
        }
        let known = self.slice_in_millimetres();
        let g = &self.image.geometry;
        let step = if known { [g.step(0).length(), g.step(1).length()] } else { [1.0; 2] };
        let points: Vec<[f64; 2]> =
            on_slice.mask(largest).indices().map(|[i, j, _]| [i as f64 * step[0], j as f64 * step[1]]).collect();
        let hull = convex_hull(points);
        let (long, [dx, dy]) = longest(&hull);
        let across: Vec<f64> = hull.iter().map(|[x, y]| (x * -dy + y * dx) / long).collect();
        let low = across.iter().copied().fold(f64::INFINITY, f64::min);
        let high = across.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let unit = if known { "mm" } else { "px" };
        let region = self.region_on(self.key_slice);
        let mut major = self.quantity(
            long,
            unit,
            known,
            "longest distance between two pixel centres of the largest part on the stored slice with most of it",
            region.clone(),
        );
        let mut minor = self.quantity(
            high - low,
            unit,
            known,
            "extent of the same pixel centres across the longest distance",
            region,
        );
        major.name = "major axis".into();
        minor.name = "minor axis".into();
        Some([major, minor])
    }

    /// Between the middles of two structures.
    #[must_use]
    pub fn distance_to(&self, other: &Self) -> Option<Quantity> {
        let mm = (self.centre.0 - other.centre.0).length();
        let quantity =
            self.quantity(mm, "mm", true, "distance between the means of the voxel positions", self.region());
        self.in_millimetres().then(|| Quantity { regions: vec![self.region(), other.region()], ..quantity })
    }

    /// Whether a voxel of one is a voxel of the other or touches one over a face, an edge or a corner.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let near = self.mask.bounds().grown([1; 3], self.image.size()).intersection(&other.mask.bounds());
        let neighbours = |[i, j, k]: [usize; 3]| {
            let around = |n: usize| n.saturating_sub(1)..=n + 1;
            around(i).any(|i| around(j).any(|j| around(k).any(|k| self.mask.get([i, j, k]))))
        };
        !near.is_empty() && other.mask.indices().filter(|index| near.contains(*index)).any(neighbours)
    }
}

/// Corners of the smallest convex outline, in order.
pub(super) fn convex_hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let turn = |o: [f64; 2], a: [f64; 2], b: [f64; 2]| (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for point in points {
            while chain.len() > 1 && turn(chain[chain.len() - 2], chain[chain.len() - 1], point) <= 0.0 {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

/// The longest distance between two points, and the way from one to the other.
pub(super) fn longest(points: &[[f64; 2]]) -> (f64, [f64; 2]) {
    let mut best = (0.0, [1.0, 0.0]);
    for (n, a) in points.iter().enumerate() {
        for b in &points[..n] {
            let way = [a[0] - b[0], a[1] - b[1]];
            let length = way[0].hypot(way[1]);
            if length > best.0 {
                best = (length, way);
            }
        }
    }
    best
}
