//! Reading a file at a place, from several threads at once, without moving a shared position.

use std::fs::File;
use std::io::Result;

#[cfg(unix)]
pub fn read_exact(file: &File, out: &mut [u8], at: u64) -> Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(windows)]
pub fn read_exact(file: &File, mut out: &mut [u8], mut at: u64) -> Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, at)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                out = &mut out[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}
