//! DICOM files made on the spot, for what the test data has no example of.

use std::path::Path;

/// A value and how it is written.
pub enum Put {
    Text(&'static str, String),
    Bytes(&'static str, Vec<u8>),
    Items(Vec<Vec<(u32, Put)>>),
}

pub fn text(vr: &'static str, text: impl Into<String>) -> Put {
    Put::Text(vr, text.into())
}

pub fn short(value: u16) -> Put {
    Put::Bytes("US", value.to_le_bytes().to_vec())
}

pub fn shorts(vr: &'static str, values: &[u16]) -> Put {
    Put::Bytes(vr, values.iter().flat_map(|v| v.to_le_bytes()).collect())
}

pub fn double(value: f64) -> Put {
    Put::Bytes("FD", value.to_le_bytes().to_vec())
}

/// A file in Explicit VR Little Endian with these elements, sorted by tag.
pub fn file(mut elements: Vec<(u32, Put)>) -> Vec<u8> {
    elements.sort_by_key(|e| e.0);
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    let meta = written(&[(0x0002_0010, text("UI", "1.2.840.10008.1.2.1"))]);
    out.extend(written(&[(0x0002_0000, Put::Bytes("UL", (meta.len() as u32).to_le_bytes().to_vec()))]));
    out.extend(meta);
    out.extend(written(&elements));
    out
}

fn written(elements: &[(u32, Put)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, put) in elements {
        let (vr, mut value) = match put {
            Put::Text(vr, text) => (*vr, text.clone().into_bytes()),
            Put::Bytes(vr, bytes) => (*vr, bytes.clone()),
            Put::Items(items) => {
                let item = |elements: &Vec<(u32, Put)>| {
                    let inside = written(elements);
                    [&[0xFE, 0xFF, 0x00, 0xE0], &(inside.len() as u32).to_le_bytes()[..], &inside].concat()
                };
                ("SQ", items.iter().flat_map(item).collect())
            }
        };
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        out.extend(((tag >> 16) as u16).to_le_bytes());
        out.extend((*tag as u16).to_le_bytes());
        out.extend(vr.as_bytes());
        if matches!(vr, "OB" | "OD" | "OF" | "OW" | "SQ" | "UN") {
            out.extend([0, 0]);
            out.extend((value.len() as u32).to_le_bytes());
        } else {
            out.extend((value.len() as u16).to_le_bytes());
        }
        out.extend(value);
    }
    out
}

pub fn bytes<const N: usize>(vr: &'static str, numbers: impl IntoIterator<Item = [u8; N]>) -> Put {
    Put::Bytes(vr, numbers.into_iter().flatten().collect())
}

/// What every picture has: one 16-bit grey picture of this size in series 1.2.3.
pub fn picture(columns: u16, rows: u16, samples: &[u16]) -> Vec<(u32, Put)> {
    vec![
        (0x0020_000E, text("UI", "1.2.3")),
        (0x0028_0002, short(1)),
        (0x0028_0004, text("CS", "MONOCHROME2")),
        (0x0028_0010, short(rows)),
        (0x0028_0011, short(columns)),
        (0x0028_0100, short(16)),
        (0x0028_0101, short(16)),
        (0x0028_0102, short(15)),
        (0x0028_0103, short(0)),
        (0x7FE0_0010, shorts("OW", samples)),
    ]
}

/// Where a slice lies: its first pixel, axial, 0.5 mm between columns and 0.8 mm between rows.
pub fn place(at: [f64; 3]) -> Vec<(u32, Put)> {
    vec![
        (0x0020_0032, text("DS", format!("{}\\{}\\{}", at[0], at[1], at[2]))),
        (0x0020_0037, text("DS", "1\\0\\0\\0\\1\\0")),
        (0x0028_0030, text("DS", "0.8\\0.5")),
    ]
}

/// A series of slices 1 mm apart, each a file of its own in a new folder.
pub fn series(folder: &Path, [columns, rows, slices]: [usize; 3]) {
    std::fs::create_dir(folder).unwrap();
    for k in 0..slices {
        let samples: Vec<u16> = (0..columns * rows).map(|n| (n % 251 + k) as u16).collect();
        let mut elements = picture(columns as u16, rows as u16, &samples);
        elements.extend(place([0.0, 0.0, k as f64]));
        std::fs::write(folder.join(format!("{k}.dcm")), file(elements)).unwrap();
    }
}
