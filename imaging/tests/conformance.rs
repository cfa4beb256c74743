//! Every picture of the test data against values other programs computed (MANIFEST.json).
//!
//! What disagrees is listed in `KNOWN`, each with its reason; an entry that agrees again fails the test too, so the
//! list can only shrink.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on stops, and says what it saw")]

mod support;

use limner_imaging::formats;
use limner_imaging::{Error, Kind, Mask, Series, Task, Voxel, VoxelBox};
use serde_json::Value;
use std::path::Path;

/// Samples of lossy syntaxes may differ from the oracle's by this much.
const LOSSY_TOLERANCE: f64 = 2.0;

/// Files that do not agree yet, or cannot: (path, part of the complaint, why).
const KNOWN: &[(&str, &str, &str)] = &[];

/// Files of the test data that are not compared, what is said of them, and why that is right.
const UNREAD: &[(&str, &str, &str)] = &[
    (
        "nifti/nibabel/analyze.hdr",
        "not_an_image",
        "Analyze 7.5 is no format of ours, and there are no voxels beside it",
    ),
    ("nifti/nibabel/nifti1.hdr", "malformed", "the voxel file is not beside it, as upstream"),
    ("nifti/nibabel/nifti2.hdr", "malformed", "the voxel file is not beside it, as upstream"),
    ("nifti/nifti_rs/avg152T1_LR_nifti.hdr.gz", "malformed", "the voxel file is not beside it, as upstream"),
    ("nifti/nifti_rs/minimal2.hdr", "reads:no_orientation", "the oracle overlooked the packed voxels beside it"),
    ("nifti/nibabel/example4d+orig.HEAD", "not_an_image", "AFNI is no format of ours"),
    ("nifti/nibabel/minc1_1_scale.mnc", "not_an_image", "MINC is no format of ours"),
    ("nifti/nibabel/test.mgz", "not_an_image", "MGH is no format of ours"),
];

fn manifest(root: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root.join("MANIFEST.json")).unwrap()).unwrap()
}

fn is_lossy(entry: &Value) -> bool {
    let syntax = entry["transfer_syntax"].as_str().unwrap_or("");
    ["4.50", "4.51", "4.81", "4.91", "4.203"].iter().any(|end| syntax.ends_with(end)) || entry["type"] == "pil/JPEG"
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map(|a| a.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

/// The oracle's hash, where it made one that is usable.
fn hash_of(entry: &Value) -> Option<&str> {
    entry["sha256_pixels"].as_str().or(entry["sha256_voxels"].as_str())
}

fn check(root: &Path, name: &str, entry: &Value) -> Result<(), String> {
    let task = Task::default();
    let found = formats::scan(&root.join(name), &task).map_err(|e| e.to_string())?;
    if let Some(failure) = found.failed.first() {
        return Err(format!("failed: {}", strip(&failure.error, root)));
    }
    if name.contains("/DICOMDIR") && !name.contains("empty") {
        // A directory is read as what it lists.
        let pictures = found.series.iter().filter(|s| s.geometry.is_some()).count();
        return if pictures > 0 { Ok(()) } else { Err("a directory that lists nothing".into()) };
    }
    let [series] = found.series.as_slice() else {
        return Err(format!("{} series", found.series.len()));
    };
    if entry["has_pixels"] == false {
        return if series.geometry.is_none() { Ok(()) } else { Err("pixels where there are none".into()) };
    }
    let volume = series.load(&task).map_err(|e| format!("load: {}", strip(&e, root)))?;
    if volume.geometry.size() != series.size {
        return Err(format!("the scan said {:?}, the samples fill {:?}", series.size, volume.geometry.size()));
    }
    let facts = series.facts(&task).map_err(|e| format!("facts: {}", strip(&e, root)))?;
    check_shape(series, entry)?;
    // The oracle leaves Dose Grid Scaling out.
    let scaling = if entry["Modality"] == "RTDOSE" { series.value_map.slope } else { 1.0 };
    check_stats(&facts, entry, scaling)?;
    check_affine(series, entry)?;
    match hash_of(entry) {
        Some(hash) if hash != facts.sha256_samples && !is_lossy(entry) => Err("hash differs".into()),
        _ => Ok(()),
    }
}

fn strip(error: &Error, root: &Path) -> String {
    error.to_string().replace(&*root.to_string_lossy(), "")
}

fn check_shape(series: &Series, entry: &Value) -> Result<(), String> {
    let shape: Vec<usize> = numbers(if entry["shape"].is_null() { &entry["size"] } else { &entry["shape"] })
        .into_iter()
        .map(|x| x as usize)
        .collect();
    if shape.is_empty() {
        return Ok(());
    }
    let ours = series.size.iter().product::<usize>() * series.frames;
    // The oracle holds NIfTI colour as one structured sample, and palettes as indices.
    let one = entry["PhotometricInterpretation"] == "PALETTE COLOR" || series.format == "nifti";
    let per_voxel = if one { 1 } else { series.channels };
    let theirs: usize = shape.iter().product();
    // A mosaic is unfolded; its last tiles may be empty.
    let unfolded = series.kind == Kind::Volume
        && series.format == "dicom"
        && shape.len() == 2
        && shape.iter().zip([series.size[1], series.size[0]]).all(|(&whole, tile)| whole > tile && whole % tile == 0);
    if ours * per_voxel != theirs && !unfolded {
        return Err(format!("size {:?} x {} x {} against {shape:?}", series.size, series.frames, series.channels));
    }
    let dtype = entry["dtype"].as_str().filter(|d| !d.starts_with("RGB")).unwrap_or(series.dtype);
    // pylibjpeg hands JPEG XL out in signed numbers, whatever the header says; the bytes are the same.
    let same = dtype == series.dtype
        || series.transfer_syntax.as_deref().is_some_and(|s| s.starts_with("1.2.840.10008.1.2.4.11"))
            && dtype.trim_start_matches('u') == series.dtype.trim_start_matches('u');
    if !same { Err(format!("{} against {dtype}", series.dtype)) } else { Ok(()) }
}

fn check_stats(facts: &limner_imaging::volume::Facts, entry: &Value, scaling: f64) -> Result<(), String> {
    let Some(stats) = facts.stats else { return Ok(()) };
    for (key, ours) in [("min", stats.min), ("max", stats.max), ("mean", stats.mean)] {
        let Some(theirs) = entry["after_rescale"][key].as_f64().map(|x| x * scaling) else { continue };
        let slope = entry["RescaleSlope"].as_f64().unwrap_or(1.0).abs();
        let lossy = if is_lossy(entry) { LOSSY_TOLERANCE * slope.max(1e-6) } else { 0.0 };
        if (ours - theirs).abs() > lossy + 1e-5 * theirs.abs().max(1.0) {
            return Err(format!("{key} {ours} against {theirs}"));
        }
    }
    Ok(())
}

fn check_affine(series: &Series, entry: &Value) -> Result<(), String> {
    let Some(geometry) = &series.geometry else { return Ok(()) };
    let ours = geometry.affine_lps_rows();
    if let Some(rows) = entry["affine"].as_array() {
        for (r, row) in rows.iter().enumerate().take(3) {
            let sign = if r < 2 { -1.0 } else { 1.0 };
            for (c, theirs) in numbers(row).into_iter().enumerate() {
                if (ours[r][c] - sign * theirs).abs() > 1e-4 {
                    return Err(format!("affine row {r} column {c}: {} against {}", ours[r][c], sign * theirs));
                }
            }
        }
    }
    if entry["type"] == "dicom"
        && !entry["ImagePositionPatient"].is_null()
        && !entry["ImageOrientationPatient"].is_null()
    {
        let (origin, spacing) = (numbers(&entry["ImagePositionPatient"]), numbers(&entry["PixelSpacing"]));
        let cosines = numbers(&entry["ImageOrientationPatient"]);
        if spacing.len() == 2 && cosines.len() == 6 {
            // A mosaic's own position is that of the picture of tiles; where the volume lies dcm2niix tells below.
            let unfolded = entry["Rows"].as_u64().is_some_and(|rows| rows > series.size[1] as u64);
            let columns: &[usize] = if unfolded { &[0, 1] } else { &[0, 1, 3] };
            for r in 0..3 {
                let theirs = [cosines[r] * spacing[1], cosines[3 + r] * spacing[0], f64::NAN, origin[r]];
                for &c in columns {
                    if (ours[r][c] - theirs[c]).abs() > 1e-4 {
                        return Err(format!("affine row {r} column {c}: {} against {}", ours[r][c], theirs[c]));
                    }
                }
            }
        }
    }
    Ok(())
}

fn judge(complaints: &[(String, String)], checked: &[String]) {
    let known = |name: &str, complaint: &str| KNOWN.iter().any(|(n, part, _)| *n == name && complaint.contains(part));
    let unexpected: Vec<_> = complaints.iter().filter(|(n, c)| !known(n, c)).collect();
    for (name, complaint) in &unexpected {
        println!("{name}: {complaint}");
    }
    let healed: Vec<_> = KNOWN
        .iter()
        .filter(|(n, _, _)| {
            checked.iter().any(|c| c == n) && !complaints.iter().any(|(name, c)| name == n && known(n, c))
        })
        .map(|(n, _, _)| n)
        .collect();
    assert!(unexpected.is_empty(), "{} of {} files disagree", unexpected.len(), checked.len());
    assert!(healed.is_empty(), "these agree now, take them off the list: {healed:?}");
}

fn is_compared(entry: &Value) -> bool {
    let kind = entry["type"].as_str().unwrap_or("");
    let known = kind == "dicom"
        || kind.starts_with("pil/")
        || kind == "itk"
        || kind.starts_with("Nifti") && !entry["shape"].is_null();
    let note = entry["note"].as_str().unwrap_or("");
    known && !note.starts_with("header alone") && !note.starts_with("companion")
}

#[test]
fn every_file_agrees_with_the_oracle() {
    let Some(root) = support::data() else { return };
    let manifest = manifest(&root);
    let (mut complaints, mut checked) = (Vec::new(), Vec::new());
    for (name, entry) in manifest["files"].as_object().unwrap() {
        if !is_compared(entry) {
            continue;
        }
        checked.push(name.clone());
        if let Err(complaint) = check(&root, name, entry) {
            complaints.push((name.clone(), complaint));
        }
    }
    println!("{} files checked, {} disagree", checked.len(), complaints.len());
    judge(&complaints, &checked);
}

/// Nothing is passed over in silence: every file of the data is compared, broken, a companion text, or listed above.
#[test]
fn what_is_not_read_is_listed_with_its_reason() {
    let Some(root) = support::data() else { return };
    let manifest = manifest(&root);
    let mut wrong = Vec::new();
    for (name, entry) in manifest["files"].as_object().unwrap() {
        let listed = UNREAD.iter().find(|(n, ..)| n == name);
        let companion = entry["note"].as_str().is_some_and(|n| n.starts_with("companion"));
        match listed {
            Some((_, code, _)) if verdict(&root.join(name)) != *code => wrong.push(format!("{name}: not {code}")),
            Some(_) => {}
            None if is_compared(entry) || companion => {}
            None => wrong.push(format!("{name}: neither compared nor listed ({})", entry["type"])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_series_agrees_with_the_oracle() {
    let Some(root) = support::data() else { return };
    let manifest = manifest(&root);
    let (mut complaints, mut checked) = (Vec::new(), Vec::new());
    for (name, entry) in manifest["series"].as_object().unwrap() {
        checked.push(name.clone());
        let task = Task::default();
        let found = formats::scan(&root.join(name), &task).unwrap();
        let dicom: Vec<&Series> = found.series.iter().filter(|s| s.format == "dicom" && s.geometry.is_some()).collect();
        for group in entry["groups"].as_array().unwrap() {
            if let Err(complaint) = check_group(&dicom, group, &task) {
                complaints.push((name.clone(), complaint));
            }
        }
    }
    judge(&complaints, &checked);
}

fn check_group(series: &[&Series], group: &Value, task: &Task) -> Result<(), String> {
    let Some(hash) = group["sha256_sorted_stack"].as_str() else { return Ok(()) };
    let files = group["files"].as_u64().unwrap() as usize;
    // A mosaic is unfolded: its picture is a few of its slices high.
    let rows = group["rows"].as_u64().unwrap() as usize;
    let high = |s: &&&Series| s.size[1] == rows || s.kind == Kind::Time4d && rows.is_multiple_of(s.size[1]);
    let Some(found) = series.iter().filter(high).find(|s| s.files.len() == files) else {
        let sizes: Vec<_> = series.iter().map(|s| (s.files.len(), s.size)).collect();
        return Err(format!("no series of {files} files: {sizes:?}"));
    };
    let facts = found.facts(task).map_err(|e| e.to_string())?;
    check_stats(&facts, group, 1.0)?;
    let same_grid = found.size[1] == rows;
    if let (true, Some(rows), Some(geometry)) = (same_grid, group["affine_lps_ijk"].as_array(), &found.geometry) {
        let ours = geometry.affine_lps_rows();
        for (r, row) in rows.iter().enumerate().take(3) {
            for (c, theirs) in numbers(row).into_iter().enumerate() {
                if (ours[r][c] - theirs).abs() > 1e-4 {
                    return Err(format!("affine row {r} column {c}: {} against {theirs}", ours[r][c]));
                }
            }
        }
    }
    if facts.sha256_samples == hash { Ok(()) } else { Err("hash of the stack differs".into()) }
}

/// dcm2niix unfolds mosaics too: every voxel of its volume has the value ours has at the same place in the patient.
#[test]
fn a_mosaic_lies_where_dcm2niix_puts_it() {
    let Some(root) = support::data() else { return };
    let folder = root.join("series/20180918Si_mr_0003");
    let task = Task::default();
    let found = formats::scan(&folder, &task).unwrap();
    let ours = found.series.iter().find(|s| s.format == "dicom" && s.kind == Kind::Time4d).unwrap();
    let reference = formats::scan(&folder.join("reference/EPI_PE_AP_3.nii"), &task).unwrap().series.remove(0);
    assert_eq!((ours.frames, ours.size), (reference.frames, reference.size));
    for time in 0..ours.frames {
        let (a, b) = (ours.load_time(time, &task).unwrap(), reference.load_time(time, &task).unwrap());
        for index in Mask::from_fn(VoxelBox::whole(b.size()), |_| true).indices() {
            let world = b.geometry.world(Voxel::centre(index));
            let inside = a.geometry.voxel(world).index_in(a.size()).unwrap();
            assert!((a.value(inside) - b.value(index)).abs() < 1e-6, "{index:?} at time {time}");
        }
    }
}

/// What is said of each broken file: the error's code, or `reads:` and the warnings' codes. A change here is a change
/// of behaviour to be reviewed; "unsupported" are objects without pixels.
const VERDICTS: &[(&str, &str)] = &[
    ("broken/derived/empty.dcm", "malformed"),
    ("broken/derived/header_only.nrrd", "truncated"),
    ("broken/derived/huge_dims.nii", "truncated"),
    ("broken/derived/nan_vox_offset.nii", "malformed"),
    ("broken/derived/pixeldata_cut.dcm", "truncated"),
    ("broken/derived/png_as_nifti.nii", "reads:no_spacing,wrong_ending"),
    ("broken/derived/short_data.nii", "truncated"),
    ("broken/derived/text_as_dicom.dcm", "malformed"),
    ("broken/derived/truncated.nrrd", "truncated"),
    ("broken/derived/truncated.png", "truncated"),
    ("broken/derived/truncated_half.nii.gz", "truncated"),
    ("broken/dicom_fo_dicom/genFile.dcm", "malformed"),
    ("broken/dicom_fo_dicom/multiframe.dcm", "malformed"),
    ("broken/dicom_pydicom/ExplVR_BigEndNoMeta.dcm", "unsupported"),
    ("broken/dicom_pydicom/ExplVR_LitEndNoMeta.dcm", "unsupported"),
    ("broken/dicom_pydicom/JPEG2000-embedded-sequence-delimiter.dcm", "malformed"),
    ("broken/dicom_pydicom/MR_truncated.dcm", "truncated"),
    ("broken/dicom_pydicom/UN_sequence.dcm", "malformed"),
    ("broken/dicom_pydicom/badVR.dcm", "reads:malformed"),
    ("broken/dicom_pydicom/empty_charset_LEI.dcm", "unsupported"),
    ("broken/dicom_pydicom/meta_missing_tsyntax.dcm", "malformed"),
    ("broken/dicom_pydicom/nested_priv_SQ.dcm", "malformed"),
    ("broken/dicom_pydicom/no_meta.dcm", "malformed"),
    ("broken/dicom_pydicom/no_meta_group_length.dcm", "unsupported"),
    ("broken/dicom_pydicom/priv_SQ.dcm", "unsupported"),
    ("broken/dicom_pydicom/reportsi_with_empty_number_tags.dcm", "unsupported"),
    ("broken/dicom_pydicom/rtplan_truncated.dcm", "unsupported"),
    ("broken/nifti_rs_fuzz/crash-08123ef33416bd6f0c5fa63d44b681b8581d62a0", "not_an_image"),
    ("broken/nifti_rs_fuzz/crash-1.nii", "malformed"),
    ("broken/nifti_rs_fuzz/crash-98aa054390f8d3f932f190dc22ef62c6ff2d6619", "not_an_image"),
    ("broken/nifti_rs_fuzz/crash-d03c6346fe83a026738f6b8cd2a9335a3f8cb158", "not_an_image"),
    ("broken/nifti_rs_fuzz/crash-ed7d46344d7efb3b9f0c374d66d2e02f66cc447d.nii", "malformed"),
];

fn verdict(path: &Path) -> String {
    let task = Task::default();
    let outcome = formats::scan(path, &task).and_then(|mut found| match found.failed.pop() {
        Some(failure) => Err(failure.error),
        None => found.series.first().expect("a series or a failure").load(&task),
    });
    match outcome {
        Err(error) => serde_json::to_value(error.code()).unwrap().as_str().unwrap().to_owned(),
        Ok(volume) => {
            let codes: Vec<_> = volume.warnings.iter().map(|w| w.code.as_str()).collect();
            format!("reads:{}", codes.join(","))
        }
    }
}

#[test]
fn broken_files_get_the_reviewed_verdicts() {
    let Some(root) = support::data() else { return };
    let manifest = manifest(&root);
    let names = manifest["broken"].as_object().unwrap();
    let mut changed: Vec<_> = VERDICTS
        .iter()
        .map(|(name, expected)| (name, expected, verdict(&root.join(name))))
        .filter(|(_, expected, got)| *expected != got)
        .map(|(name, expected, got)| format!("{name}: {got}, was {expected}"))
        .collect();
    let listed = |name: &str| VERDICTS.iter().any(|(n, _)| *n == name);
    changed
        .extend(names.keys().filter(|n| !listed(n)).map(|n| format!("{n}: {}, not reviewed", verdict(&root.join(n)))));
    assert!(changed.is_empty(), "verdicts changed:\n{}", changed.join("\n"));
    let silent = ["reads:", "reads:no_spacing"];
    assert!(VERDICTS.iter().all(|(_, v)| !silent.contains(v)), "a broken file is read without a warning");
}
