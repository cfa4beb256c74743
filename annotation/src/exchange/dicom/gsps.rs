//! DICOM presentation states: shapes as graphics over the slices they are drawn on, in pixels with corner origin, and
//! the window they are to be seen in. Only images that came from DICOM can be pointed at.

use super::build::{Build, shortened};
use super::seg::reference;
use super::source::{Instance, Origin, stand_in};
use super::{Read, objects, slices_by_instance};
use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::case::Case;
use crate::exchange::flat::{self, Body};
use crate::exchange::import::{Import, Labels, Reading};
use crate::exchange::{DryRun, Exchange, Holds, Job, Options, SelfCheck, Status};
use crate::shapes::{Shape, Slice};
use crate::{Command, ImageId};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) struct PresentationState;

pub(super) const CLASSES: &[&str] = &[uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE];
const PAINT: &str = "painted labels";
const NO_DICOM: &str = "shapes on images that are no DICOM";
const LAYER: &str = "LIMNER";
/// Graphics are 32-bit floats.
const TOLERANCE_PX: f64 = 1e-3;

impl Exchange for PresentationState {
    fn name(&self) -> &'static str {
        "gsps"
    }

    fn title(&self) -> &'static str {
        "DICOM presentation state"
    }

    fn holds(&self) -> Holds {
        Holds::Flat
    }

    fn status(&self) -> Status {
        Status::Checked
    }

    fn lossy(&self) -> Vec<&'static str> {
        vec![PAINT, NO_DICOM, flat::ACROSS, flat::MEASURES, flat::SOLIDS]
    }

    fn dry_run(&self, contents: &Contents, options: &Options) -> DryRun {
        let mut run = DryRun::default();
        for case in options.cases(contents) {
            if contents.label_map(case.image.id).is_some_and(|map| !map.is_empty()) {
                run.lose(PAINT, || format!("the paint on {}", case.name));
            }
            for shape in contents.shapes_on(case.image.id) {
                let lost = match graphic(shape) {
                    _ if case.image.series_uid.is_none() => Some(NO_DICOM),
                    Ok(_) => None,
                    Err(field) => Some(field),
                };
                match lost {
                    Some(field) => run.lose_drawn(field, shape.form.name(), || format!("on {}", case.name)),
                    None => run.records += 1,
                }
            }
        }
        run
    }

    fn write(&self, job: &Job<'_>, out: &Path) -> Result<SelfCheck> {
        let cases = job.options.cases(job.contents);
        let mut check = SelfCheck { pass: true, max_mm: 0.0 };
        job.task.progress.begin("writing presentation states", cases.len() as u64);
        for case in &cases {
            job.task.cancel.check()?;
            let graphics = graphics(job.contents, case);
            let origin = Origin::of(job, case.image)?;
            if !graphics.is_empty() && !origin.instances.is_empty() {
                let path = out.join(format!("{}_gsps.dcm", case.name));
                write_case(job, case, &graphics, &origin, &path)?;
                check_case(case, &graphics, &origin, &path, &mut check)?;
            }
            job.task.progress.advance(1);
        }
        // A folder with nothing but its receipt is an export of nothing.
        Ok(check)
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, reading: &Reading<'_>) -> Result<Import> {
        read(reading)
    }
}

/// A shape as a graphic: its slice, its points, whether it is closed, and its words.
#[derive(Clone, Debug, PartialEq)]
struct Graphic {
    slice: usize,
    kind: &'static str,
    points: Vec<[f64; 2]>,
    words: String,
}

fn graphic(shape: &Shape) -> std::result::Result<Vec<Graphic>, &'static str> {
    let body = match &shape.form {
        crate::Form::Box3d { .. } | crate::Form::ConfidenceMap { .. } => return Err(flat::SOLIDS),
        crate::Form::Oblique { .. } => return Err(flat::ACROSS),
        crate::Form::Point { at } => {
            let point = vec![[at[0] + 0.5, at[1] + 0.5]];
            let slice = at[2].round().max(0.0) as usize;
            return Ok(vec![Graphic { slice, kind: "POINT", points: point, words: String::new() }]);
        }
        form => Body::of(form).ok_or(flat::MEASURES)?,
    };
    let slice = shape.form.slice().filter(|slice| slice.axis == 2).ok_or(flat::ACROSS)?.index;
    let graphic = |kind, points| Graphic { slice, kind, points, words: String::new() };
    Ok(match &body {
        Body::Ellipse { centre, radii, degrees } => {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let at = |x: f64, y: f64| [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos];
            let ends = [at(-radii[0], 0.0), at(radii[0], 0.0), at(0.0, -radii[1]), at(0.0, radii[1])];
            // The major axis comes first.
            let [a, b, c, d] = ends;
            vec![graphic("ELLIPSE", if radii[0] >= radii[1] { vec![a, b, c, d] } else { vec![c, d, a, b] })]
        }
        Body::Line(points) => vec![graphic("POLYLINE", points.clone())],
        body => {
            let closed = |mut ring: Vec<[f64; 2]>| {
                ring.extend(ring.first().copied());
                graphic("POLYLINE", ring)
            };
            body.rings().into_iter().map(closed).collect()
        }
    })
}

fn graphics(contents: &Contents, case: &Case<'_>) -> Vec<Graphic> {
    let words = |shape: &Shape| {
        let label = shape.label.and_then(|id| contents.label(id)).map(|label| label.name.as_str());
        let words: Vec<&str> = label.into_iter().chain(shape.text.as_deref()).collect();
        shortened(&words.join(": "), 200)
    };
    let of = |shape: &Shape| {
        let mut all = graphic(shape).unwrap_or_default();
        // Rings of one shape are told apart by having its words once.
        if let Some(first) = all.first_mut() {
            first.words = words(shape);
        }
        all
    };
    let mut all: Vec<Graphic> = contents.shapes_on(case.image.id).flat_map(of).collect();
    all.retain(|graphic| graphic.slice < case.image.size()[2]);
    all.sort_by_key(|graphic| graphic.slice);
    all
}

fn write_case(job: &Job<'_>, case: &Case<'_>, graphics: &[Graphic], origin: &Origin, path: &Path) -> Result<()> {
    let name = |what: &str| stand_in(&job.options.key, &format!("{what} {}", case.image.id));
    let class = uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE;
    let mut d = Build::common(class, &name("presentation"), "PR", &name("presentation series"), origin);
    d.text(tags::PRESENTATION_CREATION_DATE, VR::DA, "20000101");
    d.text(tags::PRESENTATION_CREATION_TIME, VR::TM, "000000");
    d.text(tags::CONTENT_LABEL, VR::CS, LAYER);
    d.text(tags::CONTENT_DESCRIPTION, VR::LO, "Annotations");
    d.text(tags::CONTENT_CREATOR_NAME, VR::PN, "");
    d.text(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY");
    d.item(tags::REFERENCED_SERIES_SEQUENCE, |series| {
        series.text(tags::SERIES_INSTANCE_UID, VR::UI, &origin.series_uid);
        series.sequence(tags::REFERENCED_IMAGE_SEQUENCE, origin.distinct().into_iter().map(image_item).collect());
    });
    let [columns, rows, _] = case.image.size();
    d.item(tags::DISPLAYED_AREA_SELECTION_SEQUENCE, |area| {
        // Corners of the displayed area count pixels from 1.
        area.pair(tags::DISPLAYED_AREA_TOP_LEFT_HAND_CORNER, [1, 1]);
        area.pair(tags::DISPLAYED_AREA_BOTTOM_RIGHT_HAND_CORNER, [columns as i32, rows as i32]);
        area.text(tags::PRESENTATION_SIZE_MODE, VR::CS, "SCALE TO FIT");
        area.integers(tags::PRESENTATION_PIXEL_ASPECT_RATIO, &[1, 1]);
    });
    d.item(tags::GRAPHIC_LAYER_SEQUENCE, |layer| {
        layer.text(tags::GRAPHIC_LAYER, VR::CS, LAYER);
        layer.integer(tags::GRAPHIC_LAYER_ORDER, 1);
    });
    let slices: BTreeSet<usize> = graphics.iter().map(|graphic| graphic.slice).collect();
    let annotation = |slice: usize| {
        let mine: Vec<&Graphic> = graphics.iter().filter(|graphic| graphic.slice == slice).collect();
        annotation(&mine, &origin.instances[slice], slice)
    };
    d.sequence(tags::GRAPHIC_ANNOTATION_SEQUENCE, slices.into_iter().map(annotation).collect());
    d.write(path)
}

fn image_item(instance: &Instance) -> Build {
    let mut item = Build::new();
    item.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, &instance.class);
    item.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, &instance.uid);
    item
}

fn annotation(graphics: &[&Graphic], instance: &Instance, _: usize) -> Build {
    let mut item = Build::new();
    let mut image = Build::new();
    reference(&mut image, instance);
    item.sequence(tags::REFERENCED_IMAGE_SEQUENCE, vec![image]);
    item.text(tags::GRAPHIC_LAYER, VR::CS, LAYER);
    let texts: Vec<Build> = graphics.iter().filter(|graphic| !graphic.words.is_empty()).map(|g| words(g)).collect();
    if !texts.is_empty() {
        item.sequence(tags::TEXT_OBJECT_SEQUENCE, texts);
    }
    let object = |graphic: &&Graphic| {
        let mut object = Build::new();
        object.text(tags::GRAPHIC_ANNOTATION_UNITS, VR::CS, "PIXEL");
        object.short(tags::GRAPHIC_DIMENSIONS, 2);
        object.short(tags::NUMBER_OF_GRAPHIC_POINTS, graphic.points.len() as u16);
        object.floats(tags::GRAPHIC_DATA, &graphic.points.iter().flatten().map(|x| *x as f32).collect::<Vec<_>>());
        object.text(tags::GRAPHIC_TYPE, VR::CS, graphic.kind);
        if graphic.kind != "POINT" {
            object.text(tags::GRAPHIC_FILLED, VR::CS, "N");
        }
        object
    };
    item.sequence(tags::GRAPHIC_OBJECT_SEQUENCE, graphics.iter().map(object).collect());
    item
}

/// The words of a graphic, anchored at its first point.
fn words(graphic: &Graphic) -> Build {
    let mut text = Build::new();
    text.text(tags::ANCHOR_POINT_ANNOTATION_UNITS, VR::CS, "PIXEL");
    text.text(tags::UNFORMATTED_TEXT_VALUE, VR::ST, &graphic.words);
    let at = graphic.points.first().copied().unwrap_or_default();
    text.floats(tags::ANCHOR_POINT, &at.map(|x| x as f32));
    text.text(tags::ANCHOR_POINT_VISIBILITY, VR::CS, "N");
    text
}

/// A graphic of any writer, with the instance it is on.
struct Found {
    instances: Vec<(String, usize)>,
    body: Body,
    words: Option<String>,
}

fn read(reading: &Reading<'_>) -> Result<Import> {
    let mut import = Import::default();
    let mut labels = Labels::of(reading.contents);
    let mut drawn = Vec::new();
    let places = slices_by_instance(reading)?;
    for (path, object) in objects(reading.path, CLASSES, reading.task)? {
        let mut nowhere = 0;
        for found in graphics_in(Read(&object), &places) {
            // Words that name a label of the project give the shape that label.
            let label = found.words.as_deref().map(|words| words.split_once(": ").map_or(words, |(name, _)| name));
            let known = label.and_then(|name| reading.contents.labels().into_iter().find(|l| l.name == name));
            let value = match (known, label) {
                (Some(label), _) => label.value,
                (None, Some(name)) if !name.trim().is_empty() => labels.want(name, 0, None)?,
                _ => labels.want("graphic", 0, None)?,
            };
            let mut placed = false;
            for (instance, frame) in &found.instances {
                let Some((image, slice)) = places.get(&(instance.clone(), *frame)).copied() else { continue };
                placed = true;
                let Some(form) = found.body.form(Slice::stored(slice)) else { continue };
                let text = found.words.clone();
                let shape = Shape { text, ..Shape::new(image, form, labels.id_of(value)) };
                drawn.push(Command::AddShape { shape });
                import.records += 1;
            }
            nowhere += usize::from(!placed);
        }
        if nowhere > 0 {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            import.warn("no_image", format!("{name}: {nowhere} graphics are on images that are not in the project"));
        }
    }
    import.commands.extend(labels.commands());
    import.commands.extend(drawn);
    Ok(import)
}

type Places = BTreeMap<(String, usize), (ImageId, usize)>;

fn graphics_in(object: Read<'_>, places: &Places) -> Vec<Found> {
    let mut all = Vec::new();
    for annotation in object.items(tags::GRAPHIC_ANNOTATION_SEQUENCE) {
        let mut instances: Vec<(String, usize)> = annotation
            .items(tags::REFERENCED_IMAGE_SEQUENCE)
            .filter_map(|image| {
                let uid = image.text(tags::REFERENCED_SOP_INSTANCE_UID)?;
                Some((uid, image.whole(tags::REFERENCED_FRAME_NUMBER).unwrap_or(1)))
            })
            .collect();
        if instances.is_empty() {
            // Without a reference of its own an annotation is on every image of the state.
            let referred = object
                .items(tags::REFERENCED_SERIES_SEQUENCE)
                .flat_map(|series| series.items(tags::REFERENCED_IMAGE_SEQUENCE))
                .filter_map(|image| image.text(tags::REFERENCED_SOP_INSTANCE_UID));
            let wanted: BTreeSet<String> = referred.collect();
            instances = places.keys().filter(|(uid, _)| wanted.contains(uid)).cloned().collect();
        }
        let texts: Vec<([f64; 2], String)> = annotation
            .items(tags::TEXT_OBJECT_SEQUENCE)
            .filter_map(|text| {
                let at =
                    text.exactly(tags::ANCHOR_POINT).or_else(|| text.exactly(tags::BOUNDING_BOX_TOP_LEFT_HAND_CORNER));
                Some((at.unwrap_or([f64::NAN; 2]), text.text(tags::UNFORMATTED_TEXT_VALUE)?))
            })
            .collect();
        let mut spare: Vec<([f64; 2], String)> = texts;
        for graphic in annotation.items(tags::GRAPHIC_OBJECT_SEQUENCE) {
            let Some((body, first)) = body_of(graphic) else { continue };
            let mine = spare.iter().position(|(at, _)| (at[0] - first[0]).hypot(at[1] - first[1]) < TOLERANCE_PX);
            let words = mine.map(|n| spare.remove(n).1);
            all.push(Found { instances: instances.clone(), body, words });
        }
        for (at, words) in spare.into_iter().filter(|(at, _)| at[0].is_finite()) {
            all.push(Found { instances: instances.clone(), body: Body::Point(at), words: Some(words) });
        }
    }
    all
}

fn body_of(graphic: Read<'_>) -> Option<(Body, [f64; 2])> {
    (graphic.text(tags::GRAPHIC_ANNOTATION_UNITS).as_deref() == Some("PIXEL")).then_some(())?;
    let numbers = graphic.numbers(tags::GRAPHIC_DATA);
    let points = numbers.as_chunks::<2>().0.to_vec();
    let first = *points.first()?;
    let length = |a: [f64; 2], b: [f64; 2]| (b[0] - a[0]).hypot(b[1] - a[1]);
    let body = match (graphic.text(tags::GRAPHIC_TYPE)?.as_str(), points.as_slice()) {
        ("POINT", [at]) => Body::Point(*at),
        ("CIRCLE", [centre, rim]) => Body::Ellipse { centre: *centre, radii: [length(*centre, *rim); 2], degrees: 0.0 },
        ("ELLIPSE", [a, b, c, d]) => Body::Ellipse {
            centre: [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])],
            radii: [length(*a, *b) / 2.0, length(*c, *d) / 2.0],
            degrees: (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees(),
        },
        ("POLYLINE" | "INTERPOLATED", [first, .., last]) if first == last && points.len() > 3 => {
            Body::Rings(vec![points[..points.len() - 1].to_vec()])
        }
        ("POLYLINE" | "INTERPOLATED", points) if points.len() > 1 => Body::Line(points.to_vec()),
        _ => return None,
    };
    Some((body, first))
}

fn check_case(case: &Case<'_>, meant: &[Graphic], origin: &Origin, path: &Path, check: &mut SelfCheck) -> Result<()> {
    let object = super::header(path)?;
    let places: Places = origin
        .instances
        .iter()
        .enumerate()
        .map(|(slice, instance)| ((instance.uid.clone(), instance.frame.unwrap_or(1)), (case.image.id, slice)))
        .collect();
    let found = graphics_in(Read(&object), &places);
    let step = case.image.geometry.spacing_mm()[..2].iter().copied().fold(0.0, f64::max);
    check.pass &= found.len() == meant.len();
    for (graphic, back) in meant.iter().zip(&found) {
        let slice = back.instances.first().and_then(|key| places.get(key)).map(|(_, slice)| *slice);
        let [low, high] = back.body.bounds().unwrap_or_default();
        let bound =
            |a: usize, pick: fn(f64, f64) -> f64, start: f64| graphic.points.iter().map(|p| p[a]).fold(start, pick);
        let plain = graphic.kind != "ELLIPSE";
        let off = (0..2)
            .map(|a| {
                (low[a] - bound(a, f64::min, f64::INFINITY))
                    .abs()
                    .max((high[a] - bound(a, f64::max, f64::NEG_INFINITY)).abs())
            })
            .fold(0.0, f64::max);
        check.pass &= slice == Some(graphic.slice) && (!plain || off < TOLERANCE_PX);
        check.max_mm = check.max_mm.max(if plain { off * step } else { 0.0 });
    }
    Ok(())
}
