//! Ordinary pictures: every sample where another program put it, whatever the format and however it is laid out.

use limner_imaging::{Samples, Task, formats};
use std::io::Cursor;

const COLUMNS: u32 = 37;
const ROWS: u32 = 21;

/// Different at every place and in no direction the same.
fn value(x: u32, y: u32) -> u16 {
    (x * 1301 + y * 229 + 7) as u16
}

fn read(name: &str, bytes: &[u8]) -> (Samples, [usize; 3], usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    let volume = formats::open_single(&path, &Task::default()).expect(name);
    (volume.samples().clone(), volume.size(), volume.channels())
}

fn size() -> [usize; 3] {
    [COLUMNS as usize, ROWS as usize, 1]
}

#[test]
fn formats_without_loss_give_every_sample_back() {
    let colour =
        image::RgbImage::from_fn(COLUMNS, ROWS, |x, y| image::Rgb([value(x, y) as u8, x as u8, 200 - y as u8]));
    let grey = image::ImageBuffer::<image::Luma<u16>, _>::from_fn(COLUMNS, ROWS, |x, y| image::Luma([value(x, y)]));
    use image::ImageFormat::{Bmp, Png, Tiff, WebP};
    for (name, format) in [("a.png", Png), ("a.bmp", Bmp), ("a.webp", WebP), ("a.tif", Tiff)] {
        let mut bytes = Cursor::new(Vec::new());
        colour.write_to(&mut bytes, format).expect(name);
        // The first bytes tell the format, the name does not.
        for name in [name, "a.jpg"] {
            let expected = (Samples::U8(colour.as_raw().clone()), size(), 3);
            assert!(read(name, bytes.get_ref()) == expected, "{format:?} as {name}");
        }
        if matches!(format, Png | Tiff) {
            let mut bytes = Cursor::new(Vec::new());
            grey.write_to(&mut bytes, format).expect(name);
            assert!(read(name, bytes.get_ref()) == (Samples::U16(grey.as_raw().clone()), size(), 1), "16-bit {name}");
        }
    }
}

/// A grey 16-bit TIFF in tiles of 16 by 16, those at the right and lower edge filled up.
fn tiled(big_endian: bool) -> Vec<u8> {
    const SIDE: u32 = 16;
    const ENTRIES: u32 = 10;
    let short = |x: u16| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() };
    let long = |x: u32| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() };
    let (across, down) = (COLUMNS.div_ceil(SIDE), ROWS.div_ceil(SIDE));
    let tile_bytes = SIDE * SIDE * 2;
    let tiles = across * down;
    let offsets_at = 8 + 2 + ENTRIES * 12 + 4;
    let counts_at = offsets_at + 4 * tiles;
    let data_at = counts_at + 4 * tiles;
    let mut out = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    out.extend(short(42));
    out.extend(long(8));
    out.extend(short(ENTRIES as u16));
    let entries = [
        (256, 1, COLUMNS),
        (257, 1, ROWS),
        (258, 1, 16),
        (259, 1, 1),
        (262, 1, 1),
        (277, 1, 1),
        (322, 1, SIDE),
        (323, 1, SIDE),
        (324, tiles, offsets_at),
        (325, tiles, counts_at),
    ];
    for (tag, count, value) in entries {
        const LONG: u16 = 4;
        out.extend(short(tag).into_iter().chain(short(LONG)).chain(long(count)).chain(long(value)));
    }
    out.extend(long(0));
    (0..tiles).for_each(|n| out.extend(long(data_at + n * tile_bytes)));
    (0..tiles).for_each(|_| out.extend(long(tile_bytes)));
    for n in 0..tiles {
        for y in 0..SIDE {
            for x in 0..SIDE {
                let (x, y) = (n % across * SIDE + x, n / across * SIDE + y);
                out.extend(short(if x < COLUMNS && y < ROWS { value(x, y) } else { 0xDEAD }));
            }
        }
    }
    out
}

#[test]
fn tiles_are_put_together_in_either_byte_order() {
    let expected: Vec<u16> = (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| value(x, y))).collect();
    for big_endian in [false, true] {
        let read = read("tiles.tif", &tiled(big_endian));
        assert!(read == (Samples::U16(expected.clone()), size(), 1), "big-endian: {big_endian}");
    }
}

#[test]
fn a_jpeg_stays_close_to_what_was_packed() {
    let smooth = image::GrayImage::from_fn(COLUMNS, ROWS, |x, y| image::Luma([(x * 3 + y * 5) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 98).encode_image(&smooth).expect("a JPEG");
    let (Samples::U8(samples), size, 1) = read("a.jpg", bytes.get_ref()) else { panic!("no grey picture of bytes") };
    assert_eq!(size, self::size());
    let far = samples.iter().zip(smooth.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(far <= Some(3), "{far:?}");
}
