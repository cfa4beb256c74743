//! Films as AVI, made for tests.

/// A piece of the file under its name. Pieces begin at even places.
pub fn chunk(name: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend((inside.len() as u32).to_le_bytes());
    out.extend(inside);
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// Pieces under one heading.
pub fn list(kind: &[u8; 4], inside: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[kind.as_slice(), &inside.concat()].concat())
}

/// One grey picture of Motion JPEG.
pub fn jpeg(grey: &[u8], [columns, rows]: [usize; 2], quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality);
    image::ImageEncoder::write_image(encoder, grey, columns as u32, rows as u32, image::ColorType::L8.into()).unwrap();
    out
}

/// What a film says of its pictures: 25 of them a second, in the codec of this name.
pub fn pictures([columns, rows]: [usize; 2], fourcc: &[u8; 4]) -> Vec<u8> {
    let mut about = vec![0; 56];
    about[..4].copy_from_slice(b"vids");
    about[20..24].copy_from_slice(&1_u32.to_le_bytes());
    about[24..28].copy_from_slice(&25_u32.to_le_bytes());
    let mut picture = vec![0; 40];
    picture[4..8].copy_from_slice(&(columns as u32).to_le_bytes());
    picture[8..12].copy_from_slice(&(rows as u32).to_le_bytes());
    picture[16..20].copy_from_slice(fourcc);
    list(b"strl", &[chunk(b"strh", &about), chunk(b"strf", &picture)])
}

/// The file of streams and of what is in them.
pub fn film(streams: &[Vec<u8>], frames: &[Vec<u8>]) -> Vec<u8> {
    let inside = [b"AVI ".to_vec(), list(b"hdrl", streams), list(b"movi", frames)].concat();
    chunk(b"RIFF", &inside)
}
