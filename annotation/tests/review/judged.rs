//! Every figure beside what an independent package says of the same input (tests/judges/review.py).

use crate::cases::{self, Pair};
use limner_annotation::audit::Random;
use limner_annotation::consensus::{Votes, staple, staple_many};
use limner_annotation::metrics::agreement::{self, Level, Weights};
use limner_annotation::metrics::coco::{Detection, Truth, coco_scores};
use limner_annotation::metrics::lesions::LesionScores;
use limner_annotation::metrics::{Labels, MaskScores, centreline, classes, paired, pictures, text};
use limner_imaging::{Geometry, Mask, Samples, Volume, VoxelBox, World};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of the environment that tests/judges/prepare.sh made.
fn python() -> Option<PathBuf> {
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
        Some(cache?.join("limner/judges"))
    })?;
    let python = home.join("review/bin/python");
    if !python.is_file() {
        eprintln!("the environment review is not there: tests/judges/prepare.sh makes it");
        return None;
    }
    Some(python)
}

/// What the packages say; `None` where they are not installed.
fn judge(kind: &str, cases: &Value) -> Option<Vec<Value>> {
    let python = python()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/review.py");
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("cases.json"), folder.path().join("answers.json"));
    std::fs::write(&input, json!({ kind: cases }).to_string()).unwrap();
    let ran = Command::new(python).arg(script).args([&input, &output]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let answers: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
    Some(answers[kind].as_array().unwrap().clone())
}

fn near(what: &str, ours: Option<f64>, theirs: &Value, tolerance: f64) {
    match (ours, theirs.as_f64()) {
        (Some(a), Some(b)) => assert!((a - b).abs() <= tolerance, "{what}: {a} against {b}"),
        (None, None) => {}
        _ => panic!("{what}: {ours:?} against {theirs}"),
    }
}

fn packed(mask: &Mask, size: [usize; 3]) -> Value {
    let mut runs: Vec<usize> = vec![0];
    for &inside in mask.voxels() {
        if inside != (runs.len().is_multiple_of(2)) {
            runs.push(0);
        }
        *runs.last_mut().unwrap() += 1;
    }
    json!({"size": size, "bounds": {"min": mask.bounds().min, "max": mask.bounds().max}, "runs": runs})
}

#[test]
fn masks_score_as_surface_distance_and_scikit_image_say() {
    const TOLERANCE_MM: f64 = 1.5;
    let pairs = cases::pairs();
    let case = |pair: &Pair| {
        let size = pair.geometry.size();
        json!({"reference": packed(&pair.reference, size), "predicted": packed(&pair.predicted, size),
            "spacing_mm": pair.geometry.spacing_mm(), "tolerance_mm": TOLERANCE_MM, "thin": pair.thin})
    };
    let Some(answers) = judge("masks", &pairs.iter().map(case).collect()) else { return };
    for (pair, answer) in pairs.iter().zip(answers) {
        let scores = MaskScores::of(&pair.reference, &pair.predicted, &pair.geometry, TOLERANCE_MM);
        let what = |figure: &str| format!("{} {figure}", pair.name);
        near(&what("dice"), Some(scores.dice), &answer["dice"], 1e-12);
        near(&what("iou"), Some(scores.iou), &answer["iou"], 1e-12);
        near(&what("nsd"), Some(scores.nsd), &answer["nsd"], 1e-6);
        // Distances are kept in 32 bits.
        near(&what("hd"), scores.hd_mm, &answer["hd_mm"], 1e-5);
        near(&what("hd95"), scores.hd95_mm, &answer["hd95_mm"], 1e-5);
        near(&what("assd"), scores.assd_mm, &answer["assd_mm"], 1e-5);
        for (limit, theirs) in [0.0, 0.5].into_iter().zip(answer["lesions"].as_array().unwrap()) {
            let lesions = LesionScores::of(&pair.reference, &pair.predicted, limit);
            assert_eq!(json!(lesions.found), theirs["found"], "{}", pair.name);
            near(&what("lesion F1"), Some(lesions.f1()), &theirs["f1"], 1e-12);
            near(&what("panoptic quality"), Some(lesions.panoptic_quality()), &theirs["pq"], 1e-12);
        }
        if pair.thin {
            let ours = centreline::centreline_dice(&pair.reference, &pair.predicted);
            near(&what("clDice"), Some(ours), &answer["cldice"], 1e-12);
        }
    }
}

#[test]
fn boxes_score_as_pycocotools_says() {
    let mut cases = Vec::new();
    let mut ours = Vec::new();
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let (mut truths, mut detections) = (Vec::new(), Vec::new());
        for image in 1..=12 {
            for _ in 0..random.below(7) {
                let (x, y) = (random.share() * 300.0, random.share() * 300.0);
                let (w, h) = (5.0 + random.share() * 150.0, 5.0 + random.share() * 150.0);
                let category = 1 + random.below(3) as u64;
                let crowd = random.below(12) == 0;
                truths.push(Truth { image, category, rect: [x, y, x + w, y + h], area: w * h * 0.9, crowd });
                for _ in 0..random.below(3) {
                    let mut off = || (random.share() - 0.5) * 20.0;
                    let rect = [x + off(), y + off(), x + w + off(), y + h + off()];
                    // Scores of few steps: ties must fall the same way.
                    let score = random.below(20) as f64 / 20.0;
                    let rect = [rect[0], rect[1], rect[2].max(rect[0] + 1.0), rect[3].max(rect[1] + 1.0)];
                    detections.push(Detection { image, category, rect, score });
                }
            }
        }
        let corner = |r: [f64; 4]| json!([r[0], r[1], r[2] - r[0], r[3] - r[1]]);
        let annotations: Vec<Value> = (1..)
            .zip(&truths)
            .map(|(id, t)| {
                json!({"id": id, "image_id": t.image, "category_id": t.category, "bbox": corner(t.rect),
                    "area": t.area, "iscrowd": u8::from(t.crowd)})
            })
            .collect();
        let images: Vec<Value> = (1..=12).map(|id| json!({"id": id, "width": 512, "height": 512})).collect();
        let categories: Vec<Value> = (1..=3).map(|id| json!({"id": id, "name": format!("{id}")})).collect();
        let results: Vec<Value> = detections
            .iter()
            .map(|d| json!({"image_id": d.image, "category_id": d.category, "bbox": corner(d.rect), "score": d.score}))
            .collect();
        let truth = json!({"images": images, "categories": categories, "annotations": annotations});
        cases.push(json!({"truth": truth, "detections": results}));
        ours.push(coco_scores(&truths, &detections));
    }
    let Some(answers) = judge("coco", &json!(cases)) else { return };
    for (ours, theirs) in ours.iter().zip(answers) {
        let all = [ours.ap, ours.ap50, ours.ap75, ours.ap_small, ours.ap_medium, ours.ap_large];
        for (n, value) in all.into_iter().chain(ours.ar).enumerate() {
            near(&format!("COCO figure {n}"), value, &theirs[n], 1e-9);
        }
    }
}

#[test]
fn classes_score_as_scikit_learn_says() {
    let mut random = Random::new(5);
    let mut cases = Vec::new();
    for (count, steps) in [(200, 0), (60, 10), (15, 4)] {
        let mut score = |positive: bool| {
            let score = (random.share() + if positive { random.share() } else { 0.0 }) / 2.0;
            if steps == 0 { score } else { (score * f64::from(steps)).round() / f64::from(steps) }
        };
        let positive: Vec<bool> = (0..count).map(|n| n % 3 == 0).collect();
        let scores: Vec<f64> = positive.iter().map(|p| score(*p)).collect();
        cases.push((scores, positive));
    }
    let input = cases.iter().map(|(scores, positive)| json!({"scores": scores, "positive": positive, "bins": 10}));
    let Some(answers) = judge("classes", &input.collect()) else { return };
    for ((scores, positive), theirs) in cases.iter().zip(answers) {
        let pairs: Vec<(usize, usize)> =
            scores.iter().zip(positive).map(|(s, p)| (usize::from(*p), usize::from(*s >= 0.5))).collect();
        let bins = classes::reliability(scores, positive, 10);
        near("AUC", classes::auc(scores, positive), &theirs["auc"], 1e-12);
        near("AP", classes::average_precision(scores, positive), &theirs["ap"], 1e-12);
        near("balanced", classes::Confusion::of(&pairs, 2).balanced_accuracy(), &theirs["balanced"], 1e-12);
        near("Brier", classes::brier(scores, positive), &theirs["brier"], 1e-12);
        near("ECE", classes::calibration_error(&bins), &theirs["ece"], 1e-12);
        for (bin, theirs) in bins.iter().zip(theirs["reliability"].as_array().unwrap()) {
            near("bin confidence", Some(bin.confidence), &theirs[0], 1e-12);
            near("bin accuracy", Some(bin.accuracy), &theirs[1], 1e-12);
        }
    }
}

#[test]
fn agreement_is_what_statsmodels_and_krippendorff_say() {
    let mut random = Random::new(8);
    let mut cases = Vec::new();
    for classes in [2, 5] {
        let ratings: Vec<Vec<usize>> = (0..40)
            .map(|_| {
                let truth = random.below(classes);
                (0..4).map(|_| if random.below(3) == 0 { random.below(classes) } else { truth }).collect()
            })
            .collect();
        let gaps: Vec<Vec<Option<f64>>> = ratings
            .iter()
            .map(|row| row.iter().map(|r| (random.below(5) > 0).then_some(*r as f64 + 1.0)).collect())
            .collect();
        let numbers: Vec<Vec<f64>> = ratings
            .iter()
            .map(|row| row.iter().enumerate().map(|(n, r)| *r as f64 + n as f64 * 0.3 + random.share()).collect())
            .collect();
        cases.push((classes, ratings, gaps, numbers));
    }
    let input = cases.iter().map(|(classes, ratings, gaps, numbers)| {
        json!({"classes": classes, "ratings": ratings, "with_gaps": gaps, "numbers": numbers})
    });
    let Some(answers) = judge("agreement", &input.collect()) else { return };
    for ((classes, ratings, gaps, numbers), theirs) in cases.iter().zip(answers) {
        let pairs: Vec<(usize, usize)> = ratings.iter().map(|row| (row[0], row[1])).collect();
        near("kappa", agreement::cohen(&pairs, Weights::None), &theirs["cohen"], 1e-12);
        near("linear kappa", agreement::cohen(&pairs, Weights::Linear), &theirs["linear"], 1e-12);
        near("quadratic kappa", agreement::cohen(&pairs, Weights::Quadratic), &theirs["quadratic"], 1e-12);
        let count = |row: &Vec<usize>| (0..*classes).map(|c| row.iter().filter(|r| **r == c).count()).collect();
        let table: Vec<Vec<usize>> = ratings.iter().map(count).collect();
        near("Fleiss", agreement::fleiss(&table), &theirs["fleiss"], 1e-12);
        let given: Vec<Vec<f64>> = gaps.iter().map(|row| row.iter().flatten().copied().collect()).collect();
        for (n, level) in [Level::Nominal, Level::Ordinal, Level::Interval, Level::Ratio].into_iter().enumerate() {
            near("alpha", agreement::krippendorff(&given, level), &theirs["krippendorff"][n], 1e-9);
        }
        let icc = agreement::icc(numbers).unwrap();
        let all = [
            icc.one_way,
            icc.two_way_random,
            icc.two_way_mixed,
            icc.one_way_mean,
            icc.two_way_random_mean,
            icc.two_way_mixed_mean,
        ];
        for (n, value) in all.into_iter().enumerate() {
            near("ICC", Some(value), &theirs["icc"][n], 1e-9);
        }
    }
}

#[test]
fn paired_tests_are_what_scipy_says() {
    let mut random = Random::new(2);
    let mut cases: Vec<Vec<f64>> = Vec::new();
    for (count, shift, steps) in [(9, 0.1, 0), (12, 0.0, 0), (40, 0.05, 0), (70, 0.02, 0), (30, 0.1, 8), (11, 0.2, 5)] {
        let mut one = || {
            let d = random.share() - 0.5 + shift;
            if steps == 0 { d } else { (d * f64::from(steps)).round() / f64::from(steps) }
        };
        cases.push((0..count).map(|_| one()).collect());
    }
    let Some(answers) = judge("paired", &cases.iter().map(|d| json!({"differences": d})).collect()) else { return };
    for (differences, theirs) in cases.iter().zip(answers) {
        near(&format!("Wilcoxon {}", differences.len()), paired::wilcoxon(differences), &theirs["wilcoxon"], 1e-9);
        if !theirs["permutation"].is_null() {
            near("permutation", paired::permutation(differences, 0), &theirs["permutation"], 1e-9);
        }
    }
}

#[test]
fn texts_score_as_nltk_and_rouge_say() {
    let pairs = [
        ("There is a 12 mm lesion in the left upper lobe.", "A 12 mm lesion is seen in the left upper lobe."),
        ("No acute abnormality. The heart is normal in size.", "The heart is normal in size, no acute abnormality."),
        ("Small pleural effusion on the right side", "effusion"),
        ("pneumothorax", "no pneumothorax is seen in either lung on this image"),
        ("the the the liver", "the liver the"),
    ];
    let Some(answers) = judge("text", &json!([{ "pairs": pairs }])) else { return };
    let single = |pair: &(&'static str, &'static str)| {
        let references = [pair.0];
        text::bleu(&[text::Compared { references: &references, candidate: pair.1 }])
    };
    for (n, pair) in pairs.iter().enumerate() {
        near("ROUGE-L", Some(text::rouge_l(pair.0, pair.1)), &answers[0]["rouge_l"][n], 1e-12);
        near("token F1", Some(text::token_f1(pair.0, pair.1)), &answers[0]["token_f1"][n], 1e-12);
        // Where an order has no match ours is 0; the package's stand-in for 0 is far below this.
        near("BLEU", single(pair), &answers[0]["bleu_each"][n], 1e-12);
    }
    let references: Vec<[&str; 1]> = pairs.iter().map(|pair| [pair.0]).collect();
    let long = |pair: &(&str, &str)| text::tokens(pair.1).len() >= 4;
    let set: Vec<text::Compared<'_>> = references
        .iter()
        .zip(&pairs)
        .filter(|(_, pair)| long(pair))
        .map(|(r, pair)| text::Compared { references: r, candidate: pair.1 })
        .collect();
    near("corpus BLEU", text::bleu(&set), &answers[0]["bleu"], 1e-12);
}

#[test]
fn pictures_score_as_scikit_image_says() {
    let mut random = Random::new(4);
    let (mut input, mut ours) = (Vec::new(), Vec::new());
    for size in [[24, 21, 1], [17, 15, 12]] {
        let geometry = Geometry::axis_aligned(size, World::default(), [1.0, 1.0, 3.0]).unwrap();
        let a: Vec<f64> =
            (0..geometry.voxel_count()).map(|n| (n as f64 / 9.0).sin() * 100.0 + random.share() * 9.0).collect();
        let b: Vec<f64> = a.iter().map(|v| v + random.share() * 40.0).collect();
        let mask = Mask::from_fn(VoxelBox::whole(size), |v| v[0] > 4 && v[1] < 14);
        let flags: Vec<bool> = mask.voxels().to_vec();
        input.push(json!({"size": size, "reference": a, "other": b, "mask": flags, "range": 220.0}));
        let volume = |v: Vec<f64>| Volume::new(geometry, Samples::F64(v), 1).unwrap();
        ours.push(pictures::picture_scores(&volume(a), &volume(b), Some(&mask), 220.0).unwrap());
    }
    let Some(answers) = judge("pictures", &json!(input)) else { return };
    for (ours, theirs) in ours.iter().zip(answers) {
        near("MAE", Some(ours.mae), &theirs["mae"], 1e-9);
        near("PSNR", ours.psnr, &theirs["psnr"], 1e-9);
        near("SSIM", ours.ssim, &theirs["ssim"], 1e-6);
    }
}

#[test]
fn consensus_is_what_simple_itk_says() {
    let size = [40, 30, 12];
    let geometry = Geometry::axis_aligned(size, World::default(), [1.0; 3]).unwrap();
    let truth = |n: u64| cases::balls(n, size, [1.0; 3], 4);
    let (left, right) = (truth(11), truth(12));
    let raters: Vec<Vec<u8>> = (0..5)
        .map(|rater| {
            let mut random = Random::new(100 + rater);
            let by = [rater as i64 % 3 - 1, i64::from(rater == 4), 0];
            let (a, b) = (cases::shifted(&left, by, size), cases::shifted(&right, by, size));
            let mut voxels = Vec::new();
            for k in 0..size[2] {
                for j in 0..size[1] {
                    for i in 0..size[0] {
                        let at = [i, j, k];
                        let label = if a.get(at) { 1 } else { u8::from(b.get(at)) * 2 };
                        voxels.push(if random.below(60) == 0 { u8::from(label == 0) } else { label });
                    }
                }
            }
            voxels
        })
        .collect();
    let Some(answers) = judge("staple", &json!([{"size": size, "raters": raters}])) else { return };
    let theirs = &answers[0];
    let maps: Vec<Labels> =
        raters.into_iter().map(|v| Labels::of(Volume::new(geometry, Samples::U8(v), 1).unwrap()).unwrap()).collect();
    let votes = Votes::of(&maps).unwrap();
    let one = staple(&votes, 1);
    for rater in 0..5 {
        near("sensitivity", one.sensitivity[rater], &theirs["sensitivity"][rater], 1e-6);
        near("specificity", one.specificity[rater], &theirs["specificity"][rater], 1e-6);
    }
    let soft = votes.picture(&one.probability).unwrap();
    let many = votes.label_map(&staple_many(&votes).labels).unwrap();
    let vote = votes.label_map(&votes.majority().labels).unwrap();
    for n in 0..geometry.voxel_count() {
        near("probability", Some(soft.samples().get(n)), &theirs["probability"][n], 1e-6);
        near("label of many", Some(many.samples().get(n)), &theirs["multi"][n], 0.0);
        // Ties are background here and 255 there.
        if theirs["vote"][n] != 255 {
            near("vote", Some(vote.samples().get(n)), &theirs["vote"][n], 0.0);
        }
    }
}
