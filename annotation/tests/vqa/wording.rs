//! Texts with boxes, as models were taught them.

use limner_annotation::exchange::vqa::boxes::{CONVENTIONS, iou, named};

const PICTURE: [f64; 2] = [512.0, 400.0];
const BOX: [f64; 4] = [100.0, 50.0, 300.0, 250.0];

#[test]
fn texts_read_as_the_models_were_taught() {
    let text = |name: &str| {
        let c = named(name);
        let apart = if c.words.before_name.is_empty() { String::new() } else { c.name_text("liver") };
        format!("{apart}{}", c.boxes_text("liver", &[BOX], PICTURE))
    };
    assert_eq!(text("qwen-vl"), "<ref>liver</ref><box>(195,125),(586,625)</box>");
    assert_eq!(
        text("qwen2-vl"),
        "<|object_ref_start|>liver<|object_ref_end|><|box_start|>(195,125),(586,625)<|box_end|>"
    );
    assert_eq!(text("qwen3-vl"), r#"[{"bbox_2d": [195, 125, 586, 625], "label": "liver"}]"#);
    assert_eq!(text("qwen2.5-vl"), r#"[{"bbox_2d": [98, 49, 295, 245], "label": "liver"}]"#);
    assert_eq!(text("internvl"), "<ref>liver</ref><box>[[195, 125, 586, 625]]</box>");
    assert_eq!(text("medrega"), "<ref>liver</ref><box>[[195, 125, 585, 624]]</box>");
    assert_eq!(text("minicpm-v"), "<ref>liver</ref><box>195 125 586 625</box>");
    assert_eq!(text("unit"), "[0.1953, 0.1250, 0.5859, 0.6250]");
    assert_eq!(text("florence-2"), "liver<loc_195><loc_125><loc_585><loc_625>");
    assert_eq!(text("paligemma"), "<loc0128><loc0200><loc0640><loc0600> liver");
    assert_eq!(text("kosmos-2"), "<phrase>liver</phrase><object><patch_index_0134><patch_index_0626></object>");
    assert_eq!(text("gemini"), r#"[{"box_2d": [125, 195, 625, 586], "label": "liver"}]"#);
    assert_eq!(text("chexagent"), "<|box|>(20,12),(58,62)<|/box|>");
    assert_eq!(text("medvision"), "0.1953, 0.3750, 0.5859, 0.8750");
    let two = [BOX, [0.0, 0.0, 512.0, 400.0]];
    assert_eq!(named("medrega").boxes_text("a", &two, PICTURE), "<box>[[195, 125, 585, 624], [0, 0, 999, 999]]</box>");
    assert_eq!(
        named("kosmos-2").boxes_text("a", &two, PICTURE),
        "<object><patch_index_0134><patch_index_0626></delimiter_of_multi_objects/><patch_index_0000><patch_index_1023></object>"
    );
    assert_eq!(
        named("qwen2-vl").boxes_text("a", &[[100.0, 50.0, 100.0, 50.0]], PICTURE),
        "<|box_start|>(195,125)<|box_end|>"
    );
}

#[test]
fn boxes_are_found_in_what_was_written() {
    for c in CONVENTIONS {
        let apart = if c.words.before_name.is_empty() { String::new() } else { c.name_text("left lung") };
        let text = format!("{apart}{}", c.boxes_text("left lung", &[BOX], PICTURE));
        let found = c.find(&text, PICTURE);
        assert_eq!(found.len(), 1, "{}: {text} {found:?}", c.name);
        assert_eq!(found[0].span, 0..text.len(), "{}: {text}", c.name);
        let named_in_text = c.words.each.contains("{name}") || !apart.is_empty();
        assert_eq!(found[0].name, if named_in_text { "left lung" } else { "" }, "{}", c.name);
        let coarse = ["chexagent", "kosmos-2", "gemex"].contains(&c.name);
        assert!(iou(found[0].boxes[0], BOX) > if coarse { 0.9 } else { 0.99 }, "{}: {found:?}", c.name);
    }
}

#[test]
fn a_pattern_in_words_is_no_box() {
    let prompt = "use \"<ref>object</ref><box>[[x1, y1, x2, y2]]</box>\". Locate <ref>wall</ref> in é.";
    assert!(named("medrega").find(prompt, PICTURE).is_empty());
    let answer = "<ref>wall</ref><box>[[365, 293, 416, 598], [596, 316, 635, 464]]</box> and <box>[[1,2,3,4]]</box>";
    let found = named("medrega").find(answer, PICTURE);
    assert_eq!(found.iter().map(|f| f.boxes.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((found[0].name.as_str(), found[1].name.as_str()), ("wall", ""));
    assert_eq!(&answer[found[1].span.clone()], "<box>[[1,2,3,4]]</box>");
}
