//! What one DICOM file says about its picture, read from the header alone.

use super::contrast::Contrast;
use super::dataset::View;
use super::directory;
use super::file::{DicomFile, warning};
use super::mosaic::Mosaic;
use super::syntax::Coding;
use super::tags::{self, Tag};
use super::unshown;
use crate::error::{Error, Result};
use crate::orientation::Orientation;
use crate::task::Warning;
use crate::volume::ValueMap;
use crate::window::Window;
use dicom_core::VR;
use glam::DVec3;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    Unsigned,
    Signed,
    Float,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Grey {
        inverted: bool,
    },
    Palette,
    Rgb,
    YbrFull,
    /// Chroma for every second pixel only, where not compressed.
    Ybr422,
}

/// How the samples of a frame are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelFormat {
    pub rows: usize,
    pub columns: usize,
    pub channels: usize,
    pub by_plane: bool,
    pub allocated: u32,
    pub stored: u32,
    pub high: u32,
    pub kind: SampleKind,
    pub colour: Colour,
    /// 8-bit samples in big-endian words come in swapped pairs.
    pub in_words: bool,
}

impl PixelFormat {
    pub const fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    pub const fn samples(&self) -> usize {
        self.pixels() * self.channels
    }

    /// Bytes of one sample in memory.
    pub const fn sample_bytes(&self) -> usize {
        if self.allocated == 1 { 1 } else { self.allocated as usize / 8 }
    }

    /// Bits of one uncompressed frame; frames of 1-bit data need not start at a byte.
    pub const fn native_bits(&self) -> usize {
        match self.colour {
            Colour::Ybr422 => self.pixels() * 2 * self.allocated as usize,
            _ => self.samples() * self.allocated as usize,
        }
    }

    /// True where samples of both fit one type: the same, or signed ones and unsigned ones that never reach the sign.
    pub fn fits_beside(&self, other: &Self) -> bool {
        let signed = |format: &Self| Self { kind: SampleKind::Signed, ..*format };
        let fits = |format: &Self| match format.kind {
            SampleKind::Signed => true,
            SampleKind::Unsigned => format.stored < format.allocated,
            SampleKind::Float => false,
        };
        self == other || (fits(self) && fits(other) && signed(self) == signed(other))
    }

    pub const fn dtype(&self) -> &'static str {
        match (self.kind, self.allocated) {
            (SampleKind::Unsigned, 1 | 8) => "uint8",
            (SampleKind::Unsigned, 16) => "uint16",
            (SampleKind::Unsigned, 32) => "uint32",
            (SampleKind::Unsigned, _) => "uint64",
            (SampleKind::Signed, 1 | 8) => "int8",
            (SampleKind::Signed, 16) => "int16",
            (SampleKind::Signed, 32) => "int32",
            (SampleKind::Signed, _) => "int64",
            (SampleKind::Float, 64) => "float64",
            (SampleKind::Float, _) => "float32",
        }
    }
}

/// Where a frame lies, as far as the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Centre of the first pixel, LPS mm.
    pub position: Option<DVec3>,
    /// Unit directions along a row (growing column) and down a column (growing row).
    pub directions: Option<[DVec3; 2]>,
    /// Between rows, between columns, mm.
    pub spacing: Option<[f64; 2]>,
    pub between_slices: Option<f64>,
    pub thickness: Option<f64>,
}

impl Place {
    pub fn normal(&self) -> Option<DVec3> {
        self.directions.map(|[row, column]| row.cross(column))
    }

    /// Fills what this place lacks from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            position: self.position.or(other.position),
            directions: self.directions.or(other.directions),
            spacing: self.spacing.or(other.spacing),
            between_slices: self.between_slices.or(other.between_slices),
            thickness: self.thickness.or(other.thickness),
        }
    }
}

/// One frame of a multi-frame file with functional groups.
#[derive(Clone, Debug)]
pub struct FrameHeader {
    pub place: Place,
    /// What keeps the frames of one file apart: the stack they are said to belong to, and how they were taken.
    pub stack: Option<String>,
    pub contrast: Contrast,
    pub value_map: Option<ValueMap>,
}

/// What a scan keeps of a file.
#[derive(Clone, Debug)]
pub struct Header {
    pub path: PathBuf,
    pub series_uid: Option<String>,
    pub modality: Option<String>,
    pub syntax_uid: &'static str,
    pub series_number: Option<i64>,
    pub instance_number: Option<i64>,
    pub frames: usize,
    /// `None` for objects without pixels.
    pub format: Option<PixelFormat>,
    pub place: Place,
    /// What the file says of its rows and columns, for pictures that lie nowhere.
    pub patient_orientation: Orientation,
    pub frame_headers: Vec<FrameHeader>,
    /// Slice positions along the normal, relative to the first (dose grids).
    pub frame_offsets: Vec<f64>,
    pub in_time: bool,
    /// The slices of a volume tiled into one picture.
    pub mosaic: Option<Mosaic>,
    /// What keeps slices of one series apart: echo time, diffusion weighting, magnitude or phase.
    pub contrast: Contrast,
    pub value_map: ValueMap,
    pub has_modality_lut: bool,
    /// The files a table of contents lists; `None` for anything else.
    pub directory: Option<Vec<Vec<String>>>,
    pub windows: Vec<Window>,
    pub warnings: Vec<Warning>,
}

impl Header {
    /// How the picture unfolds, where it is a mosaic of whole tiles: the layout and the size of a tile.
    pub fn unfolds(&self) -> Option<(Mosaic, [usize; 2])> {
        let format = self.format.filter(|f| f.channels == 1 && self.frames == 1)?;
        let mosaic = self.mosaic?;
        Some((mosaic, mosaic.tile(format.columns, format.rows)?))
    }

    pub fn of(file: &DicomFile) -> Result<Self> {
        let view = file.view();
        let mut warnings = file.warnings.clone();
        let frames = frame_count(&view, &mut warnings);
        let format = match file.pixels {
            Some(pixels) => {
                Some(pixel_format(&view, &file.path, pixels.tag, pixels.vr == VR::OW, file.layout.big_endian)?)
            }
            None => None,
        };
        if let Some(format) = &format {
            check_length(file, format, frames)?;
        }
        let shared = view.first_item(tags::SHARED_GROUPS);
        if format.is_some() {
            for v in [Some(view), shared].into_iter().flatten() {
                warnings.extend(unshown::warnings(&v));
            }
        }
        let place = shared.map(|s| place_in_groups(&s)).unwrap_or_default().or(place(&view));
        let value_map = shared.and_then(|s| value_map_in_groups(&s)).unwrap_or_else(|| value_map(&view));
        let frame_headers = frame_headers(&view, frames, place, &mut warnings);
        let first_group = view.first_item(tags::PER_FRAME_GROUPS);
        let windows = [Some(view), shared, first_group].into_iter().flatten().find_map(|v| windows(&v));
        Ok(Self {
            path: file.path.clone(),
            series_uid: view.text(tags::SERIES_UID).map(str::to_owned),
            modality: view.text(tags::MODALITY).filter(|m| m.len() <= 16).map(str::to_owned),
            syntax_uid: file.syntax.uid,
            series_number: view.integer(tags::SERIES_NUMBER),
            instance_number: view.integer(tags::INSTANCE_NUMBER),
            frames,
            format,
            place,
            patient_orientation: Orientation::named(view.text(tags::PATIENT_ORIENTATION).unwrap_or_default()),
            frame_headers,
            frame_offsets: view.numbers(tags::GRID_FRAME_OFFSETS),
            in_time: [tags::FRAME_TIME, tags::FRAME_TIME_VECTOR, tags::CINE_RATE]
                .iter()
                .any(|&t| view.number(t).is_some()),
            mosaic: Mosaic::of(&view),
            contrast: Contrast::of(&view),
            value_map,
            has_modality_lut: view.first_item(tags::MODALITY_LUT_SEQUENCE).is_some(),
            directory: if format.is_none() { directory::listed(&view) } else { None },
            windows: windows.unwrap_or_default(),
            warnings,
        })
    }

    /// Whether its first frame lies somewhere in the patient.
    fn is_placed(&self) -> bool {
        let place = self.frame_headers.first().map_or(self.place, |frame| frame.place);
        place.position.is_some() && place.directions.is_some()
    }

    /// Of the picture that this file begins.
    pub fn orientation(&self) -> Orientation {
        if self.is_placed() { Orientation::Placed } else { self.patient_orientation }
    }

    /// The value map of one frame.
    pub fn value_map_of(&self, frame: usize) -> &ValueMap {
        self.frame_headers.get(frame).and_then(|f| f.value_map.as_ref()).unwrap_or(&self.value_map)
    }
}

/// Uncompressed pixels must all be in the file.
fn check_length(file: &DicomFile, format: &PixelFormat, frames: usize) -> Result<()> {
    let Some(place) = file.pixels.filter(|p| p.length.is_some() && file.syntax.coding == Coding::Native) else {
        return Ok(());
    };
    let needed = format.native_bits().checked_mul(frames).map(|bits| bits.div_ceil(8) as u64);
    let present = file.length.saturating_sub(place.start as u64).min(place.length.unwrap_or(0) as u64);
    match needed {
        Some(needed) if needed <= present => Ok(()),
        Some(needed) => Err(Error::truncated(&file.path, format!("{present} of {needed} bytes of pixels are there"))),
        None => Err(Error::TooLarge {
            path: file.path.clone(),
            reason: "the frames the header describes are too many".into(),
        }),
    }
}

fn frame_count(view: &View<'_>, warnings: &mut Vec<Warning>) -> usize {
    match view.integer(tags::FRAMES) {
        None if view.raw(tags::FRAMES).is_none_or(<[u8]>::is_empty) => 1,
        Some(n @ 1..) => n as usize,
        _ => {
            warnings.push(warning("malformed", "the number of frames is no positive number; one was assumed"));
            1
        }
    }
}

fn pixel_format(view: &View<'_>, path: &Path, pixels: Tag, ow: bool, big_endian: bool) -> Result<PixelFormat> {
    let need = |tag: Tag, name: &str| {
        let value = view.integer(tag);
        value.ok_or_else(|| Error::malformed(path, format!("the header lacks a readable {name}")))
    };
    let rows = need(tags::ROWS, "number of rows")? as usize;
    let columns = need(tags::COLUMNS, "number of columns")? as usize;
    let channels = view.integer(tags::SAMPLES_PER_PIXEL).unwrap_or(1) as usize;
    let kind = match (pixels, view.integer(tags::PIXEL_REPRESENTATION)) {
        (tags::FLOAT_PIXELS | tags::DOUBLE_PIXELS, _) => SampleKind::Float,
        (_, Some(1)) => SampleKind::Signed,
        _ => SampleKind::Unsigned,
    };
    let allocated = match pixels {
        tags::FLOAT_PIXELS => 32,
        tags::DOUBLE_PIXELS => 64,
        _ => need(tags::BITS_ALLOCATED, "number of allocated bits")?,
    };
    if rows == 0 || columns == 0 || !matches!(channels, 1 | 3 | 4) {
        return Err(Error::malformed(path, format!("a picture of {columns}x{rows} pixels with {channels} samples")));
    }
    if !matches!(allocated, 1 | 8 | 16 | 32 | 64) {
        return Err(Error::unsupported(path, format!("{allocated} bits per sample"), "convert it to 8 or 16 bits"));
    }
    let allocated = allocated as u32;
    let stored = view.integer(tags::BITS_STORED).unwrap_or(0);
    let stored = if (1..=i64::from(allocated)).contains(&stored) { stored as u32 } else { allocated };
    let high = view.integer(tags::HIGH_BIT).unwrap_or(0);
    let high = if (i64::from(stored) - 1..i64::from(allocated)).contains(&high) { high as u32 } else { stored - 1 };
    Ok(PixelFormat {
        rows,
        columns,
        channels,
        by_plane: channels > 1 && view.integer(tags::PLANAR) == Some(1),
        allocated,
        stored,
        high,
        kind,
        colour: colour(view, channels, path)?,
        in_words: big_endian && ow && allocated <= 8,
    })
}

fn colour(view: &View<'_>, channels: usize, path: &Path) -> Result<Colour> {
    Ok(match (view.text(tags::PHOTOMETRIC), channels) {
        (Some("MONOCHROME1"), 1) => Colour::Grey { inverted: true },
        (Some("PALETTE COLOR"), 1) => Colour::Palette,
        (_, 1) => Colour::Grey { inverted: false },
        (Some("YBR_FULL"), 3) => Colour::YbrFull,
        (Some("YBR_FULL_422" | "YBR_PARTIAL_422"), 3) => Colour::Ybr422,
        (Some("RGB" | "YBR_RCT" | "YBR_ICT") | None, 3) => Colour::Rgb,
        (_, n) => {
            return Err(Error::unsupported(
                path,
                format!("this colour model with {n} samples per pixel"),
                "convert it to RGB",
            ));
        }
    })
}

fn place(view: &View<'_>) -> Place {
    let positive = |tag| view.number(tag).filter(|x: &f64| x.is_finite() && *x > 0.0);
    let orientation = view
        .finite::<6>(tags::ORIENTATION)
        .or_else(|| view.first_item(tags::DETECTOR_SEQUENCE).and_then(|d| d.finite(tags::ORIENTATION)));
    let position = view
        .finite::<3>(tags::POSITION)
        .or_else(|| view.first_item(tags::DETECTOR_SEQUENCE).and_then(|d| d.finite(tags::POSITION)));
    let spacing = [tags::PIXEL_SPACING, tags::IMAGER_PIXEL_SPACING]
        .iter()
        .find_map(|&tag| view.finite::<2>(tag).filter(|s| s.iter().all(|&x| x > 0.0)));
    Place {
        position: position.map(DVec3::from_array),
        directions: orientation.and_then(unit_directions),
        spacing: spacing.or_else(|| ultrasound_spacing(view)),
        between_slices: positive(tags::SPACING_BETWEEN_SLICES),
        thickness: positive(tags::SLICE_THICKNESS),
    }
}

/// Six cosines as two unit vectors at right angles; `None` where they are no such thing.
fn unit_directions(cosines: [f64; 6]) -> Option<[DVec3; 2]> {
    let row = DVec3::from_slice(&cosines[..3]).try_normalize()?;
    let column = DVec3::from_slice(&cosines[3..]).try_normalize()?;
    (row.dot(column).abs() < 0.01).then_some([row, column])
}

/// The spacing of an ultrasound frame, where all its calibrated tissue regions agree.
fn ultrasound_spacing(view: &View<'_>) -> Option<[f64; 2]> {
    const CENTIMETRES: i64 = 3;
    const TISSUE: i64 = 1;
    let mut spacings = view.items(tags::ULTRASOUND_REGIONS).into_iter().filter_map(|region| {
        let in_cm = |tag| region.integer(tag) == Some(CENTIMETRES);
        let usable = in_cm(tags::REGION_UNITS_X)
            && in_cm(tags::REGION_UNITS_Y)
            && region.integer(tags::REGION_SPATIAL_FORMAT) == Some(TISSUE);
        let delta = |tag| region.number(tag).map(|x| x.abs() * 10.0).filter(|x| x.is_finite() && *x > 0.0);
        usable.then_some([delta(tags::REGION_DELTA_Y)?, delta(tags::REGION_DELTA_X)?])
    });
    let first = spacings.next()?;
    spacings.all(|s| s == first).then_some(first)
}

fn place_in_groups(groups: &View<'_>) -> Place {
    let part = |tag| groups.first_item(tag).map(|v| place(&v)).unwrap_or_default();
    part(tags::PLANE_POSITION_SEQUENCE)
        .or(part(tags::PLANE_ORIENTATION_SEQUENCE))
        .or(part(tags::PIXEL_MEASURES_SEQUENCE))
}

fn value_map(view: &View<'_>) -> ValueMap {
    let finite = |tag| view.number(tag).filter(|x| x.is_finite());
    let dose = finite(tags::DOSE_GRID_SCALING);
    let slope = finite(tags::RESCALE_SLOPE).or(dose).filter(|&s| s != 0.0).unwrap_or(1.0);
    let unit =
        view.text(tags::RESCALE_TYPE).or_else(|| view.text(tags::PET_UNITS)).or_else(|| view.text(tags::DOSE_UNITS));
    let unit = match (unit, view.text(tags::MODALITY)) {
        (Some("US"), _) => None,
        (Some("GML"), _) => Some("g/ml".to_owned()),
        (Some("BQML"), _) => Some("Bq/ml".to_owned()),
        (Some(unit), _) => Some(unit.to_owned()),
        (None, Some("CT")) if finite(tags::RESCALE_SLOPE).is_some() => Some("HU".to_owned()),
        _ => None,
    };
    ValueMap { slope, intercept: finite(tags::RESCALE_INTERCEPT).unwrap_or(0.0), unit: unit.filter(|u| u.len() <= 16) }
}

fn value_map_in_groups(groups: &View<'_>) -> Option<ValueMap> {
    groups.first_item(tags::VALUE_TRANSFORMATION_SEQUENCE).map(|v| value_map(&v))
}

fn frame_headers(view: &View<'_>, frames: usize, shared: Place, warnings: &mut Vec<Warning>) -> Vec<FrameHeader> {
    let groups = view.items(tags::PER_FRAME_GROUPS);
    if groups.is_empty() {
        return Vec::new();
    }
    if groups.len() != frames {
        let text =
            format!("{} frames are described, the header says {frames}; their places are not used", groups.len());
        warnings.push(warning("malformed", text));
        return Vec::new();
    }
    let of_group = |g: &View<'_>| FrameHeader {
        place: place_in_groups(g).or(shared),
        stack: g.first_item(tags::FRAME_CONTENT_SEQUENCE).and_then(|c| c.text(tags::STACK_ID)).map(str::to_owned),
        contrast: Contrast::in_groups(g),
        value_map: value_map_in_groups(g),
    };
    groups.iter().map(of_group).collect()
}

fn windows(view: &View<'_>) -> Option<Vec<Window>> {
    let view = view.first_item(tags::FRAME_VOI_SEQUENCE).unwrap_or(*view);
    let (centres, widths) = (view.numbers(tags::WINDOW_CENTRE), view.numbers(tags::WINDOW_WIDTH));
    let windows: Vec<_> = centres
        .into_iter()
        .zip(widths)
        .filter(|&(centre, width)| centre.is_finite() && width.is_finite() && width >= 1.0)
        .map(|(centre, width)| Window { centre, width })
        .collect();
    (!windows.is_empty()).then_some(windows)
}
