//! How a picture is shown in 3D: by a preset or a transfer function edited by hand, and what of it is cut away.

use limner_imaging::reslice::Projection;
use limner_imaging::{Geometry, Side, VoxelBox, Window, World};
use limner_render::{Clip, SolidLook, SolidPreset, TransferFunction, TransferPreset};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SolidView {
    /// By name; chosen by what the picture is where there is none.
    pub preset: Option<String>,
    /// Edited by hand, in place of the preset's.
    pub function: Option<TransferFunction>,
    pub cut: Cut,
}

/// What is cut away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// The side of the crosshair that is not shown.
    pub side: Option<Side>,
    /// From where to where each voxel axis is shown, as parts of it.
    pub block: [[f32; 2]; 3],
}

const WHOLE: [[f32; 2]; 3] = [[0.0, 1.0]; 3];

impl Default for Cut {
    fn default() -> Self {
        Self { side: None, block: WHOLE }
    }
}

impl Cut {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// On a grid that shows the picture, with the crosshair at `at`.
    pub fn clip(&self, geometry: &Geometry, at: World) -> Clip {
        let size = geometry.size();
        let cut_block = || {
            let end = |axis: usize, end: usize| {
                let part = f64::from(self.block[axis][end]).clamp(0.0, 1.0);
                (part * size[axis] as f64).round() as usize
            };
            // A slice at least: a block of nothing looks like a fault.
            let min: [usize; 3] = std::array::from_fn(|axis| end(axis, 0).min(size[axis] - 1));
            VoxelBox::new(min, std::array::from_fn(|axis| end(axis, 1).max(min[axis] + 1)))
        };
        Clip { voxels: (self.block != WHOLE).then(cut_block), plane: self.side.map(|side| (at, -side.direction())) }
    }
}

impl SolidView {
    /// The projection asked for; none where the volume is lit by a transfer function.
    pub fn projection(&self) -> Option<Projection> {
        match self.chosen()?.look {
            SolidLook::Projected(projection) => Some(projection),
            SolidLook::Shaded(_) => None,
        }
    }

    pub fn chosen(&self) -> Option<SolidPreset> {
        self.preset.as_deref().and_then(SolidPreset::named)
    }

    /// What becomes of values where the volume is lit. `suits` stands in where no preset was chosen.
    pub fn transfer(&self, suits: &TransferPreset, window: Window) -> TransferFunction {
        match (self.chosen().map(|preset| preset.look), &self.function) {
            (Some(SolidLook::Projected(_)), _) => TransferFunction::new(Vec::new()),
            (_, Some(function)) => function.clone(),
            (Some(SolidLook::Shaded(preset)), None) => preset.function(window),
            (None, None) => suits.function(window),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;
    use limner_imaging::Voxel;

    /// Columns run to the patient's right, rows up, slices back: no axis is where one would guess.
    fn grid() -> Geometry {
        let directions = [DVec3::NEG_X, DVec3::Z, DVec3::Y];
        Geometry::from_parts([10, 20, 40], World::new(5.0, -7.0, 11.0), [2.0, 1.0, 0.5], directions).unwrap()
    }

    #[test]
    fn the_side_that_is_named_is_the_one_that_goes() {
        let geometry = grid();
        let middle = geometry.centre();
        for side in Side::ALL {
            let (at, kept) = Cut { side: Some(side), ..Cut::default() }.clip(&geometry, middle).plane.unwrap();
            let shown = |place: World| (place.0 - at.0).dot(kept) > 0.0;
            assert!(!shown(World(middle.0 + side.direction() * 3.0)), "{side:?}");
            assert!(shown(World(middle.0 - side.direction() * 3.0)), "{side:?}");
        }
    }

    #[test]
    fn a_block_is_of_the_grid_and_never_empty() {
        let geometry = grid();
        let of = |block| Cut { side: None, block }.clip(&geometry, World::default()).voxels;
        assert_eq!(of(WHOLE), None);
        assert_eq!(of([[0.0, 1.0], [0.5, 1.0], [0.0, 0.25]]), Some(VoxelBox::new([0, 10, 0], [10, 20, 10])));
        // The lower half of the rows lies towards the feet: what is kept is the upper body.
        let kept = geometry.world(Voxel::new(0.0, 10.0, 0.0));
        assert!(kept.0.z > geometry.centre().0.z);
        assert_eq!(of([[1.0, 1.0], [0.7, 0.2], [f32::NAN, 0.0]]), Some(VoxelBox::new([9, 14, 0], [10, 15, 1])));
    }

    #[test]
    fn edits_come_before_the_preset_and_it_before_what_suits() {
        let window = Window::new(400.0, 40.0);
        let suits = TransferPreset::named("ct-bone").unwrap();
        let mut view = SolidView::default();
        assert_eq!(view.transfer(suits, window), suits.function(window));
        view.preset = Some("ct-lung".into());
        assert_eq!(view.transfer(suits, window), TransferPreset::named("ct-lung").unwrap().function(window));
        view.function = Some(suits.function(window).shifted(50.0));
        assert_eq!(view.transfer(suits, window), suits.function(window).shifted(50.0));
        view.preset = Some("mip".into());
        assert_eq!(view.projection(), Some(Projection::Maximum));
        let kept = serde_json::to_string(&view).unwrap();
        assert_eq!(serde_json::from_str::<SolidView>(&kept).unwrap(), view);
        assert_eq!(serde_json::from_str::<SolidView>("{}").unwrap(), SolidView::default());
    }
}
