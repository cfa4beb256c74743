//! Three models with faults that are known, made from the true masks of the sample study: half of an organ missing, all of
//! it three voxels to the side, left taken for right.

use limner_imaging::{Samples, Task, Volume, formats};
use std::path::{Path, PathBuf};

pub const LIVER: u8 = 1;
pub const RIGHT_KIDNEY: u8 = 3;
pub const LEFT_KIDNEY: u8 = 4;

/// The folder with the models, and the reference among them.
pub fn models(sample: &Path, folder: &Path) -> PathBuf {
    let root = folder.join("predictions");
    for case in ["ct_baseline", "ct_followup"] {
        let truth = formats::open_single(&sample.join(format!("masks/{case}.nii.gz")), &Task::default()).unwrap();
        let put = |model: &str, change: &dyn Fn([usize; 3]) -> u8| {
            let path = root.join(model).join(format!("{case}.nii.gz"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            formats::write(&changed(&truth, change), &path).unwrap();
        };
        let at = |index: [usize; 3]| truth.samples().get(truth.geometry.linear_index(index)) as u8;
        let middle = middle_of(&truth, LIVER);
        put("reference", &at);
        put("half", &|index| if at(index) == LIVER && index[1] > middle { 0 } else { at(index) });
        put("moved", &|index| index[0].checked_sub(3).map_or(0, |i| at([i, index[1], index[2]])));
        put("mirrored", &|index| match at(index) {
            RIGHT_KIDNEY => LEFT_KIDNEY,
            LEFT_KIDNEY => RIGHT_KIDNEY,
            other => other,
        });
    }
    let names = r#"{"labels": {"background": 0, "Liver": 1, "Spleen": 2, "Right kidney": 3, "Left kidney": 4}}"#;
    std::fs::write(root.join("dataset.json"), names).unwrap();
    root
}

fn changed(truth: &Volume, change: &dyn Fn([usize; 3]) -> u8) -> Volume {
    let [width, height, depth] = truth.size();
    let mut samples = Vec::with_capacity(width * height * depth);
    for k in 0..depth {
        for j in 0..height {
            samples.extend((0..width).map(|i| change([i, j, k])));
        }
    }
    Volume::new(truth.geometry, Samples::U8(samples), 1).unwrap()
}

/// The row in the middle of a label.
fn middle_of(truth: &Volume, label: u8) -> usize {
    let [width, height, _] = truth.size();
    let inside = (0..truth.samples().len()).filter(|n| truth.samples().get(*n) as u8 == label);
    let rows: Vec<usize> = inside.map(|n| n / width % height).collect();
    rows.iter().sum::<usize>() / rows.len()
}
