//! The golden vectors of FORMATS F, and the law that what is written is read back.

use limner_annotation::exchange::vqa::boxes::{CONVENTIONS, Rect, iou, named, qwen_size};

const PICTURE: [f64; 2] = [512.0, 400.0];
const BOX: Rect = [100.0, 50.0, 300.0, 250.0];

#[test]
fn the_golden_box_comes_out_as_computed() {
    let golden: &[(&str, &[f64])] = &[
        ("coco", &[100.0, 50.0, 200.0, 200.0]),
        ("voc", &[101.0, 51.0, 300.0, 250.0]),
        ("yolo", &[0.390_625, 0.375, 0.390_625, 0.5]),
        ("qwen-vl", &[195.0, 125.0, 586.0, 625.0]),
        ("qwen2-vl", &[195.0, 125.0, 586.0, 625.0]),
        ("qwen3-vl", &[195.0, 125.0, 586.0, 625.0]),
        ("internvl", &[195.0, 125.0, 586.0, 625.0]),
        ("minicpm-v", &[195.0, 125.0, 586.0, 625.0]),
        ("gemini", &[125.0, 195.0, 625.0, 586.0]),
        ("florence-2", &[195.0, 125.0, 585.0, 625.0]),
        ("medrega", &[195.0, 125.0, 585.0, 624.0]),
        ("chexagent", &[20.0, 12.0, 58.0, 62.0]),
        ("paligemma", &[128.0, 200.0, 640.0, 600.0]),
        ("kosmos-2", &[134.0, 626.0]),
        ("qwen2.5-vl", &[98.0, 49.0, 295.0, 245.0]),
        ("qwen2.5-vl-legacy", &[98.0, 49.0, 295.0, 245.0]),
        ("medvision", &[0.1953, 0.375, 0.5859, 0.875]),
        ("percent", &[19.53, 12.5, 39.06, 50.0]),
        ("gemex", &[44.0, 28.0, 131.0, 140.0]),
        ("medsg", &[66.0, 42.0, 197.0, 210.0]),
        ("unit", &[0.1953, 0.125, 0.5859, 0.625]),
        ("pixels", &[100.0, 50.0, 300.0, 250.0]),
    ];
    assert_eq!(golden.len(), CONVENTIONS.len());
    for (name, numbers) in golden {
        assert_eq!(named(name).encode(BOX, PICTURE), *numbers, "{name}");
    }
    assert_eq!(qwen_size(PICTURE), [504.0, 392.0]);
}

#[test]
fn the_far_edge_stays_inside_the_vocabulary() {
    let whole = [0.0, 0.0, 512.0, 400.0];
    let last = |name: &str| named(name).encode(whole, PICTURE)[2];
    assert_eq!((last("florence-2"), last("medrega"), last("paligemma")), (999.0, 999.0, 1023.0));
    assert_eq!((last("qwen3-vl"), last("chexagent"), last("gemex")), (1000.0, 100.0, 224.0));
    assert_eq!(named("kosmos-2").encode(whole, PICTURE), [0.0, 1023.0]);
    // What reaches past the picture is cut, not sent out of range.
    assert_eq!(named("qwen3-vl").encode([-9.0, -9.0, 900.0, 900.0], PICTURE), [0.0, 0.0, 1000.0, 1000.0]);
}

#[test]
fn every_convention_reads_what_it_writes() {
    let mut state = 7_u64;
    let mut share = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..500 {
        let picture = [600.0 + (share() * 2000.0).floor(), 600.0 + (share() * 2000.0).floor()];
        let corner: [f64; 2] = [share() * picture[0] * 0.4, share() * picture[1] * 0.4];
        let rect = [corner[0], corner[1], corner[0] + picture[0] * 0.55, corner[1] + picture[1] * 0.5];
        for convention in CONVENTIONS {
            let back = convention.decode(&convention.encode(rect, picture), picture).unwrap();
            let error = convention.error_px(picture);
            for n in 0..4 {
                // Two roundings meet in a corner that is written with a size.
                let most = error[n % 2] * if n > 1 { 2.0 } else { 1.0 } + 1e-6;
                assert!((back[n] - rect[n]).abs() <= most, "{}: {rect:?} {back:?}", convention.name);
            }
            if !["chexagent", "kosmos-2", "gemex", "medsg"].contains(&convention.name) {
                assert!(iou(rect, back) > 0.99, "{}: {rect:?} {back:?}", convention.name);
            }
        }
    }
}

#[test]
fn sizes_follow_the_models_own_rule() {
    assert_eq!(qwen_size([336.0, 336.0]), [336.0, 336.0]);
    assert_eq!(qwen_size([10.0, 10.0]), [56.0, 56.0]);
    let [w, h] = qwen_size([4000.0, 3000.0]);
    assert!(w % 28.0 == 0.0 && h % 28.0 == 0.0 && w * h <= 28.0 * 28.0 * 1280.0, "{w} {h}");
}
