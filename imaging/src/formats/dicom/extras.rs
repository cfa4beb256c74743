//! What a DICOM file says besides its pixels, collected for callers: VOI LUTs, overlay planes, ultrasound regions.

use super::colour::Table;
use super::dataset::View;
use super::header::PixelFormat;
use super::owner::suv_factor_of;
use super::pixels::Frames;
use super::tags::{self, Tag};
use crate::extras::{Extras, GreyCurve, Overlay, OverlayKind, Region, RegionKind, Scale};
use crate::mask::Mask;
use crate::space::VoxelBox;

/// Sixteen overlay planes, each in an even group of its own.
const OVERLAYS: u32 = 16;
const OVERLAY_ROWS: Tag = 0x6000_0010;
const OVERLAY_COLUMNS: Tag = 0x6000_0011;
const OVERLAY_FRAMES: Tag = 0x6000_0015;
const OVERLAY_TYPE: Tag = 0x6000_0040;
const OVERLAY_ORIGIN: Tag = 0x6000_0050;
const FIRST_FRAME: Tag = 0x6000_0051;
const OVERLAY_ALLOCATED: Tag = 0x6000_0100;
const OVERLAY_BIT: Tag = 0x6000_0102;
const OVERLAY_DATA: Tag = 0x6000_3000;

/// What holds for the whole file. Overlays belong to single frames and come from `overlays`.
pub fn of_file(view: &View<'_>) -> Extras {
    Extras {
        grey_curves: grey_curves(view),
        overlays: Vec::new(),
        regions: regions(view),
        suv_factor: suv_factor_of(view),
    }
}

fn grey_curves(view: &View<'_>) -> Vec<GreyCurve> {
    let shared = view.first_item(tags::SHARED_GROUPS);
    let places = [Some(*view), shared.and_then(|s| s.first_item(tags::FRAME_VOI_SEQUENCE))];
    let items = places.into_iter().flatten().flat_map(|place| place.items(tags::VOI_LUT_SEQUENCE));
    items.filter_map(|item| Table::of(&item, tags::LUT_DESCRIPTOR, tags::LUT_DATA)?.curve(signed_input(view))).collect()
}

/// The descriptor's first input is signed where the values it is looked up with are.
fn signed_input(view: &View<'_>) -> bool {
    view.integer(tags::PIXEL_REPRESENTATION) == Some(1) || view.number(tags::RESCALE_INTERCEPT).is_some_and(|x| x < 0.0)
}

fn regions(view: &View<'_>) -> Vec<Region> {
    const LOCATION: [Tag; 4] = [0x0018_6018, 0x0018_601A, 0x0018_601C, 0x0018_601E];
    let region = |item: View<'_>| {
        let [x0, y0, x1, y1] = LOCATION.map(|tag| item.integer(tag).and_then(|v| usize::try_from(v).ok()));
        let kind = match item.integer(tags::REGION_SPATIAL_FORMAT) {
            Some(1) if item.integer(0x0018_6014) == Some(2) => RegionKind::ColourFlow,
            Some(1) => RegionKind::Tissue,
            Some(2) => RegionKind::MMode,
            Some(3) => RegionKind::Spectrum,
            _ => RegionKind::Other,
        };
        let step = [
            scale(&item, tags::REGION_UNITS_X, tags::REGION_DELTA_X),
            scale(&item, tags::REGION_UNITS_Y, tags::REGION_DELTA_Y),
        ];
        Some(Region { columns: [x0?, x1?.checked_add(1)?], rows: [y0?, y1?.checked_add(1)?], kind, step })
    };
    view.items(tags::ULTRASOUND_REGIONS).into_iter().filter_map(region).collect()
}

fn scale(region: &View<'_>, units: Tag, delta: Tag) -> Scale {
    let Some(delta) = region.number(delta).map(f64::abs).filter(|d| d.is_finite() && *d > 0.0) else {
        return Scale::Unknown;
    };
    match region.integer(units) {
        Some(3) => Scale::Millimetres(delta * 10.0),
        Some(4) => Scale::Milliseconds(delta * 1000.0),
        Some(7) => Scale::CentimetresPerSecond(delta),
        _ => Scale::Unknown,
    }
}

/// The overlay planes on frame `frame` of a file, placed on slice `slice`.
pub fn overlays(frames: &Frames, frame: usize, slice: usize) -> Vec<Overlay> {
    let view = frames.file.view();
    (0..OVERLAYS).filter_map(|n| overlay(frames, &view, n << 17, frame, slice)).collect()
}

fn overlay(frames: &Frames, view: &View<'_>, group: u32, frame: usize, slice: usize) -> Option<Overlay> {
    let whole = |tag: Tag| view.integer(tag + group);
    let size = |tag: Tag| whole(tag).and_then(|v| usize::try_from(v).ok()).filter(|&v| v > 0);
    let (rows, columns) = (size(OVERLAY_ROWS)?, size(OVERLAY_COLUMNS)?);
    let first = size(FIRST_FRAME).unwrap_or(1) - 1;
    let count = size(OVERLAY_FRAMES).unwrap_or(1);
    // An overlay of one frame without a place of its own lies on all frames.
    let own = match frame.checked_sub(first) {
        Some(own) if own < count => own,
        _ if count == 1 && view.raw(FIRST_FRAME + group).is_none() => 0,
        _ => return None,
    };
    let origin = view.numbers(OVERLAY_ORIGIN + group);
    let [top, left] = [0, 1].map(|n| origin.get(n).copied().filter(|x| x.abs() < 1e6).unwrap_or(1.0) as i64 - 1);
    let format = &frames.format;
    let bits = match view.raw(OVERLAY_DATA + group) {
        Some(data) => {
            let start = own.checked_mul(rows)?.checked_mul(columns)?;
            let enough = start.checked_add(rows.checked_mul(columns)?)?.div_ceil(8) <= data.len();
            enough.then_some(Bits::Packed { data, start })?
        }
        None => {
            Bits::Above { pixels: frames.frame_bytes(frame).ok()?.into_owned(), bit: bit_above(view, group, format)? }
        }
    };
    let clip = |from: i64, length: usize, limit: usize| {
        let end = from.saturating_add(length as i64).clamp(0, limit as i64) as usize;
        (from.clamp(0, limit as i64) as usize, end)
    };
    let ((c0, c1), (r0, r1)) = (clip(left, columns, format.columns), clip(top, rows, format.rows));
    let bounds = VoxelBox::new([c0, r0, slice], [c1.max(c0), r1.max(r0), slice + 1]);
    let mask = Mask::from_fn(bounds, |[c, r, _]| {
        let (row, column) = ((r as i64 - top) as usize, (c as i64 - left) as usize);
        bits.get(row * columns + column, r * format.columns + c, format.sample_bytes())
    });
    let roi = view.text(OVERLAY_TYPE + group) == Some("R");
    let kind = if roi { OverlayKind::RegionOfInterest } else { OverlayKind::Graphics };
    (!mask.is_empty()).then_some(Overlay { kind, mask })
}

/// Retired, but still met: the plane is one of the unused bits of each pixel.
fn bit_above(view: &View<'_>, group: u32, format: &PixelFormat) -> Option<u32> {
    let allocated = view.integer(OVERLAY_ALLOCATED + group)?;
    let bit = u32::try_from(view.integer(OVERLAY_BIT + group)?).ok()?;
    let unused = bit > format.high || bit + format.stored <= format.high;
    (allocated == i64::from(format.allocated) && format.channels == 1 && bit < format.allocated && unused)
        .then_some(bit)
}

enum Bits<'a> {
    Packed { data: &'a [u8], start: usize },
    Above { pixels: Vec<u8>, bit: u32 },
}

impl Bits<'_> {
    fn get(&self, own: usize, pixel: usize, sample_bytes: usize) -> bool {
        match self {
            Self::Packed { data, start } => data[(start + own) / 8] >> ((start + own) % 8) & 1 == 1,
            Self::Above { pixels, bit } => pixels[pixel * sample_bytes + *bit as usize / 8] >> (bit % 8) & 1 == 1,
        }
    }
}
