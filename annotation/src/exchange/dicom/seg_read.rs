//! DICOM segmentations of any writer onto the images of a project. Every frame is placed by its own position and
//! orientation; the order of frames and slices says nothing.

use super::Read;
use super::seg::CLASSES;
use crate::error::{Error, Result};
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::image_entry::ImageEntry;
use crate::labels::Code;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use glam::DVec3;
use limner_imaging::{Geometry, Mask, Samples, Task, Voxel, VoxelBox, World, formats};
use std::collections::BTreeMap;
use std::path::Path;

/// One segment on the grid of its image.
pub(super) struct Segment {
    pub number: usize,
    pub mask: Mask,
}

pub(super) struct Found {
    pub segments: Vec<Segment>,
    /// Which of the images it lies on.
    pub image: usize,
    /// How far a frame is off the image's voxels at most.
    pub off_mm: f64,
    /// The file holds shares; half and more counts as inside.
    pub shares: bool,
}

pub(super) fn read(reading: &Reading<'_>) -> Result<Import> {
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut painter = Painter::new(reading.contents);
    let mut paint = Vec::new();
    let images: Vec<&ImageEntry> = reading.contents.images().collect();
    for (path, object) in super::objects(reading.path, CLASSES, reading.task)? {
        let found = masks_of(&path, &object, &images, reading.task)?;
        if found.shares {
            import.warn("shares", "shares of voxels were read as inside from one half on");
        }
        let described: BTreeMap<usize, Described> =
            Read(&object).items(tags::SEGMENT_SEQUENCE).map(|item| described(item, reading)).collect();
        for segment in found.segments {
            let what = described.get(&segment.number).cloned().unwrap_or_default();
            let name = if what.name.is_empty() { format!("segment {}", segment.number) } else { what.name };
            let wished = what.value.unwrap_or(u16::try_from(segment.number).unwrap_or(0));
            let value = labels.want(&name, wished, what.colour)?;
            labels.code(value, what.codes);
            import.records += 1;
            let image = images[found.image];
            paint.push(painter.paint(image.id, image.size(), value, &segment.mask));
        }
    }
    import.commands.extend(labels.commands());
    import.commands.extend(paint);
    Ok(import)
}

#[derive(Clone, Default)]
struct Described {
    name: String,
    value: Option<u16>,
    codes: Vec<Code>,
    colour: Option<[u8; 3]>,
}

fn described(item: Read<'_>, reading: &Reading<'_>) -> (usize, Described) {
    let tissue = |code: &Code| code.scheme == "SCT" && (code.value == "85756007" || code.value == "123037004");
    let codes = [tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE];
    let codes: Vec<Code> = codes.into_iter().filter_map(|tag| item.code(tag)).filter(|code| !tissue(code)).collect();
    let lab: Option<[f64; 3]> = item.exactly(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE);
    // A segment of our own knows its label by id.
    let ours = item.text(tags::TRACKING_ID).and_then(|id| id.parse().ok()).and_then(|id| reading.contents.label(id));
    let described = Described {
        name: ours.map(|label| label.name.clone()).or_else(|| item.text(tags::SEGMENT_LABEL)).unwrap_or_default(),
        value: ours.map(|label| label.value),
        codes,
        colour: lab.map(colour_of),
    };
    (item.whole(tags::SEGMENT_NUMBER).unwrap_or(0), described)
}

/// Reads the masks of a file onto one of these images.
pub(super) fn masks(path: &Path, images: &[&ImageEntry], task: &Task) -> Result<Found> {
    masks_of(path, &super::header(path)?, images, task)
}

/// The segments of a file by their numbers, on a grid that belongs to no project.
pub(crate) fn segments_on(path: &Path, grid: &Geometry, task: &Task) -> Result<Vec<(u32, Mask)>> {
    let image = ImageEntry {
        id: crate::ImageId::new(),
        path: String::new(),
        series_uid: None,
        sha256: String::new(),
        geometry: *grid,
        title: String::new(),
        modality: None,
        stack_axis: limner_imaging::StackAxis::Space,
        spacing_known: true,
        calibration_mm_per_px: None,
        signal: None,
        facts: crate::SeriesFacts::default(),
    };
    let found = masks(path, &[&image], task)?;
    Ok(found.segments.into_iter().map(|segment| (segment.number as u32, segment.mask)).collect())
}

/// A frame: which segment (none in a label map) and where its pixels lie.
struct Frame {
    segment: Option<usize>,
    plane: Geometry,
}

fn masks_of(path: &Path, object: &InMemDicomObject, images: &[&ImageEntry], task: &Task) -> Result<Found> {
    let frames = frames(path, Read(object))?;
    let (image, placed, off_mm) = place(path, &frames, images)?;
    let size = images[image].size();
    let kind = Read(object).text(tags::SEGMENTATION_TYPE).unwrap_or_default();
    let fractional = kind == "FRACTIONAL";
    let least =
        if fractional { Read(object).number(tags::MAXIMUM_FRACTIONAL_VALUE).unwrap_or(255.0) / 2.0 } else { 0.5 };
    let series = formats::scan(path, task)?.series.into_iter().next();
    let series = series.ok_or_else(|| Error::export(path, "this segmentation has no pixels"))?;
    let volume = series.load(task)?;
    let [columns, rows, count] = volume.size();
    if count != frames.len() || frames.iter().any(|f| f.plane.size()[..2] != [columns, rows]) {
        return Err(Error::export(path, format!("the file describes {} frames and holds {count}", frames.len())));
    }
    let mut masks = Masks::over(&frames, &placed, size);
    let mut shares = false;
    for (n, (frame, way)) in frames.iter().zip(&placed).enumerate() {
        task.cancel.check()?;
        let pixels = n * rows * columns..(n + 1) * rows * columns;
        if fractional {
            let whole = 2.0 * least;
            shares |= pixels.clone().map(|at| volume.samples().get(at)).any(|stored| stored > 0.0 && stored < whole);
        }
        match (frame.segment, volume.samples()) {
            (Some(segment), Samples::U8(bytes)) => {
                // A byte is above a threshold exactly when it is above the next whole number.
                masks.of(segment).flags(way, &bytes[pixels], columns, least.ceil().clamp(1.0, 255.0) as u8);
            }
            (Some(segment), samples) => {
                let mut target = masks.of(segment);
                let inside = pixels.enumerate().filter(|(_, at)| samples.get(*at) >= least);
                inside.for_each(|(at, _)| target.set(way.voxel(at % columns, at / columns)));
            }
            (None, samples) => {
                for (at, stored) in pixels.map(|at| samples.get(at) as usize).enumerate().filter(|(_, v)| *v > 0) {
                    masks.of(stored).set(way.voxel(at % columns, at / columns));
                }
            }
        }
    }
    Ok(Found { segments: masks.finish(), image, off_mm, shares })
}

/// One mask per segment, no larger than its frames reach: an organ of fifty slices pays for fifty.
struct Masks {
    reach: BTreeMap<Option<usize>, VoxelBox>,
    found: BTreeMap<usize, Mask>,
}

impl Masks {
    fn over(frames: &[Frame], ways: &[Way], size: [usize; 3]) -> Self {
        let mut reach: BTreeMap<Option<usize>, VoxelBox> = BTreeMap::new();
        for (frame, way) in frames.iter().zip(ways) {
            let bounds = reach.entry(frame.segment).or_default();
            *bounds = bounds.union(&way.reach(frame, size));
        }
        Self { reach, found: BTreeMap::new() }
    }

    fn of(&mut self, segment: usize) -> Target<'_> {
        let reach = &self.reach;
        Target(self.found.entry(segment).or_insert_with(|| {
            Mask::empty(reach.get(&Some(segment)).or(reach.get(&None)).copied().unwrap_or_default())
        }))
    }

    /// Those that have voxels.
    fn finish(self) -> Vec<Segment> {
        let there = self.found.into_iter().filter(|(_, mask)| !mask.is_empty());
        there.map(|(number, mask)| Segment { number, mask }).collect()
    }
}

/// The mask of one segment. What a frame has beyond the image is not on it.
struct Target<'a>(&'a mut Mask);

impl Target<'_> {
    fn set(&mut self, voxel: [i64; 3]) {
        if let [Ok(i), Ok(j), Ok(k)] = voxel.map(usize::try_from) {
            self.0.set([i, j, k], true);
        }
    }

    /// The pixels of a frame that are at least `least`; row by row where the frame lies as the image does.
    fn flags(&mut self, way: &Way, pixels: &[u8], columns: usize, least: u8) {
        let inside = |byte: &u8| *byte >= least;
        if way.column != [1, 0, 0] {
            let found = pixels.iter().enumerate().filter(|(_, byte)| inside(byte));
            return found.for_each(|(at, _)| self.set(way.voxel(at % columns, at / columns)));
        }
        let bounds = self.0.bounds();
        let [width, height, _] = bounds.size();
        for (row, bytes) in pixels.chunks_exact(columns).enumerate() {
            let [Ok(i), Ok(j), Ok(k)] = way.voxel(0, row).map(usize::try_from) else {
                // Begins beside the image.
                bytes.iter().enumerate().filter(|(_, b)| inside(b)).for_each(|(x, _)| self.set(way.voxel(x, row)));
                continue;
            };
            if !bounds.contains([bounds.min[0], j, k]) || i < bounds.min[0] || i >= bounds.max[0] {
                continue;
            }
            let start = ((k - bounds.min[2]) * height + j - bounds.min[1]) * width;
            let line = &mut self.0.voxels_mut()[start + i - bounds.min[0]..start + width];
            line.iter_mut().zip(bytes).for_each(|(flag, byte)| *flag |= inside(byte));
        }
    }
}

fn frames(path: &Path, object: Read<'_>) -> Result<Vec<Frame>> {
    let count = object.whole(tags::NUMBER_OF_FRAMES).unwrap_or(1);
    let size = [tags::COLUMNS, tags::ROWS].map(|tag| object.whole(tag).unwrap_or(0));
    let shared = object.first(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    let label_map = object.text(tags::SEGMENTATION_TYPE).as_deref() == Some("LABELMAP");
    let own: Vec<Read<'_>> = object.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).collect();
    if own.len() != count {
        return Err(Error::export(path, format!("{count} frames, but {} are described", own.len())));
    }
    let frame = |(n, own): (usize, Read<'_>)| {
        let group = |tag| own.first(tag).or_else(|| shared.and_then(|shared| shared.first(tag)));
        let missing = |what: &str| Error::export(path, format!("frame {} says nothing of its {what}", n + 1));
        let position: [f64; 3] = group(tags::PLANE_POSITION_SEQUENCE)
            .and_then(|g| g.exactly(tags::IMAGE_POSITION_PATIENT))
            .ok_or_else(|| missing("position"))?;
        let orientation: [f64; 6] = group(tags::PLANE_ORIENTATION_SEQUENCE)
            .and_then(|g| g.exactly(tags::IMAGE_ORIENTATION_PATIENT))
            .ok_or_else(|| missing("orientation"))?;
        let spacing: [f64; 2] = group(tags::PIXEL_MEASURES_SEQUENCE)
            .and_then(|g| g.exactly(tags::PIXEL_SPACING))
            .ok_or_else(|| missing("pixel spacing"))?;
        let [row, column] = [0, 3].map(|n| DVec3::new(orientation[n], orientation[n + 1], orientation[n + 2]));
        let segment =
            group(tags::SEGMENT_IDENTIFICATION_SEQUENCE).and_then(|g| g.whole(tags::REFERENCED_SEGMENT_NUMBER));
        let directions = [row, column, row.cross(column)];
        let step = [spacing[1], spacing[0], 1.0];
        let origin = World(DVec3::from_array(position));
        let plane = Geometry::from_parts([size[0], size[1], 1], origin, step, directions)?;
        let segment = if label_map { None } else { Some(segment.ok_or_else(|| missing("segment"))?) };
        Ok(Frame { segment, plane })
    };
    own.into_iter().enumerate().map(frame).collect()
}

/// From the pixels of a frame to the voxels of an image, in whole steps.
#[derive(Clone, Copy)]
pub(super) struct Way {
    start: [i64; 3],
    column: [i64; 3],
    row: [i64; 3],
}

impl Way {
    fn voxel(&self, column: usize, row: usize) -> [i64; 3] {
        std::array::from_fn(|a| self.start[a] + self.column[a] * column as i64 + self.row[a] * row as i64)
    }

    /// The voxels of an image of `size` that a frame lies on.
    fn reach(&self, frame: &Frame, size: [usize; 3]) -> VoxelBox {
        let [columns, rows, _] = frame.plane.size();
        let (a, b) = (self.voxel(0, 0), self.voxel(columns - 1, rows - 1));
        let inside = |x: i64, axis: usize| x.clamp(0, size[axis] as i64) as usize;
        let min = std::array::from_fn(|axis| inside(a[axis].min(b[axis]), axis));
        let max = std::array::from_fn(|axis| inside(a[axis].max(b[axis]) + 1, axis));
        VoxelBox::new(min, max)
    }
}

/// The image whose voxels all frames lie on, and how. Of several the one that holds most of them: grids that mirror each
/// other share an edge.
fn place(path: &Path, frames: &[Frame], images: &[&ImageEntry]) -> Result<(usize, Vec<Way>, f64)> {
    let mut best: Option<(usize, Vec<Way>, f64)> = None;
    let mut most = 0;
    for (n, image) in images.iter().enumerate() {
        let ways: Option<Vec<(Way, f64)>> = frames.iter().map(|frame| way(&frame.plane, &image.geometry)).collect();
        let Some(ways) = ways else { continue };
        let off = ways.iter().map(|(_, off)| *off).fold(0.0, f64::max);
        let ways: Vec<Way> = ways.into_iter().map(|(way, _)| way).collect();
        let held: usize = frames.iter().zip(&ways).map(|(frame, way)| way.reach(frame, image.size()).len()).sum();
        if best.as_ref().is_none_or(|(.., least)| held > most || held == most && off < *least) {
            best = Some((n, ways, off));
            most = held;
        }
    }
    best.ok_or_else(|| {
        Error::export(path, "no image of the project has these voxels; add the image it was made on first")
    })
}

/// `None` where the plane's pixels are no voxels of the grid, or lie beside it.
pub(super) fn way(plane: &Geometry, grid: &Geometry) -> Option<(Way, f64)> {
    let voxel_from_world = grid.voxel_from_world();
    let [columns, rows, _] = plane.size().map(|n| n as f64);
    let start = voxel_from_world.transform_point3(plane.world(Voxel::default()).0);
    let step = |axis: usize| voxel_from_world.transform_vector3(plane.step(axis));
    let (whole_start, column, row) = (start.round(), step(0).round(), step(1).round());
    if column.length_squared() != 1.0 || row.length_squared() != 1.0 || column.dot(row) != 0.0 {
        return None;
    }
    let size = DVec3::from_array(grid.size().map(|n| n as f64));
    let mut off: f64 = 0.0;
    for (x, y) in [(0.0, 0.0), (columns - 1.0, 0.0), (0.0, rows - 1.0), (columns - 1.0, rows - 1.0)] {
        let meant = whole_start + column * x + row * y;
        let world = plane.world(Voxel::new(x, y, 0.0)).0;
        off = off.max(world.distance(grid.world(Voxel(meant)).0));
    }
    let last = whole_start + column * (columns - 1.0) + row * (rows - 1.0);
    let (low, high) = (whole_start.min(last), whole_start.max(last));
    let beside = low.cmpge(size).any() || high.cmplt(DVec3::ZERO).any();
    let voxel_mm = grid.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    let whole = |v: DVec3| v.to_array().map(|x| x as i64);
    let way = Way { start: whole(whole_start), column: whole(column), row: whole(row) };
    (!beside && off <= 0.05 * voxel_mm).then_some((way, off))
}

/// A display colour as DICOM stores it: CIELab with D50 white, each channel over 16 bits.
pub(super) fn lab_of(colour: [u8; 3]) -> [u16; 3] {
    let linear = colour.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let f = |axis: usize| {
        let t = XYZ_FROM_RGB[axis].iter().zip(linear).map(|(m, c)| m * c).sum::<f64>() / WHITE[axis];
        if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
    };
    let (l, a, b) = (116.0 * f(1) - 16.0, 500.0 * (f(0) - f(1)), 200.0 * (f(1) - f(2)));
    let word = |share: f64| (share * 65535.0).round().clamp(0.0, 65535.0) as u16;
    [word(l / 100.0), word((a + 128.0) / 255.0), word((b + 128.0) / 255.0)]
}

fn colour_of(lab: [f64; 3]) -> [u8; 3] {
    let l = lab[0] / 65535.0 * 100.0;
    let (a, b) = (lab[1] / 65535.0 * 255.0 - 128.0, lab[2] / 65535.0 * 255.0 - 128.0);
    let fy = (l + 16.0) / 116.0;
    let f = [fy + a / 500.0, fy, fy - b / 200.0];
    let cubed = |t: f64| if t.powi(3) > 216.0 / 24389.0 { t.powi(3) } else { (116.0 * t - 16.0) * 27.0 / 24389.0 };
    let xyz = glam::DVec3::from_array(std::array::from_fn(|axis| cubed(f[axis]) * WHITE[axis]));
    let rgb_from_xyz = glam::DMat3::from_cols_array_2d(&XYZ_FROM_RGB).transpose().inverse();
    (rgb_from_xyz * xyz).to_array().map(|c| {
        let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round().clamp(0.0, 255.0) as u8
    })
}

/// sRGB to XYZ under D50 (Bradford).
const XYZ_FROM_RGB: [[f64; 3]; 3] = [
    [0.436_074_7, 0.385_064_9, 0.143_080_4],
    [0.222_504_5, 0.716_878_6, 0.060_616_9],
    [0.013_932_2, 0.097_104_5, 0.714_173_3],
];
const WHITE: [f64; 3] = [0.964_22, 1.0, 0.825_21];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_back_from_lab() {
        for colour in [[0, 0, 0], [255, 255, 255], [200, 30, 90], [3, 128, 255], [255, 0, 0]] {
            let back = colour_of(lab_of(colour).map(f64::from));
            assert!(back.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1), "{colour:?} became {back:?}");
        }
    }

    #[test]
    fn a_plane_across_the_grid_finds_its_voxels() {
        let grid = Geometry::axis_aligned([10, 12, 14], World::new(5.0, 6.0, 7.0), [0.5, 0.7, 2.0]).unwrap();
        // A sagittal plane: its columns run along rows of the grid, its rows up the slices, from the far end.
        let origin = grid.world(Voxel::centre([3, 11, 0]));
        let directions = [DVec3::NEG_Y, DVec3::Z, DVec3::NEG_X];
        let plane = Geometry::from_parts([12, 14, 1], origin, [0.7, 2.0, 1.0], directions).unwrap();
        let (way, off) = way(&plane, &grid).unwrap();
        assert!(off < 1e-9);
        assert_eq!(way.voxel(0, 0), [3, 11, 0]);
        assert_eq!(way.voxel(4, 9), [3, 7, 9]);
        let moved = Geometry::from_parts([12, 14, 1], World(origin.0 + 0.2), [0.7, 2.0, 1.0], directions).unwrap();
        assert!(super::way(&moved, &grid).is_none());
        // Of a smaller image only what it has counts.
        let frame = Frame { segment: None, plane };
        assert_eq!(way.reach(&frame, [10, 12, 14]).len(), 12 * 14);
        assert_eq!(way.reach(&frame, [10, 5, 6]).len(), 5 * 6);
    }
}
