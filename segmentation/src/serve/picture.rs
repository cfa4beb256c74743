//! Arrays as pictures and masks. The wire has slices, rows and columns in this order, as a volume lies in memory.

use super::answer::Refusal;
use crate::wire::{Array, Dtype, Unreadable};
use limner_imaging::{Geometry, Mask, Samples, StackAxis, Volume, VoxelBox, World};
use serde_json::Value;

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed(_) => Self::bad(error.to_string()),
            Unreadable::TooLarge { .. } => Self::too_large(error.to_string()),
        }
    }
}

/// A picture of channels, slices, rows and columns.
pub fn volume(array: &Array, meta: &Value) -> Result<Volume, Refusal> {
    let [channels, slices, rows, columns] = array.shape[..] else {
        return Err(Refusal::bad(format!("an image has 4 axes, this one has {}", array.shape.len())));
    };
    if array.bytes.is_empty() {
        return Err(Refusal::bad(format!("an image of {:?} has no voxels", array.shape)));
    }
    let wrong = |error: limner_imaging::Error| Refusal::bad(format!("this image cannot be used: {error}"));
    let geometry = Geometry::axis_aligned([columns, rows, slices], World::default(), spacing(meta)).map_err(wrong)?;
    let mut volume = Volume::new(geometry, samples(array, channels), channels).map_err(wrong)?;
    if meta["image_properties"]["frames"] == true {
        volume.stack_axis = StackAxis::Time;
    }
    Ok(volume)
}

/// Millimetres along columns, rows and slices, where they were given; networks do not ask for them.
fn spacing(meta: &Value) -> [f64; 3] {
    const POSSIBLE: std::ops::Range<f64> = 1e-6..1e6;
    let given = meta["image_properties"]["spacing"].as_array().filter(|given| given.len() == 3);
    let given = given.map_or([f64::NAN; 3], |given| [2, 1, 0].map(|n: usize| given[n].as_f64().unwrap_or(f64::NAN)));
    if given.iter().all(|mm| POSSIBLE.contains(mm)) { given } else { [1.0; 3] }
}

/// The numbers with the channels of a voxel side by side.
fn samples(array: &Array, channels: usize) -> Samples {
    let bytes = &array.bytes[..];
    match array.dtype {
        Dtype::Bool | Dtype::U8 => Samples::U8(woven(bytes, channels, |[byte]| byte)),
        Dtype::I8 => Samples::I8(woven(bytes, channels, i8::from_le_bytes)),
        Dtype::U16 => Samples::U16(woven(bytes, channels, u16::from_le_bytes)),
        Dtype::I16 => Samples::I16(woven(bytes, channels, i16::from_le_bytes)),
        Dtype::U32 => Samples::U32(woven(bytes, channels, u32::from_le_bytes)),
        Dtype::I32 => Samples::I32(woven(bytes, channels, i32::from_le_bytes)),
        Dtype::U64 => Samples::U64(woven(bytes, channels, u64::from_le_bytes)),
        Dtype::I64 => Samples::I64(woven(bytes, channels, i64::from_le_bytes)),
        Dtype::F16 => Samples::F32(woven(bytes, channels, |half| crate::half::widened(u16::from_le_bytes(half)))),
        Dtype::F32 => Samples::F32(woven(bytes, channels, f32::from_le_bytes)),
        Dtype::F64 => Samples::F64(woven(bytes, channels, f64::from_le_bytes)),
    }
}

fn woven<const N: usize, T>(bytes: &[u8], channels: usize, number: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (numbers, _) = bytes.as_chunks::<N>();
    if channels == 1 {
        return numbers.iter().map(|&bytes| number(bytes)).collect();
    }
    let voxels = numbers.len() / channels;
    (0..voxels).flat_map(|voxel| (0..channels).map(move |c| c * voxels + voxel)).map(|n| number(numbers[n])).collect()
}

/// Where an array of three axes, laid into a box, is not zero.
pub fn mask(array: &Array, bounds: VoxelBox) -> Result<Mask, Refusal> {
    let size = bounds.size();
    let shape = [size[2], size[1], size[0]];
    if array.shape != shape {
        return Err(Refusal::bad(format!("an array of {:?} does not fill its place of {shape:?}", array.shape)));
    }
    let voxels = array.bytes.chunks_exact(array.dtype.bytes()).map(|number| number.iter().any(|&byte| byte != 0));
    Mask::from_voxels(bounds, voxels.collect()).ok_or_else(|| Refusal::bad("the mask does not fill its place"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn channels_lie_side_by_side_and_axes_are_turned() {
        let bytes: Vec<u8> = (0..24).collect();
        let array = Array { dtype: Dtype::U8, shape: vec![2, 2, 1, 6], bytes };
        let meta = json!({"image_properties": {"spacing": [3.0, 2, 0.5]}});
        let made = volume(&array, &meta).unwrap();
        assert_eq!((made.size(), made.channels()), ([6, 1, 2], 2));
        assert_eq!(made.geometry.spacing_mm(), [0.5, 2.0, 3.0]);
        let Samples::U8(values) = made.samples() else { panic!("bytes stay bytes") };
        assert_eq!(values[..4], [0, 12, 1, 13]);
        for spacing in [json!([0.0, 1, 1]), json!([1, 1]), json!("1"), json!([1, f64::MAX, 1])] {
            assert_eq!(super::spacing(&json!({"image_properties": {"spacing": spacing}})), [1.0; 3]);
        }
    }

    #[test]
    fn halves_are_the_numbers_they_say() {
        let halves: Vec<u8> = [0x3c00_u16, 0xc000, 0x0001, 0x7bff].iter().flat_map(|h| h.to_le_bytes()).collect();
        let array = Array { dtype: Dtype::F16, shape: vec![1, 1, 1, 4], bytes: halves };
        let Samples::F32(values) = samples(&array, 1) else { panic!("halves become floats") };
        assert_eq!(values, [1.0, -2.0, 5.960_464_5e-8, 65504.0]);
    }
}
