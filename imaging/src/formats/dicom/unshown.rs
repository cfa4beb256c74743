//! What a DICOM file holds and Limner does not show. Nothing is left out without a word.

use super::dataset::View;
use super::file::warning;
use super::mosaic;
use crate::task::Warning;

pub fn warnings(view: &View<'_>) -> Vec<Warning> {
    let mut out = Vec::new();
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
    use crate::formats::dicom::tags::{self, Tag};

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
        assert_eq!(codes(&mosaic), ["mosaic"]);
    }
}
