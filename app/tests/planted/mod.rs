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

/// Records of the same models beside their maps: boxes of organs on one slice as COCO results, a class, a landmark, answers
/// and a report; and files that say what is right. Gives the slice, counted from 0.
pub fn records(sample: &Path, root: &Path) -> usize {
    let truth = formats::open_single(&sample.join("masks/ct_baseline.nii.gz"), &Task::default()).unwrap();
    let slice = fullest(&truth, LEFT_KIDNEY);
    let [width, height, _] = truth.size();
    let [liver, right, left] = [LIVER, RIGHT_KIDNEY, LEFT_KIDNEY].map(|label| box_on(&truth, label, slice));
    let coco = |[x, y, w, h]: [f64; 4]| format!("[{x}, {y}, {w}, {h}]");
    let truths = [(1, liver), (3, right), (4, left)].map(|(class, rect)| {
        format!("{{\"id\": {class}, \"image_id\": 1, \"category_id\": {class}, \"bbox\": {}}}", coco(rect))
    });
    let table = format!(
        "{{\"images\": [{{\"id\": 1, \"file_name\": \"ct_baseline_slice_{:05}.png\", \"width\": {width}, \"height\": {height}}}],\
         \"annotations\": [{}], \"categories\": [{{\"id\": 1, \"name\": \"Liver\"}}, {{\"id\": 3, \"name\": \"Right kidney\"}},\
         {{\"id\": 4, \"name\": \"Left kidney\"}}]}}",
        slice + 1,
        truths.join(", ")
    );
    std::fs::write(root.join("instances.json"), table).unwrap();
    let questions = "{\"id\": \"q1\", \"image\": \"ct_baseline\", \"type\": \"side\", \"question\": \"On which side is the liver?\",\
        \"keys\": [\"R\"], \"choices\": {\"R\": \"right\", \"L\": \"left\"}}\n\
        {\"id\": \"q2\", \"image\": \"ct_baseline\", \"type\": \"count\", \"question\": \"How many kidneys are there?\", \"value\": 2}\n\
        {\"id\": \"q3\", \"image\": \"ct_baseline\", \"type\": \"report\", \"question\": \"Findings\",\
        \"text\": \"Both kidneys are of normal size. The liver is homogeneous. No free fluid.\"}\n";
    std::fs::write(root.join("questions.jsonl"), questions).unwrap();
    let moved = |[x, y, w, h]: [f64; 4]| [x + 3.0, y, w, h];
    let models = [
        (
            "half",
            [[liver[0], liver[1], liver[2], liver[3] * 0.4], right, left],
            ["Right.", "I count 2", "Both kidneys are of normal size. The liver is small and homogeneous."],
        ),
        (
            "moved",
            [moved(liver), moved(right), moved(left)],
            ["R", "2 kidneys", "Both kidneys are of normal size. The liver is homogeneous. No free fluid."],
        ),
        (
            "mirrored",
            [liver, left, right],
            ["L", "two of them", "The kidneys are enlarged. The liver is homogeneous. Free fluid in the pelvis."],
        ),
    ];
    for (model, boxes, answers) in models {
        let folder = root.join(model);
        let line = |(n, rect): (usize, &[f64; 4])| {
            let (class, score) = ([1, 3, 4][n], 0.9 - 0.2 * n as f64);
            format!("{{\"image_id\": 1, \"category_id\": {class}, \"bbox\": {}, \"score\": {score:.2}}}", coco(*rect))
        };
        let lines: Vec<String> = boxes.iter().enumerate().map(line).collect();
        std::fs::write(folder.join("boxes.json"), format!("[{}]", lines.join(", "))).unwrap();
        let line = |(n, output): (usize, &&str)| format!("{{\"id\": \"q{}\", \"output\": \"{output}\"}}\n", n + 1);
        let stray = "{\"id\": \"q17\", \"output\": \"A\"}\n".to_owned();
        let lines: String = answers.iter().enumerate().map(line).chain([stray]).collect();
        std::fs::write(folder.join("answers.jsonl"), lines).unwrap();
    }
    slice
}

/// The slice with most voxels of a label.
fn fullest(truth: &Volume, label: u8) -> usize {
    let [width, height, depth] = truth.size();
    let count = |k: usize| {
        let plane = k * width * height..(k + 1) * width * height;
        plane.filter(|n| truth.samples().get(*n) as u8 == label).count()
    };
    (0..depth).max_by_key(|k| count(*k)).unwrap()
}

/// Column, row, width and height of what a label has on a slice.
fn box_on(truth: &Volume, label: u8, slice: usize) -> [f64; 4] {
    let [width, height, _] = truth.size();
    let inside = (0..width * height).filter(|n| truth.samples().get(slice * width * height + n) as u8 == label);
    let at: Vec<[usize; 2]> = inside.map(|n| [n % width, n / width]).collect();
    let low = [0, 1].map(|a| at.iter().map(|at| at[a]).min().unwrap());
    let high = [0, 1].map(|a| at.iter().map(|at| at[a] + 1).max().unwrap());
    [low[0], low[1], high[0] - low[0], high[1] - low[1]].map(|n| n as f64)
}
