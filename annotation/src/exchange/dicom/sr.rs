//! DICOM measurement reports (TID 1500): one measurement group per shape, with its outline on the image it was drawn on
//! and what it measures. Only images that came from DICOM can be pointed at.

use super::build::{Build, code, shortened};
use super::report_numbers::Number;
use super::source::{Origin, stand_in};
use super::{Read, objects, slices_by_instance};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::case::Case;
use crate::exchange::flat::{self, Body, outline};
use crate::exchange::import::{Import, Labels, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status};
use crate::labels::Code;
use crate::shapes::{Form, Shape, Slice};
use crate::{Command, ImageId};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct MeasurementReport;

pub(super) const CLASSES: &[&str] =
    &[uids::COMPREHENSIVE_SR_STORAGE, uids::ENHANCED_SR_STORAGE, "1.2.840.10008.5.1.4.1.1.88.34"];
const GROUP: &str = "125007";
const PAINT: &str = "painted labels";
const NO_DICOM: &str = "shapes on images that are no DICOM";
/// Graphics are 32-bit floats.
const TOLERANCE_PX: f64 = 1e-3;

impl Exchange for MeasurementReport {
    fn name(&self) -> &'static str {
        "sr-tid1500"
    }

    fn title(&self) -> &'static str {
        "DICOM measurement report"
    }

    fn holds(&self) -> Holds {
        Holds::Flat
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![PAINT, NO_DICOM, flat::HOLES, flat::ACROSS, flat::SOLIDS, flat::MEASURES]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            if contents.label_map(case.image.id).is_some_and(|map| !map.is_empty()) {
                run.lose(PAINT, || format!("the paint on {}", case.name));
            }
            for shape in contents.shapes_on(case.image.id) {
                let lost = match group(contents, shape, &case) {
                    _ if case.image.series_uid.is_none() => Some(NO_DICOM),
                    Err(field) => Some(field),
                    Ok(group) => {
                        run.records += 1;
                        group.holes.then_some(flat::HOLES)
                    }
                };
                if let Some(field) = lost {
                    run.lose_drawn(field, shape.form.name(), || format!("on {}", case.name));
                }
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        job.task.progress.begin("writing reports", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let groups: Vec<Group> = job
                .contents
                .shapes_on(case.image.id)
                .filter_map(|shape| group(job.contents, shape, case).ok())
                .collect();
            let origin = Origin::of(job, case.image)?;
            if !groups.is_empty() && !origin.instances.is_empty() {
                let path = out.join(format!("{}_sr.dcm", case.name));
                write_case(job, case, &groups, &origin, &path)?;
                check_case(case, &groups, &origin, &path, &mut check)?;
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

/// A shape as a measurement group.
struct Group {
    slice: usize,
    kind: &'static str,
    points: Vec<[f64; 2]>,
    holes: bool,
    finding: Code,
    tracking: String,
    tracking_uid: String,
    /// What is measured, its value, its unit.
    number: Option<(Code, f64, Code)>,
}

fn group(contents: &Contents, shape: &Shape, case: &Case<'_>) -> std::result::Result<Group, &'static str> {
    let mut holes = false;
    let (slice, kind, points) = match &shape.form {
        Form::Box3d { .. } | Form::ConfidenceMap { .. } => return Err(flat::SOLIDS),
        Form::Oblique { .. } => return Err(flat::ACROSS),
        Form::Point { at } => (at[2].round().max(0.0) as usize, "POINT", vec![[at[0] + 0.5, at[1] + 0.5]]),
        form => {
            let slice = form.slice().ok_or(flat::MEASURES)?;
            let slice = if slice.axis == 2 { slice.index } else { return Err(flat::ACROSS) };
            match form {
                Form::Ruler { ends, .. } => (slice, "POLYLINE", ends.to_vec()),
                Form::Polyline { points, .. } => (slice, "POLYLINE", points.clone()),
                form => {
                    let body = Body::of(form).ok_or(flat::MEASURES)?;
                    let (mut ring, inside, parts) = body.single_ring().ok_or(flat::MEASURES)?;
                    holes = inside || parts;
                    ring.extend(ring.first().copied());
                    (slice, "POLYLINE", ring)
                }
            }
        }
    };
    if slice >= case.image.size()[2] {
        return Err(flat::ACROSS);
    }
    let label = shape.label.and_then(|id| contents.label(id));
    let coded = label.and_then(|label| label.codes.first().cloned());
    let named = |name: &str| code(&shortened(&name.replace(' ', "-"), 16), "99LIMNER", name);
    let finding = coded.or_else(|| label.map(|label| named(&label.name))).unwrap_or_else(|| named("region"));
    Ok(Group {
        slice,
        kind,
        number: measured(shape, &points, case),
        points,
        holes,
        finding,
        tracking: shape.id.to_string(),
        tracking_uid: format!("2.25.{}", shape.id.0.as_u128()),
    })
}

fn measured(shape: &Shape, points: &[[f64; 2]], case: &Case<'_>) -> Option<(Code, f64, Code)> {
    if !case.image.spacing_known {
        return None;
    }
    let [dx, dy, _] = case.image.geometry.spacing_mm();
    let ucum = |unit: &str, meaning: &str| code(unit, "UCUM", meaning);
    match &shape.form {
        Form::Ruler { ends: [a, b], .. } => {
            let length = ((b[0] - a[0]) * dx).hypot((b[1] - a[1]) * dy);
            Some((code("410668003", "SCT", "Length"), length, ucum("mm", "millimeter")))
        }
        Form::Point { .. } | Form::Polyline { .. } => None,
        _ => {
            let area = outline::signed_area(points).abs() * dx * dy;
            Some((code("42798000", "SCT", "Area"), area, ucum("mm2", "square millimeter")))
        }
    }
}

/// An item of the content tree.
fn content(relation: Option<&str>, kind: &str, name: &Code) -> Build {
    let mut item = Build::new();
    if let Some(relation) = relation {
        item.text(tags::RELATIONSHIP_TYPE, VR::CS, relation);
    }
    item.text(tags::VALUE_TYPE, VR::CS, kind);
    item.code(tags::CONCEPT_NAME_CODE_SEQUENCE, name);
    item
}

fn coded(relation: &str, name: &Code, value: &Code) -> Build {
    let mut item = content(Some(relation), "CODE", name);
    item.code(tags::CONCEPT_CODE_SEQUENCE, value);
    item
}

fn container(relation: Option<&str>, name: &Code, template: Option<&str>, children: Vec<Build>) -> Build {
    let mut item = content(relation, "CONTAINER", name);
    item.text(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
    if let Some(template) = template {
        item.item(tags::CONTENT_TEMPLATE_SEQUENCE, |t| {
            t.text(tags::MAPPING_RESOURCE, VR::CS, "DCMR");
            t.text(tags::TEMPLATE_IDENTIFIER, VR::CS, template);
        });
    }
    item.sequence(tags::CONTENT_SEQUENCE, children);
    item
}

fn dcm(value: &str, meaning: &str) -> Code {
    code(value, "DCM", meaning)
}

fn write_case(job: &Job<'_>, case: &Case<'_>, groups: &[Group], origin: &Origin, path: &Path) -> Result<()> {
    let name = |what: &str| stand_in(&job.options.key, &format!("{what} {}", case.image.id));
    let class = uids::COMPREHENSIVE_SR_STORAGE;
    let mut d = Build::common(class, &name("report"), "SR", &name("report series"), origin);
    d.text(tags::COMPLETION_FLAG, VR::CS, "PARTIAL");
    d.text(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
    d.sequence(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, Vec::new());
    d.sequence(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, Vec::new());
    d.item(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, |study| {
        study.text(tags::STUDY_INSTANCE_UID, VR::UI, &origin.study_uid);
        study.item(tags::REFERENCED_SERIES_SEQUENCE, |series| {
            series.text(tags::SERIES_INSTANCE_UID, VR::UI, &origin.series_uid);
            let images = origin.distinct().into_iter().map(|instance| {
                let mut item = Build::new();
                item.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, &instance.class);
                item.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &instance.uid);
                item
            });
            series.sequence(tags::REFERENCED_SOP_SEQUENCE, images.collect());
        });
    });
    let language = dcm("121049", "Language of Content Item and Descendants");
    let english = code("en-US", "RFC5646", "English (United States)");
    let device = dcm("121007", "Device");
    let mut observer = content(Some("HAS OBS CONTEXT"), "UIDREF", &dcm("121012", "Device Observer UID"));
    observer.text(tags::UID, VR::UI, &name("observer"));
    let procedure = code("363679005", "SCT", "Imaging procedure");
    let measurements = groups.iter().map(|group| group_item(group, origin)).collect();
    let root = container(
        None,
        &dcm("126000", "Imaging Measurement Report"),
        Some("1500"),
        vec![
            coded("HAS CONCEPT MOD", &language, &english),
            coded("HAS OBS CONTEXT", &dcm("121005", "Observer Type"), &device),
            observer,
            coded("HAS CONCEPT MOD", &dcm("121058", "Procedure reported"), &procedure),
            container(Some("CONTAINS"), &dcm("126010", "Imaging Measurements"), None, measurements),
        ],
    );
    d.join(root);
    d.write(path)
}

fn group_item(group: &Group, origin: &Origin) -> Build {
    let mut tracking = content(Some("HAS OBS CONTEXT"), "TEXT", &dcm("112039", "Tracking Identifier"));
    tracking.text(tags::TEXT_VALUE, VR::UT, &group.tracking);
    let mut tracking_uid = content(Some("HAS OBS CONTEXT"), "UIDREF", &dcm("112040", "Tracking Unique Identifier"));
    tracking_uid.text(tags::UID, VR::UI, &group.tracking_uid);
    let mut region = content(Some("CONTAINS"), "SCOORD", &dcm("111030", "Image Region"));
    region.text(tags::GRAPHIC_TYPE, VR::CS, group.kind);
    region.floats(tags::GRAPHIC_DATA, &group.points.iter().flatten().map(|x| *x as f32).collect::<Vec<_>>());
    let mut image = Build::new();
    image.text(tags::RELATIONSHIP_TYPE, VR::CS, "SELECTED FROM");
    image.text(tags::VALUE_TYPE, VR::CS, "IMAGE");
    let instance = &origin.instances[group.slice];
    image.item(tags::REFERENCED_SOP_SEQUENCE, |item| super::seg::reference(item, instance));
    region.sequence(tags::CONTENT_SEQUENCE, vec![image]);
    let mut children =
        vec![tracking, tracking_uid, coded("CONTAINS", &dcm("121071", "Finding"), &group.finding), region];
    if let Some((what, value, unit)) = &group.number {
        let mut number = content(Some("CONTAINS"), "NUM", what);
        number.item(tags::MEASURED_VALUE_SEQUENCE, |item| {
            item.code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, unit);
            item.decimals(tags::NUMERIC_VALUE, &[*value]);
        });
        children.push(number);
    }
    container(Some("CONTAINS"), &dcm(GROUP, "Measurement Group"), Some("1410"), children)
}

/// A region of a report of any writer.
struct Found {
    finding: Option<Code>,
    image: String,
    frame: usize,
    body: Body,
    numbers: Vec<Number>,
}

/// What a report says: its regions, and the groups that have none with how many numbers are in them.
#[derive(Default)]
struct Told {
    regions: Vec<Found>,
    unplaced: usize,
    loose: usize,
}

fn read(reading: &Reading<'_>) -> Result<Import> {
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut drawn = Vec::new();
    let places = slices_by_instance(reading)?;
    for (path, object) in objects(reading.path, CLASSES, reading.task)? {
        let found = found_in(Read(&object));
        let (mut nowhere, mut left) = (0, 0);
        for region in found.regions {
            let place: Option<(ImageId, usize)> = places.get(&(region.image.clone(), region.frame)).copied();
            let Some((image, slice)) = place else {
                nowhere += 1;
                left += region.numbers.len();
                continue;
            };
            let known = region
                .finding
                .as_ref()
                .and_then(|finding| reading.contents.labels().into_iter().find(|label| label.codes.contains(finding)));
            let name = region.finding.as_ref().map_or("region", |finding| finding.meaning.as_str());
            let value = match known {
                Some(label) => label.value,
                None => labels.want(name, 0, None)?,
            };
            if let Some(finding) = region.finding.filter(|finding| finding.scheme != "99LIMNER") {
                labels.code(value, vec![finding]);
            }
            let Some(form) = region.body.form(Slice::stored(slice)) else { continue };
            let shape = Shape::new(image, form, labels.id_of(value));
            let entry = reading.contents.image(image).ok_or(Error::Missing { key: image.into() })?;
            let kept: Vec<Command> = region.numbers.iter().filter_map(|number| number.kept(&shape, entry)).collect();
            left += region.numbers.len() - kept.len();
            drawn.push(Command::AddShape { shape });
            drawn.extend(kept);
            import.records += 1;
        }
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if nowhere > 0 {
            import.warn("no_image", format!("{file}: {nowhere} regions are on images that are not in the project"));
        }
        if left > 0 {
            let text =
                format!("{file}: {left} measured numbers were left out: they follow from the shapes, or have no place");
            import.warn("numbers", text);
        }
        if found.unplaced > 0 {
            let (groups, numbers) = (found.unplaced, found.loose);
            let text = format!(
                "{file}: left out, for they speak of segments or whole images and not of regions: measurement groups \
                 {groups}, numbers {numbers}"
            );
            import.warn("no_region", text);
        }
    }
    import.commands.extend(labels.commands());
    import.commands.extend(drawn);
    Ok(import)
}

fn found_in(object: Read<'_>) -> Told {
    let mut told = Told::default();
    walk(object, None, &mut told, 0);
    told
}

/// Gathers the regions of a content tree; the finding of a group holds for what is in it.
fn walk(item: Read<'_>, finding: Option<&Code>, told: &mut Told, depth: usize) {
    if depth > 32 {
        return;
    }
    let is = |child: &Read<'_>, value: &str| {
        child.code(tags::CONCEPT_NAME_CODE_SEQUENCE).is_some_and(|name| name.value == value && name.scheme == "DCM")
    };
    let mut own = finding.cloned();
    let mut numbers = Vec::new();
    let before = told.regions.len();
    for child in item.items(tags::CONTENT_SEQUENCE) {
        if is(&child, "121071") {
            own = child.code(tags::CONCEPT_CODE_SEQUENCE).or(own);
        }
        numbers.extend(Number::of(child));
    }
    for child in item.items(tags::CONTENT_SEQUENCE) {
        if child.text(tags::VALUE_TYPE).as_deref() == Some("SCOORD") {
            let image =
                child.items(tags::CONTENT_SEQUENCE).find_map(|image| image.first(tags::REFERENCED_SOP_SEQUENCE));
            let uid = image.and_then(|image| image.text(tags::REFERENCED_SOP_INSTANCE_UID));
            if let (Some(image), Some(uid), Some(body)) = (image, uid, body_of(child)) {
                let frame = image.whole(tags::REFERENCED_FRAME_NUMBER).unwrap_or(1);
                let numbers = std::mem::take(&mut numbers);
                told.regions.push(Found { finding: own.clone(), image: uid, frame, body, numbers });
            }
        }
        walk(child, own.as_ref(), told, depth + 1);
    }
    let is_group = item.code(tags::CONCEPT_NAME_CODE_SEQUENCE).is_some_and(|name| name.value == GROUP);
    if is_group && told.regions.len() == before {
        told.unplaced += 1;
        told.loose += numbers.len();
    }
}

fn body_of(region: Read<'_>) -> Option<Body> {
    let numbers = region.numbers(tags::GRAPHIC_DATA);
    let points = numbers.as_chunks::<2>().0.to_vec();
    let length = |a: [f64; 2], b: [f64; 2]| (b[0] - a[0]).hypot(b[1] - a[1]);
    Some(match (region.text(tags::GRAPHIC_TYPE)?.as_str(), points.as_slice()) {
        ("POINT", [at]) => Body::Point(*at),
        ("CIRCLE", [centre, rim]) => Body::Ellipse { centre: *centre, radii: [length(*centre, *rim); 2], degrees: 0.0 },
        ("ELLIPSE", [a, b, c, d]) => Body::Ellipse {
            centre: [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])],
            radii: [length(*a, *b) / 2.0, length(*c, *d) / 2.0],
            degrees: (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees(),
        },
        ("POLYLINE", [first, .., last]) if first == last && points.len() > 3 => {
            Body::Rings(vec![points[..points.len() - 1].to_vec()])
        }
        ("POLYLINE" | "MULTIPOINT", points) if points.len() > 1 => Body::Line(points.to_vec()),
        _ => return None,
    })
}

fn check_case(case: &Case<'_>, meant: &[Group], origin: &Origin, path: &Path, check: &mut SelfCheck) -> Result<()> {
    let object = super::header(path)?;
    let found = found_in(Read(&object)).regions;
    let slices: BTreeMap<&str, usize> =
        origin.instances.iter().enumerate().map(|(slice, instance)| (instance.uid.as_str(), slice)).collect();
    let step = case.image.geometry.spacing_mm()[..2].iter().copied().fold(0.0, f64::max);
    check.pass &= found.len() == meant.len();
    for (group, back) in meant.iter().zip(&found) {
        let [low, high] = back.body.bounds().unwrap_or_default();
        let end = |a: usize, pick: fn(f64, f64) -> f64, start: f64| group.points.iter().map(|p| p[a]).fold(start, pick);
        let off = (0..2)
            .map(|a| {
                (low[a] - end(a, f64::min, f64::INFINITY))
                    .abs()
                    .max((high[a] - end(a, f64::max, f64::NEG_INFINITY)).abs())
            })
            .fold(0.0, f64::max);
        let one_object = origin.distinct().len() == 1;
        check.pass &= off < TOLERANCE_PX && (one_object || slices.get(back.image.as_str()) == Some(&group.slice));
        check.max_mm = check.max_mm.max(off * step);
    }
    Ok(())
}
