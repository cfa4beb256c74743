//! What a DICOM file holds and Limner does not show. Nothing is left out without a word.

use super::dataset::View;
use super::file::warning;
use super::mosaic;
use super::tags::{self, Tag};
use crate::task::Warning;

/// Overlay Rows of the first of sixteen overlay planes; each has a group of its own, all even.
const FIRST_OVERLAY: Tag = 0x6000_0010;
const OVERLAYS: u32 = 16;

pub fn warnings(view: &View<'_>) -> Vec<Warning> {
    let mut out = Vec::new();
    let in_frames = view.first_item(tags::FRAME_VOI_SEQUENCE);
    if [Some(*view), in_frames].into_iter().flatten().any(|v| v.first_item(tags::VOI_LUT_SEQUENCE).is_some()) {
        out.push(warning("voi_lut_ignored", "the file proposes a grey curve (VOI LUT), which is not applied"));
    }
    let overlays = (0..OVERLAYS).filter(|n| view.raw(FIRST_OVERLAY + (n << 17)).is_some()).count();
    if overlays > 0 {
        out.push(warning("overlay_not_shown", format!("{overlays} overlay planes of the file are not shown")));
    }
    if mosaic::is_mosaic(view) && mosaic::Mosaic::of(view).is_none() {
        let text = "the slices are tiled into one picture (mosaic) and shown so; places between tiles are not real";
        out.push(warning("mosaic", text));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::dicom::dataset;
    use crate::formats::dicom::syntax::EXPLICIT;

    /// An element with a short length, in explicit little endian.
    fn element(tag: Tag, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let (group, number) = ((tag >> 16) as u16, tag as u16);
        let mut out = [group.to_le_bytes(), number.to_le_bytes(), *vr, (value.len() as u16).to_le_bytes()].concat();
        out.extend(value);
        out
    }

    fn codes(bytes: &[u8]) -> Vec<String> {
        let (read, _) = dataset::read(bytes, 0, EXPLICIT.layout, u16::MAX);
        let view = View { bytes, dataset: &read.dataset, layout: EXPLICIT.layout };
        warnings(&view).into_iter().map(|w| w.code).collect()
    }

    #[test]
    fn what_is_not_shown_is_said() {
        let plain = element(tags::IMAGE_TYPE, b"CS", b"ORIGINAL\\PRIMARY ");
        assert!(codes(&plain).is_empty());
        let mosaic = element(tags::IMAGE_TYPE, b"CS", b"ORIGINAL\\PRIMARY\\M\\MOSAIC");
        // A sequence of one empty item.
        let mut curve = vec![0x28, 0, 0x10, 0x30, b'S', b'Q', 0, 0, 8, 0, 0, 0];
        curve.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]);
        let overlay = element(0x601E_0010, b"US", &[4, 0]);
        assert_eq!(codes(&[mosaic, curve, overlay].concat()), ["voi_lut_ignored", "overlay_not_shown", "mosaic"]);
    }
}
