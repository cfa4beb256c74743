//! What the formats of volumes share: label maps to files and back, and where a grid from outside lies in a project.

use crate::ImageId;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::{SelfCheck, folder};
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use limner_imaging::{Geometry, Samples, Task, Volume, Voxel, VoxelBox, formats};
use std::collections::BTreeMap;
use std::path::Path;

/// Files hold affines in 32 bits or few digits; a share of a voxel is what that may cost.
pub(crate) const TOLERANCE_VOXELS: f64 = 0.01;

/// The layers that hold anything.
pub(crate) fn painted_layers(map: &LabelMap) -> Vec<usize> {
    let layers = map.layers().iter().enumerate();
    layers.filter(|(_, layer)| layer.values().next().is_some()).map(|(n, _)| n).collect()
}

/// Whether anything is painted on the image of a case.
pub(crate) fn is_painted(contents: &Contents, case: &Case<'_>) -> bool {
    contents.label_map(case.image.id).is_some_and(|map| !map.is_empty())
}

/// A label map as a picture on the image's grid, in the smallest type that holds its values.
pub(crate) fn label_volume(image: &ImageEntry, values: Vec<u16>) -> Result<Volume> {
    let small = values.iter().all(|v| *v < 256);
    let samples = if small { Samples::U8(values.iter().map(|v| *v as u8).collect()) } else { Samples::U16(values) };
    let mut volume = Volume::new(image.geometry, samples, 1)?;
    volume.spacing_known = image.spacing_known;
    Ok(volume)
}

/// Writes values on an image's grid and reads them back; how far the farthest voxel moved. Values that differ are
/// infinitely far.
/// `more` are lines that a NRRD header gets beside those of the picture.
pub(crate) fn write_checked(image: &ImageEntry, values: Vec<u16>, path: &Path, task: &Task, more: &str) -> Result<f64> {
    let volume = label_volume(image, values)?;
    formats::write(&volume, path)?;
    if !more.is_empty() {
        add_to_header(path, more)?;
    }
    let back = formats::open_single(path, task)?;
    Ok(moved_mm(&volume, &back))
}

/// Puts lines at the end of a NRRD header, before the empty line that closes it.
fn add_to_header(path: &Path, more: &str) -> Result<()> {
    let mut bytes = folder::read(path)?;
    let end = bytes.windows(2).position(|w| w == b"\n\n");
    let end = end.ok_or_else(|| Error::export(path, "the header of the file just written has no end"))? + 1;
    bytes.splice(end..end, more.bytes());
    std::fs::write(path, bytes).map_err(Error::io(path, "could not write the file"))
}

/// How far apart two pictures put their farthest voxel, whatever way their axes run.
pub(crate) fn moved_mm(a: &Volume, b: &Volume) -> f64 {
    let Some(way) = (a.channels() == b.channels()).then(|| Way::between(&a.geometry, &b.geometry)).flatten() else {
        return f64::INFINITY;
    };
    let [w, h, _] = a.size();
    let same = (0..a.samples().len()).all(|n| {
        let (voxel, channel) = (n / a.channels(), n % a.channels());
        let [i, j, k] = way.other([voxel % w, voxel / w % h, voxel / (w * h)]);
        let at = (k * b.size()[1] + j) * b.size()[0] + i;
        a.samples().get(n) == b.samples().get(at * b.channels() + channel)
    });
    if same { way.off_mm } else { f64::INFINITY }
}

/// Adds an outcome to a check; more than a share of a voxel fails it.
pub(crate) fn note(check: &mut SelfCheck, image: &ImageEntry, moved_mm: f64) {
    let voxel_mm = image.geometry.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    check.max_mm = check.max_mm.max(moved_mm);
    check.pass &= moved_mm <= TOLERANCE_VOXELS * voxel_mm;
}

/// From the voxels of one grid to those of another that has the same voxels, in another order or direction perhaps.
#[derive(Debug)]
pub(crate) struct Way {
    /// For each axis of the other grid: the axis here and whether it runs against it.
    axes: [(usize, bool); 3],
    size: [usize; 3],
    /// How far apart the farthest voxel centres are.
    pub off_mm: f64,
}

impl Way {
    /// `None` where the grids are not the same voxels.
    pub(crate) fn between(here: &Geometry, other: &Geometry) -> Option<Self> {
        let size = here.size();
        let other_from_here = other.voxel_from_world() * here.world_from_voxel();
        let mut axes = [(0, false); 3];
        for (row, axis) in axes.iter_mut().enumerate() {
            let step = |a: usize| other_from_here.matrix3.col(a)[row];
            let along = (0..3).max_by(|a, b| step(*a).abs().total_cmp(&step(*b).abs()))?;
            *axis = (along, step(along) < 0.0);
        }
        let mut used = axes.map(|(axis, _)| axis);
        used.sort_unstable();
        if used != [0, 1, 2] || (0..3).any(|a| other.size()[a] != size[axes[a].0]) {
            return None;
        }
        let mut way = Self { axes, size, off_mm: 0.0 };
        let corner = |c: usize| std::array::from_fn(|a| if c >> a & 1 == 1 { size[a] - 1 } else { 0 });
        let off = (0..8).map(|c| {
            let (a, b) = (corner(c), way.other(corner(c)));
            here.world(Voxel::centre(a)).0.distance(other.world(Voxel::centre(b)).0)
        });
        way.off_mm = off.fold(0.0, f64::max);
        let voxel_mm = here.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
        // A grid of one slice says little of the step to the next.
        (way.off_mm <= 0.05 * voxel_mm).then_some(way)
    }

    pub(crate) fn other(&self, index: [usize; 3]) -> [usize; 3] {
        self.axes.map(|(axis, turned)| if turned { self.size[axis] - 1 - index[axis] } else { index[axis] })
    }
}

/// The image of a project that has these voxels, and the way from its voxels to them: the one that is meant where it does,
/// else the one that lies closest.
pub(crate) fn image_with<'a>(reading: &Reading<'a>, geometry: &Geometry) -> Option<(&'a ImageEntry, Way)> {
    let meant = reading.pictures.meant();
    let fitting = reading.bearers().filter_map(|image| Some((image, Way::between(&image.geometry, geometry)?)));
    fitting.min_by(|(a, here), (b, there)| {
        let is_another = |image: ImageId| Some(image) != meant;
        is_another(a.id).cmp(&is_another(b.id)).then(here.off_mm.total_cmp(&there.off_mm))
    })
}

/// The image a label map lies on: the one that is named where it has these voxels, else the one that has them.
pub(crate) fn placed<'a>(
    reading: &Reading<'a>,
    named: Option<&'a ImageEntry>,
    geometry: &Geometry,
    path: &Path,
) -> Result<(&'a ImageEntry, Way)> {
    let by_name = named.and_then(|image| Some((image, Way::between(&image.geometry, geometry)?)));
    let reason = "no image of the project has the voxels of this label map; add the image it was drawn on first";
    by_name.or_else(|| image_with(reading, geometry)).ok_or_else(|| Error::export(path, reason))
}

/// Reads a label map from a file and gives the commands that paint it. `rename` says what label a value stands for.
pub(crate) fn read_map(
    reading: &Reading<'_>,
    path: &Path,
    known: Option<ImageId>,
    (labels, painter): (&mut Labels, &mut Painter<'_>),
    rename: &dyn Fn(u16) -> (String, Option<[u8; 3]>),
    import: &mut Import,
) -> Result<()> {
    let volume = formats::open_single(path, reading.task)?;
    let named = known.and_then(|id| reading.contents.image(id));
    let (image, way) = placed(reading, named, &volume.geometry, path)?;
    if named.is_none() && reading.pictures.meant() != Some(image.id) {
        say_where_several_fit(reading, path, (image, &volume.geometry), import);
    }
    let values = values_on(image, &way, &volume, path)?;
    let (records, values) = renamed(values, labels, rename)?;
    import.records += records;
    import.commands.extend(painter.paint_map(image.id, image.size(), &values));
    Ok(())
}

/// Visits and sequences often share a grid, and a label map does not say which of them it was drawn on.
fn say_where_several_fit(
    reading: &Reading<'_>,
    path: &Path,
    (image, geometry): (&ImageEntry, &Geometry),
    import: &mut Import,
) {
    let count = reading.bearers().filter(|image| Way::between(&image.geometry, geometry).is_some()).count();
    if count > 1 {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = format!(
            "{count} images have the voxels of {name}; it was read onto {}, the first of them that lies closest",
            image.title
        );
        import.warn("ambiguous", text);
    }
}

/// The commands that paint a whole map on an image that is being added.
pub(crate) fn paint_values(
    image: &ImageEntry,
    values: Vec<u16>,
    (labels, painter): (&mut Labels, &mut Painter<'_>),
    rename: &dyn Fn(u16) -> (String, Option<[u8; 3]>),
    import: &mut Import,
) -> Result<()> {
    let (records, values) = renamed(values, labels, rename)?;
    import.records += records;
    import.commands.extend(painter.paint_map(image.id, image.size(), &values));
    Ok(())
}

/// A file's values as the project's, and how many different ones there are.
fn renamed(
    mut values: Vec<u16>,
    labels: &mut Labels,
    rename: &dyn Fn(u16) -> (String, Option<[u8; 3]>),
) -> Result<(usize, Vec<u16>)> {
    let mut meaning = BTreeMap::from([(0, 0)]);
    for value in &mut values {
        if let std::collections::btree_map::Entry::Vacant(entry) = meaning.entry(*value) {
            let (name, colour) = rename(*value);
            entry.insert(labels.want(&name, *value, colour)?);
        }
        *value = meaning[value];
    }
    Ok((meaning.len() - 1, values))
}

/// The samples of a picture as label values on an image's own grid.
pub(crate) fn values_on(image: &ImageEntry, way: &Way, volume: &Volume, path: &Path) -> Result<Vec<u16>> {
    let [w, h, d] = image.size();
    let size = volume.size();
    let mut values = Vec::with_capacity(w * h * d);
    for k in 0..d {
        for j in 0..h {
            for i in 0..w {
                let [x, y, z] = way.other([i, j, k]);
                let stored = volume.samples().get(((z * size[1] + y) * size[0] + x) * volume.channels());
                let value = volume.value_map.value(stored);
                if value < 0.0 || value > f64::from(u16::MAX) || value.fract() != 0.0 {
                    let reason = format!("{value} is no label value; label maps hold whole numbers up to 65535");
                    return Err(Error::export(path, reason));
                }
                values.push(value as u16);
            }
        }
    }
    Ok(values)
}

/// Whole values of a layer, columns fastest.
pub(crate) fn layer_values(map: &LabelMap, layer: usize) -> Vec<u16> {
    map.copy_box(layer, VoxelBox::whole(map.size()))
}

/// One label of a case alone: 1 where it is, over all layers.
pub(crate) fn one_hot(map: &LabelMap, value: u16) -> Vec<u16> {
    let mask = map.mask_of(value).within(VoxelBox::whole(map.size()));
    mask.voxels().iter().map(|inside| u16::from(*inside)).collect()
}

/// A case's labels that are painted somewhere.
pub(crate) fn painted_values(contents: &Contents, case: &Case<'_>) -> Vec<u16> {
    contents.label_map(case.image.id).map(|map| map.values().into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;
    use limner_imaging::World;

    #[test]
    fn the_same_voxels_are_found_whatever_way_the_axes_run() {
        let a = Geometry::axis_aligned([3, 4, 5], World::new(1.0, 2.0, 3.0), [0.5, 0.6, 0.7]).unwrap();
        // Columns and rows exchanged, slices from the other end.
        let origin = a.world(Voxel::centre([0, 0, 4]));
        let b = Geometry::from_parts([4, 3, 5], origin, [0.6, 0.5, 0.7], [DVec3::Y, DVec3::X, DVec3::NEG_Z]).unwrap();
        let way = Way::between(&a, &b).unwrap();
        for index in [[0, 0, 0], [2, 1, 3], [1, 3, 4]] {
            let there = b.world(Voxel::centre(way.other(index))).0;
            assert!(there.distance(a.world(Voxel::centre(index)).0) < 1e-9);
        }
        let moved = Geometry::axis_aligned([3, 4, 5], World::new(1.4, 2.0, 3.0), [0.5, 0.6, 0.7]).unwrap();
        assert!(Way::between(&a, &moved).is_none());
        let longer = Geometry::axis_aligned([3, 4, 6], World::new(1.0, 2.0, 3.0), [0.5, 0.6, 0.7]).unwrap();
        assert!(Way::between(&a, &longer).is_none());
    }
}
