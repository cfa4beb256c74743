//! Weights from a safetensors file: 32-bit floats, or 16-bit ones widened as they are read.

use crate::error::{Error, Result};
use crate::half::widened;
use safetensors::{Dtype, SafeTensors};
use std::path::{Path, PathBuf};

/// A whole file of weights, kept as bytes; tensors are read out by name.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Larger files are not weights of ours.
const LARGEST_FILE_BYTES: u64 = 4 << 30;

impl Weights {
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::ReadModel { path: path.into(), source };
        if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE_BYTES {
            return Err(Error::Model { path: path.into(), reason: "the weights are larger than 4 GiB".into() });
        }
        Self::from_bytes(path, std::fs::read(path).map_err(unreadable)?)
    }

    /// From memory; `path` says where they came from.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        SafeTensors::deserialize(&bytes)
            .map_err(|e| Error::Model { path: path.into(), reason: format!("not a safetensors file: {e}") })?;
        Ok(Self { path: path.into(), bytes })
    }

    /// What the file's header notes under a key.
    pub fn note(&self, key: &str) -> Option<String> {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).ok()?;
        header.metadata().as_ref()?.get(key).cloned()
    }

    /// The tensor of that name and shape.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let fail = |reason: String| Error::Model { path: self.path.clone(), reason };
        let all = SafeTensors::deserialize(&self.bytes).map_err(|e| fail(e.to_string()))?;
        let view = all.tensor(name).map_err(|_| fail(format!("the weights lack {name}")))?;
        if view.shape() != shape {
            return Err(fail(format!("{name} has shape {:?}; the plans ask for {shape:?}", view.shape())));
        }
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => view.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
            Dtype::F16 => view.data().as_chunks::<2>().0.iter().map(|&b| widened(u16::from_le_bytes(b))).collect(),
            other => return Err(fail(format!("{name} is stored as {other:?}; F32 and F16 are known"))),
        };
        if values.iter().any(|v| !v.is_finite()) {
            return Err(fail(format!("{name} holds numbers that are not finite")));
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_weights_is_refused() {
        for bytes in [&b""[..], b"nonsense", &[0xff; 64]] {
            assert!(Weights::from_bytes(Path::new("w"), bytes.to_vec()).is_err());
        }
    }
}
