//! The three files a surface can be, little-endian, in 32-bit floats.

use super::surface::Surface;
use glam::{DVec3, Vec3};
use serde_json::{Value, json};
use std::collections::HashMap;

fn single(p: &DVec3) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (to, x) in bytes.chunks_exact_mut(4).zip(p.as_vec3().to_array()) {
        to.copy_from_slice(&x.to_le_bytes());
    }
    bytes
}

fn float(bytes: &[u8], at: usize) -> Option<f64> {
    let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(f64::from(f32::from_le_bytes(word))).filter(|x| x.is_finite())
}

fn point(bytes: &[u8], at: usize) -> Option<DVec3> {
    Some(DVec3::new(float(bytes, at)?, float(bytes, at + 4)?, float(bytes, at + 8)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn stl(surface: &Surface) -> Vec<u8> {
    let mut out = vec![b' '; 80];
    let title = b"Limner surface, mm";
    out[..title.len()].copy_from_slice(title);
    out.extend((surface.triangles.len() as u32).to_le_bytes());
    for triangle in &surface.triangles {
        let [a, b, c] = triangle.map(|n| surface.points[n as usize]);
        out.extend(single(&(b - a).cross(c - a).normalize_or_zero()));
        [a, b, c].iter().for_each(|p| out.extend(single(p)));
        out.extend([0, 0]);
    }
    out
}

pub(super) fn read_stl(bytes: &[u8]) -> Option<Surface> {
    let count = number(bytes, 80)? as usize;
    if bytes.len() != 84 + count.checked_mul(50)? {
        return read_stl_text(std::str::from_utf8(bytes).ok()?);
    }
    let mut joined = Joined::default();
    for n in 0..count {
        let corner = |c: usize| point(bytes, 84 + n * 50 + 12 + c * 12);
        joined.triangle([corner(0)?, corner(1)?, corner(2)?]);
    }
    Some(joined.surface)
}

fn read_stl_text(text: &str) -> Option<Surface> {
    let mut joined = Joined::default();
    let mut corners = Vec::new();
    text.trim_start().starts_with("solid").then_some(())?;
    for line in text.lines() {
        if let Some(numbers) = line.trim().strip_prefix("vertex") {
            let numbers: Option<Vec<f64>> = numbers.split_whitespace().map(|word| word.parse().ok()).collect();
            let [x, y, z] = numbers?[..] else { return None };
            corners.push(Some(DVec3::new(x, y, z)).filter(|p| p.is_finite())?);
        }
        if let [a, b, c] = corners[..] {
            joined.triangle([a, b, c]);
            corners.clear();
        }
    }
    Some(joined.surface)
}

/// STL names no corner twice; equal places are one.
#[derive(Default)]
struct Joined {
    surface: Surface,
    known: HashMap<[u64; 3], u32>,
}

impl Joined {
    fn triangle(&mut self, corners: [DVec3; 3]) {
        let triangle = corners.map(|p| {
            let key = p.to_array().map(f64::to_bits);
            *self.known.entry(key).or_insert_with(|| {
                self.surface.points.push(p);
                self.surface.points.len() as u32 - 1
            })
        });
        self.surface.triangles.push(triangle);
    }
}

pub(super) fn ply(surface: &Surface) -> Vec<u8> {
    let head = format!(
        "ply\nformat binary_little_endian 1.0\ncomment Limner surface, mm\nelement vertex {}\nproperty float x\n\
         property float y\nproperty float z\nelement face {}\nproperty list uchar int vertex_indices\nend_header\n",
        surface.points.len(),
        surface.triangles.len()
    );
    let mut out = head.into_bytes();
    surface.points.iter().for_each(|p| out.extend(single(p)));
    for triangle in &surface.triangles {
        out.push(3);
        triangle.iter().for_each(|n| out.extend(n.to_le_bytes()));
    }
    out
}

/// Binary files with floats x, y, z and lists of int corners, as most programs write them.
pub(super) fn read_ply(bytes: &[u8]) -> Option<Surface> {
    const END: &[u8] = b"end_header\n";
    let end = bytes.windows(END.len()).take(1 << 16).position(|w| w == END)? + END.len();
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let count = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix("element ")?.strip_prefix(name))?;
        line.trim().parse::<usize>().ok()
    };
    let properties: Vec<&str> = head.lines().filter(|line| line.starts_with("property")).collect();
    let plain = properties.len() == 4 && properties[3].starts_with("property list uchar");
    let (points, faces) = (count("vertex")?, count("face")?);
    let size = points.checked_mul(12)?.checked_add(faces.checked_mul(13)?)?;
    if !head.contains("binary_little_endian") || !plain || bytes.len() - end != size {
        return None;
    }
    let mut surface = Surface::default();
    for n in 0..points {
        surface.points.push(point(bytes, end + n * 12)?);
    }
    for n in 0..faces {
        let at = end + points * 12 + n * 13;
        (bytes.get(at) == Some(&3)).then_some(())?;
        surface.triangles.push([number(bytes, at + 1)?, number(bytes, at + 5)?, number(bytes, at + 9)?]);
    }
    whole(surface)
}

fn whole(surface: Surface) -> Option<Surface> {
    let points = surface.points.len() as u32;
    surface.triangles.iter().flatten().all(|n| *n < points).then_some(surface)
}

pub(super) fn glb(surface: &Surface) -> Vec<u8> {
    let (points, triangles) = (surface.points.len(), surface.triangles.len());
    let low = surface.points.iter().map(DVec3::as_vec3).fold(Vec3::INFINITY, Vec3::min);
    let high = surface.points.iter().map(DVec3::as_vec3).fold(Vec3::NEG_INFINITY, Vec3::max);
    let mut binary = Vec::with_capacity(points * 12 + triangles * 12);
    surface.points.iter().for_each(|p| binary.extend(single(p)));
    surface.triangles.iter().flatten().for_each(|n| binary.extend(n.to_le_bytes()));
    let about = json!({
        "asset": {"version": "2.0", "generator": "Limner", "extras": {"unit": "mm"}},
        "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": 4}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": points, "type": "VEC3", "min": low.to_array(), "max": high.to_array()},
            {"bufferView": 1, "componentType": 5125, "count": triangles * 3, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": points * 12, "target": 34962},
            {"buffer": 0, "byteOffset": points * 12, "byteLength": triangles * 12, "target": 34963},
        ],
        "buffers": [{"byteLength": binary.len()}],
    });
    let mut text = about.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut out = b"glTF".to_vec();
    out.extend(2_u32.to_le_bytes());
    out.extend(((12 + 8 + text.len() + 8 + binary.len()) as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", text), (b"BIN\0", binary)] {
        out.extend((chunk.len() as u32).to_le_bytes());
        out.extend(kind);
        out.extend(chunk);
    }
    out
}

/// One mesh with float positions and 32-bit indices: what we write.
pub(super) fn read_glb(bytes: &[u8]) -> Option<Surface> {
    (bytes.get(..4) == Some(b"glTF")).then_some(())?;
    let length = number(bytes, 12)? as usize;
    let about: Value = serde_json::from_slice(bytes.get(20..20 + length)?).ok()?;
    let binary = bytes.get(20 + length + 8..)?;
    let accessor = |of: &Value| about["accessors"].get(of.as_u64()? as usize);
    let primitive = &about["meshes"][0]["primitives"][0];
    let (positions, indices) = (accessor(&primitive["attributes"]["POSITION"])?, accessor(&primitive["indices"])?);
    let start =
        |accessor: &Value| about["bufferViews"][accessor["bufferView"].as_u64()? as usize]["byteOffset"].as_u64();
    let known = positions["componentType"] == 5126 && indices["componentType"] == 5125;
    let (points, corners) = (positions["count"].as_u64()? as usize, indices["count"].as_u64()? as usize);
    let (first, second) = (start(positions)? as usize, start(indices)? as usize);
    let room = points.checked_mul(12)?.checked_add(first)? <= binary.len()
        && corners.checked_mul(4)?.checked_add(second)? <= binary.len();
    (known && room).then_some(())?;
    let mut surface = Surface::default();
    for n in 0..points {
        surface.points.push(point(binary, first + n * 12)?);
    }
    for n in 0..corners / 3 {
        let corner = |c: usize| number(binary, second + (n * 3 + c) * 4);
        surface.triangles.push([corner(0)?, corner(1)?, corner(2)?]);
    }
    whole(surface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_holds_the_same_surface() {
        let points =
            [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]].map(DVec3::from_array).to_vec();
        let surface = Surface { points, triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]] };
        let same = |other: Option<Surface>| {
            let other = other.unwrap();
            let corners = |s: &Surface| s.triangles.iter().flatten().map(|n| s.points[*n as usize]).collect::<Vec<_>>();
            assert_eq!(corners(&other), corners(&surface));
            assert_eq!(other.points.len(), 4);
        };
        same(read_stl(&stl(&surface)));
        same(read_ply(&ply(&surface)));
        same(read_glb(&glb(&surface)));
        let text = "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid";
        assert_eq!(read_stl(&[text.as_bytes(), &[b' '; 20]].concat()).map(|s| s.triangles.len()), Some(1));
    }

    #[test]
    fn what_is_cut_or_points_nowhere_is_refused() {
        let surface = Surface { points: vec![DVec3::ZERO], triangles: vec![[0, 0, 7]] };
        assert_eq!(read_ply(&ply(&Surface { triangles: vec![[0, 0, 0]], ..surface.clone() })[..50]), None);
        let mut bytes = ply(&Surface { triangles: vec![[0, 0, 0]], ..surface });
        let last = bytes.len() - 1;
        bytes[last] = 9;
        assert_eq!(read_ply(&bytes), None);
        for bad in [&b""[..], b"glTF", b"solid", &[0; 200]] {
            assert!(read_glb(bad).is_none() && read_ply(bad).is_none());
            assert!(read_stl(bad).is_none_or(|s| s.triangles.is_empty()));
        }
    }
}
