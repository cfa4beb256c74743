//! DICOM structure sets: closed contours in the patient, one structure a label. Painted labels become the borders of
//! their pixels, drawn shapes their own corners; holes are contours of their own, told by the even-odd rule.
//!
//! Borders are drawn a twentieth of a pixel inside the pixels they belong to: a reader that asks whether a pixel's
//! centre is inside and one that rounds corners to pixels then both find exactly those pixels.

use super::build::{Build, shortened};
use super::seg::reference;
use super::source::{Origin, stand_in};
use super::{Read, objects};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::flat::{self, Body};
use crate::exchange::import::{Import, Labels, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status, voxels::grid, voxels::maps};
use crate::image_entry::ImageEntry;
use crate::shapes::{Form, Shape, Slice};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use glam::DVec3;
use limner_imaging::{Geometry, Voxel, World};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct StructureSet;

pub(super) const CLASSES: &[&str] = &[uids::RT_STRUCTURE_SET_STORAGE];
const INSET: f64 = 0.05;
const NO_CONTOUR: &str = "shapes without an outline on a slice";

type Ring = Vec<[f64; 2]>;

impl Exchange for StructureSet {
    fn name(&self) -> &'static str {
        "rtstruct"
    }

    fn title(&self) -> &'static str {
        "DICOM structure set"
    }

    fn holds(&self) -> Holds {
        Holds::Volumes
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![flat::CURVES, flat::NO_LABEL, NO_CONTOUR, maps::TIME]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            run.records += structures(contents, &case).len();
            for shape in contents.shapes_on(case.image.id) {
                let lost = match (Body::of(&shape.form), shape.form.slice()) {
                    (Some(body), Some(_)) if body.has_area() && shape.label.is_none() => flat::NO_LABEL,
                    (Some(body), Some(_)) if body.is_curved() => flat::CURVES,
                    (Some(body), Some(_)) if body.has_area() => continue,
                    _ => NO_CONTOUR,
                };
                run.lose_drawn(lost, shape.form.name(), || format!("on {}", case.name));
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        job.task.progress.begin("writing structure sets", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let structures = structures(job.contents, case);
            if !structures.is_empty() {
                let path = out.join(format!("{}_rtstruct.dcm", case.name));
                write_case(job, case, &structures, &path)?;
                check_case(case.image, &structures, &path, &mut check)?;
            }
            job.task.progress.advance(1);
        }
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        read(reading)
    }
}

/// A label with its contours, slice by slice.
struct Structure {
    value: u16,
    name: String,
    colour: [u8; 3],
    contours: Vec<(Slice, Vec<Ring>)>,
}

/// What is painted is one structure a label. A drawn shape is one of its own: contours of one structure take away from
/// each other where they overlap.
fn structures(contents: &Contents, case: &Case<'_>) -> Vec<Structure> {
    let mut painted: BTreeMap<u16, Vec<(Slice, Vec<Ring>)>> = BTreeMap::new();
    for index in 0..case.image.size()[2] {
        for (value, mask) in flat::masks_on(contents, case, index) {
            let rings = Body::Mask(mask).rings().iter().map(inset).collect();
            painted.entry(value).or_default().push((Slice::stored(index), rings));
        }
    }
    let drawn = contents.shapes_on(case.image.id).filter_map(|shape| {
        let label = shape.label.and_then(|id| contents.label(id))?;
        Some((label.value, vec![(shape.form.slice()?, shape.form.rings()?)]))
    });
    let structure = |(value, contours): (u16, Vec<_>)| {
        let label = contents.label_of_value(value);
        Structure {
            value,
            name: label.map_or_else(|| format!("label {value}"), |label| label.name.clone()),
            colour: label.map_or([255, 0, 0], crate::Label::colour),
            contours,
        }
    };
    painted.into_iter().chain(drawn).map(structure).collect()
}

/// Moves every side of a ring of pixel borders a little towards the pixels, which lie to its right on the screen.
fn inset(ring: &Ring) -> Ring {
    let count = ring.len();
    let inward = |a: [f64; 2], b: [f64; 2]| {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
        [-dy / length * INSET, dx / length * INSET]
    };
    (0..count)
        .map(|n| {
            let (before, at, after) = (ring[(n + count - 1) % count], ring[n], ring[(n + 1) % count]);
            let (first, second) = (inward(before, at), inward(at, after));
            [at[0] + first[0] + second[0], at[1] + first[1] + second[1]]
        })
        .collect()
}

/// A point of a slice, with pixel corners, in the patient.
pub(crate) fn world_of(geometry: &Geometry, slice: Slice, at: [f64; 2]) -> DVec3 {
    let mut voxel = [slice.index as f64; 3];
    let [x, y] = slice.axes_in_plane();
    (voxel[x], voxel[y]) = (at[0] - 0.5, at[1] - 0.5);
    geometry.world(Voxel(DVec3::from_array(voxel))).0
}

fn write_case(job: &Job<'_>, case: &Case<'_>, structures: &[Structure], path: &Path) -> Result<()> {
    let origin = Origin::of(job, case.image)?;
    let name = |what: &str| stand_in(&job.options.key, &format!("{what} {}", case.image.id));
    let class = uids::RT_STRUCTURE_SET_STORAGE;
    let mut d = Build::common(class, &name("structure set"), "RTSTRUCT", &name("structure set series"), &origin);
    d.frame_of_reference(&origin);
    d.text(tags::OPERATORS_NAME, VR::PN, "");
    d.text(tags::STRUCTURE_SET_LABEL, VR::SH, "Limner");
    d.text(tags::STRUCTURE_SET_NAME, VR::LO, "Limner");
    d.text(tags::STRUCTURE_SET_DATE, VR::DA, "20000101");
    d.text(tags::STRUCTURE_SET_TIME, VR::TM, "000000");
    d.text(tags::APPROVAL_STATUS, VR::CS, "UNAPPROVED");
    d.item(tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE, |frame| {
        frame.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &origin.frame_of_reference);
        if !origin.instances.is_empty() {
            frame.item(tags::RT_REFERENCED_STUDY_SEQUENCE, |study| {
                study.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, "1.2.840.10008.3.1.2.3.1");
                study.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &origin.study_uid);
                study.item(tags::RT_REFERENCED_SERIES_SEQUENCE, |series| {
                    series.text(tags::SERIES_INSTANCE_UID, VR::UI, &origin.series_uid);
                    let images = origin.distinct().into_iter().map(|instance| {
                        let mut item = Build::new();
                        reference(&mut item, instance);
                        item
                    });
                    series.sequence(tags::CONTOUR_IMAGE_SEQUENCE, images.collect());
                });
            });
        }
    });
    let numbered = || structures.iter().enumerate().map(|(n, structure)| (n + 1, structure));
    d.sequence(tags::STRUCTURE_SET_ROI_SEQUENCE, numbered().map(|(n, s)| roi(n, s, &origin)).collect());
    let contours = numbered().map(|(n, structure)| roi_contour(n, structure, case.image, &origin));
    d.sequence(tags::ROI_CONTOUR_SEQUENCE, contours.collect());
    d.sequence(tags::RTROI_OBSERVATIONS_SEQUENCE, numbered().map(|(n, _)| observation(n)).collect());
    d.write(path)
}

fn roi(number: usize, structure: &Structure, origin: &Origin) -> Build {
    let mut item = Build::new();
    item.integer(tags::ROI_NUMBER, number);
    item.text(tags::REFERENCED_FRAME_OF_REFERENCE_UID, VR::UI, &origin.frame_of_reference);
    item.text(tags::ROI_NAME, VR::LO, &shortened(&structure.name, 64));
    item.text(tags::ROI_DESCRIPTION, VR::ST, &format!("label {}", structure.value));
    item.text(tags::ROI_GENERATION_ALGORITHM, VR::CS, "MANUAL");
    item
}

fn observation(number: usize) -> Build {
    let mut item = Build::new();
    item.integer(tags::OBSERVATION_NUMBER, number);
    item.integer(tags::REFERENCED_ROI_NUMBER, number);
    item.text(tags::RTROI_INTERPRETED_TYPE, VR::CS, "");
    item.text(tags::ROI_INTERPRETER, VR::PN, "");
    item
}

fn roi_contour(number: usize, structure: &Structure, image: &ImageEntry, origin: &Origin) -> Build {
    let mut item = Build::new();
    let words: Vec<String> = structure.colour.iter().map(ToString::to_string).collect();
    item.texts(tags::ROI_DISPLAY_COLOR, VR::IS, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let all = structure.contours.iter().flat_map(|(slice, rings)| rings.iter().map(move |ring| (*slice, ring)));
    let contour = |(slice, ring): (Slice, &Ring)| {
        let mut contour = Build::new();
        let source = origin.instances.get(slice.index).filter(|_| slice.axis == 2);
        if let Some(instance) = source {
            contour.item(tags::CONTOUR_IMAGE_SEQUENCE, |item| reference(item, instance));
        }
        contour.text(tags::CONTOUR_GEOMETRIC_TYPE, VR::CS, "CLOSED_PLANAR");
        contour.integer(tags::NUMBER_OF_CONTOUR_POINTS, ring.len());
        let points: Vec<f64> = ring.iter().flat_map(|p| world_of(&image.geometry, slice, *p).to_array()).collect();
        contour.decimals(tags::CONTOUR_DATA, &points);
        contour
    };
    item.sequence(tags::CONTOUR_SEQUENCE, all.map(contour).collect());
    item.integer(tags::REFERENCED_ROI_NUMBER, number);
    item
}

/// A structure as read: its rings by slice, on one image.
struct FoundRoi {
    name: String,
    colour: Option<[u8; 3]>,
    number: usize,
    rings: BTreeMap<Slice, Vec<Ring>>,
    points: Vec<DVec3>,
    /// Contours that lie on no slice.
    loose: usize,
}

fn read(reading: &Reading<'_>) -> Result<Import> {
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut drawn = Vec::new();
    let images: Vec<&ImageEntry> = reading.contents.images().collect();
    for (path, object) in objects(reading.path, CLASSES, reading.task)? {
        let (image, rois) = best_image(&path, Read(&object), &images)?;
        for roi in rois {
            reading.task.cancel.check()?;
            if roi.loose > 0 {
                let text = format!(
                    "{} contours of \"{}\" lie on no slice of the image and were left out",
                    roi.loose, roi.name
                );
                import.warn("between_slices", text);
            }
            if roi.rings.is_empty() && roi.points.is_empty() {
                continue;
            }
            let value = labels.want(&roi.name, u16::try_from(roi.number).unwrap_or(0), roi.colour)?;
            let label = labels.id_of(value);
            import.records += 1;
            for (slice, rings) in roi.rings {
                let shape = Shape::new(image.id, Form::Polygon { slice, rings }, label);
                drawn.push(crate::Command::AddShape { shape });
            }
            for point in roi.points {
                let at = image.geometry.voxel(World(point)).0.to_array();
                drawn.push(crate::Command::AddShape { shape: Shape::new(image.id, Form::Point { at }, label) });
            }
        }
    }
    import.commands.extend(labels.commands());
    import.commands.extend(drawn);
    Ok(import)
}

/// The image that the contours lie on: the one referred to, or the one whose slices most of them are on.
fn best_image<'a>(path: &Path, object: Read<'_>, images: &[&'a ImageEntry]) -> Result<(&'a ImageEntry, Vec<FoundRoi>)> {
    let referred: Vec<String> = object
        .items(tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
        .flat_map(|frame| frame.items(tags::RT_REFERENCED_STUDY_SEQUENCE))
        .flat_map(|study| study.items(tags::RT_REFERENCED_SERIES_SEQUENCE))
        .filter_map(|series| series.text(tags::SERIES_INSTANCE_UID))
        .collect();
    let mut best: Option<(usize, &ImageEntry, Vec<FoundRoi>)> = None;
    for image in images {
        let rois = rois(path, object, &image.geometry)?;
        let loose: usize = rois.iter().map(|roi| roi.loose).sum();
        let named = image.series_uid.as_ref().is_some_and(|uid| referred.contains(uid));
        if named {
            return Ok((image, rois));
        }
        let placed = rois.iter().any(|roi| !roi.rings.is_empty() || !roi.points.is_empty());
        if placed && best.as_ref().is_none_or(|(least, ..)| loose < *least) {
            best = Some((loose, image, rois));
        }
    }
    let missing = || Error::export(path, "no image of the project has slices at these contours; add it first");
    best.map(|(_, image, rois)| (image, rois)).ok_or_else(missing)
}

fn rois(path: &Path, object: Read<'_>, geometry: &Geometry) -> Result<Vec<FoundRoi>> {
    let mut all = Vec::new();
    let contours: BTreeMap<usize, Read<'_>> = object
        .items(tags::ROI_CONTOUR_SEQUENCE)
        .filter_map(|item| Some((item.whole(tags::REFERENCED_ROI_NUMBER)?, item)))
        .collect();
    for item in object.items(tags::STRUCTURE_SET_ROI_SEQUENCE) {
        let number = item.whole(tags::ROI_NUMBER).unwrap_or(0);
        let name = item.text(tags::ROI_NAME).unwrap_or_else(|| format!("structure {number}"));
        let contour = contours.get(&number);
        let colour = contour.and_then(|c| c.exactly::<3>(tags::ROI_DISPLAY_COLOR)).map(|c| c.map(|x| x as u8));
        let mut roi = FoundRoi { name, colour, number, rings: BTreeMap::new(), points: Vec::new(), loose: 0 };
        for contour in contour.iter().flat_map(|c| c.items(tags::CONTOUR_SEQUENCE)) {
            let numbers = contour.numbers(tags::CONTOUR_DATA);
            if !numbers.len().is_multiple_of(3) || numbers.is_empty() {
                return Err(Error::export(path, format!("a contour of \"{}\" has no whole points", roi.name)));
            }
            let points: Vec<DVec3> = numbers.as_chunks::<3>().0.iter().map(|p| DVec3::from_array(*p)).collect();
            match contour.text(tags::CONTOUR_GEOMETRIC_TYPE).as_deref() {
                Some("POINT") => {
                    let (inside, outside): (Vec<_>, Vec<_>) = points
                        .into_iter()
                        .partition(|point| geometry.voxel(World(*point)).index_in(geometry.size()).is_some());
                    roi.loose += outside.len();
                    roi.points.extend(inside);
                }
                Some("CLOSED_PLANAR" | "CLOSEDPLANAR_XOR") if points.len() >= 3 => match on_slice(&points, geometry) {
                    Some((slice, ring)) => roi.rings.entry(slice).or_default().push(ring),
                    None => roi.loose += 1,
                },
                _ => roi.loose += 1,
            }
        }
        all.push(roi);
    }
    Ok(all)
}

/// The slice that all points lie on, and their places on it with pixel corners.
pub(super) fn on_slice(points: &[DVec3], geometry: &Geometry) -> Option<(Slice, Ring)> {
    let voxel_from_world = geometry.voxel_from_world();
    let voxels: Vec<DVec3> = points.iter().map(|p| voxel_from_world.transform_point3(*p)).collect();
    // Stored slices first: on those most contours lie.
    for axis in [2, 1, 0] {
        let mean = voxels.iter().map(|v| v[axis]).sum::<f64>() / voxels.len() as f64;
        let index = mean.round();
        let inside = index >= 0.0 && index < geometry.size()[axis] as f64;
        if inside && voxels.iter().all(|v| (v[axis] - index).abs() < 0.1) {
            let slice = Slice { axis, index: index as usize };
            let [x, y] = slice.axes_in_plane();
            return Some((slice, voxels.iter().map(|v| [v[x] + 0.5, v[y] + 0.5]).collect()));
        }
    }
    None
}

fn check_case(image: &ImageEntry, meant: &[Structure], path: &Path, check: &mut SelfCheck) -> Result<()> {
    let object = super::header(path)?;
    let found = rois(path, Read(&object), &image.geometry)?;
    for (n, structure) in meant.iter().enumerate() {
        let Some(roi) = found.iter().find(|roi| roi.number == n + 1 && roi.loose == 0) else {
            check.pass = false;
            check.max_mm = f64::INFINITY;
            continue;
        };
        let mut by_slice: BTreeMap<Slice, Vec<&Ring>> = BTreeMap::new();
        for (slice, rings) in &structure.contours {
            by_slice.entry(*slice).or_default().extend(rings);
        }
        let mut moved: f64 = if by_slice.len() == roi.rings.len() { 0.0 } else { f64::INFINITY };
        for (slice, rings) in by_slice {
            let back = roi.rings.get(&slice).map(Vec::as_slice).unwrap_or_default();
            let same = back.len() == rings.len() && back.iter().zip(&rings).all(|(a, b)| a.len() == b.len());
            let points = rings.iter().flat_map(|ring| ring.iter()).zip(back.iter().flatten());
            let apart = points
                .map(|(a, b)| world_of(&image.geometry, slice, *a).distance(world_of(&image.geometry, slice, *b)));
            moved = moved.max(if same { apart.fold(0.0, f64::max) } else { f64::INFINITY });
        }
        grid::note(check, image, moved);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::flat::rle::Rle;

    #[test]
    fn borders_lie_just_inside_their_pixels_and_fill_to_the_same_ones() {
        let values: Vec<u16> = [0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0].to_vec();
        let mask = Rle::of_values(&values, 5, 3).remove(&1).unwrap();
        let rings: Vec<Ring> = Body::Mask(mask.clone()).rings().iter().map(inset).collect();
        assert_eq!(Body::Rings(rings.clone()).mask([5, 3]), mask);
        // Rounded to pixel centres every corner is a pixel of the mask: what OpenCV's filling counts as inside.
        for [x, y] in rings.concat() {
            let (column, row) = ((x - 0.5).round() as usize, (y - 0.5).round() as usize);
            assert_eq!(values[row * 5 + column], 1, "{x} {y}");
        }
    }

    #[test]
    fn contours_find_their_slice_on_a_tilted_grid() {
        let turn = glam::DMat3::from_axis_angle(DVec3::new(1.0, 2.0, 0.5).normalize(), 0.6);
        let directions = [turn * DVec3::X, turn * DVec3::Y, turn * DVec3::NEG_Z];
        let geometry =
            Geometry::from_parts([9, 8, 7], World::new(-3.0, 4.0, 5.0), [0.7, 0.9, 2.5], directions).unwrap();
        for slice in [Slice::stored(3), Slice { axis: 0, index: 5 }, Slice { axis: 1, index: 2 }] {
            let ring = [[1.0, 1.0], [4.5, 1.25], [3.0, 5.0]];
            let points: Vec<DVec3> = ring.iter().map(|p| world_of(&geometry, slice, *p)).collect();
            let (found, back) = on_slice(&points, &geometry).unwrap();
            assert_eq!(found, slice);
            assert!(back.iter().flatten().zip(ring.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-9));
        }
        let between = [DVec3::new(0.0, 0.0, 0.0), DVec3::new(9.0, 1.0, 3.0), DVec3::new(1.0, 5.0, 9.0)];
        assert!(on_slice(&between, &geometry).is_none());
    }
}
