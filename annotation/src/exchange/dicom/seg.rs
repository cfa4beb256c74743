//! DICOM segmentations: binary (one bit a pixel), fractional, or a label map, chosen by `--set type=`. One object per
//! image; frames lie on the image's own slices, and only those with something on them are written.

use super::build::{Build, code, shortened};
use super::seg_read;
use super::source::{Instance, Origin, stand_in};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::filled::FILLED;
use crate::exchange::import::{Import, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, voxels::grid, voxels::maps};
use crate::image_entry::ImageEntry;
use crate::label_map::LabelMap;
use crate::labels::Label;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use glam::DVec3;
use limner_imaging::{Mask, Voxel, VoxelBox};
use std::path::Path;

pub(crate) struct Segmentation;

/// Label map segmentations are younger than the dictionary.
const LABEL_MAP_STORAGE: &str = "1.2.840.10008.5.1.4.1.1.66.7";
pub(super) const CLASSES: &[&str] = &[uids::SEGMENTATION_STORAGE, LABEL_MAP_STORAGE];
const SEGMENTS_OVERLAP: Tag = Tag(0x0062, 0x0013);
const OVERLAP: &str = "overlapping labels";
const SHEARED: &str = "rows and columns of this image are not at right angles; DICOM has no word for that";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Binary,
    Fractional,
    LabelMap,
}

impl Kind {
    fn of(options: &Options) -> Self {
        match options.choice("type") {
            Some("fractional") => Self::Fractional,
            Some("labelmap") => Self::LabelMap,
            _ => Self::Binary,
        }
    }
}

impl Exchange for Segmentation {
    fn name(&self) -> &'static str {
        "dicom-seg"
    }

    fn title(&self) -> &'static str {
        "DICOM segmentation"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![FILLED, OVERLAP, maps::SHAPES, maps::TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            let map = contents.label_map(case.image.id);
            let segments = map.map_or(0, |map| map.values().len());
            run.records += segments;
            maps::lose_time_and_shapes(&mut run, contents, &case, segments);
            if segments > 0 && is_sheared(case.image) {
                run.block(case.name.clone(), SHEARED);
            }
            if Kind::of(options) == Kind::LabelMap && map.is_some_and(|map| grid::painted_layers(map).len() > 1) {
                run.lose(OVERLAP, || format!("{}: the upper layer hides the lower one", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        job.task.progress.begin("writing segmentations", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let map = job.contents.label_map(case.image.id).filter(|map| !map.is_empty());
            if let Some(map) = map {
                let path = out.join(format!("{}_seg.dcm", case.name));
                write_case(job, case, map, &path)?;
                check_case(job, case, map, &path, &mut check)?;
            }
            job.task.progress.advance(1);
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        seg_read::read(reading)
    }
}

pub(super) fn is_sheared(image: &ImageEntry) -> bool {
    let (a, b) = (image.geometry.step(0).normalize_or_zero(), image.geometry.step(1).normalize_or_zero());
    a.dot(b).abs() > 1e-3
}

/// A frame to write: a segment (none for label maps) on a slice.
struct Frame {
    segment: Option<usize>,
    slice: usize,
}

fn write_case(job: &Job<'_>, case: &Case<'_>, map: &LabelMap, path: &Path) -> Result<()> {
    let kind = Kind::of(job.options);
    let origin = Origin::of(job, case.image)?;
    let values: Vec<u16> = map.values().into_iter().collect();
    let labels: Vec<&Label> = values.iter().filter_map(|value| job.contents.label_of_value(*value)).collect();
    let [columns, rows, _] = case.image.size();
    let (frames, pixels) = pixels(map, &values, kind, case, job)?;
    let class = if kind == Kind::LabelMap { LABEL_MAP_STORAGE } else { uids::SEGMENTATION_STORAGE };
    let name = |what: &str| stand_in(&job.options.key, &format!("{what} {} {}", case.image.id, kind as u8));
    let mut d = Build::common(class, &name("segmentation"), "SEG", &name("segmentation series"), &origin);
    d.frame_of_reference(&origin);
    let depth = match kind {
        Kind::Binary => 1,
        Kind::LabelMap if values.len() > 255 => 16,
        _ => 8,
    };
    image_pixel(&mut d, rows, columns, frames.len(), depth);
    d.texts(tags::IMAGE_TYPE, VR::CS, &["DERIVED", "PRIMARY"]);
    d.text(tags::CONTENT_LABEL, VR::CS, "SEGMENTATION");
    d.text(tags::CONTENT_DESCRIPTION, VR::LO, "");
    d.text(tags::CONTENT_CREATOR_NAME, VR::PN, "");
    match kind {
        Kind::Binary => d.text(tags::SEGMENTATION_TYPE, VR::CS, "BINARY"),
        Kind::LabelMap => {
            d.text(tags::SEGMENTATION_TYPE, VR::CS, "LABELMAP");
            d.short(tags::PIXEL_PADDING_VALUE, 0);
        }
        Kind::Fractional => {
            d.text(tags::SEGMENTATION_TYPE, VR::CS, "FRACTIONAL");
            d.text(tags::SEGMENTATION_FRACTIONAL_TYPE, VR::CS, "OCCUPANCY");
            d.short(tags::MAXIMUM_FRACTIONAL_VALUE, 255);
        }
    }
    let overlap = if kind == Kind::LabelMap || grid::painted_layers(map).len() < 2 { "NO" } else { "UNDEFINED" };
    d.text(SEGMENTS_OVERLAP, VR::CS, overlap);
    let background = (kind == Kind::LabelMap).then(background);
    let segments = labels.iter().enumerate().map(|(n, label)| segment(n + 1, label));
    d.sequence(tags::SEGMENT_SEQUENCE, background.into_iter().chain(segments).collect());
    dimensions(&mut d, kind, &name("dimensions"));
    d.sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared_groups(case.image)]);
    let groups = frames.iter().map(|frame| frame_groups(frame, case.image, &origin, kind));
    d.sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, groups.collect());
    references(&mut d, &origin);
    match pixels {
        Pixels::Bytes(bytes) => d.bytes(tags::PIXEL_DATA, VR::OB, bytes),
        Pixels::Words(words) => d.words(tags::PIXEL_DATA, words),
    }
    d.write(path)
}

enum Pixels {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

fn pixels(map: &LabelMap, values: &[u16], kind: Kind, case: &Case<'_>, job: &Job<'_>) -> Result<(Vec<Frame>, Pixels)> {
    let [columns, rows, slices] = case.image.size();
    if rows > usize::from(u16::MAX) || columns > usize::from(u16::MAX) {
        return Err(Error::export(Path::new(&case.name), "DICOM pictures have up to 65,535 rows and columns"));
    }
    let mut frames = Vec::new();
    if kind == Kind::LabelMap {
        let number = |value: u16| values.iter().position(|v| *v == value).map_or(0, |n| n + 1) as u16;
        let numbers: Vec<u16> = (0..=u16::MAX).map(number).collect();
        let mut words: Vec<u16> = Vec::new();
        for slice in 0..slices {
            let plane = flat_slice(map, slice);
            if plane.iter().any(|v| *v != 0) {
                words.extend(plane.iter().map(|v| numbers[usize::from(*v)]));
                frames.push(Frame { segment: None, slice });
            }
        }
        let small = values.len() <= 255;
        let bytes = |words: Vec<u16>| Pixels::Bytes(words.into_iter().map(|w| w as u8).collect());
        return Ok((frames, if small { bytes(words) } else { Pixels::Words(words) }));
    }
    let mut bits = Bits::default();
    let mut bytes = Vec::new();
    for (n, value) in values.iter().enumerate() {
        job.task.cancel.check()?;
        let mask = map.mask_of(*value);
        let bounds = mask.bounds();
        for slice in bounds.min[2]..bounds.max[2] {
            if (bounds.min[1]..bounds.max[1]).all(|row| !mask.row(row, slice).contains(&true)) {
                continue;
            }
            frames.push(Frame { segment: Some(n + 1), slice });
            for row in 0..rows {
                let inside = (bounds.min[1]..bounds.max[1]).contains(&row);
                let flags = if inside { mask.row(row, slice) } else { &[] };
                if kind == Kind::Binary {
                    bits.row(flags, bounds.min[0], columns);
                } else {
                    let start = bytes.len();
                    bytes.resize(start + columns, 0);
                    let at = start + bounds.min[0];
                    bytes[at..at + flags.len()].iter_mut().zip(flags).for_each(|(b, f)| *b = 255 * u8::from(*f));
                }
            }
        }
    }
    Ok((frames, Pixels::Bytes(if kind == Kind::Binary { bits.bytes } else { bytes })))
}

/// The uppermost label of each pixel of a slice.
fn flat_slice(map: &LabelMap, slice: usize) -> Vec<u16> {
    let [columns, rows, _] = map.size();
    let bounds = VoxelBox::new([0, 0, slice], [columns, rows, slice + 1]);
    let mut plane = vec![0; columns * rows];
    for (n, layer) in map.layers().iter().enumerate() {
        if layer.touches(bounds) {
            let values = map.copy_box(n, bounds);
            plane.iter_mut().zip(values).filter(|(_, above)| *above != 0).for_each(|(below, above)| *below = above);
        }
    }
    plane
}

/// Bits packed from the least significant on, without padding between rows or frames.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn row(&mut self, flags: &[bool], offset: usize, columns: usize) {
        let mut at = self.len + offset;
        self.len += columns;
        self.bytes.resize(self.len.div_ceil(8), 0);
        for eight in flags.chunks(8) {
            let byte = packed(eight);
            let (place, shift) = (at / 8, at % 8);
            self.bytes[place] |= byte << shift;
            // What went over the end of the byte; a row that ends before has nothing there.
            let over = (u16::from(byte) << shift >> 8) as u8;
            if over != 0 {
                self.bytes[place + 1] |= over;
            }
            at += 8;
        }
    }
}

/// Up to eight flags as the bits of a byte, the first lowest.
fn packed(flags: &[bool]) -> u8 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(flags).for_each(|(byte, flag)| *byte = u8::from(*flag));
    // The product brings the lowest bit of byte n to bit 56 + n.
    (u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

fn image_pixel(d: &mut Build, rows: usize, columns: usize, frames: usize, depth: u16) {
    d.short(tags::SAMPLES_PER_PIXEL, 1);
    d.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    d.integer(tags::NUMBER_OF_FRAMES, frames);
    d.short(tags::ROWS, rows as u16);
    d.short(tags::COLUMNS, columns as u16);
    d.short(tags::BITS_ALLOCATED, depth);
    d.short(tags::BITS_STORED, depth);
    d.short(tags::HIGH_BIT, depth - 1);
    d.short(tags::PIXEL_REPRESENTATION, 0);
    d.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00");
}

fn segment(number: usize, label: &Label) -> Build {
    let mut item = Build::new();
    item.short(tags::SEGMENT_NUMBER, number as u16);
    item.text(tags::SEGMENT_LABEL, VR::LO, &shortened(&label.name, 64));
    item.text(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "MANUAL");
    let [first, second] = [0, 1].map(|n| label.codes.get(n));
    let property = first.cloned().unwrap_or_else(|| code("85756007", "SCT", "Tissue"));
    let category = second.cloned().unwrap_or_else(|| code("123037004", "SCT", "Anatomical Structure"));
    item.code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, &category);
    item.code(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, &property);
    item.shorts(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE, &super::seg_read::lab_of(label.colour()));
    item.text(tags::TRACKING_ID, VR::UT, &label.id.to_string());
    item.text(tags::TRACKING_UID, VR::UI, &format!("2.25.{}", label.id.0.as_u128()));
    item
}

/// Label maps list what 0 means.
fn background() -> Build {
    let mut item = Build::new();
    item.short(tags::SEGMENT_NUMBER, 0);
    item.text(tags::SEGMENT_LABEL, VR::LO, "Background");
    item.text(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "MANUAL");
    let background = code("125040", "DCM", "Background");
    item.code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, &background);
    item.code(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, &background);
    item
}

fn dimensions(d: &mut Build, kind: Kind, uid: &str) {
    d.item(tags::DIMENSION_ORGANIZATION_SEQUENCE, |item| item.text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, uid));
    let index = |pointer: Tag, group: Tag, name: &str| {
        let mut item = Build::new();
        item.text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, uid);
        item.pointer(tags::DIMENSION_INDEX_POINTER, pointer);
        item.pointer(tags::FUNCTIONAL_GROUP_POINTER, group);
        item.text(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, name);
        item
    };
    let by_segment = index(tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment Number");
    let by_place = index(tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Image Position Patient");
    let all = if kind == Kind::LabelMap { vec![by_place] } else { vec![by_segment, by_place] };
    d.sequence(tags::DIMENSION_INDEX_SEQUENCE, all);
}

fn shared_groups(image: &ImageEntry) -> Build {
    let geometry = &image.geometry;
    let spacing = geometry.spacing_mm();
    let [row, column] = [0, 1].map(|axis| geometry.step(axis).normalize_or_zero());
    // Slices may lean: what counts between them is how far apart their planes are.
    let apart = geometry.step(2).dot(row.cross(column)).abs();
    let mut groups = Build::new();
    groups.item(tags::PIXEL_MEASURES_SEQUENCE, |item| {
        item.decimals(tags::PIXEL_SPACING, &[spacing[1], spacing[0]]);
        item.decimals(tags::SLICE_THICKNESS, &[apart]);
        item.decimals(tags::SPACING_BETWEEN_SLICES, &[apart]);
    });
    groups.item(tags::PLANE_ORIENTATION_SEQUENCE, |item| {
        item.decimals(tags::IMAGE_ORIENTATION_PATIENT, &[row.x, row.y, row.z, column.x, column.y, column.z]);
    });
    groups
}

fn frame_groups(frame: &Frame, image: &ImageEntry, origin: &Origin, kind: Kind) -> Build {
    let position: DVec3 = image.geometry.world(Voxel::new(0.0, 0.0, frame.slice as f64)).0;
    let mut groups = Build::new();
    groups.item(tags::FRAME_CONTENT_SEQUENCE, |item| {
        let place = frame.slice as u32 + 1;
        match frame.segment {
            Some(segment) => item.longs(tags::DIMENSION_INDEX_VALUES, &[segment as u32, place]),
            None => item.longs(tags::DIMENSION_INDEX_VALUES, &[place]),
        }
    });
    groups.item(tags::PLANE_POSITION_SEQUENCE, |item| {
        item.decimals(tags::IMAGE_POSITION_PATIENT, &position.to_array());
    });
    if let (Some(segment), false) = (frame.segment, kind == Kind::LabelMap) {
        groups.item(tags::SEGMENT_IDENTIFICATION_SEQUENCE, |item| {
            item.short(tags::REFERENCED_SEGMENT_NUMBER, segment as u16);
        });
    }
    if let Some(instance) = origin.instances.get(frame.slice) {
        groups.item(tags::DERIVATION_IMAGE_SEQUENCE, |item| {
            item.code(tags::DERIVATION_CODE_SEQUENCE, &code("113076", "DCM", "Segmentation"));
            item.item(tags::SOURCE_IMAGE_SEQUENCE, |source| {
                reference(source, instance);
                source.text(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES");
                let purpose = code("121322", "DCM", "Source image for image processing operation");
                source.code(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, &purpose);
            });
        });
    }
    groups
}

pub(super) fn reference(item: &mut Build, instance: &Instance) {
    item.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, &instance.class);
    item.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &instance.uid);
    if let Some(frame) = instance.frame {
        item.integer(tags::REFERENCED_FRAME_NUMBER, frame);
    }
}

/// The images the object was made from, series by series.
pub(super) fn references(d: &mut Build, origin: &Origin) {
    let instances: Vec<Build> = origin
        .distinct()
        .into_iter()
        .map(|instance| {
            let mut item = Build::new();
            item.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, &instance.class);
            item.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &instance.uid);
            item
        })
        .collect();
    if !instances.is_empty() {
        d.item(tags::REFERENCED_SERIES_SEQUENCE, |item| {
            item.text(tags::SERIES_INSTANCE_UID, VR::UI, &origin.series_uid);
            item.sequence(tags::REFERENCED_INSTANCE_SEQUENCE, instances);
        });
    }
}

/// Reads a file back as that of a stranger and compares every voxel.
fn check_case(job: &Job<'_>, case: &Case<'_>, map: &LabelMap, path: &Path, check: &mut SelfCheck) -> Result<()> {
    let hidden = Kind::of(job.options) == Kind::LabelMap;
    let back = seg_read::masks(path, &[case.image], job.task)?;
    let whole = VoxelBox::whole(map.size());
    let flat = hidden.then(|| crate::exchange::voxels::nnunet::flattened(map));
    for (n, value) in map.values().into_iter().enumerate() {
        let meant = match &flat {
            Some(flat) => Mask::from_voxels(whole, flat.iter().map(|v| *v == value).collect())
                .unwrap_or_else(|| Mask::empty(whole)),
            None => map.mask_of(value),
        };
        let found = back.segments.iter().find(|segment| segment.number == n + 1);
        let same = found.map_or(meant.is_empty(), |found| is_same(&found.mask, &meant));
        check.pass &= same;
        if !same {
            check.max_mm = f64::INFINITY;
        }
    }
    grid::note(check, case.image, back.off_mm);
    Ok(())
}

fn is_same(a: &Mask, b: &Mask) -> bool {
    let both = a.bounds().union(&b.bounds());
    a.within(both) == b.within(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_run_on_over_rows_and_frames() {
        // FORMATS F, from highdicom: three frames of 20 bits in 8 bytes, the second from bit 20 on.
        let frames = [["00110", "01110", "00100", "00000"], ["00000", "01000", "00000", "00000"], ["00000"; 4]];
        let rows = |text: &str| text.bytes().map(|b| b == b'1').collect::<Vec<_>>();
        let mut bits = Bits::default();
        frames.iter().flatten().for_each(|row| bits.row(&rows(row), 0, 5));
        assert_eq!(bits.bytes[..4], [0b1100_1100, 0b0001_0001, 0b0000_0000, 0b0000_0100]);
        assert_eq!((bits.len, bits.bytes.len()), (60, 8));
        let mut cut = Bits::default();
        cut.row(&[true, true], 6, 10);
        assert_eq!(cut.bytes, [0b1100_0000, 0]);
    }
}
