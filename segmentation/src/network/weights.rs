//! Weights from a safetensors file or a PyTorch checkpoint: 32-bit floats, or others brought to them as they are read.

use crate::checkpoint::{self, Checkpoint};
use crate::error::{Error, Result};
use crate::half::widened;
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A whole file of weights; tensors are read out by name.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The file's bytes.
    Safetensors(Vec<u8>),
    Checkpoint(Box<Checkpoint>),
}

/// Larger files are not weights of ours.
const LARGEST_FILE_BYTES: u64 = 4 << 30;

/// The header's or checkpoint's word for the configuration of the plans.
const CONFIGURATION: &str = "configuration";

impl Weights {
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::ReadModel { path: path.into(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        if bytes > LARGEST_FILE_BYTES {
            return Err(Error::Model { path: path.into(), reason: "the weights are larger than 4 GiB".into() });
        }
        let mut all = Vec::new();
        file.by_ref().take(4).read_to_end(&mut all).map_err(unreadable)?;
        if checkpoint::is_checkpoint(&all) {
            let refused =
                |reason| Error::Model { path: path.into(), reason: format!("the checkpoint is refused: {reason}") };
            let source = Source::Checkpoint(Box::new(Checkpoint::open(file).map_err(refused)?));
            return Ok(Self { path: path.into(), source });
        }
        file.read_to_end(&mut all).map_err(unreadable)?;
        Self::from_bytes(path, all)
    }

    /// A safetensors file in memory; `path` says where it came from.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        SafeTensors::deserialize(&bytes)
            .map_err(|e| Error::Model { path: path.into(), reason: format!("not a safetensors file: {e}") })?;
        Ok(Self { path: path.into(), source: Source::Safetensors(bytes) })
    }

    /// Which configuration of the plans they are for, where the file says it.
    pub fn configuration(&self) -> Option<String> {
        match &self.source {
            Source::Safetensors(bytes) => {
                let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
                header.metadata().as_ref()?.get(CONFIGURATION).cloned()
            }
            Source::Checkpoint(checkpoint) => checkpoint.configuration().map(str::to_owned),
        }
    }

    /// The tensor of that name and shape.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let fail = |reason: String| Error::Model { path: self.path.clone(), reason };
        let values = match &self.source {
            Source::Safetensors(bytes) => from_safetensors(bytes, name, shape),
            Source::Checkpoint(checkpoint) => checkpoint.tensor(name, shape),
        };
        let values = values.map_err(fail)?;
        if values.iter().any(|v| !v.is_finite()) {
            return Err(fail(format!("{name} holds numbers that are not finite")));
        }
        Ok(values)
    }
}

fn from_safetensors(bytes: &[u8], name: &str, shape: &[usize]) -> std::result::Result<Vec<f32>, String> {
    let all = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let view = all.tensor(name).map_err(|_| format!("the weights lack {name}"))?;
    if view.shape() != shape {
        return Err(format!("{name} has shape {:?}; the plans ask for {shape:?}", view.shape()));
    }
    match view.dtype() {
        Dtype::F32 => Ok(view.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()),
        Dtype::F16 => Ok(view.data().as_chunks::<2>().0.iter().map(|&b| widened(u16::from_le_bytes(b))).collect()),
        other => Err(format!("{name} is stored as {other:?}; F32 and F16 are known")),
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
