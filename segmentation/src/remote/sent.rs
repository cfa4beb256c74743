//! Pictures and prompts as they are sent: arrays have slices, rows and columns in this order, as a volume lies in memory.

use super::abilities::Abilities;
use super::line::Trouble;
use crate::intensities::Reader;
use crate::neural::middle_slice;
use crate::prompt::{Prompt, Shape};
use crate::raster;
use crate::wire::{Array, Dtype, pack, path};
use limner_imaging::{Mask, Samples, StackAxis, Volume, VoxelBox};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A prompt ready to be sent.
pub struct Said {
    pub path: &'static str,
    pub meta: Value,
    /// Of the whole picture or of the box in `meta`; nothing for prompts that are numbers.
    pub packed: Option<Vec<u8>>,
}

/// A number that is the same for the same picture only, as far as one can tell: its samples and all that is sent of it.
pub fn fingerprint(volume: &Volume) -> u64 {
    const PIECE: usize = 1 << 20;
    let bytes = volume.samples().bytes_le();
    let pieces: Vec<u64> = bytes.par_chunks(PIECE).map(hashed).collect();
    let mut all: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_le_bytes()).collect();
    let map = &volume.value_map;
    let numbers = [map.slope, map.intercept].into_iter().chain(volume.geometry.spacing_mm());
    all.extend(numbers.flat_map(f64::to_le_bytes));
    let counts = volume.size().into_iter().chain([volume.channels(), volume.stack_axis as usize]);
    all.extend(counts.flat_map(|n| (n as u64).to_le_bytes()));
    all.extend(volume.samples().dtype().as_bytes());
    hashed(&all)
}

/// Multiplies and folds, two lanes so that one need not wait for the other.
fn hashed(bytes: &[u8]) -> u64 {
    const KEYS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let mut lanes = [bytes.len() as u64 ^ KEYS[1], KEYS[0]];
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    for pair in pairs.iter().chain([&last]) {
        let word = |n: usize| u64::from_le_bytes(std::array::from_fn(|i| pair[8 * n + i]));
        lanes = [fold(lanes[0] ^ word(0), KEYS[0]), fold(lanes[1] ^ word(1), KEYS[1])];
    }
    fold(lanes[0] ^ KEYS[1], lanes[1] ^ KEYS[0])
}

/// The values of a picture: one channel of them, unless the server is known to take colours.
pub fn picture(volume: &Volume, abilities: &Abilities) -> (Value, Vec<u8>) {
    let [columns, rows, slices] = volume.size();
    let spacing = volume.geometry.spacing_mm();
    let mut properties = json!({"spacing": [spacing[2], spacing[1], spacing[0]]});
    if abilities.is_limner && volume.stack_axis != StackAxis::Space {
        properties["frames"] = json!(true);
    }
    let channels = if abilities.is_limner { volume.channels() } else { 1 };
    let shape = [channels, slices, rows, columns];
    let meta = json!({"image_properties": properties});
    if volume.channels() > 1 {
        let readers = if channels == 1 { vec![Reader::first(volume)] } else { Reader::all(volume) };
        let floats: Vec<u8> = readers.iter().flat_map(|reader| planar(volume, reader)).collect();
        return (meta, pack(Dtype::F32, &shape, &floats, true));
    }
    let values = volume.values();
    if let Samples::F64(wide) = &*values {
        let floats: Vec<u8> = wide.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect();
        return (meta, pack(Dtype::F32, &shape, &floats, true));
    }
    let dtype = Dtype::parse(values.dtype()).unwrap_or(Dtype::F32);
    (meta, pack(dtype, &shape, &values.bytes_le(), true))
}

fn planar(volume: &Volume, reader: &Reader) -> Vec<u8> {
    let [columns, rows, slices] = volume.size();
    let mut row = vec![0.0; columns];
    let mut bytes = Vec::with_capacity(columns * rows * slices * 4);
    for (k, j) in (0..slices).flat_map(|k| (0..rows).map(move |j| (k, j))) {
        reader.row([0, j, k], &mut row);
        bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}

/// From where to where, along slices, rows and columns.
fn ranges(bounds: &VoxelBox) -> Value {
    json!([2, 1, 0].map(|axis: usize| [bounds.min[axis], bounds.max[axis]]))
}

/// A prompt for an image of `size`; a mask to start from is another matter.
pub fn prompt(prompt: &Prompt, run: bool, size: [usize; 3], abilities: &Abilities) -> Result<Said, Trouble> {
    let mut meta = json!({"include_interaction": prompt.positive, "run_prediction": run,
        "override_capability_checks": false});
    let mut numbers = |path, name: &str, value| {
        meta[name] = value;
        Ok(Said { path, meta: meta.take(), packed: None })
    };
    let (mask, is_lasso) = match &prompt.shape {
        Shape::Point { at } => {
            let [column, row, slice] = at.0.to_array().map(|n| n.round_ties_even() as i64);
            return numbers(path::ADD_POINT, "coordinates", json!([slice, row, column]));
        }
        Shape::Box { bounds } => {
            let sent = if abilities.can.box_3d { *bounds } else { middle_slice(bounds) };
            return numbers(path::ADD_BOX, "bbox_coords", ranges(&sent));
        }
        Shape::Scribble { axis, points } => {
            let [slices, rows, columns] = abilities.scribble_thickness;
            (Cow::Owned(of_voxels(&raster::band(*axis, points, [columns, rows, slices], size))), false)
        }
        Shape::Lasso { axis, points } => (Cow::Owned(of_voxels(&raster::filled(*axis, points, size))), true),
        Shape::Marks { mask, lasso } => (Cow::Borrowed(mask), *lasso),
        Shape::Mask { .. } => return Err(Trouble::Refused { status: 0, detail: "a mask leaves no mark".into() }),
    };
    let bounds = mask.tight_box();
    if bounds.is_empty() {
        let detail = format!("this {} touches no voxel", prompt.shape.name());
        return Err(Trouble::Refused { status: 0, detail });
    }
    meta["interaction_bbox"] = ranges(&bounds);
    let path = if is_lasso { path::ADD_LASSO } else { path::ADD_SCRIBBLE };
    Ok(Said { path, meta, packed: Some(packed(&mask, bounds)) })
}

/// A mask to start from, with all of the picture around it.
pub fn start(mask: &Mask, run: bool, size: [usize; 3]) -> Said {
    let meta = json!({"run_prediction": run, "override_capability_checks": false});
    Said { path: path::ADD_INITIAL_SEG, meta, packed: Some(packed(mask, VoxelBox::whole(size))) }
}

fn of_voxels(voxels: &[[usize; 3]]) -> Mask {
    let mut mask = Mask::empty(raster::box_of(voxels));
    voxels.iter().for_each(|&voxel| mask.set(voxel, true));
    mask
}

fn packed(mask: &Mask, bounds: VoxelBox) -> Vec<u8> {
    let size = bounds.size();
    let part = mask.within(bounds);
    let bytes: Vec<u8> = part.voxels().iter().map(|&inside| u8::from(inside)).collect();
    pack(Dtype::U8, &[size[2], size[1], size[0]], &bytes, false)
}

/// The part of a mask that an answer carries.
pub fn part(array: &Array, bounds: VoxelBox) -> Result<Mask, Trouble> {
    let size = bounds.size();
    let fits = array.shape == [size[2], size[1], size[0]];
    let voxels = array.bytes.chunks_exact(array.dtype.bytes()).map(|number| number.iter().any(|&byte| byte != 0));
    let mask = if fits { Mask::from_voxels(bounds, voxels.collect()) } else { None };
    mask.ok_or_else(|| Trouble::Stranger("its mask does not fill the box it names".into()))
}

/// The box an answer names, if it lies in the picture.
pub fn box_of(meta: &Value, size: [usize; 3]) -> Result<Option<VoxelBox>, Trouble> {
    if meta["bbox"].is_null() {
        return Ok(None);
    }
    let wrong = || Trouble::Stranger("it names a box outside the picture".into());
    let list = meta["bbox"].as_array().filter(|list| list.len() == 3).ok_or_else(wrong)?;
    let mut bounds = VoxelBox::default();
    for (axis, range) in [2, 1, 0].into_iter().zip(list) {
        let end = |n: usize| range[n].as_u64().filter(|&n| n <= size[axis] as u64).ok_or_else(wrong);
        (bounds.min[axis], bounds.max[axis]) = (end(0)? as usize, end(1)? as usize);
    }
    if bounds.min.iter().zip(&bounds.max).any(|(min, max)| min >= max) { Err(wrong()) } else { Ok(Some(bounds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_differs_in_anything_sent_has_another_fingerprint() {
        let geometry = |spacing| {
            limner_imaging::Geometry::axis_aligned([5, 4, 3], limner_imaging::World::default(), spacing).unwrap()
        };
        let volume = |last: i16, spacing| {
            let mut values = vec![7; 60];
            values[59] = last;
            Volume::new(geometry(spacing), Samples::I16(values), 1).unwrap()
        };
        let first = fingerprint(&volume(7, [1.0; 3]));
        assert_eq!(first, fingerprint(&volume(7, [1.0; 3])));
        assert_ne!(first, fingerprint(&volume(8, [1.0; 3])));
        assert_ne!(first, fingerprint(&volume(7, [1.0, 1.0, 2.0])));
        let mut mapped = volume(7, [1.0; 3]);
        mapped.value_map.intercept = -1024.0;
        assert_ne!(first, fingerprint(&mapped));
        assert_ne!(hashed(&[0; 15]), hashed(&[0; 16]));
    }

    #[test]
    fn a_box_that_leaves_the_picture_is_not_taken() {
        let size = [6, 5, 4];
        let bounds = box_of(&json!({"bbox": [[0, 4], [1, 3], [2, 6]]}), size).unwrap();
        assert_eq!(bounds, Some(VoxelBox::new([2, 1, 0], [6, 3, 4])));
        assert_eq!(box_of(&json!({"bbox": null}), size).unwrap(), None);
        for bad in [
            json!([[0, 5], [1, 3], [2, 6]]),
            json!([[-1, 4], [1, 3], [2, 6]]),
            json!([[2, 2], [1, 3], [2, 6]]),
            json!(3),
        ] {
            assert!(box_of(&json!({"bbox": bad}), size).is_err());
        }
    }
}
