//! Writing that cannot leave half a file: the new one grows beside the old and takes its name when it is whole.

use crate::error::{Error, Result};
use crate::task::Task;
use crate::volume::Samples;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Between two looks at whether the work was cancelled.
const PIECE_BYTES: usize = 1 << 20;

/// Runs `fill` on a new file that replaces `path` only when everything is on disk.
pub fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let outcome = (|| {
        let mut file = BufWriter::new(File::create(&part)?);
        fill(&mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&part, path)
    })();
    if outcome.is_err() {
        // The error that matters is the first; a leftover part file is named so that it can be recognised.
        let _ = std::fs::remove_file(&part);
    }
    outcome.map_err(Error::io(path, "could not write the file"))
}

/// All samples as little-endian bytes. Cancelling is an error like any other here; `formats` tells it from the rest.
pub fn samples(out: &mut dyn Write, samples: &Samples, task: &Task) -> std::io::Result<()> {
    let bytes = samples.bytes_le();
    task.progress.begin("writing", bytes.len() as u64);
    for piece in bytes.chunks(PIECE_BYTES) {
        task.cancel.check().map_err(std::io::Error::other)?;
        out.write_all(piece)?;
        task.progress.advance(piece.len() as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write(&path, |out| out.write_all(b"old")).unwrap();
        let failed = write(&path, |out| {
            out.write_all(b"half")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
