//! A study whose faults are known: five models made from real organs, each wrong in its own way. The figures, the queue and
//! the page must tell each from the others.

use crate::cases;
use limner_annotation::metrics::Labels;
use limner_annotation::review::{self, Figure, Report, Row, Rules, Study, Summary, folder, page, study_plots};
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World, field, formats};
use std::collections::BTreeMap;
use std::path::Path;

/// Spleen, both kidneys, liver of the real map; the lesions are planted.
const RIGHT: u32 = 2;
const LEFT: u32 = 3;
const LESION: u32 = 200;
const CASES: u64 = 4;

struct Organs {
    geometry: Geometry,
    masks: Vec<(u32, Mask)>,
}

/// Organs of a real abdomen where it is at hand, else blocks in the same places.
fn organs() -> Organs {
    let path = cases::data().map(|data| data.join("pairs/ct_abdomen_totalseg/mask.nii.gz"));
    let Some(path) = path else {
        let geometry = Geometry::axis_aligned([122, 101, 30], World::default(), [3.0; 3]).unwrap();
        let block = |min: [usize; 3], max: [usize; 3]| {
            let middle: [f64; 3] = std::array::from_fn(|a| (min[a] + max[a]) as f64 / 2.0);
            Mask::from_fn(VoxelBox::new(min, max), |v| {
                (0..3).map(|a| ((v[a] as f64 - middle[a]) / (max[a] - min[a]) as f64 * 2.0).powi(2)).sum::<f64>() < 1.0
            })
        };
        let masks = vec![
            (1, block([80, 40, 8], [104, 62, 26])),
            (RIGHT, block([25, 60, 4], [42, 80, 24])),
            (LEFT, block([72, 64, 4], [90, 84, 22])),
            (5, block([14, 20, 6], [66, 58, 28])),
        ];
        return Organs { geometry, masks };
    };
    let labels = Labels::of(formats::open_single(&path, &Task::default()).unwrap()).unwrap();
    let masks = [1, RIGHT, LEFT, 5].map(|label| (label, labels.tight_mask(label))).to_vec();
    Organs { geometry: labels.geometry, masks }
}

/// Three balls inside the liver, other ones in each case.
fn lesions(organs: &Organs, case: u64) -> Vec<Mask> {
    let liver = &organs.masks[3].1;
    let deep = field::erode(liver, 9.0, organs.geometry.spacing_mm(), organs.geometry.size());
    let places: Vec<[usize; 3]> = deep.indices().collect();
    let mut balls: Vec<[usize; 3]> = Vec::new();
    let mut n = case as usize * 131;
    while balls.len() < 3 {
        let at = places[(n * 7919) % places.len()];
        let far = |other: &[usize; 3]| (0..3).map(|a| at[a].abs_diff(other[a]).pow(2)).sum::<usize>() > 81;
        if balls.iter().all(far) {
            balls.push(at);
        }
        n += 1;
    }
    balls.into_iter().map(|at| ball(at, organs.geometry.size())).collect()
}

fn ball(at: [usize; 3], size: [usize; 3]) -> Mask {
    Mask::from_fn(VoxelBox::whole(size), |v| (0..3).map(|a| v[a].abs_diff(at[a]).pow(2)).sum::<usize>() <= 6)
}

fn write(organs: &Organs, masks: &[(u32, Mask)], path: &Path) {
    let labels = Labels::from_masks(organs.geometry, masks);
    let whole = VoxelBox::whole(organs.geometry.size());
    let mut voxels = Vec::new();
    for k in 0..whole.max[2] {
        for j in 0..whole.max[1] {
            voxels.extend((0..whole.max[0]).map(|i| labels.label_at([i, j, k]) as u8));
        }
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    formats::write(&Volume::new(organs.geometry, Samples::U8(voxels), 1).unwrap(), path).unwrap();
}

/// The reference and five models, each in a format of its own.
fn plant(home: &Path) -> Organs {
    let organs = organs();
    let (spacing, size) = (organs.geometry.spacing_mm(), organs.geometry.size());
    for case in 0..CASES {
        let lesions = lesions(&organs, case);
        let with = |masks: Vec<(u32, Mask)>, lesions: &[Mask]| {
            masks.into_iter().chain(lesions.iter().map(|l| (LESION, l.clone()))).collect::<Vec<_>>()
        };
        let whole = with(organs.masks.clone(), &lesions);
        let file = |folder: &str, ending: &str| home.join(folder).join(format!("case_{case}.{ending}"));
        write(&organs, &whole, &file("reference", "nii.gz"));
        write(&organs, &with(organs.masks.clone(), &lesions[1..]), &file("missing", "nii.gz"));
        let moved: Vec<_> = whole.iter().map(|(l, m)| (*l, cases::shifted(m, [3, 0, 0], size))).collect();
        write(&organs, &moved, &file("shifted", "nrrd"));
        let other =
            |label: u32| [RIGHT, LEFT].into_iter().find(|o| *o != label).filter(|_| label == RIGHT || label == LEFT);
        let swapped: Vec<_> = whole.iter().map(|(l, m)| (other(*l).unwrap_or(*l), m.clone())).collect();
        write(&organs, &swapped, &file("swapped", "mha"));
        let smooth: Vec<_> = organs
            .masks
            .iter()
            .map(|(l, m)| (*l, field::close(&field::open(m, 9.5, spacing, size), 9.5, spacing, size)))
            .collect();
        write(&organs, &with(smooth, &lesions), &file("smoothed", "nii.gz"));
        let invented = [ball([10, 8, 3], size), ball([112, 92, 26], size)];
        write(
            &organs,
            &with(organs.masks.clone(), &[&lesions[..], &invented].concat()),
            &file("invented/labelsTs", "nii.gz"),
        );
    }
    // What nnU-Net leaves beside its predictions.
    std::fs::write(home.join("invented/dataset.json"), "{}").unwrap();
    organs
}

const MODELS: [&str; 5] = ["missing", "shifted", "swapped", "smoothed", "invented"];

fn compared(home: &Path) -> (Report, Summary) {
    let task = Task::default();
    let maps = |name: &str| folder::maps_in(&home.join(name), &task).unwrap();
    // Two cases of each patient.
    let people = (0..CASES).map(|n| (format!("case_{n}"), (format!("patient {}", n / 2), String::new())));
    let study = Study {
        reference: maps("reference"),
        models: MODELS.iter().map(|name| ((*name).to_owned(), maps(name))).collect(),
        people: people.collect(),
        rules: Rules {
            tolerance_mm: 2.0,
            tolerance_of: BTreeMap::from([(LESION, 1.0)]),
            lesions: Some(0.0),
            centreline: false,
        },
    };
    let report = review::compare(&study, &task).unwrap();
    let summary = review::summarise(&report.rows);
    (report, summary)
}

fn rows<'a>(report: &'a Report, model: &str) -> Vec<&'a Row> {
    report.rows.iter().filter(|row| row.model == model).collect()
}

#[test]
fn every_planted_fault_is_revealed() {
    let home = tempfile::tempdir().unwrap();
    plant(home.path());
    let (report, summary) = compared(home.path());
    assert!(report.unmatched.is_empty() && report.failed.is_empty(), "{:?} {:?}", report.unmatched, report.failed);
    assert_eq!(report.rows.len(), 5 * 5 * CASES as usize);
    let told = |model: &str, words: &str| {
        summary.queue.iter().filter(|one| one.model == model && one.why.iter().any(|w| w.contains(words))).count()
    };
    let all = |words: &str| MODELS.map(|model| told(model, words));
    let cases = CASES as usize;
    // In the order missing, shifted, swapped, smoothed, invented.
    assert_eq!(all("1 of 3 lesions missed"), [cases, 0, 0, 0, 0]);
    assert_eq!(all("2 lesions invented"), [0, 0, 0, 0, cases]);
    // A lesion that is moved by three voxels lies in its organ for the most part.
    assert_eq!(all("taken for label"), [0, cases, 2 * cases, 0, 0]);
    assert!(told("shifted", "shifted as a whole") >= 4 * cases, "{:?}", all("shifted as a whole"));
    assert_eq!(MODELS.map(|model| told(model, "shifted as a whole") > 0), [false, true, false, false, false]);
    assert!(told("smoothed", "smoother") > 0);
    // Without one of its lesions a label has less surface for its volume too; the queue then names the miss first.
    assert_eq!(MODELS.map(|model| told(model, "smoother") > 0), [true, false, false, true, false]);
    // The swapped kidneys stand first.
    let first: Vec<_> = summary.queue.iter().take(2 * cases).map(|one| (one.model.as_str(), one.label)).collect();
    assert!(first.iter().all(|(model, label)| *model == "swapped" && [RIGHT, LEFT].contains(label)), "{first:?}");
    for row in rows(&report, "shifted") {
        let shift = row.faults.shift_voxels.unwrap();
        assert!((shift[0] - 3.0).abs() < 0.6 && shift[1].abs() < 0.3 && shift[2].abs() < 0.3, "{shift:?}");
    }
    // Each model is right where its fault is not.
    assert!(
        rows(&report, "missing").iter().filter(|row| row.label != LESION && row.label != 5).all(|row| row.dice == 1.0)
    );
    assert!(report.rows.iter().all(|row| row.tolerance_mm == if row.label == LESION { 1.0 } else { 2.0 }));
    let overall = |model: &str, figure: Figure| {
        summary.models.iter().find(|one| one.model == model).unwrap().overall[&figure].value
    };
    assert!(overall("shifted", Figure::Nsd) < overall("smoothed", Figure::Nsd));
    let lesion_f1 = |model: &str| {
        summary.models.iter().find(|one| one.model == model).unwrap().by_label[&LESION][&Figure::LesionF1].value
    };
    let f1s = MODELS.map(|model| (lesion_f1(model) * 100.0).round());
    assert_eq!(f1s, [80.0, 100.0, 100.0, 100.0, 75.0]);
    assert_eq!(summary.models[0].subjects, 2);
    assert_eq!(summary.tests.len(), 2 * 10);
}

#[test]
fn the_page_and_the_tables_hold_what_was_found_and_nothing_from_outside() {
    let home = tempfile::tempdir().unwrap();
    plant(home.path());
    let (report, summary) = compared(home.path());
    let html = page::html(&report, &summary, "Five models & a reference");
    for words in
        ["Five models &amp; a reference", "mostly taken for label 3", "2 lesions invented", "Wilcoxon", "patient"]
    {
        assert_eq!(html.contains(words), words != "patient", "{words}: subjects are no business of a page");
    }
    for outside in ["http://", "https://", "src=", "@import", home.path().to_str().unwrap()] {
        let known = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!known.contains(outside), "{outside}");
    }
    assert!(!html.contains("NaN") && !html.contains(">inf"));
    let plots = study_plots::plots(&report.rows, &summary);
    assert_eq!(plots.len(), 3 + 1 + MODELS.len());
    assert!(plots.iter().all(|plot| plot.drawing.svg().starts_with("<svg") && !plot.drawing.svg().contains("NaN")));
    let csv = review::table::csv_text(&report.rows);
    assert_eq!(csv.lines().count(), report.rows.len() + 1);
    assert!(review::table::parquet_bytes(&report.rows).unwrap().starts_with(b"PAR1"));
    if let Some(keep) = std::env::var_os("LIMNER_KEEP_PAGES") {
        std::fs::write(Path::new(&keep).join("planted.html"), &html).unwrap();
        plots.iter().for_each(|plot| {
            std::fs::write(Path::new(&keep).join(format!("{}.svg", plot.name)), plot.drawing.svg()).unwrap();
        });
    }
}

#[test]
fn a_dicom_segmentation_is_compared_on_the_references_voxels() {
    let Some(data) = cases::data() else { return };
    let home = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("pairs/ct_3slice_dcmqi_liver/mask.nrrd", "reference/liver.nrrd"),
        ("dicom/seg_sr_sm/dcmqi/liver.dcm", "model/liver.dcm"),
    ] {
        std::fs::create_dir_all(home.path().join(to).parent().unwrap()).unwrap();
        std::fs::copy(data.join(from), home.path().join(to)).unwrap();
    }
    let task = Task::default();
    let maps = |name: &str| folder::maps_in(&home.path().join(name), &task).unwrap();
    let rules = Rules { tolerance_mm: 1.0, ..Rules::default() };
    let models = vec![("model".to_owned(), maps("model"))];
    let study = Study { reference: maps("reference"), models, people: BTreeMap::new(), rules };
    let report = review::compare(&study, &task).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(
        report.rows.iter().map(|row| (row.label, row.dice, row.hd95_mm)).collect::<Vec<_>>(),
        [(1, 1.0, Some(0.0))]
    );
}

#[test]
fn what_cannot_be_compared_is_told_and_the_rest_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let organs = plant(home.path());
    std::fs::rename(home.path().join("shifted/case_0.nrrd"), home.path().join("shifted/other.nrrd")).unwrap();
    std::fs::write(home.path().join("swapped/case_1.mha"), "not a picture").unwrap();
    let size = organs.geometry.size();
    let small = Geometry::axis_aligned([size[0], size[1], size[2] - 1], World::default(), [3.0; 3]).unwrap();
    let cut = Organs { geometry: small, masks: Vec::new() };
    write(&cut, &[], &home.path().join("missing/case_2.nii.gz"));
    let (report, _) = compared(home.path());
    let mut why: Vec<String> = report.unmatched.iter().chain(&report.failed).map(|one| one.why.clone()).collect();
    why.sort();
    assert_eq!(why.len(), 4, "{why:#?}");
    assert!(why.iter().any(|w| w.contains("no prediction of this case")), "{why:#?}");
    assert!(why.iter().any(|w| w.contains("no reference of this name")), "{why:#?}");
    assert!(why.iter().any(|w| w.contains("another grid")), "{why:#?}");
    assert_eq!(report.rows.len(), 5 * (5 * CASES as usize - 3));
    let cancelled = Task::default();
    cancelled.cancel.cancel();
    assert!(folder::maps_in(home.path(), &cancelled).is_err());
}
