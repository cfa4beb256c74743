//! The CT scanner: two studies of the same patient, twelve weeks apart.

use super::body::ink::{AIR, Ink, Label, Tissue};
use super::body::{Body, Pose};
use super::dicom::{Dataset, JPEG_LS_LOSSLESS, SeriesOf, Study};
use super::random::Random;
use super::{Artefact, jpegls, packed, tomography};
use anyhow::Result;
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use glam::Vec3;
use limner_imaging::{Geometry, World};
use rayon::prelude::*;

const SIZE: usize = 288;
const SLICES: usize = 60;
const PIXEL_MM: f32 = 1.25;
const STEP_MM: f32 = 4.0;
const LOWEST_MM: f32 = -106.0;
/// Middle of the first pixel, x and y. These numbers have an exact f32, so header, mask and world agree.
const CORNER_MM: [f32; 2] = [-179.375, -171.375];
/// The sharpness of the kernel.
const EDGE_MM: f32 = 1.5;
const NOISE_HU: f32 = 6.6;
const INTERCEPT: f32 = -1024.0;

const SERIES: SeriesOf = SeriesOf {
    modality: "CT",
    number: 2,
    description: "Abdomen portal venous 4.0 B30",
    body_part: "ABDOMEN",
    sop_class: uids::CT_IMAGE_STORAGE,
};

/// One visit to the scanner.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub folder: &'static str,
    pub study: Study,
    pub pose: Pose,
}

pub const BASELINE: Visit = Visit {
    folder: "ct_baseline",
    study: Study { name: "CT baseline", description: "CT abdomen, baseline", date: "20250303", time: "091500" },
    pose: Pose::FIRST,
};

/// The lesion has grown by this factor in each direction.
pub const GROWTH: f32 = 1.4;

pub const FOLLOW_UP: Visit = Visit {
    folder: "ct_followup",
    study: Study { name: "CT follow-up", description: "CT abdomen, follow-up", date: "20250526", time: "104200" },
    pose: Pose { shift_mm: Vec3::new(4.5, -3.0, 5.0), turn: 0.035, nod: 0.012, breath_mm: 7.0, lesion_scale: GROWTH },
};

/// The grid of both studies.
pub fn geometry() -> Result<Geometry> {
    let origin = World::new(CORNER_MM[0].into(), CORNER_MM[1].into(), LOWEST_MM.into());
    let spacing = [f64::from(PIXEL_MM), f64::from(PIXEL_MM), f64::from(STEP_MM)];
    Ok(Geometry::axis_aligned([SIZE, SIZE, SLICES], origin, spacing)?)
}

/// All files of one visit, and its mask.
pub fn visit(body: &Body, visit: &Visit) -> Result<Vec<Artefact>> {
    let slices: Vec<(Vec<u16>, Vec<u8>)> = (0..SLICES).into_par_iter().map(|k| slice(body, visit, k)).collect();
    let mut files = Vec::with_capacity(SLICES + 1);
    for (k, (samples, _)) in slices.iter().enumerate() {
        files.push(file(visit, k, samples)?);
    }
    let labels: Vec<u8> = slices.into_iter().flat_map(|(_, labels)| labels).collect();
    let mask = packed::nifti(&geometry()?, packed::Voxels::U8(&labels), "Limner sample study: true labels");
    files.push(Artefact { path: format!("masks/{}.nii.gz", visit.folder), bytes: mask });
    Ok(files)
}

/// The file of slice `k` alone.
pub fn slice_file(body: &Body, visit: &Visit, k: usize) -> Result<Artefact> {
    file(visit, k, &slice(body, visit, k).0)
}

/// Stored samples and labels of slice `k`, counted from the feet.
pub fn slice(body: &Body, visit: &Visit, k: usize) -> (Vec<u16>, Vec<u8>) {
    let z = LOWEST_MM + k as f32 * STEP_MM;
    let mut hu = vec![0.0; SIZE * SIZE];
    let mut labels = vec![0_u8; SIZE * SIZE];
    for n in 0..SIZE * SIZE {
        let at = |dz: f32| {
            Vec3::new(CORNER_MM[0] + (n % SIZE) as f32 * PIXEL_MM, CORNER_MM[1] + (n / SIZE) as f32 * PIXEL_MM, z + dz)
        };
        // A slice has a thickness: two looks, one quarter of it up and down.
        let looks = [-0.25, 0.25].map(|part| look(body, visit, at(part * STEP_MM)));
        hu[n] = (looks[0].tissue.hu + looks[1].tissue.hu) / 2.0;
        labels[n] = look(body, visit, at(0.0)).label as u8;
    }
    let view = tomography::Slice { hu: &hu, size: SIZE, pixel_mm: PIXEL_MM };
    let error = tomography::error_of(view, NOISE_HU, &mut Random::stream(visit.folder, k as u64));
    let samples = (0..SIZE * SIZE)
        .map(|n| {
            let half = SIZE as f32 / 2.0;
            let (dx, dy) = ((n % SIZE) as f32 + 0.5 - half, (n / SIZE) as f32 + 0.5 - half);
            // The scanner reconstructs a circle; the corners are padding.
            if dx * dx + dy * dy > half * half {
                0
            } else {
                (hu[n] + error[n] - INTERCEPT).round().clamp(0.0, 4095.0) as u16
            }
        })
        .collect();
    (samples, labels)
}

fn look(body: &Body, visit: &Visit, at: Vec3) -> Ink {
    let mut ink = body.look(&visit.pose, at, EDGE_MM);
    if ink.label == Label::None && ink.tissue.hu < -900.0 && at.y > 40.0 {
        paint_table(&mut ink, at);
    }
    ink
}

/// A curved shell of carbon fibre filled with foam, with a thin mattress on it.
fn paint_table(ink: &mut Ink, at: Vec3) {
    const FOAM: Tissue = Tissue { hu: -945.0, ..AIR };
    const MATTRESS: Tissue = Tissue { hu: -905.0, ..AIR };
    const SHELL: Tissue = Tissue { hu: -70.0, ..AIR };
    let top = 131.0 - at.x * at.x / 700.0;
    let bottom = 172.0 - at.x * at.x / 420.0;
    let edge = at.x.abs() - 188.0;
    ink.tint((top - 7.0 - at.y).max(at.y - top).max(edge), MATTRESS);
    ink.tint((top - at.y).max(at.y - bottom).max(edge), FOAM);
    ink.tint(((at.y - top).abs() - 1.2).max(edge), SHELL);
    ink.tint(((at.y - bottom).abs() - 1.4).max(edge), SHELL);
}

fn file(visit: &Visit, k: usize, samples: &[u16]) -> Result<Artefact> {
    let instance = SLICES - k;
    let z = f64::from(LOWEST_MM + k as f32 * STEP_MM);
    let mut d = Dataset::common(visit.study, SERIES, instance as u32);
    d.words(tags::IMAGE_TYPE, VR::CS, &["ORIGINAL", "PRIMARY", "AXIAL"]);
    d.frame_of_reference(visit.study);
    d.integer(tags::ACQUISITION_NUMBER, 1);
    d.text(tags::PATIENT_POSITION, VR::CS, "HFS");
    d.text(tags::CONTRAST_BOLUS_AGENT, VR::LO, "Iodine, simulated");
    d.decimals(tags::KVP, &[120.0]);
    d.decimals(tags::SLICE_THICKNESS, &[f64::from(STEP_MM)]);
    d.decimals(tags::SPACING_BETWEEN_SLICES, &[f64::from(STEP_MM)]);
    d.text(tags::CONVOLUTION_KERNEL, VR::SH, "B30");
    d.decimals(tags::RECONSTRUCTION_DIAMETER, &[360.0]);
    d.text(tags::PATIENT_ORIENTATION, VR::CS, "L\\P");
    let origin = geometry()?.world(limner_imaging::Voxel::new(0.0, 0.0, k as f64)).0;
    d.decimals(tags::IMAGE_POSITION_PATIENT, &[origin.x, origin.y, origin.z]);
    d.decimals(tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    d.decimals(tags::SLICE_LOCATION, &[z]);
    d.decimals(tags::PIXEL_SPACING, &[1.25, 1.25]);
    d.grey(SIZE, SIZE, 16, 12);
    d.decimals(tags::RESCALE_INTERCEPT, &[f64::from(INTERCEPT)]);
    d.decimals(tags::RESCALE_SLOPE, &[1.0]);
    d.text(tags::RESCALE_TYPE, VR::LO, "HU");
    d.decimals(tags::WINDOW_CENTER, &[40.0]);
    d.decimals(tags::WINDOW_WIDTH, &[400.0]);
    let bytes = d.file(vec![jpegls::encode(samples, SIZE, SIZE, 12)], JPEG_LS_LOSSLESS)?;
    Ok(Artefact { path: format!("{}/{instance:03}.dcm", visit.folder), bytes })
}
