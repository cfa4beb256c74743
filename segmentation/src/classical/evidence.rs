//! What the prompts claim about voxels: some are inside, some outside, and of some regions only that the object is
//! in there.

use super::hint::Hint;
use super::lattice::Lattice;
use crate::prompt::{Prompt, Shape};
use crate::raster;
use glam::DVec3;
use limner_imaging::{Mask, Voxel, VoxelBox};

/// Voxels a prompt speaks of, kept as small as the prompt was.
#[derive(Clone, Debug)]
pub enum Area {
    Voxels(Vec<[usize; 3]>),
    Solid(VoxelBox),
    Mask(Mask),
    /// Some of the cells of a lattice.
    Cells(Lattice, Vec<bool>),
}

impl Area {
    pub fn bounds(&self) -> VoxelBox {
        match self {
            Self::Voxels(voxels) => raster::box_of(voxels),
            Self::Solid(bounds) => *bounds,
            Self::Mask(mask) => mask.bounds(),
            Self::Cells(lattice, _) => lattice.bounds,
        }
    }
}

/// Something said about an area. A later claim overrules an earlier one on the same voxel.
#[derive(Clone, Debug)]
pub struct Claim {
    pub area: Area,
    pub inside: bool,
}

/// A box or a lasso around the object.
#[derive(Clone, Debug)]
pub struct Region {
    pub area: Area,
    /// The axis across, where the region lies in one slice of a volume.
    pub flat_axis: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub claims: Vec<Claim>,
    pub regions: Vec<Region>,
    /// A mask to start from, and whether to fit it to the picture.
    pub base: Option<(Mask, bool)>,
}

impl Evidence {
    /// From the prompts on an image of `size`; a mask sets aside everything said before it.
    pub fn of(prompts: &[Prompt], size: [usize; 3]) -> Self {
        let mut all = Self::default();
        for prompt in prompts {
            all.add(prompt, size);
        }
        all
    }

    /// The same, with what somebody else believes said first.
    pub fn after(mut self, hint: &Hint) -> Self {
        self.claims.splice(0..0, hint.claims().iter().cloned());
        self
    }

    fn add(&mut self, prompt: &Prompt, size: [usize; 3]) {
        let inside = prompt.positive;
        let area = match &prompt.shape {
            Shape::Point { at } => Area::Voxels(at.index_in(size).into_iter().collect()),
            Shape::Scribble { points, .. } => Area::Voxels(raster::line(points, size)),
            Shape::Box { bounds } if inside => {
                let flat_axis = (0..3).rev().find(|&a| bounds.size()[a] == 1 && size[a] > 1);
                return self.regions.push(Region { area: Area::Solid(*bounds), flat_axis });
            }
            Shape::Box { bounds } => Area::Solid(*bounds),
            Shape::Lasso { axis, points } if inside => return self.add_lasso(*axis, points, size),
            Shape::Lasso { axis, points } => Area::Voxels(raster::filled(*axis, points, size)),
            Shape::Marks { mask, lasso: true } if inside => {
                let bounds = mask.tight_box();
                let flat_axis = (0..3).rev().find(|&a| bounds.size()[a] == 1 && size[a] > 1);
                return self.regions.push(Region { area: Area::Mask(mask.clone()), flat_axis });
            }
            Shape::Marks { mask, .. } => Area::Voxels(mask.indices().collect()),
            Shape::Mask { mask, refine } if inside => {
                *self = Self { base: Some((mask.clone(), *refine)), ..Self::default() };
                return;
            }
            Shape::Mask { mask, .. } => Area::Mask(mask.clone()),
        };
        self.claims.push(Claim { area, inside });
    }

    fn add_lasso(&mut self, axis: usize, points: &[Voxel], size: [usize; 3]) {
        let voxels = raster::filled(axis, points, size);
        let bounds = raster::box_of(&voxels);
        if bounds.size()[axis] == 1 {
            let mut mask = Mask::empty(bounds);
            for &voxel in &voxels {
                mask.set(voxel, true);
            }
            let flat_axis = Some(axis).filter(|&a| size[a] > 1);
            return self.regions.push(Region { area: Area::Mask(mask), flat_axis });
        }
        // A slanted lasso lies in no slice of the grid; what is certain is that its middle is inside.
        let middle = points.iter().map(|p| p.0).sum::<DVec3>() / points.len() as f64;
        let shrunk: Vec<Voxel> = points.iter().map(|p| Voxel(middle.lerp(p.0, 0.5))).collect();
        self.claims.push(Claim { area: Area::Voxels(raster::filled(axis, &shrunk, size)), inside: true });
    }

    pub fn has(&self, inside: bool) -> bool {
        self.claims.iter().any(|claim| claim.inside == inside)
    }

    /// Where somebody says that the object is: what was claimed, and regions that lie in no slice of their own.
    pub fn spoken_inside(&self) -> impl Iterator<Item = VoxelBox> {
        let claimed = self.claims.iter().filter(|claim| claim.inside).map(|claim| claim.area.bounds());
        claimed
            .chain(self.regions.iter().filter(|region| region.flat_axis.is_none()).map(|region| region.area.bounds()))
    }

    /// The same claims with inside and outside exchanged, and without regions: what a correction takes away.
    pub fn inverted(&self) -> Self {
        let claims = self.claims.iter().map(|c| Claim { area: c.area.clone(), inside: !c.inside }).collect();
        Self { claims, ..Self::default() }
    }

    /// The box around everything that says where the object is.
    pub fn bounds(&self) -> VoxelBox {
        let spoken = |c: &&Claim| c.inside || matches!(c.area, Area::Voxels(_) | Area::Cells(..));
        let claimed = self.claims.iter().filter(spoken).map(|c| c.area.bounds());
        let around = self.regions.iter().map(|r| r.area.bounds());
        claimed.chain(around).fold(VoxelBox::default(), |all, b| all.union(&b))
    }

    /// What is said within a box; whole claims that reach in are kept.
    pub fn within(&self, limit: VoxelBox) -> Self {
        let near = |area: &Area| !area.bounds().intersection(&limit).is_empty();
        Self {
            claims: self.claims.iter().filter(|c| near(&c.area)).cloned().collect(),
            regions: self.regions.iter().filter(|r| near(&r.area)).cloned().collect(),
            base: self.base.as_ref().map(|(mask, refine)| (mask.within(mask.bounds().intersection(&limit)), *refine)),
        }
    }
}
