//! Volumes the format tests send around: tilted, uneven, of several types, none symmetric.

use crate::geometry::Geometry;
use crate::space::World;
use crate::volume::{Samples, ValueMap, Volume};
use glam::DVec3;

pub fn phantoms() -> Vec<Volume> {
    let directions = [DVec3::new(0.8, 0.6, 0.0), DVec3::new(-0.6, 0.8, 0.0), DVec3::NEG_Z];
    let geometry = Geometry::from_parts([3, 2, 2], World::new(-3.5, 20.25, 9.0), [0.5, 1.5, 3.0], directions).unwrap();
    let make = |samples, channels| Volume::new(geometry, samples, channels).unwrap();
    let mut ct = make(Samples::U16((0..12).map(|x| x * 300).collect()), 1);
    ct.value_map = ValueMap { slope: 1.0, intercept: -1024.0, unit: Some("HU".into()) };
    vec![
        ct,
        make(Samples::U8((0..12).collect()), 1),
        make(Samples::I8((-6..6).collect()), 1),
        make(Samples::I16((-6..6).map(|x| x * 5000).collect()), 1),
        make(Samples::U32((0..12).map(|x| x * 300_000_000).collect()), 1),
        make(Samples::I32((-6..6).map(|x| x * 300_000_000).collect()), 1),
        make(Samples::U64((0..12).map(|x| x << 58).collect()), 1),
        make(Samples::I64((-6..6).map(|x| x << 58).collect()), 1),
        make(Samples::F32((0..12).map(|x| x as f32 / 7.0).collect()), 1),
        make(Samples::F64((0..12).map(|x| f64::from(x) / 7.0).collect()), 1),
        make(Samples::U8((0..36).collect()), 3),
    ]
}
