//! The ultrasound scanner: a cine loop of one heart beat.
//!
//! Tissue is a cloud of scatterers that move with it. A beam adds up what it meets in amplitude and phase, so speckle
//! forms by interference, fine along the beam and wider across it the deeper it goes.

use super::dicom::{Dataset, JPEG_BASELINE, SeriesOf, Study};
use super::heart::{self, LEFT_ATRIUM, LEFT_VENTRICLE, MUSCLE, Moment, RIGHT_ATRIUM, RIGHT_VENTRICLE};
use super::maths::{atan2, bell, exp, lerp, ln, sin_cos, smoothstep};
use super::noise;
use super::random::{Random, normal_at};
use super::{Artefact, packed};
use anyhow::Result;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use glam::{Vec2, Vec3};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use limner_imaging::{Geometry, World};
use rayon::prelude::*;

pub const FRAMES: usize = 28;
const SIZE: [usize; 2] = [456, 384];
const PIXEL_MM: f32 = 0.5;
/// Where the transducer is in the picture.
const APEX: Vec2 = Vec2::new(228.0, 10.0);
const DEPTH_MM: f32 = 163.0;
const HALF_ANGLE: f32 = 0.72;
const LINES: usize = 176;
const RANGES: usize = 560;
const RATE_PER_MINUTE: f64 = 64.0;
const QUALITY: u8 = 82;
const DYNAMIC_RANGE_DB: f32 = 60.0;

const STUDY: Study = Study { name: "US", description: "Echocardiography", date: "20250304", time: "140500" };
const SERIES: SeriesOf = SeriesOf {
    modality: "US",
    number: 1,
    description: "Apical four chamber view",
    body_part: "HEART",
    sop_class: uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
};

pub fn files() -> Result<Vec<Artefact>> {
    let frames: Vec<(Vec<u8>, Vec<u8>)> = (0..FRAMES).into_par_iter().map(frame).collect();
    let (pictures, labels): (Vec<Vec<u8>>, Vec<Vec<u8>>) = frames.into_iter().unzip();
    let mask = packed::nifti(&geometry()?, packed::Voxels::U8(&labels.concat()), "Limner sample study: chambers");
    Ok(vec![
        Artefact { path: "us/cine.dcm".into(), bytes: file(&pictures)? },
        Artefact { path: "masks/us.nii.gz".into(), bytes: mask },
    ])
}

/// Columns, rows and frames. A cine lies nowhere in the patient; the third axis counts frames.
pub fn geometry() -> Result<Geometry> {
    let step = f64::from(PIXEL_MM);
    Ok(Geometry::axis_aligned([SIZE[0], SIZE[1], FRAMES], World::default(), [step, step, 1.0])?)
}

/// The picture and the labels of frame `n`.
pub fn frame(n: usize) -> (Vec<u8>, Vec<u8>) {
    let phase = n as f32 / FRAMES as f32;
    let moment = Moment::at(phase);
    let beams = compressed(&beams(&moment, n));
    let mut picture = vec![0_u8; SIZE[0] * SIZE[1]];
    let mut labels = vec![0_u8; SIZE[0] * SIZE[1]];
    for y in 0..SIZE[1] {
        for x in 0..SIZE[0] {
            let p = (Vec2::new(x as f32, y as f32) - APEX) * PIXEL_MM;
            let (range, angle) = (p.length(), atan2(p.x, p.y));
            if angle.abs() < HALF_ANGLE && range < DEPTH_MM && p.y > 0.0 {
                picture[y * SIZE[0] + x] = sampled(&beams, range, angle);
                labels[y * SIZE[0] + x] = label(&moment, p);
            }
        }
    }
    draw_marks(&mut picture, phase);
    (picture, labels)
}

fn label(moment: &Moment, p: Vec2) -> u8 {
    // Muscle is what the outer outline holds and no chamber does.
    let chamber = |n| moment.distance(n, p);
    let order = [
        (chamber(LEFT_VENTRICLE), 1),
        (chamber(RIGHT_VENTRICLE), 3),
        (chamber(LEFT_ATRIUM).min(moment.orifice(0, p)), 4),
        (chamber(RIGHT_ATRIUM).min(moment.orifice(1, p)), 5),
        (chamber(MUSCLE), 2),
    ];
    order.into_iter().find(|&(distance, _)| distance < 0.0).map_or(0, |(_, value)| value)
}

/// How strongly tissue scatters, and how much of that is an ordered reflection.
fn echo(moment: &Moment, p: Vec2, beam: Vec2) -> (f32, f32) {
    let d = |chamber| moment.distance(chamber, p);
    let (inside, outer, right) = (d(LEFT_VENTRICLE), d(MUSCLE), d(RIGHT_VENTRICLE));
    let (left_atrium, right_atrium) = (d(LEFT_ATRIUM), d(RIGHT_ATRIUM));
    let material = moment.material(p);
    let at = Vec3::new(material.x, material.y, 0.0);
    let texture = exp(0.7 * noise::smooth(at / 5.0, 301) + 0.5 * noise::smooth(at / 2.4, 302));
    // Facing walls shine, walls along the beam fade.
    let facing = |chamber| {
        let ahead = moment.distance(chamber, p + beam * 0.6) - moment.distance(chamber, p - beam * 0.6);
        (ahead / 1.2).abs()
    };
    let shine = |distance: f32, chamber, width: f32, strength: f32| {
        if distance.abs() > 3.0 * width {
            0.0
        } else {
            strength * bell(distance, width) * (0.12 + 0.88 * facing(chamber))
        }
    };
    let openings = moment.orifice(0, p).min(moment.orifice(1, p));
    let chambers = inside.min(right).min(left_atrium).min(right_atrium).min(openings);
    let walls = smoothstep(-1.0, 1.5, openings);
    let wall = (right - 4.5).min(left_atrium - 2.6).min(right_atrium - 2.6).min(outer);
    let scatter = if chambers < 0.0 {
        0.010 + 0.02 * smoothstep(-2.0, 0.0, chambers)
    } else if outer < 0.0 || wall < 0.0 {
        0.20 * texture
    } else {
        // Fat and pericardium close to the heart, lung and chest wall further out.
        let near = bell(wall, 3.0);
        let patchy = exp(1.1 * noise::smooth(at / 15.0, 305));
        (0.55 * near + 0.11 * exp(-wall / 30.0) * patchy) * texture
    };
    let mut reflected = shine(inside, LEFT_VENTRICLE, 0.9, 0.55) + shine(right, RIGHT_VENTRICLE, 0.9, 0.4);
    reflected += shine(left_atrium, LEFT_ATRIUM, 0.8, 0.5) + shine(right_atrium, RIGHT_ATRIUM, 0.8, 0.45);
    reflected += shine(wall - 0.8, MUSCLE, 1.1, 0.75);
    reflected *= walls;
    reflected += 0.5 * bell(moment.leaflet(p), 0.85);
    let trabeculae = smoothstep(0.25, 0.6, noise::smooth(at / 4.2, 303)) * smoothstep(62.0, 40.0, p.y);
    let papillary =
        bell(material.distance(Vec2::new(29.0, 60.0)), 3.6) + bell(material.distance(Vec2::new(3.0, 47.0)), 2.2);
    let in_ventricle =
        if inside < 0.0 { (0.3 * trabeculae * bell(inside, 3.5) + 0.22 * papillary) * texture } else { 0.0 };
    (scatter + in_ventricle, reflected)
}

/// What the machine loses and adds on the way: depth, ribs, lung, the skin in front.
fn transmission(range: f32, angle: f32) -> f32 {
    let rib = 1.0 - 0.93 * smoothstep(-0.55, -0.63, angle) * smoothstep(8.0, 22.0, range);
    let lung = 1.0 - 0.80 * smoothstep(0.50, 0.62, angle) * smoothstep(14.0, 40.0, range);
    let dropout = 1.0 - 0.55 * bell(angle - 0.42, 0.07) * smoothstep(40.0, 80.0, range);
    let streaks = 0.82 + 0.30 * noise::smooth(Vec3::new(angle * 26.0, range / 240.0, 0.0), 304);
    let focus = 0.72 + 0.5 * bell(range - 85.0, 45.0);
    let deep = exp(-(range - 60.0).max(0.0) / 210.0);
    rib * lung * dropout * streaks * focus * deep
}

/// Amplitude and phase along every beam, before detection.
fn beams(moment: &Moment, n: usize) -> Vec<[f32; 2]> {
    let mut fresh = Random::stream("ultrasound", n as u64);
    let mut field = vec![[0.0_f32; 2]; LINES * RANGES];
    for line in 0..LINES {
        let angle = lerp(-HALF_ANGLE, HALF_ANGLE, (line as f32 + 0.5) / LINES as f32);
        let (s, c) = sin_cos(angle);
        let beam = Vec2::new(s, c);
        for step in 0..RANGES {
            let range = (step as f32 + 0.5) * DEPTH_MM / RANGES as f32;
            let p = beam * range;
            let (scatter, reflected) = echo(moment, p, beam);
            let gain = transmission(range, angle);
            let material = moment.material(p) / 0.28;
            let cell = [material.x.floor() as i32, material.y.floor() as i32, 0];
            let skin = 0.55 * bell(range - 4.0, 3.0) + 0.25 * bell(range - 11.0, 1.6) + 0.16 * bell(range - 16.0, 1.2);
            let haze = 0.05 * exp(-range / 30.0) + 0.006;
            for (part, value) in field[line * RANGES + step].iter_mut().enumerate() {
                let still = normal_at(cell, 311 + part as u32);
                let ordered = if part == 0 { reflected * (1.0 + 0.5 * still) } else { 0.0 };
                *value = gain * (scatter * (0.94 * still + 0.3 * fresh.normal()) + 0.33 * ordered)
                    + (skin + haze) * fresh.normal();
            }
        }
    }
    blurred(&field)
}

/// The pulse along the beam, the width of the beam across it.
fn blurred(field: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let along: Vec<f32> = (-4..=4).map(|n| bell(n as f32, 1.5)).collect();
    let across: Vec<f32> = (-4..=4).map(|n| bell(n as f32, 1.35)).collect();
    let pass = |field: &[[f32; 2]], kernel: &[f32], stride: usize, length: usize| {
        let energy = kernel.iter().map(|k| k * k).sum::<f32>().sqrt();
        (0..field.len())
            .map(|n| {
                let at = n / stride % length;
                let mut sum = [0.0_f32; 2];
                for (m, k) in kernel.iter().enumerate() {
                    let other = at + m;
                    if (4..length + 4).contains(&other) {
                        let value = field[n + other * stride - (at + 4) * stride];
                        sum[0] += k * value[0];
                        sum[1] += k * value[1];
                    }
                }
                [sum[0] / energy, sum[1] / energy]
            })
            .collect::<Vec<_>>()
    };
    pass(&pass(field, &along, 1, RANGES), &across, RANGES, LINES)
}

/// Detected and log-compressed to grey values.
fn compressed(field: &[[f32; 2]]) -> Vec<f32> {
    field
        .iter()
        .map(|[re, im]| {
            let decibel = 10.0 * ln(re * re + im * im + 1e-9) / std::f32::consts::LN_10;
            let share = ((decibel + DYNAMIC_RANGE_DB - 9.0) / DYNAMIC_RANGE_DB).clamp(0.0, 1.0);
            // The grey curve of the machine: quiet blood, open mid tones.
            255.0 * share * share * (1.55 - 0.55 * share)
        })
        .collect()
}

fn sampled(beams: &[f32], range: f32, angle: f32) -> u8 {
    let line = (angle + HALF_ANGLE) / (2.0 * HALF_ANGLE) * LINES as f32 - 0.5;
    let step = range / DEPTH_MM * RANGES as f32 - 0.5;
    let (line, step) = (line.clamp(0.0, LINES as f32 - 1.001), step.clamp(0.0, RANGES as f32 - 1.001));
    let (l, s) = (line as usize, step as usize);
    let (fl, fs) = (line - l as f32, step - s as f32);
    let at = |l: usize| lerp(beams[l * RANGES + s], beams[l * RANGES + s + 1], fs);
    lerp(at(l), at(l + 1), fl).round().clamp(0.0, 255.0) as u8
}

/// Depth scale, and the electrocardiogram with the moment of this frame.
fn draw_marks(picture: &mut [u8], phase: f32) {
    let [width, height] = SIZE;
    let mut put = |x: usize, y: usize, grey: u8| {
        if x < width && y < height {
            picture[y * width + x] = picture[y * width + x].max(grey);
        }
    };
    for centimetre in 0..=16 {
        let y = (APEX.y + centimetre as f32 * 10.0 / PIXEL_MM) as usize;
        for x in 0..if centimetre % 5 == 0 { 8 } else { 4 } {
            put(width - 4 - x, y, 170);
        }
    }
    let (base, tall) = (height - 12, 22.0);
    let mut before = base;
    for x in 0..width {
        // Two beats across the picture; the second half is the same beat again.
        let here = (2.0 * x as f32 / width as f32).fract();
        let y = (base as f32 - tall * heart::electrocardiogram(here)).round() as usize;
        for between in y.min(before)..=y.max(before) {
            put(x, between, 150);
        }
        before = y;
    }
    let cursor = (phase * 0.5 * width as f32) as usize;
    for y in height - 38..height {
        put(cursor, y, 235);
    }
}

fn file(pictures: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut frames = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(
            picture,
            SIZE[0] as u32,
            SIZE[1] as u32,
            ExtendedColorType::L8,
        )?;
        frames.push(bytes);
    }
    let packed: usize = frames.iter().map(Vec::len).sum();
    let mut d = Dataset::common(STUDY, SERIES, 1);
    d.words(tags::IMAGE_TYPE, VR::CS, &["ORIGINAL", "PRIMARY", "TTE", "0001"]);
    d.grey(SIZE[0], SIZE[1], 8, 8);
    d.integer(tags::NUMBER_OF_FRAMES, FRAMES as i64);
    d.pointer(tags::FRAME_INCREMENT_POINTER, tags::FRAME_TIME);
    let frame_time = 60_000.0 / RATE_PER_MINUTE / FRAMES as f64;
    d.decimals(tags::FRAME_TIME, &[(frame_time * 1000.0).round() / 1000.0]);
    d.integer(tags::CINE_RATE, (1000.0 / frame_time).round() as i64);
    d.integer(tags::HEART_RATE, RATE_PER_MINUTE as i64);
    d.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
    let ratio = (SIZE[0] * SIZE[1] * FRAMES) as f64 / packed as f64;
    d.decimals(tags::LOSSY_IMAGE_COMPRESSION_RATIO, &[(ratio * 10.0).round() / 10.0]);
    d.text(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1");
    d.text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    d.text(tags::PATIENT_ORIENTATION, VR::CS, "");
    d.sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS, vec![region()]);
    d.file(frames, JPEG_BASELINE)
}

/// One two-dimensional tissue region over the whole picture, in centimetres a pixel.
fn region() -> Dataset {
    let mut d = Dataset::default();
    d.short(tags::REGION_SPATIAL_FORMAT, 1);
    d.short(tags::REGION_DATA_TYPE, 1);
    d.long(tags::REGION_FLAGS, 0);
    let corners: [(Tag, usize); 4] = [
        (tags::REGION_LOCATION_MIN_X0, 0),
        (tags::REGION_LOCATION_MIN_Y0, 0),
        (tags::REGION_LOCATION_MAX_X1, SIZE[0] - 1),
        (tags::REGION_LOCATION_MAX_Y1, SIZE[1] - 1),
    ];
    for (tag, value) in corners {
        d.long(tag, value as u32);
    }
    for tag in [tags::PHYSICAL_UNITS_X_DIRECTION, tags::PHYSICAL_UNITS_Y_DIRECTION] {
        d.short(tag, 3);
    }
    for tag in [tags::PHYSICAL_DELTA_X, tags::PHYSICAL_DELTA_Y] {
        d.double(tag, f64::from(PIXEL_MM) / 10.0);
    }
    d
}
