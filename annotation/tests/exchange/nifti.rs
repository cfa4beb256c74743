//! The label maps, read by a few lines that share nothing with the writer.

use crate::sample::{self, SIZE};
use flate2::read::GzDecoder;
use limner_annotation::exchange::{Options, by_name, export};
use limner_imaging::{Task, Voxel};
use std::io::Read;
use std::path::Path;

struct Plain {
    size: [usize; 3],
    /// Rows of the sform, RAS millimetres.
    rows: [[f32; 4]; 3],
    values: Vec<u16>,
}

fn read(path: &Path) -> Plain {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let i16_at = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let f32_at = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(&bytes[344..348], b"n+1\0");
    assert!(i16_at(254) > 0, "the sform counts");
    assert_eq!((f32_at(112), f32_at(116)), (1.0, 0.0), "label values are not scaled");
    let start = f32_at(108) as usize;
    let values = match i16_at(70) {
        2 => bytes[start..].iter().map(|b| u16::from(*b)).collect(),
        512 => bytes[start..].chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
        other => panic!("data type {other}"),
    };
    Plain {
        size: std::array::from_fn(|a| i16_at(42 + 2 * a) as usize),
        rows: std::array::from_fn(|row| std::array::from_fn(|column| f32_at(280 + 16 * row + 4 * column))),
        values,
    }
}

#[test]
fn every_voxel_lies_where_it_was_painted() {
    let sample = sample::painted();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("labels");
    let exchange = by_name("nifti").unwrap();
    let receipt =
        export(exchange, &sample.document, &sample::load, &out, &Options::default(), &Task::default()).unwrap();
    assert!(receipt.self_check.pass && receipt.self_check.max_mm < 1e-3);
    for (n, geometry) in sample::geometries().into_iter().enumerate() {
        for (suffix, layer) in [("", 0), ("_layer_2", 1)] {
            let plain = read(&out.join(format!("labels/case_{:05}{suffix}.nii.gz", n + 1)));
            assert_eq!(plain.size, SIZE);
            assert_eq!(plain.values.len(), SIZE.iter().product::<usize>());
            for (at, value) in plain.values.iter().enumerate() {
                let index = [at % SIZE[0], at / SIZE[0] % SIZE[1], at / (SIZE[0] * SIZE[1])];
                let expected = match layer {
                    0 if sample::belongs(300, index) => 300,
                    0 if sample::belongs(3, index) => 3,
                    1 if sample::belongs(7, index) => 7,
                    _ => 0,
                };
                assert_eq!(*value, expected, "{index:?}");
                // RAS is LPS with the first two turned round.
                let world = geometry.world(Voxel::centre(index)).0;
                let ras = [-world.x, -world.y, world.z];
                for (row, expected) in plain.rows.iter().zip(ras) {
                    let sum: f64 = (0..3).map(|a| f64::from(row[a]) * index[a] as f64).sum();
                    assert!((sum + f64::from(row[3]) - expected).abs() < 1e-3, "{index:?}");
                }
            }
        }
    }
    let about: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("labels.json")).unwrap()).unwrap();
    assert_eq!(about["images"].as_array().unwrap().len(), 3);
    assert_eq!(about["labels"][0]["name"], "liver");
    assert_eq!(about["images"][1]["files"][1]["path"], "labels/case_00002_layer_2.nii.gz");
}
