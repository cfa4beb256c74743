//! Label maps and masks of other programs onto pictures that are painted already, and single mask pictures.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use limner_annotation::command::{Command, PaintMode, PaintRule};
use limner_annotation::exchange::{Import, Onto, Pictures, Reading, Report, apply, by_name, guess, read, read_onto};
use limner_annotation::{Document, Error, ImageEntry, ImageId, Label, PackedMask, Result};
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World, formats};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const SIZE: [usize; 3] = [20, 10, 3];

fn geometry(size: [usize; 3]) -> Geometry {
    Geometry::axis_aligned(size, World::new(1.0, 2.0, 3.0), [0.5, 0.8, 2.0]).unwrap()
}

fn no_pictures(path: &Path, _: &Task) -> Result<ImageEntry> {
    Err(Error::refused(format!("{} was asked for", path.display())))
}

fn block(from: usize, to: usize) -> Mask {
    Mask::from_fn(VoxelBox::whole(SIZE), |[i, j, k]| (from..to).contains(&i) && j > 2 && k == 1)
}

/// The liver in columns 2 to 8, the spleen beside it.
fn painted() -> (Document, ImageId) {
    let mut document = Document::new("reader");
    let volume = Volume::new(geometry(SIZE), Samples::U8(vec![0; 600]), 1).unwrap();
    let image = ImageEntry::of_volume(&volume, "ct.nii", "ct");
    let id = image.id;
    let paint = |label, mask| {
        let mask = PackedMask::pack(&mask);
        Command::Paint { image: id, layer: 0, label, mask, mode: PaintMode::Set, rule: PaintRule::All }
    };
    let commands = vec![
        Command::AddLabel { label: Label::new(1, "Liver") },
        Command::AddLabel { label: Label::new(2, "Spleen") },
        Command::AddImage { image },
        paint(1, block(2, 8)),
        paint(2, block(8, 12)),
    ];
    document.apply("Paint", commands).unwrap();
    (document, id)
}

/// A label map of another program, whose value 1 is the liver as it sees it.
fn map_file(folder: &Path, name: &str, liver: &Mask) -> PathBuf {
    let path = folder.join(name);
    let samples = liver.voxels().iter().map(|inside| u8::from(*inside)).collect();
    let mut volume = Volume::new(geometry(SIZE), Samples::U8(samples), 1).unwrap();
    volume.spacing_known = true;
    formats::write(&volume, &path).unwrap();
    path
}

fn import(document: &mut Document, path: &Path) -> Result<Report> {
    let nifti = by_name("nifti").unwrap();
    let task = Task::default();
    let reading = Reading { contents: document.contents(), path, pictures: &no_pictures, task: &task };
    let found = read(nifti, &reading)?;
    apply(nifti, document, found)
}

fn names(document: &Document) -> Vec<&str> {
    document.labels().into_iter().map(|label| label.name.as_str()).collect()
}

fn voxels(document: &Document, image: ImageId, name: &str) -> Mask {
    let label = document.labels().into_iter().find(|label| label.name == name).unwrap();
    document.label_map(image).unwrap().mask_of(label.value).within(VoxelBox::whole(SIZE))
}

#[test]
fn a_second_reading_of_an_organ_is_a_label_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (mut document, image) = painted();
    let theirs = block(4, 10);
    let file = map_file(folder.path(), "theirs.nii.gz", &theirs);
    let report = import(&mut document, &file).unwrap();
    assert_eq!(names(&document), ["Liver", "Spleen", "Liver (imported)"]);
    assert_eq!(report.notes, ["Liver is painted on ct already; what came in is called Liver (imported)"]);
    assert!(report.warnings.is_empty() && report.records == 1);
    assert_eq!(voxels(&document, image, "Liver"), block(2, 8));
    assert_eq!(voxels(&document, image, "Spleen"), block(8, 12));
    assert_eq!(voxels(&document, image, "Liver (imported)"), theirs);
    let liver = document.labels()[0].value;
    assert_eq!(document.label_map(image).unwrap().count(liver), block(2, 8).count() as u64);

    // The same file again, and what was painted here: nothing to add, and that is said.
    for file in [file, map_file(folder.path(), "ours.nii.gz", &block(2, 8))] {
        let before = document.contents().clone();
        let report = import(&mut document, &file).unwrap();
        assert_eq!((report.records, report.revision), (0, None));
        assert!(report.notes.len() == 1 && report.notes[0].contains("nothing was added"), "{:?}", report.notes);
        assert_eq!(document.contents(), &before);
    }

    let third = map_file(folder.path(), "third.nii.gz", &block(0, 3));
    import(&mut document, &third).unwrap();
    assert_eq!(names(&document)[2..], ["Liver (imported)", "Liver (imported 2)"]);
    assert_eq!(voxels(&document, image, "Liver (imported 2)"), block(0, 3));
}

#[test]
fn a_locked_label_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut document, image) = painted();
    let label = Label { locked: true, ..Label::new(3, "Kidney") };
    document.apply("Lock", vec![Command::AddLabel { label }]).unwrap();
    let mask = PackedMask::pack(&block(14, 16));
    let (mode, rule) = (PaintMode::Set, PaintRule::All);
    let paint = Command::Paint { image, layer: 0, label: 3, mask, mode, rule };
    let error = document.apply("Paint", vec![paint]).unwrap_err().to_string();
    assert!(error.contains("\"Kidney\" is locked: unlock it"), "{error}");
    // A locked label that is painted keeps nothing out: what comes in is another one.
    let liver = Label { locked: true, ..document.labels()[0].clone() };
    document.apply("Lock", vec![Command::EditLabel { label: liver }]).unwrap();
    let file = map_file(folder.path(), "theirs.nii.gz", &block(4, 10));
    import(&mut document, &file).unwrap();
    assert_eq!(voxels(&document, image, "Liver (imported)"), block(4, 10));
}

fn picture(folder: &Path, name: &str, size: [usize; 2], value: impl Fn([usize; 2]) -> u8) -> PathBuf {
    let path = folder.join(name);
    let samples = (0..size[0] * size[1]).map(|n| value([n % size[0], n / size[0]])).collect();
    let volume = Volume::new(geometry([size[0], size[1], 1]), Samples::U8(samples), 1).unwrap();
    formats::write(&volume, &path).unwrap();
    path
}

fn read_mask(document: &Document, path: &Path, onto: Option<Onto>) -> Result<Import> {
    let task = Task::default();
    let reading = Reading { contents: document.contents(), path, pictures: &no_pictures, task: &task };
    let format = guess(path, &task)?;
    assert_eq!(format.title(), "mask picture");
    read_onto(format, &reading, onto)
}

#[test]
fn a_mask_picture_is_read_onto_the_picture_of_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut document = Document::new("reader");
    let volume = Volume::new(geometry([20, 10, 1]), Samples::U8(vec![0; 200]), 1).unwrap();
    let image = ImageEntry::of_volume(&volume, "film.png", "film");
    let id = image.id;
    document.apply("Add", vec![Command::AddImage { image }]).unwrap();
    let onto = Some(Onto { image: id, slice: None });
    let square = |[x, y]: [usize; 2]| (3..7).contains(&x) && (2..5).contains(&y);

    let white = picture(folder.path(), "lesion.png", [20, 10], |at| if square(at) { 255 } else { 0 });
    let format = guess(&white, &Task::default()).unwrap();
    let found = read_mask(&document, &white, None).unwrap();
    apply(format, &mut document, found).unwrap();
    assert_eq!(names(&document), ["lesion"]);
    let value = document.labels()[0].value;
    let inside: Vec<[usize; 3]> = document.label_map(id).unwrap().mask_of(value).indices().collect();
    assert_eq!((inside.len(), inside[0], inside[11]), (12, [3, 2, 0], [6, 4, 0]));

    let several = picture(folder.path(), "several.png", [20, 10], |[x, _]| [0, 7, 0, 9][x / 5]);
    let found = read_mask(&document, &several, onto).unwrap();
    apply(format, &mut document, found).unwrap();
    assert_eq!(names(&document)[1..], ["label 7", "label 9"]);

    let small = picture(folder.path(), "small.png", [8, 6], |_| 1);
    let error = read_mask(&document, &small, onto).unwrap_err().to_string();
    assert!(error.contains("8 x 6") && error.contains("20 x 10"), "{error}");
    let photo = picture(folder.path(), "photo.png", [20, 10], |[x, y]| (x * 10 + y) as u8);
    assert!(read_mask(&document, &photo, onto).unwrap_err().to_string().contains("different values"));
    let black = picture(folder.path(), "black.png", [20, 10], |_| 0);
    let nothing = read_mask(&document, &black, onto).unwrap();
    assert!(nothing.records == 0 && nothing.warnings[0].text.contains("background"));
}

/// As the window reads: it knows which images are masks, and which picture is in front.
struct Known {
    masks: Vec<ImageId>,
    meant: Option<ImageId>,
}

impl Pictures for Known {
    fn entry_of(&self, path: &Path, task: &Task) -> Result<ImageEntry> {
        no_pictures(path, task)
    }

    fn bears_labels(&self, image: &ImageEntry) -> bool {
        !self.masks.contains(&image.id)
    }

    fn meant(&self) -> Option<ImageId> {
        self.meant
    }
}

#[test]
fn labels_are_read_onto_the_picture_that_is_meant_and_never_onto_a_mask() {
    let folder = tempfile::tempdir().unwrap();
    let volume = |size| Volume::new(geometry(size), Samples::U8(vec![0; size.iter().product()]), 1).unwrap();
    for (size, file) in [
        (SIZE, map_file(folder.path(), "theirs.nii.gz", &block(2, 8))),
        ([20, 10, 1], picture(folder.path(), "lesion.png", [20, 10], |[x, _]| if x < 4 { 255 } else { 0 })),
    ] {
        let images = ["mask", "first", "second"].map(|name| ImageEntry::of_volume(&volume(size), name, name));
        let [mask, first, second] = [0, 1, 2].map(|n: usize| images[n].id);
        let mut document = Document::new("reader");
        document.apply("Add", images.map(|image| Command::AddImage { image }).to_vec()).unwrap();
        let task = Task::default();
        let read_with = |known: Known, onto: Option<ImageId>| {
            let reading = Reading { contents: document.contents(), path: &file, pictures: &known, task: &task };
            let onto = onto.map(|image| Onto { image, slice: None });
            read_onto(guess(&file, &task).unwrap(), &reading, onto)
        };
        let meant = read_with(Known { masks: vec![mask], meant: Some(second) }, Some(second)).unwrap();
        assert_eq!((meant.images(), meant.warnings.len()), (vec![second], 0));
        let only = read_with(Known { masks: vec![mask, second], meant: None }, None).unwrap();
        assert_eq!((only.images(), only.warnings.len()), (vec![first], 0), "there is only one it can be");
        let none = read_with(Known { masks: vec![mask, first, second], meant: None }, None);
        assert!(none.is_err(), "masks bear no labels");
    }
    // Where it had to be guessed the picture is named.
    let (document, file) = (two_of_one_grid(), folder.path().join("theirs.nii.gz"));
    let known = Known { masks: Vec::new(), meant: None };
    let reading = Reading { contents: document.contents(), path: &file, pictures: &known, task: &Task::default() };
    let guessed = read(by_name("nifti").unwrap(), &reading).unwrap();
    assert!(guessed.warnings[0].text.contains("read onto baseline"), "{:?}", guessed.warnings);
}

fn two_of_one_grid() -> Document {
    let mut document = Document::new("reader");
    let volume = Volume::new(geometry(SIZE), Samples::U8(vec![0; 600]), 1).unwrap();
    let add = |name: &str| Command::AddImage { image: ImageEntry::of_volume(&volume, name, name) };
    document.apply("Add", vec![add("baseline"), add("follow-up")]).unwrap();
    document
}

#[test]
fn a_mask_of_a_stack_needs_its_slice() {
    let folder = tempfile::tempdir().unwrap();
    let (mut document, image) = painted();
    let mask = picture(folder.path(), "cyst.png", [20, 10], |[x, _]| if x < 2 { 255 } else { 0 });
    let error = read_mask(&document, &mask, Some(Onto { image, slice: None })).unwrap_err().to_string();
    assert!(error.contains("3 slices"), "{error}");
    let found = read_mask(&document, &mask, Some(Onto { image, slice: Some(2) })).unwrap();
    apply(guess(&mask, &Task::default()).unwrap(), &mut document, found).unwrap();
    let painted = voxels(&document, image, "cyst");
    assert!(painted.count() == 20 && painted.get([1, 9, 2]));
    assert!(read_mask(&document, &mask, Some(Onto { image, slice: Some(3) })).is_err());
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    let check = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    [(data.len() as u32).to_be_bytes().to_vec(), body, check.to_be_bytes().to_vec()].concat()
}

#[test]
fn the_places_of_a_palette_are_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    // Rows of the numbers 0, 2 and 1, each after the filter byte.
    let rows: Vec<u8> = [0_u8, 2, 1].iter().flat_map(|value| [0, *value, *value, *value, *value]).collect();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&rows).unwrap();
    let head = [4_u32.to_be_bytes(), 3_u32.to_be_bytes()].concat();
    let bytes = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &[head, vec![8, 3, 0, 0, 0]].concat()),
        chunk(b"PLTE", &[0, 0, 0, 128, 0, 0, 0, 128, 0]),
        chunk(b"IDAT", &packed.finish().unwrap()),
        chunk(b"IEND", &[]),
    ];
    let path = folder.path().join("palette.png");
    std::fs::write(&path, bytes.concat()).unwrap();
    let mut document = Document::new("reader");
    let volume = Volume::new(geometry([4, 3, 1]), Samples::U8(vec![0; 12]), 1).unwrap();
    let image = ImageEntry::of_volume(&volume, "film.png", "film");
    let id = image.id;
    document.apply("Add", vec![Command::AddImage { image }]).unwrap();
    let found = read_mask(&document, &path, None).unwrap();
    apply(guess(&path, &Task::default()).unwrap(), &mut document, found).unwrap();
    let map = document.label_map(id).unwrap();
    assert_eq!(map.copy_box(0, VoxelBox::whole([4, 3, 1])), [0, 0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1]);
    assert_eq!(document.label_of_value(2).unwrap().colour, Some([0, 128, 0]));
}

#[test]
fn a_folder_without_pairs_says_what_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let document = Document::new("reader");
    let task = Task::default();
    let paired = by_name("paired-png").unwrap();
    let at = |path: &Path| {
        read(paired, &Reading { contents: document.contents(), path, pictures: &no_pictures, task: &task })
    };
    let mask = picture(folder.path(), "mask.png", [8, 6], |_| 1);
    let found = at(folder.path()).unwrap();
    assert!(found.records == 0 && found.warnings[0].text.contains("masks"), "{:?}", found.warnings);
    let error = at(&mask).err().unwrap().to_string();
    assert!(error.contains("without naming a format"), "{error}");
}
