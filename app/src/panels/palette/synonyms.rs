//! Other words for commands, as people know them from 3D Slicer, ITK-SNAP, OHIF, napari and the wards: a flat table,
//! a line a command.

/// How well a word that is typed whole answers, and one that is only begun. A title that says it comes first.
const WHOLE: i32 = 40;
const BEGUN: i32 = 20;

/// A title without its …, or all titles that begin as what stands before the star; and what else that is called.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("Open sample study", &["demo", "example", "sample data"]),
    ("Open file", &["load file", "load volume", "add data"]),
    ("Open folder", &["load folder", "load dicom", "import dicom"]),
    ("Open project", &["load project", "load scene", "load workspace"]),
    ("Import labels", &["load segmentation", "load labels", "load mask", "open segmentation", "rtstruct", "dicom seg"]),
    ("Find moved pictures", &["relink", "missing files"]),
    ("Save project as", &["save scene", "save workspace"]),
    (
        "Export",
        &["save segmentation", "save labels", "save mask", "download", "rtstruct", "dicom seg", "yolo", "share"],
    ),
    ("Export label maps as NIfTI", &["save segmentation", "labelmap", "nii.gz"]),
    ("Quit", &["exit"]),
    ("Undo", &["take back", "revert"]),
    ("Redo", &["repeat", "do again"]),
    ("Delete shape or prompt", &["remove annotation", "remove measurement", "clear"]),
    ("New label", &["add segment", "segment", "structure", "class", "category", "add label", "create label"]),
    ("Window and level", &["w/l", "wl", "ww/wl", "contrast", "brightness", "grey level", "gray level", "intensity"]),
    ("Window*", &["contrast preset", "ct preset", "lut"]),
    ("Window as stored", &["auto contrast", "auto window", "reset contrast", "reset window", "default window"]),
    ("Invert grey", &["negative", "inverse", "invert gray"]),
    ("Crosshair", &["cursor", "locator", "navigate"]),
    ("Positive or negative prompt", &["foreground", "background", "include", "exclude"]),
    ("Run the model", &["infer", "predict", "auto segment", "automatic segmentation", "apply model"]),
    ("Accept proposal", &["apply", "confirm"]),
    ("Reject proposal", &["cancel", "discard", "clear prompts", "reset prompts"]),
    ("Larger brush", &["brush size", "bigger brush", "radius"]),
    ("Smaller brush", &["brush size", "radius"]),
    ("Axial view", &["transverse", "transversal"]),
    ("3D view", &["volume rendering", "mip", "maximum intensity projection", "rendering", "vrt", "surface", "mesh"]),
    ("Three planes and 3D", &["mpr", "multiplanar", "four up", "4 up", "orthogonal", "orthoviews"]),
    ("Grid of*", &["tile", "montage", "lightbox", "grid layout"]),
    ("Two views side by side", &["viewports", "dual view"]),
    ("Split view to the right", &["add viewport", "new viewport"]),
    ("Maximise view", &["full screen", "fullscreen", "one up", "maximize", "expand view"]),
    ("Second window", &["second monitor", "dual screen", "detach"]),
    ("Link*", &["synchronise", "synchronize", "lock views"]),
    ("Next slice", &["scroll"]),
    ("Previous slice", &["scroll"]),
    ("Zoom in", &["magnify", "enlarge"]),
    (
        "Fit to view",
        &["reset", "zoom to fit", "reset view", "reset zoom", "fit to window", "fit to screen", "recentre", "recenter"],
    ),
    ("Turn a quarter clockwise", &["rotate"]),
    ("Mirror left and right", &["flip"]),
    ("Play or stop", &["cine", "movie", "animate", "loop", "pause"]),
    ("Next time or frame", &["timepoint", "time point", "next phase"]),
    ("Hang the study by the rules", &["hanging protocol", "display protocol"]),
    ("Compare with the prior study", &["previous study", "baseline", "longitudinal"]),
    ("Show reference lines", &["scout lines", "localizer", "localiser", "slice intersections"]),
    ("Show labels", &["hide labels", "hide segmentation", "toggle segmentation", "visibility", "overlay", "opacity"]),
    ("Show text on pictures", &["hide text", "corner annotation", "overlay text", "patient info"]),
    ("Copy view as picture", &["clipboard", "screenshot", "snapshot", "screen capture"]),
    ("Save view as PNG", &["screenshot", "snapshot", "screen capture", "export image", "export picture"]),
    ("Save clip as GIF", &["video", "record", "export movie"]),
    ("Register the other view to this one", &["align", "fusion", "coregister", "co-register"]),
    ("Adjust registration by hand", &["align", "transform"]),
    ("Show series list", &["browser", "data manager", "subject hierarchy", "layer list", "files"]),
    ("Show labels panel", &["segment list", "segment editor", "label editor", "inspector"]),
    (
        "Settings",
        &[
            "light",
            "dark",
            "light theme",
            "dark theme",
            "theme",
            "preferences",
            "options",
            "configuration",
            "font size",
            "text size",
            "colours",
        ],
    ),
    ("Command palette", &["search commands", "find command"]),
    ("Tour of the sample study", &["help", "tutorial", "getting started", "introduction"]),
    ("Keys", &["shortcuts", "hotkeys", "keyboard", "cheat sheet", "help"]),
    ("About Limner", &["version", "licence", "license"]),
    ("Point", &["ai", "click", "magic", "nninteractive", "sam", "segment anything", "interactive segmentation"]),
    ("Scribble", &["grow from seeds", "seeds", "random walker", "graph cut", "interactive segmentation"]),
    ("Box", &["bounding box", "bbox"]),
    ("Box in 3D", &["bounding box", "bbox"]),
    ("Brush", &["paint", "draw", "nudge"]),
    ("Eraser", &["rubber", "erase"]),
    ("Threshold brush", &["intensity range", "paint in range", "masking"]),
    ("Smart brush", &["adaptive brush", "magic wand", "nudge"]),
    ("Lasso fill", &["freehand", "draw", "contour"]),
    ("Polygon fill", &["draw", "contour"]),
    ("Live wire", &["livewire", "intelligent scissors", "magnetic lasso", "level tracing", "edge tracing"]),
    ("Fill", &["paint bucket", "bucket", "flood fill"]),
    (
        "Region grow",
        &["magic wand", "flood fill", "threshold", "region growing", "level tracing", "snake", "active contour"],
    ),
    ("Keep island", &["keep selected island", "connected component"]),
    ("Remove island", &["remove selected island"]),
    ("Scissors", &["surface cut", "crop"]),
    ("Ruler", &["distance", "measure", "caliper", "calliper", "length", "line"]),
    ("Bidirectional", &["recist", "diameter", "caliper", "measure", "long axis", "short axis"]),
    ("Angle", &["measure angle"]),
    ("Cobb angle", &["scoliosis", "spine"]),
    ("Rectangle", &["roi", "region of interest"]),
    ("Ellipse", &["roi", "region of interest", "circle", "oval"]),
    ("Polygon", &["contour", "closed curve", "freehand roi", "roi", "measure area"]),
    ("Polyline", &["spline", "curve", "path"]),
    ("Rotated box", &["oriented box"]),
    ("3D box", &["roi", "volume of interest", "voi", "crop box"]),
    ("Probe", &["pixel value", "voxel value", "hounsfield", "hu value"]),
    ("Landmarks", &["fiducials", "markups", "points layer", "control points", "keypoints"]),
    ("Interpolate between slices", &["fill between slices", "interpolation", "morphological contour interpolation"]),
    ("Copy to the next slice", &["duplicate slice"]),
    ("Propagate*", &["tracking", "video segmentation"]),
    ("Fill outlines", &["fill contour", "contour"]),
    ("Keep largest island", &["islands", "largest component", "connected components"]),
    ("Remove small islands", &["islands", "despeckle", "specks", "noise", "small components"]),
    ("Grow", &["margin", "dilate", "dilation", "expand"]),
    ("Shrink", &["margin", "erode", "erosion", "contract"]),
    ("Smooth", &["smoothing", "gaussian", "blur"]),
    ("Close gaps", &["closing", "morphological closing"]),
    ("Remove thin parts", &["opening", "morphological opening"]),
    ("Hollow", &["shell", "wall"]),
    ("Labels and model", &["segments", "models", "network", "weights"]),
    ("Region in hand", &["statistics", "segment statistics", "volume of label", "quantification"]),
    ("Case form", &["questionnaire", "structured report", "classification"]),
    ("Caption and report", &["dictation", "impression", "findings"]),
    ("Follow-up", &["recist", "longitudinal"]),
    ("Work list", &["study list", "patient list", "queue"]),
    ("Review of versions", &["compare segmentations", "quality control", "dice"]),
    ("Open predictions", &["compare segmentations", "load predictions", "model output"]),
    ("Compare all cases of the list", &["dice", "hausdorff", "metrics", "evaluate"]),
    ("Consensus: majority", &["majority vote", "label fusion"]),
    ("New question", &["vqa", "question answering", "ask"]),
];

/// How well what was typed, in lower case, answers as another word for a command.
pub(super) fn answer(title: &str, typed: &str) -> Option<i32> {
    let words = SYNONYMS.iter().filter(|(means, _)| is_meant(title, means)).flat_map(|(_, words)| *words);
    let score = |word: &&str| match word.strip_prefix(typed) {
        Some("") => Some(WHOLE),
        // One letter begins too much.
        Some(_) => (typed.len() > 1).then_some(BEGUN),
        None => None,
    };
    words.filter_map(score).max()
}

fn is_meant(title: &str, means: &str) -> bool {
    means.strip_suffix('*').map_or_else(|| title.trim_end_matches('…') == means, |begin| title.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ACTIONS;

    #[test]
    fn every_line_means_a_command_that_there_is_and_is_typed_as_it_stands() {
        for (means, words) in SYNONYMS {
            assert!(ACTIONS.iter().any(|entry| is_meant(entry.title, means)), "nothing is called {means}");
            for word in *words {
                assert_eq!(*word, word.trim().to_lowercase());
            }
        }
    }
}
