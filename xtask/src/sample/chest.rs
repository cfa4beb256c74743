//! The chest film: X-rays from a point, through the thorax, onto a detector, then developed the way a reader expects.

use super::dicom::{Dataset, JPEG_LS_LOSSLESS, SeriesOf, Study};
use super::film::blurred;
use super::maths::{exp, ln};
use super::random::{Random, hash};
use super::thorax::Thorax;
use super::{Artefact, jpegls, packed};
use anyhow::Result;
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use glam::Vec3;
use rayon::prelude::*;

const SIZE: [usize; 2] = [640, 704];
const PIXEL_MM: f32 = 0.62;
/// Height of the middle of the film in the patient.
const MIDDLE_MM: f32 = 74.0;
const STEP_MM: f32 = 2.0;
/// Distances from the source to the middle of the patient and to the film.
const SOURCE_MM: f32 = 1650.0;
const FILM_MM: f32 = 1800.0;

const STUDY: Study = Study { name: "DX", description: "Chest", date: "20250301", time: "101000" };
const SERIES: SeriesOf = SeriesOf {
    modality: "DX",
    number: 1,
    description: "Chest PA",
    body_part: "CHEST",
    sop_class: uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
};

/// What one ray has gone through, in millimetres; attenuation has no unit.
#[derive(Clone, Copy, Default)]
struct Ray {
    attenuation: f32,
    lung: [f32; 2],
    heart: f32,
    clavicle: f32,
    dense: f32,
}

pub fn files() -> Result<Vec<Artefact>> {
    let thorax = Thorax::new();
    let rays: Vec<Ray> = (0..SIZE[0] * SIZE[1]).into_par_iter().map(|n| ray(&thorax, n)).collect();
    let labels: Vec<u8> = rays.iter().map(label).collect();
    let pixels = developed(&rays);
    Ok(vec![
        Artefact { path: "xray/chest.dcm".into(), bytes: file(&pixels)? },
        Artefact { path: "masks/chest.png".into(), bytes: packed::png(&labels, SIZE[0], SIZE[1], 1) },
    ])
}

/// The patient faces the film; it is shown as if he faced the reader, his right on our left.
fn ray(thorax: &Thorax, n: usize) -> Ray {
    let at = |n: usize, size: usize| (n as f32 + 0.5 - size as f32 / 2.0) * PIXEL_MM;
    let (x, z) = (at(n % SIZE[0], SIZE[0]), -at(n / SIZE[0], SIZE[1]));
    let mut ray = Ray::default();
    let start = -130.0 + STEP_MM * (hash([n as i32, 0, 0], 77) as f32 / 4_294_967_296.0);
    for step in 0..130 {
        let y = step as f32 * STEP_MM + start;
        // The source is behind the patient: what is at the back is drawn larger.
        let scale = (SOURCE_MM - y) / FILM_MM;
        let spot = thorax.spot(Vec3::new(x * scale, y, z * scale + MIDDLE_MM));
        ray.attenuation += spot.attenuation * STEP_MM;
        if spot.lung {
            ray.lung[usize::from(x > 0.0)] += STEP_MM;
        }
        ray.heart += if spot.heart { STEP_MM } else { 0.0 };
        ray.clavicle += if spot.clavicle { STEP_MM } else { 0.0 };
        ray.dense += if spot.dense { STEP_MM } else { 0.0 };
    }
    ray
}

/// As readers outline a film: what lies behind heart, great vessels or liver does not count as lung.
fn label(ray: &Ray) -> u8 {
    let open = ray.dense < 46.0;
    if ray.heart > 6.0 {
        3
    } else if ray.clavicle > 2.0 {
        4
    } else if open && ray.lung[0] > 14.0 {
        1
    } else if open && ray.lung[1] > 14.0 {
        2
    } else {
        0
    }
}

/// From attenuation to what the console shows: scatter, counting noise, logarithm, local contrast, curve.
fn developed(rays: &[Ray]) -> Vec<u16> {
    let mut random = Random::stream("film", 0);
    let primary: Vec<f32> = rays.iter().map(|ray| exp(-ray.attenuation)).collect();
    let scatter = blurred(&primary, SIZE[0], 26);
    let sharp: Vec<f32> = primary
        .iter()
        .zip(&scatter)
        .map(|(direct, around)| {
            let dose = 0.72 * direct + 0.28 * around + 0.0012;
            let noisy = dose + 0.0011 * (dose / 0.02).sqrt() * random.normal() * 0.35;
            -ln(noisy.max(0.0005))
        })
        .collect();
    let wide = blurred(&sharp, SIZE[0], 22);
    let fine = blurred(&sharp, SIZE[0], 2);
    (0..sharp.len())
        .map(|n| {
            // Large differences are held back, small ones brought forward.
            let shown = 0.80 * wide[n] + 1.15 * (fine[n] - wide[n]) + 1.5 * (sharp[n] - fine[n]);
            let share = 1.0 / (1.0 + exp(-2.35 * (shown - 2.45)));
            (4095.0 * ((share - 0.004) / 0.975).clamp(0.0, 1.0)).round() as u16
        })
        .collect()
}

fn file(pixels: &[u16]) -> Result<Vec<u8>> {
    let mut d = Dataset::common(STUDY, SERIES, 1);
    d.words(tags::IMAGE_TYPE, VR::CS, &["ORIGINAL", "PRIMARY"]);
    d.grey(SIZE[0], SIZE[1], 16, 12);
    d.text(tags::PRESENTATION_INTENT_TYPE, VR::CS, "FOR PRESENTATION");
    d.text(tags::PIXEL_INTENSITY_RELATIONSHIP, VR::CS, "LOG");
    d.signed(tags::PIXEL_INTENSITY_RELATIONSHIP_SIGN, 1);
    d.code(tags::ANATOMIC_REGION_SEQUENCE, "51185008", "SCT", "Thorax");
    d.text(tags::DETECTOR_TYPE, VR::CS, "SCINTILLATOR");
    d.text(tags::POSITIONER_TYPE, VR::CS, "");
    d.sequence(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
    d.code(tags::VIEW_CODE_SEQUENCE, "399348003", "SCT", "postero-anterior");
    d.words(tags::PATIENT_ORIENTATION, VR::CS, &["L", "F"]);
    d.decimals(tags::IMAGER_PIXEL_SPACING, &[f64::from(PIXEL_MM); 2].map(|v| (v * 1e4).round() / 1e4));
    d.decimals(tags::PIXEL_SPACING, &[0.62, 0.62]);
    d.decimals(tags::RESCALE_INTERCEPT, &[0.0]);
    d.decimals(tags::RESCALE_SLOPE, &[1.0]);
    d.text(tags::RESCALE_TYPE, VR::LO, "US");
    d.text(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY");
    d.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00");
    d.text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    d.text(tags::VIEW_POSITION, VR::CS, "PA");
    d.text(tags::IMAGE_LATERALITY, VR::CS, "U");
    d.decimals(tags::WINDOW_CENTER, &[2048.0]);
    d.decimals(tags::WINDOW_WIDTH, &[4096.0]);
    d.file(vec![jpegls::encode(pixels, SIZE[0], SIZE[1], 12)], JPEG_LS_LOSSLESS)
}
