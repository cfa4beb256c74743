//! DICOM objects that other programs wrote, read exactly; our own named after nobody.

use crate::sample;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use glam::DVec3;
use limner_annotation::exchange::{Options, Pictures, Reading, apply, by_name, companions, export, read};
use limner_annotation::measure;
use limner_annotation::records::MeasurementEntry;
use limner_annotation::{Command, Document, Form, ImageEntry, sources};
use limner_imaging::overlap::Overlap;
use limner_imaging::{Mask, Task, Voxel, VoxelBox, formats};
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

/// The one label painted in a map of a series' reference, on the grid of the series.
fn reference_mask(series: &Path, pictures: &Folder) -> Mask {
    let (mut document, _) = with_image(&series.join("dicom"));
    import(&mut document, pictures, "nifti", &series.join("reference/gtv_mask.nii.gz"));
    let image = document.images().next().unwrap().clone();
    let value = document.labels()[0].value;
    document.label_map(image.id).unwrap().mask_of(value).within(VoxelBox::whole(image.size()))
}

#[test]
fn structure_sets_of_a_planning_system_lie_where_it_drew_them_and_fill_to_the_masks_made_of_them() {
    let Some(data) = data() else { return };
    for (name, roi) in [("CT", "GTV_Mass_CT"), ("MR_T1", "GTV_Mass_MR_T1"), ("PET", "GTV_Mass_PET")] {
        let series = data.join(format!("series/ibsi_STS_002_{name}"));
        let file = series.join("rtstruct/RS.dcm");
        let (mut document, pictures) = with_image(&series.join("dicom"));
        import(&mut document, &pictures, "rtstruct", &file);
        let image = document.images().next().unwrap().clone();
        assert_eq!(document.labels().iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), [roi]);

        let written: Vec<DVec3> = contour_points(&file);
        let read: Vec<DVec3> = document
            .shapes()
            .flat_map(|shape| {
                let Form::Polygon { slice, rings } = &shape.form else { panic!("a contour is an outline") };
                assert_eq!(slice.axis, 2);
                let at = |p: &[f64; 2]| Voxel(DVec3::new(p[0] - 0.5, p[1] - 0.5, slice.index as f64));
                rings.iter().flatten().map(|p| image.geometry.world(at(p)).0).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(read.len(), written.len());
        // A contour goes onto the slice it was drawn on, which may be written with fewer digits than the contour.
        let across = image.geometry.spacing_mm()[2] * 0.1;
        let same = |a: &DVec3, b: &DVec3| (*a - *b).truncate().length() < 1e-3 && (a.z - b.z).abs() < across;
        assert!(read.iter().all(|a| written.iter().any(|b| same(a, b))), "{name}");

        let out = tempfile::tempdir().unwrap();
        let options = Options { key: "key".into(), ..Options::default() };
        let target = out.path().join("maps");
        let images = Source(pictures);
        let receipt =
            export(by_name("nifti").unwrap(), &document, &images, &target, &options, &Task::default()).unwrap();
        assert_eq!(
            receipt.dry_run.lossy.iter().map(|l| (l.field.as_str(), l.count)).collect::<Vec<_>>(),
            [("outlines as voxels", 16)]
        );
        let (mut back, _) = with_image(&series.join("dicom"));
        import(&mut back, &images.0, "nifti", &target.join("labels/case_00001.nii.gz"));
        let id = back.images().next().unwrap().id;
        let filled = back.label_map(id).unwrap().mask_of(back.labels()[0].value).within(VoxelBox::whole(image.size()));
        let meant = reference_mask(&series, &images.0);
        let dice = Overlap::of(&filled, &meant).dice();
        assert!(dice > 0.99, "{name}: {dice}");
    }
}

/// Every point of every contour of a structure set, as it stands in the file.
fn contour_points(file: &Path) -> Vec<DVec3> {
    let object = dicom_object::open_file(file).unwrap();
    let items = |object: &InMemDicomObject, tag| object.element(tag).unwrap().items().unwrap().to_vec();
    let rois = items(&object, tags::ROI_CONTOUR_SEQUENCE);
    let contours = rois.iter().flat_map(|roi| items(roi, tags::CONTOUR_SEQUENCE));
    let numbers = contours.flat_map(|contour| contour.element(tags::CONTOUR_DATA).unwrap().to_multi_float64().unwrap());
    numbers.collect::<Vec<f64>>().as_chunks::<3>().0.iter().map(|p| DVec3::from_array(*p)).collect()
}

#[test]
fn a_circle_in_a_report_of_highdicom_lies_and_measures_as_the_report_says() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(data.join("dicom/seg_sr_sm/highdicom/ct_image.dcm"), folder.path().join("ct.dcm")).unwrap();
    let (mut document, pictures) = with_image(folder.path());
    import(&mut document, &pictures, "sr-tid1500", &data.join("dicom/seg_sr_sm/highdicom/sr_document.dcm"));
    let shape = document.shapes().next().unwrap().clone();
    let Form::Ellipse { slice, centre, radii, .. } = &shape.form else { panic!("{:?} is no circle", shape.form) };
    assert_eq!((slice.index, *centre, *radii), (0, [58.0, 52.0], [11.0, 11.0]));
    let label = document.label(shape.label.unwrap()).unwrap();
    assert_eq!((label.name.as_str(), label.codes[0].value.as_str()), ("Spinal cord", "T-A7010"));
    // The report says 1.7 cm2, which is what the circle measures: nothing has to be kept beside it.
    let measured = measure::of_shape(&shape, document.images().next().unwrap());
    let area = measured.iter().find(|one| one.kind == measure::Kind::Area).unwrap();
    assert_eq!((format!("{:.1}", area.value / 100.0).as_str(), area.unit.as_str()), ("1.7", "mm2"));
    assert_eq!(document.all::<MeasurementEntry>().count(), 0);
}

#[test]
fn what_cannot_be_placed_is_told_and_what_has_no_file_header_is_read() {
    let Some(data) = data() else { return };
    let (document, pictures) = with_image(&data.join("pairs/ct_3slice_dcmqi_liver/image"));
    let task = Task::default();
    let read_as = |format: &str, file: &str| {
        let path = data.join(file);
        let reading = Reading { contents: document.contents(), path: &path, pictures: &pictures, task: &task };
        read(by_name(format).unwrap(), &reading)
    };
    let report = read_as("sr-tid1500", "dicom/seg_sr_sm/dcmqi/sr.dcm").unwrap();
    assert_eq!(report.records, 0);
    let told = &report.warnings.iter().find(|warning| warning.code == "no_region").unwrap().text;
    assert!(told.ends_with("measurement groups 1, numbers 22"), "{told}");
    let bare = read_as("rtstruct", "dicom/non_image/pydicom/rtstruct.dcm").unwrap_err().to_string();
    assert!(bare.contains("no image of the project has slices at these contours"), "{bare}");
    let slide = read_as("dicom-seg", "dicom/seg_sr_sm/highdicom/seg_image_sm_dots.dcm").unwrap_err().to_string();
    assert!(slide.contains("says nothing of its position"), "{slide}");
}
