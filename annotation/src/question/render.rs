//! How a picture for people or models is made from a frame, step by step, and where a native pixel goes by it. Every
//! exported coordinate passes through `Transform`; nothing else may move one.
//!
//! The steps are taken in this order: crop, flip, quarter turns, resize, pad. Coordinates are pixels with corner origin.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::question::ids::RecipeId;
use crate::question::image_set::Frame;
use crate::question::region::Region;
use limner_imaging::Window;
use serde::{Deserialize, Serialize};

/// The longest side a recipe may ask for.
pub const MAX_SIDE: u32 = 16_384;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderRecipe {
    #[serde(default = "RecipeId::new")]
    pub id: RecipeId,
    pub source: Frame,
    /// The image's own where not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Grey>,
    /// In native pixels: columns and rows from, to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<[[u32; 2]; 2]>,
    #[serde(default)]
    pub mirror_columns: bool,
    #[serde(default)]
    pub mirror_rows: bool,
    /// Clockwise.
    #[serde(default)]
    pub quarter_turns: u8,
    /// To this many columns and rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<[u32; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad: Option<Pad>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_map: Option<String>,
    /// Drawn on the picture: the visual prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<Overlay>,
    #[serde(default)]
    pub format: PictureFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grey {
    Window(Window),
    /// From the values at these shares of all voxels, in percent.
    Percentiles([f64; 2]),
}

/// Room added around the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pad {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
    #[serde(default)]
    pub grey: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    #[default]
    Png,
    Jpeg,
}

/// What of a region is drawn on the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Point,
    Box,
    Contour,
    Mask,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    pub region: Region,
    pub mark: Mark,
    #[serde(default = "Overlay::default_colour")]
    pub colour: [u8; 3],
}

impl Overlay {
    const fn default_colour() -> [u8; 3] {
        [255, 64, 64]
    }
}

/// Takes native pixels to those of the picture made: `x' = a x + b y + c`, `y' = d x + e y + f`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    pub rows: [[f64; 3]; 2],
    /// Columns and rows of the picture made.
    pub size: [f64; 2],
}

impl Transform {
    /// The picture as it is stored.
    #[must_use]
    pub fn identity([columns, rows]: [usize; 2]) -> Self {
        Self { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], size: [columns as f64, rows as f64] }
    }

    #[must_use]
    pub fn point(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.rows.map(|[a, b, c]| a * x + b * y + c)
    }

    /// A box stays upright: only quarter turns exist. Cut to the picture.
    #[must_use]
    pub fn rectangle(&self, [x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
        let (p, q) = (self.point([x0, y0]), self.point([x1, y1]));
        let cut = |value: f64, axis: usize| value.clamp(0.0, self.size[axis]);
        [cut(p[0].min(q[0]), 0), cut(p[1].min(q[1]), 1), cut(p[0].max(q[0]), 0), cut(p[1].max(q[1]), 1)]
    }

    /// The same followed by stretching to a size.
    #[must_use]
    pub fn resized(self, to: [f64; 2]) -> Self {
        let scale = [to[0] / self.size[0], to[1] / self.size[1]];
        let rows = std::array::from_fn(|r| self.rows[r].map(|n| n * scale[r]));
        Self { rows, size: to }
    }

    fn moved(self, by: [f64; 2], size: [f64; 2]) -> Self {
        let mut rows = self.rows;
        rows[0][2] += by[0];
        rows[1][2] += by[1];
        Self { rows, size }
    }

    fn mirrored(self, axis: usize) -> Self {
        let mut rows = self.rows;
        rows[axis] = rows[axis].map(|n| -n);
        rows[axis][2] += self.size[axis];
        Self { rows, ..self }
    }

    fn turned_clockwise(self) -> Self {
        let [x, y] = self.rows;
        let height = self.size[1];
        Self { rows: [[-y[0], -y[1], height - y[2]], x], size: [self.size[1], self.size[0]] }
    }

    /// Back to native pixels; `None` for a transform that loses a direction.
    #[must_use]
    pub fn inverse_point(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let [[a, b, c], [d, e, f]] = self.rows;
        let determinant = a * e - b * d;
        let (x, y) = (x - c, y - f);
        (determinant != 0.0).then(|| [(e * x - b * y) / determinant, (a * y - d * x) / determinant])
    }
}

impl RenderRecipe {
    #[must_use]
    pub fn plain(source: Frame) -> Self {
        Self {
            id: RecipeId::new(),
            source,
            window: None,
            crop: None,
            mirror_columns: false,
            mirror_rows: false,
            quarter_turns: 0,
            resize: None,
            pad: None,
            colour_map: None,
            overlays: Vec::new(),
            format: PictureFormat::Png,
        }
    }

    /// Where the native pixels of a frame of this size go.
    #[must_use]
    pub fn transform(&self, native: [usize; 2]) -> Transform {
        let mut t = Transform::identity(native);
        if let Some([from, to]) = self.crop {
            let size = [f64::from(to[0]) - f64::from(from[0]), f64::from(to[1]) - f64::from(from[1])];
            t = t.moved([-f64::from(from[0]), -f64::from(from[1])], size);
        }
        if self.mirror_columns {
            t = t.mirrored(0);
        }
        if self.mirror_rows {
            t = t.mirrored(1);
        }
        for _ in 0..self.quarter_turns % 4 {
            t = t.turned_clockwise();
        }
        if let Some(size) = self.resize {
            t = t.resized(size.map(f64::from));
        }
        if let Some(pad) = self.pad {
            let size = [
                t.size[0] + f64::from(pad.left) + f64::from(pad.right),
                t.size[1] + f64::from(pad.top) + f64::from(pad.bottom),
            ];
            t = t.moved([f64::from(pad.left), f64::from(pad.top)], size);
        }
        t
    }

    pub fn validate(&self, contents: &Contents) -> Result<()> {
        self.source.check(contents)?;
        let native = self.source.size(contents).unwrap_or_default();
        if let Some([from, to]) = self.crop
            && (0..2).any(|a| from[a] >= to[a] || to[a] as usize > native[a])
        {
            return Err(Error::refused(format!(
                "the crop {from:?} to {to:?} is not inside the frame's {native:?} pixels"
            )));
        }
        if let Some(size) = self.resize
            && size.iter().any(|side| !(1..=MAX_SIDE).contains(side))
        {
            return Err(Error::refused(format!("a picture has 1 to {MAX_SIDE} pixels a side")));
        }
        if let Some(Grey::Percentiles([low, high])) = self.window
            && !(0.0 <= low && low < high && high <= 100.0)
        {
            return Err(Error::refused("percentiles go from 0 to 100, the lower one first"));
        }
        if self.transform(native).size.iter().any(|side| *side > f64::from(MAX_SIDE)) {
            return Err(Error::refused(format!("the picture would have more than {MAX_SIDE} pixels a side")));
        }
        for overlay in &self.overlays {
            if overlay.region.image(contents)? != self.source.image {
                return Err(Error::refused("a mark on the picture belongs to another image"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ImageId;

    fn recipe() -> RenderRecipe {
        RenderRecipe::plain(Frame::whole(ImageId::new()))
    }

    #[test]
    fn the_steps_move_a_corner_where_the_picture_goes() {
        let native = [512, 400];
        assert_eq!(recipe().transform(native).point([3.0, 4.0]), [3.0, 4.0]);
        let crop = RenderRecipe { crop: Some([[100, 50], [300, 250]]), ..recipe() };
        assert_eq!(crop.transform(native).rectangle([90.0, 60.0, 310.0, 240.0]), [0.0, 10.0, 200.0, 190.0]);
        let mirrored = RenderRecipe { mirror_columns: true, ..crop.clone() };
        assert_eq!(mirrored.transform(native).point([100.0, 50.0]), [200.0, 0.0]);
        // The top left corner of an upright picture is its top right corner after a turn clockwise.
        let turned = RenderRecipe { quarter_turns: 1, ..recipe() };
        let t = turned.transform(native);
        assert_eq!((t.point([0.0, 0.0]), t.size), ([400.0, 0.0], [400.0, 512.0]));
        assert_eq!(t.point([512.0, 0.0]), [400.0, 512.0]);
        let pad = Pad { left: 0, top: 56, right: 0, bottom: 56, grey: 0 };
        let square = RenderRecipe { pad: Some(pad), ..recipe() };
        assert_eq!(
            (square.transform(native).point([0.0, 0.0]), square.transform(native).size),
            ([0.0, 56.0], [512.0; 2])
        );
    }

    #[test]
    fn every_transform_can_be_taken_back() {
        for n in 0..16_u8 {
            let recipe = RenderRecipe {
                crop: Some([[10, 20], [400, 300]]),
                mirror_columns: n & 1 != 0,
                mirror_rows: n & 2 != 0,
                quarter_turns: n >> 2,
                resize: Some([336, 224]),
                pad: Some(Pad { left: 3, top: 5, right: 7, bottom: 11, grey: 0 }),
                ..recipe()
            };
            let t = recipe.transform([512, 400]);
            assert_eq!(t.size, [346.0, 240.0]);
            for at in [[10.0, 20.0], [399.0, 21.5], [123.25, 299.0]] {
                let back = t.inverse_point(t.point(at)).unwrap();
                assert!((0..2).all(|a| (back[a] - at[a]).abs() < 1e-9), "{n} {at:?} {back:?}");
            }
        }
    }
}
