//! DICOM objects that other programs wrote, read exactly; our own named after nobody.

use crate::sample;
use limner_annotation::exchange::{Options, Pictures, Reading, apply, by_name, companions, export, read};
use limner_annotation::{Command, Document, Form, ImageEntry, sources};
use limner_imaging::{Task, VoxelBox, formats};
use std::path::{Path, PathBuf};

/// The folder of real images, where there is one.
fn data() -> Option<PathBuf> {
    let given = std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = given.unwrap_or_else(beside);
    let found = folder.is_dir();
    if !found {
        eprintln!("real-data suites not run: 1");
    }
    found.then_some(folder)
}

/// Pictures of a project that lies in one folder.
struct Folder(PathBuf);

impl Pictures for Folder {
    fn entry_of(&self, path: &Path, task: &Task) -> limner_annotation::Result<ImageEntry> {
        let series = formats::scan(path, task)?.series.remove(0);
        sources::entry_of(&series, path.to_string_lossy(), task)
    }

    fn files_of(&self, image: &ImageEntry, task: &Task) -> limner_annotation::Result<Vec<PathBuf>> {
        let series = formats::scan(&self.0, task)?.series;
        Ok(series.into_iter().find(|s| s.uid == image.series_uid).map(|s| s.files).unwrap_or_default())
    }
}

fn with_image(folder: &Path) -> (Document, Folder) {
    let pictures = Folder(folder.to_path_buf());
    let image = pictures.entry_of(folder, &Task::default()).unwrap();
    let mut document = Document::new("importer");
    document.apply("Add", vec![Command::AddImage { image }]).unwrap();
    (document, pictures)
}

fn import(document: &mut Document, pictures: &Folder, name: &str, path: &Path) {
    let task = Task::default();
    let format = by_name(name).unwrap();
    let found = read(format, &Reading { contents: document.contents(), path, pictures, task: &task }).unwrap();
    apply(format, document, found).unwrap();
}

#[test]
fn a_segmentation_of_dcmqi_is_its_label_map() {
    let Some(data) = data() else { return };
    let pair = data.join("pairs/ct_3slice_dcmqi_liver");
    let (mut document, pictures) = with_image(&pair.join("image"));
    import(&mut document, &pictures, "dicom-seg", &data.join("dicom/seg_sr_sm/dcmqi/liver.dcm"));
    let image = document.images().next().unwrap().clone();
    let label = document.labels()[0].clone();
    assert!(!label.codes.is_empty(), "{label:?}");
    let mask = document.label_map(image.id).unwrap().mask_of(label.value).within(VoxelBox::whole(image.size()));
    let (mut other, pictures) = with_image(&pair.join("image"));
    import(&mut other, &pictures, "seg-nrrd", &pair.join("mask.nrrd"));
    let id = other.images().next().unwrap().id;
    let value = other.labels()[0].value;
    let meant = other.label_map(id).unwrap().mask_of(value).within(VoxelBox::whole(image.size()));
    assert!(mask.count() > 1000);
    assert_eq!(mask, meant);
}

#[test]
fn graphics_of_a_presentation_state_lie_where_its_writer_put_them() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("ct.dcm");
    std::fs::copy(data.join("dicom/seg_sr_sm/highdicom/ct_image.dcm"), &source).unwrap();
    let state = data.join("dicom/presentation_state/gsps_ct_image.dcm");
    let found = companions(&state, &Task::default()).unwrap();
    assert_eq!(found.iter().map(|one| one.format.name()).collect::<Vec<_>>(), ["gsps"]);
    let ct = formats::scan(&source, &Task::default()).unwrap().series.remove(0);
    assert!(found[0].series.contains(ct.uid.as_ref().unwrap()), "it names the series it lies on");
    let (mut document, pictures) = with_image(folder.path());
    import(&mut document, &pictures, "gsps", &state);
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    let ring = document
        .shapes()
        .find_map(|shape| if let Form::Polygon { rings, .. } = &shape.form { Some(rings[0].clone()) } else { None });
    let ring = ring.unwrap();
    let golden = [[25.6, 25.6], [102.4, 25.6], [102.4, 89.6]];
    assert!(
        ring.len() == 3 && ring.iter().flatten().zip(golden.iter().flatten()).all(|(a, b)| near(*a, *b)),
        "{ring:?}"
    );
    let circle = document.shapes().any(|shape| {
        matches!(&shape.form, Form::Ellipse { centre, radii, .. } if near(centre[0], 64.0) && near(centre[1], 64.0) && near(radii[0], 12.8))
    });
    assert!(circle);
    assert!(document.shapes().any(|shape| shape.text.as_deref() == Some("Test annotation")));
}

/// The pictures of a project with their files.
struct Source(Folder);
impl limner_annotation::exchange::Images for Source {
    fn load(&self, image: &ImageEntry, task: &Task) -> limner_annotation::Result<limner_imaging::Volume> {
        sources::open(image, &self.0.0, task)
    }
    fn files(&self, image: &ImageEntry, task: &Task) -> limner_annotation::Result<Vec<PathBuf>> {
        self.0.files_of(image, task)
    }
}

#[test]
fn objects_name_their_source_only_where_identity_is_kept() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mut document, pictures) = with_image(&data.join("pairs/ct_3slice_dcmqi_liver/image"));
    import(&mut document, &pictures, "dicom-seg", &data.join("dicom/seg_sr_sm/dcmqi/liver.dcm"));
    let image = document.images().next().unwrap().clone();
    let original = image.series_uid.clone().unwrap();
    let images = Source(pictures);
    for keep_identity in [false, true] {
        let out = folder.path().join(format!("{keep_identity}"));
        let options = Options { keep_identity, key: "secret".into(), ..Options::default() };
        export(by_name("dicom-seg").unwrap(), &document, &images, &out, &options, &Task::default()).unwrap();
        let bytes = std::fs::read(out.join("case_00001_seg.dcm")).unwrap();
        let named = bytes.windows(original.len()).any(|w| w == original.as_bytes());
        assert_eq!(named, keep_identity);
    }
}

#[test]
fn contours_on_a_real_series_are_found_by_rt_utils() {
    let Some(data) = data() else { return };
    let series = data.join("pairs/ct_3slice_dcmqi_liver/image");
    let (mut document, pictures) = with_image(&series);
    import(&mut document, &pictures, "dicom-seg", &data.join("dicom/seg_sr_sm/dcmqi/liver.dcm"));
    let home = tempfile::tempdir().unwrap();
    let images = Source(pictures);
    for name in ["rtstruct", "nifti"] {
        let options = Options { keep_identity: true, key: "secret".into(), ..Options::default() };
        let out = home.path().join(name);
        export(by_name(name).unwrap(), &document, &images, &out, &options, &Task::default()).unwrap();
    }
    crate::judges::judge("interop", "interop.py", &[home.path(), &series]);
}

#[test]
fn the_sample_goes_out_as_dicom_without_a_source() {
    let sample = sample::project();
    let folder = tempfile::tempdir().unwrap();
    let options = Options { key: "key".into(), ..Options::default() };
    for name in ["dicom-seg", "rtstruct"] {
        let out = folder.path().join(name);
        let receipt = export(by_name(name).unwrap(), &sample.document, &sample::load, &out, &options, &Task::default());
        assert!(receipt.unwrap().self_check.max_mm < 1e-3, "{name}");
    }
}
