//! The same lesions over time: what each measured at each visit, where it started, how small it became, and how much it has
//! changed since. Numbers only: what they mean for a patient is not decided here.

use crate::contents::Contents;
use crate::entity::{ImageId, LesionId, ShapeId, StudyId, SubjectId};
use crate::image_entry::ImageEntry;
use crate::measure::{self, Kind};
use crate::records::{Lesion, LesionStage, Study, Trend};
use crate::shapes::{Form, Shape};

/// The lesions of a subject by row, the visits by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub visits: Vec<Visit>,
    pub rows: Vec<Row>,
    /// Of the target lesions; a visit where one of them was not measured has none.
    pub sum: Row,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    pub study: StudyId,
    /// "Baseline", "Visit 2".
    pub name: String,
    pub days: Option<i64>,
    pub images: Vec<ImageId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// None for the sum.
    pub lesion: Option<LesionId>,
    pub name: String,
    pub is_target: bool,
    pub cells: Vec<Option<Cell>>,
    pub course: Course,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub size: Size,
    /// Where it was measured.
    pub place: Option<(ImageId, ShapeId)>,
    pub trend: Option<Trend>,
}

/// The longest diameter, and the one across it where that was measured; or a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Size {
    pub value: f64,
    pub across: Option<f64>,
    /// mm, mm3 or px.
    pub unit: String,
}

/// How the sizes of a row went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The first size.
    pub baseline: Option<f64>,
    /// The smallest size, and its visit.
    pub nadir: Option<(usize, f64)>,
    /// For each visit, percent of change since the baseline.
    pub since_baseline: Vec<Option<f64>>,
    /// For each visit, percent of change since the smallest size before it.
    pub since_nadir: Vec<Option<f64>>,
}

impl Table {
    #[must_use]
    pub fn of(contents: &Contents, subject: SubjectId) -> Self {
        let mut studies: Vec<&Study> = contents.all::<Study>().filter(|study| study.subject == subject).collect();
        // Visits without a time point come last, in the order of making.
        studies.sort_by_key(|study| (study.time_point.unwrap_or(u32::MAX), study.days));
        let name = |n: usize| if n == 0 { "Baseline".to_owned() } else { format!("Visit {}", n + 1) };
        let visit = |(n, study): (usize, &&Study)| Visit {
            study: study.id,
            name: name(n),
            days: study.days,
            images: study.images.clone(),
        };
        let visits: Vec<Visit> = studies.iter().enumerate().map(visit).collect();
        let lesions = contents.all::<Lesion>().filter(|lesion| lesion.subject == subject);
        let rows: Vec<Row> = lesions.map(|lesion| row_of(contents, lesion, &visits)).collect();
        let sum = sum_of(&rows, visits.len());
        Self { visits, rows, sum }
    }
}

fn row_of(contents: &Contents, lesion: &Lesion, visits: &[Visit]) -> Row {
    let cell = |visit: &Visit| {
        let stage = lesion.stages.iter().find(|stage| stage.study == visit.study)?;
        cell_of(contents, lesion, stage, visit)
    };
    let cells: Vec<Option<Cell>> = visits.iter().map(cell).collect();
    let course = Course::of(&cells);
    Row { lesion: Some(lesion.id), name: lesion.name.clone(), is_target: lesion.is_target, cells, course }
}

fn cell_of(contents: &Contents, lesion: &Lesion, stage: &LesionStage, visit: &Visit) -> Option<Cell> {
    let drawn = stage.shapes.iter().filter_map(|id| contents.shape(*id));
    let sized = drawn.filter_map(|shape| Some((size_of(contents, shape)?, (shape.image, shape.id))));
    if let Some((size, place)) = sized.max_by(|a, b| a.0.value.total_cmp(&b.0.value)) {
        return Some(Cell { size, place: Some(place), trend: stage.trend });
    }
    let size = if stage.trend == Some(Trend::Gone) {
        Size { value: 0.0, across: None, unit: String::new() }
    } else {
        painted(contents, lesion, visit)?
    };
    Some(Cell { size, place: None, trend: stage.trend })
}

/// The longest extent of a shape.
#[must_use]
pub fn size_of(contents: &Contents, shape: &Shape) -> Option<Size> {
    let image = contents.image(shape.image)?;
    if let Form::Oblique { drawing } = &shape.form {
        return extent(&Shape { form: (*drawing.drawn).clone(), ..shape.clone() }, &drawing.entry(image)?);
    }
    extent(shape, image)
}

fn extent(shape: &Shape, image: &ImageEntry) -> Option<Size> {
    let measured = measure::of_shape(shape, image);
    let find = |kind| measured.iter().find(|m| m.kind == kind);
    if let Some(long) = find(Kind::LongDiameter).or_else(|| find(Kind::Length)) {
        let across = find(Kind::ShortDiameter).map(|short| short.value);
        return Some(Size { value: long.value, across, unit: long.unit.clone() });
    }
    let slice = shape.form.slice()?;
    let corners: Vec<[f64; 2]> = shape.form.rings()?.concat();
    let pairs = corners.iter().enumerate().flat_map(|(n, a)| corners[n + 1..].iter().map(move |b| [*a, *b]));
    let lengths = pairs.filter_map(|ends| {
        let ruler = Shape { form: Form::Ruler { slice, ends }, ..shape.clone() };
        measure::of_shape(&ruler, image).into_iter().next()
    });
    let longest = lengths.max_by(|a, b| a.value.total_cmp(&b.value))?;
    Some(Size { value: longest.value, across: None, unit: longest.unit })
}

/// The volume that a lesion's label has on the pictures of a visit.
fn painted(contents: &Contents, lesion: &Lesion, visit: &Visit) -> Option<Size> {
    let label = contents.label(lesion.label?)?;
    let volumes = visit.images.iter().filter_map(|image| {
        let mask = contents.label_map(*image)?.mask_of(label.value);
        let image = contents.image(*image)?;
        (!mask.is_empty()).then(|| measure::painted(&mask, image))
    });
    let volume = volumes.max_by(|a, b| a.value.total_cmp(&b.value))?;
    Some(Size { value: volume.value, across: None, unit: volume.unit })
}

fn sum_of(rows: &[Row], visits: usize) -> Row {
    let targets: Vec<&Row> = rows.iter().filter(|row| row.is_target).collect();
    let mut units = targets.iter().flat_map(|row| row.cells.iter().flatten()).map(|cell| cell.size.unit.as_str());
    let unit = units.find(|unit| !unit.is_empty()).unwrap_or_default().to_owned();
    let cell = |n: usize| {
        let sizes: Option<Vec<&Size>> =
            targets.iter().map(|row| row.cells[n].as_ref().map(|cell| &cell.size)).collect();
        let sizes = sizes.filter(|sizes| !sizes.is_empty())?;
        // Millimetres and pixels, or diameters and volumes, make no sum.
        let alike = sizes.iter().all(|size| size.unit.is_empty() || size.unit == unit);
        let value = sizes.iter().map(|size| size.value).sum();
        alike.then(|| Cell { size: Size { value, across: None, unit: unit.clone() }, place: None, trend: None })
    };
    let cells: Vec<Option<Cell>> = (0..visits).map(cell).collect();
    let course = Course::of(&cells);
    Row { lesion: None, name: "Sum of targets".into(), is_target: true, cells, course }
}

impl Course {
    fn of(cells: &[Option<Cell>]) -> Self {
        let sizes: Vec<Option<&Size>> = cells.iter().map(|cell| cell.as_ref().map(|cell| &cell.size)).collect();
        let units: Vec<&str> =
            sizes.iter().flatten().map(|s| s.unit.as_str()).filter(|unit| !unit.is_empty()).collect();
        if units.windows(2).any(|pair| pair[0] != pair[1]) {
            let none = vec![None; cells.len()];
            return Self { since_baseline: none.clone(), since_nadir: none, ..Self::default() };
        }
        let percent = |from: f64, to: f64| (from > 0.0).then(|| (to - from) / from * 100.0);
        let mut course = Self::default();
        for (n, size) in sizes.iter().enumerate() {
            let value = size.map(|size| size.value);
            course.since_baseline.push(value.zip(course.baseline).and_then(|(now, from)| percent(from, now)));
            course.since_nadir.push(value.zip(course.nadir).and_then(|(now, (_, from))| percent(from, now)));
            if let Some(value) = value {
                course.baseline = course.baseline.or(Some(value));
                if course.nadir.is_none_or(|(_, least)| value < least) {
                    course.nadir = Some((n, value));
                }
            }
        }
        course
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::document::Document;
    use crate::entity::SubjectId;
    use crate::image_entry::ImageEntry;
    use crate::records::Subject;
    use crate::shapes::Slice;
    use limner_imaging::{Geometry, Samples, Volume, World};

    fn image(name: &str) -> ImageEntry {
        // Wider than high: a diameter across is not one down.
        let geometry = Geometry::axis_aligned([40, 30, 3], World::default(), [0.5, 1.0, 3.0]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; 3600]), 1).unwrap();
        ImageEntry::of_volume(&volume, name, name)
    }

    fn study(subject: SubjectId, image: ImageId, time_point: u32) -> Study {
        let (indication, history, diagnosis) = (None, None, None);
        let (images, days) = (vec![image], Some(i64::from(time_point) * 60));
        let id = StudyId::new();
        Study { id, subject, images, time_point: Some(time_point), days, indication, history, diagnosis }
    }

    fn ruler(image: ImageId, mm: f64) -> Shape {
        let ends = [[2.0, 5.0], [2.0 + mm / 0.5, 5.0]];
        Shape::new(image, Form::Ruler { slice: Slice::stored(1), ends }, None)
    }

    #[test]
    fn percents_count_from_the_first_and_from_the_smallest_before() {
        let mut document = Document::new("reader");
        let subject = Subject {
            id: SubjectId::new(),
            pseudonym: "S1".into(),
            sex: None,
            age: None,
            attributes: Default::default(),
        };
        let images: Vec<ImageEntry> = ["a", "b", "c", "d"].map(image).into();
        // Put down in disorder: the time point says the order.
        let studies: Vec<Study> = [2, 0, 1, 3].map(|n| study(subject.id, images[n as usize].id, n)).into();
        let by_time = |n: u32| studies.iter().find(|study| study.time_point == Some(n)).unwrap();
        let shapes: Vec<Shape> = [10.0, 5.0, 8.0].iter().enumerate().map(|(n, mm)| ruler(images[n].id, *mm)).collect();
        let stage = |n: u32, shapes: Vec<ShapeId>, trend| LesionStage {
            study: by_time(n).id,
            finding: None,
            shapes,
            measurements: Vec::new(),
            trend,
        };
        let mut stages: Vec<LesionStage> = (0..3).map(|n| stage(n, vec![shapes[n as usize].id], None)).collect();
        stages.push(stage(3, Vec::new(), Some(Trend::Gone)));
        let id = LesionId::new();
        let (name, label) = ("L1".to_owned(), None);
        let lesion = Lesion { id, subject: subject.id, name, label, is_target: true, stages };
        let mut commands: Vec<Command> = images.iter().map(|image| Command::put(image.clone())).collect();
        commands.push(Command::put(subject.clone()));
        commands.extend(studies.iter().map(|study| Command::put(study.clone())));
        commands.extend(shapes.iter().map(|shape| Command::put(shape.clone())));
        commands.push(Command::put(lesion));
        document.apply("Follow", commands).unwrap();

        let table = Table::of(&document, subject.id);
        assert_eq!(table.visits.iter().map(|v| v.days.unwrap()).collect::<Vec<_>>(), [0, 60, 120, 180]);
        let row = &table.rows[0];
        let values: Vec<f64> = row.cells.iter().map(|cell| cell.as_ref().unwrap().size.value).collect();
        assert_eq!(values, [10.0, 5.0, 8.0, 0.0]);
        assert_eq!((row.course.baseline, row.course.nadir), (Some(10.0), Some((3, 0.0))));
        assert_eq!(row.course.since_baseline, [None, Some(-50.0), Some(-20.0), Some(-100.0)]);
        assert_eq!(row.course.since_nadir, [None, Some(-50.0), Some(60.0), Some(-100.0)]);
        assert_eq!(table.sum.cells[2].as_ref().unwrap().size.value, 8.0);
        assert_eq!(row.cells[1].as_ref().unwrap().place, Some((images[1].id, shapes[1].id)));
    }

    #[test]
    fn an_area_is_as_long_as_its_farthest_corners_are_apart_in_millimetres() {
        let mut document = Document::new("reader");
        let image = image("a");
        let form = Form::Box2d { slice: Slice::stored(0), min: [0.0, 0.0], max: [6.0, 4.0] };
        let shape = Shape::new(image.id, form, None);
        document.apply("Draw", vec![Command::put(image), Command::put(shape.clone())]).unwrap();
        // Three millimetres across and four down.
        let size = size_of(&document, &shape).unwrap();
        assert!((size.value - 5.0).abs() < 1e-9 && size.unit == "mm", "{size:?}");
    }
}
