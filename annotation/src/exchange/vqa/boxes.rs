//! How models and data sets write a box, as one table. A box comes in as pixels of the exported picture with corner origin;
//! rounding and clamping are the last thing done to it.
//!
//! Traps this table is for (FORMATS 0.2): scales that end at 999, 1000 or 1023, rows before columns, an origin at the lower
//! left, pixels of a picture that the model has resized.

use crate::exchange::vqa::wording::{Wording, words};

/// One way of writing boxes.
#[derive(Debug)]
pub struct Convention {
    /// The word in options.
    pub name: &'static str,
    pub title: &'static str,
    layout: Layout,
    frame: Frame,
    rounding: Rounding,
    /// The largest number the model's vocabulary has.
    most: Option<f64>,
    pub words: Wording,
}

/// In which order the numbers stand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// x1 y1 x2 y2.
    Corners,
    /// y1 x1 y2 x2.
    RowsFirst,
    /// x1 y1 x2 y2 with y upwards, the lower left corner first.
    LowerLeft,
    /// x y width height.
    CornerAndSize,
    /// Centre x y, width, height.
    CentreAndSize,
    /// x1 y1 x2 y2, pixels counted from 1, the last one inside.
    CountedFromOne,
    /// The numbers of the cells that hold the two corners, in a grid of this many cells a side.
    Cells(f64),
}

/// What the numbers are counted in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Frame {
    /// The picture's own pixels.
    Pixels,
    /// Pixels of the picture as Qwen2.5-VL resizes it.
    QwenResized,
    /// Pixels of a picture stretched to this size.
    Fixed(f64),
    /// This many steps along each side.
    Steps(f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rounding {
    Exact,
    HalfEven,
    /// Ties away from zero.
    Nearest,
    Floor,
    Decimals(i32),
    /// Cut to whole numbers, then a tenth of it rounded half to even.
    TenthOfFloor,
}

pub type Rect = [f64; 4];

macro_rules! conventions {
    ($($name:literal, $title:literal: $layout:expr, $frame:expr, $rounding:expr, $most:expr, $words:expr;)*) => {
        pub const CONVENTIONS: &[Convention] = &[$(Convention {
            name: $name,
            title: $title,
            layout: $layout,
            frame: $frame,
            rounding: $rounding,
            most: $most,
            words: $words,
        },)*];
    };
}

use Frame::{Fixed, Pixels, QwenResized, Steps};
use Layout::{CentreAndSize, CornerAndSize, Corners, CountedFromOne, LowerLeft, RowsFirst};
use Rounding::{Decimals, Exact, Floor, HalfEven, Nearest, TenthOfFloor};

conventions! {
    "qwen-vl", "Qwen-VL": Corners, Steps(1000.0), HalfEven, Some(1000.0), words::QWEN_FIRST;
    "qwen2-vl", "Qwen2-VL": Corners, Steps(1000.0), HalfEven, Some(1000.0), words::QWEN;
    "qwen2.5-vl", "Qwen2.5-VL": Corners, QwenResized, HalfEven, None, words::BOX_2D;
    "qwen2.5-vl-legacy", "Qwen2.5-VL, older tokens": Corners, QwenResized, HalfEven, None, words::QWEN;
    "qwen3-vl", "Qwen3-VL": Corners, Steps(1000.0), HalfEven, Some(1000.0), words::BOX_2D;
    "internvl", "InternVL": Corners, Steps(1000.0), HalfEven, Some(1000.0), words::INTERN;
    "medrega", "MedRegA": Corners, Steps(999.0), Nearest, Some(999.0), words::INTERN;
    "minicpm-v", "MiniCPM-V": Corners, Steps(1000.0), HalfEven, Some(1000.0), words::MINICPM;
    "unit", "Shares of the picture (LLaVA, Mantis)": Corners, Steps(1.0), Decimals(4), Some(1.0), words::BRACKETS_4;
    "florence-2", "Florence-2": Corners, Steps(1000.0), Floor, Some(999.0), words::FLORENCE;
    "paligemma", "PaliGemma": RowsFirst, Steps(1024.0), Floor, Some(1023.0), words::PALIGEMMA;
    "kosmos-2", "Kosmos-2": Layout::Cells(32.0), Steps(32.0), Exact, None, words::KOSMOS;
    "gemini", "Gemini, MedGemma": RowsFirst, Steps(1000.0), HalfEven, Some(1000.0), words::GEMINI;
    "chexagent", "CheXagent": Corners, Steps(1000.0), TenthOfFloor, Some(100.0), words::CHEXAGENT;
    "medvision", "MedVision": LowerLeft, Steps(1.0), Decimals(4), Some(1.0), words::PLAIN_4;
    "gemex", "GEMeX": Corners, Fixed(224.0), Nearest, Some(224.0), words::BRACKETS;
    "medsg", "MedSG": Corners, Fixed(336.0), Nearest, Some(336.0), words::QWEN;
    "pixels", "Pixels of the picture": Corners, Pixels, Exact, None, words::BRACKETS;
    "coco", "COCO": CornerAndSize, Pixels, Exact, None, words::BRACKETS;
    "voc", "Pascal VOC": CountedFromOne, Pixels, Nearest, None, words::BRACKETS;
    "yolo", "YOLO": CentreAndSize, Steps(1.0), Exact, Some(1.0), words::BRACKETS;
    "percent", "Percent (Label Studio, MedSPOT)": CornerAndSize, Steps(100.0), Decimals(2), Some(100.0), words::BRACKETS;
}

#[must_use]
pub fn by_name(name: &str) -> Option<&'static Convention> {
    CONVENTIONS.iter().find(|convention| convention.name == name)
}

/// A convention of the table; for names that stand in the code.
#[must_use]
pub fn named(name: &str) -> &'static Convention {
    by_name(name).unwrap_or(&CONVENTIONS[0])
}

impl Frame {
    /// Steps along columns and rows for a picture of this size.
    fn extent(self, picture: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Pixels => picture,
            Self::QwenResized => qwen_size(picture),
            Self::Fixed(side) | Self::Steps(side) => [side, side],
        }
    }
}

impl Convention {
    /// The numbers of a box, in the order they are written.
    #[must_use]
    pub fn encode(&self, rect: Rect, picture: [f64; 2]) -> Vec<f64> {
        let extent = self.frame.extent(picture);
        let cut = |value: f64, axis: usize| (value / picture[axis]).clamp(0.0, 1.0) * extent[axis];
        let [x0, y0, x1, y1] = [cut(rect[0], 0), cut(rect[1], 1), cut(rect[2], 0), cut(rect[3], 1)];
        let numbers = match self.layout {
            Corners => vec![x0, y0, x1, y1],
            RowsFirst => vec![y0, x0, y1, x1],
            LowerLeft => vec![x0, extent[1] - y1, x1, extent[1] - y0],
            CornerAndSize => vec![x0, y0, x1 - x0, y1 - y0],
            CentreAndSize => vec![f64::midpoint(x0, x1), f64::midpoint(y0, y1), x1 - x0, y1 - y0],
            CountedFromOne => vec![x0 + 1.0, y0 + 1.0, x1, y1],
            Layout::Cells(side) => {
                let first = y0.floor().min(side - 1.0) * side + x0.floor().min(side - 1.0);
                let last = (y1.ceil() - 1.0).max(0.0) * side + (x1.ceil() - 1.0).max(0.0);
                vec![first, last]
            }
        };
        numbers.into_iter().map(|n| self.rounded(n)).collect()
    }

    /// A point, as two numbers. `None` where the convention has no points.
    #[must_use]
    pub fn encode_point(&self, [x, y]: [f64; 2], picture: [f64; 2]) -> Option<[f64; 2]> {
        let [x, y, ..] = self.encode([x, y, x, y], picture)[..] else { return None };
        matches!(self.layout, Corners | RowsFirst).then_some([x, y])
    }

    fn rounded(&self, n: f64) -> f64 {
        let rounded = match self.rounding {
            Exact => n,
            HalfEven => n.round_ties_even(),
            Nearest => n.round(),
            // A hair under a whole number is that number: 0.3 of 10 is 3.
            Floor => (n + 1e-9).floor(),
            Decimals(places) => (n * 10_f64.powi(places)).round_ties_even() / 10_f64.powi(places),
            TenthOfFloor => ((n + 1e-9).floor() / 10.0).round_ties_even(),
        };
        self.most.map_or(rounded, |most| rounded.min(most))
    }

    /// The box that numbers stand for, in pixels of the picture. `None` where they are too few.
    #[must_use]
    pub fn decode(&self, numbers: &[f64], picture: [f64; 2]) -> Option<Rect> {
        let extent = self.frame.extent(picture);
        let scale = if self.rounding == TenthOfFloor { 10.0 } else { 1.0 };
        let n: Vec<f64> = numbers.iter().map(|n| n * scale).collect();
        let [x0, y0, x1, y1] = match (self.layout, n.as_slice()) {
            (Corners, &[x0, y0, x1, y1]) | (RowsFirst, &[y0, x0, y1, x1]) => [x0, y0, x1, y1],
            (Corners, &[x, y]) | (RowsFirst, &[y, x]) => [x, y, x, y],
            (LowerLeft, &[x0, low, x1, high]) => [x0, extent[1] - high, x1, extent[1] - low],
            (CornerAndSize, &[x, y, w, h]) => [x, y, x + w, y + h],
            (CentreAndSize, &[x, y, w, h]) => [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0],
            (CountedFromOne, &[x0, y0, x1, y1]) => [x0 - 1.0, y0 - 1.0, x1, y1],
            (Layout::Cells(side), &[first, last]) => {
                [first % side, (first / side).floor(), last % side + 1.0, (last / side).floor() + 1.0]
            }
            _ => return None,
        };
        // First times, then by: whole numbers stay whole where the picture has the frame's own size.
        let back = |n: f64, axis: usize| n * picture[axis] / extent[axis];
        let all = [back(x0, 0), back(y0, 1), back(x1, 0), back(y1, 1)];
        all.iter().all(|n| n.is_finite()).then_some(all)
    }

    /// How far off an edge may be after writing and reading, in pixels of the picture.
    #[must_use]
    pub fn error_px(&self, picture: [f64; 2]) -> [f64; 2] {
        let extent = self.frame.extent(picture);
        let step = match (self.layout, self.rounding) {
            (Layout::Cells(_), _) | (_, Floor) => 1.0,
            (_, Exact) => 0.0,
            (_, HalfEven | Nearest) => 0.5,
            (_, Decimals(places)) => 10_f64.powi(-places),
            (_, TenthOfFloor) => 6.0,
        };
        std::array::from_fn(|a| step / extent[a] * picture[a])
    }
}

/// The size Qwen2.5-VL makes of a picture: sides of 28, and no more pixels than it takes in.
#[must_use]
pub fn qwen_size([width, height]: [f64; 2]) -> [f64; 2] {
    const FACTOR: f64 = 28.0;
    const FEWEST: f64 = 56.0 * 56.0;
    const MOST: f64 = 28.0 * 28.0 * 1280.0;
    let to_multiple = |side: f64| ((side / FACTOR).round_ties_even() * FACTOR).max(FACTOR);
    let (w, h) = (to_multiple(width), to_multiple(height));
    if w * h > MOST {
        let shrink = (width * height / MOST).sqrt();
        let fit = |side: f64| ((side / shrink / FACTOR).floor() * FACTOR).max(FACTOR);
        [fit(width), fit(height)]
    } else if w * h < FEWEST {
        let grow = (FEWEST / (width * height)).sqrt();
        let fit = |side: f64| (side * grow / FACTOR).ceil() * FACTOR;
        [fit(width), fit(height)]
    } else {
        [w, h]
    }
}

/// Shared area over joined area.
#[must_use]
pub fn iou(a: Rect, b: Rect) -> f64 {
    let area = |r: Rect| (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0);
    let shared = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let joined = area(a) + area(b) - shared;
    if joined > 0.0 { shared / joined } else { 0.0 }
}
