//! The voxels that a plane cuts: one per column of voxels along the axis nearest to the plane's normal. On a voxel plane
//! that is a slice; on an oblique plane it is a sheet without gaps, one voxel thick.

use glam::{DVec2, DVec3};
use limner_imaging::{Geometry, Plane, Voxel, World};

/// A plane that rises less than this over the whole grid lies along it.
const LEVEL_VOXELS: f64 = 1e-6;

/// A plane met by a grid's voxel columns.
pub(super) struct Sheet {
    plane: Plane,
    geometry: Geometry,
    /// The axis the columns run along, then the two others.
    pub axes: [usize; 3],
    /// Height of the plane in its column, in voxels: at (0, 0), and its change along the two other axes.
    base: f64,
    slope: DVec2,
    /// Where column (0, 0) meets the plane in mm right and down, and the change along the two axes.
    mm: [DVec2; 3],
}

impl Sheet {
    pub fn new(geometry: &Geometry, plane: &Plane) -> Option<Self> {
        let normal = plane.normal();
        // How fast each voxel axis leaves the plane, in mm across per mm along.
        let steepness: [f64; 3] = std::array::from_fn(|a| geometry.step(a).normalize().dot(normal).abs());
        let across = (0..3).max_by(|a, b| steepness[*a].total_cmp(&steepness[*b]))?;
        let axes = [across, (across + 1) % 3, (across + 2) % 3];
        let per_step = geometry.step(across).dot(normal);
        let to_origin = plane.origin.0 - geometry.world(Voxel::default()).0;
        let base = to_origin.dot(normal) / per_step;
        // A plane along the grid must stay in one slice although its height may lie right between two: rounding errors
        // far below a voxel are no slope.
        let level = |axis: usize| {
            let slope = -geometry.step(axis).dot(normal) / per_step;
            if (slope * geometry.size()[axis] as f64).abs() < LEVEL_VOXELS { 0.0 } else { slope }
        };
        let slope = DVec2::new(level(axes[1]), level(axes[2]));
        let mut sheet = Self { plane: *plane, geometry: *geometry, axes, base, slope, mm: [DVec2::ZERO; 3] };
        let met = |b: f64, c: f64| plane.mm_of(geometry.world(sheet.meeting(b, c))).truncate();
        let start = met(0.0, 0.0);
        sheet.mm = [start, met(1.0, 0.0) - start, met(0.0, 1.0) - start];
        (base.is_finite() && slope.is_finite()).then_some(sheet)
    }

    /// The slice of the grid it lies along, where it is not aslant and meets the grid.
    pub fn slice(&self) -> Option<usize> {
        let n = self.base.round();
        let level = self.slope == DVec2::ZERO && n >= 0.0 && n < self.geometry.size()[self.axes[0]] as f64;
        level.then_some(n as usize)
    }

    fn meeting(&self, b: f64, c: f64) -> Voxel {
        let mut at = DVec3::ZERO;
        at[self.axes[0]] = self.base + self.slope.x * b + self.slope.y * c;
        at[self.axes[1]] = b;
        at[self.axes[2]] = c;
        Voxel(at)
    }

    /// The voxel where the plane meets a column; `None` outside the grid.
    pub fn voxel(&self, b: usize, c: usize) -> Option<[usize; 3]> {
        self.meeting(b as f64, c as f64).index_in(self.geometry.size())
    }

    /// Where the plane meets a column, in millimetres right and down.
    pub fn mm(&self, b: usize, c: usize) -> DVec2 {
        self.mm[0] + self.mm[1] * b as f64 + self.mm[2] * c as f64
    }

    /// A point of the plane as a position among the columns.
    pub fn column(&self, at: World) -> DVec2 {
        // Only the part of the point in the plane counts, as on the screen.
        let mm = self.plane.mm_of(at);
        let voxel = self.geometry.voxel(self.plane.at_mm(mm.x, mm.y)).0;
        DVec2::new(voxel[self.axes[1]], voxel[self.axes[2]])
    }

    /// How many columns there are along the two axes.
    pub fn columns(&self) -> [usize; 2] {
        let size = self.geometry.size();
        [size[self.axes[1]], size[self.axes[2]]]
    }

    /// How far a disc of a radius reaches along the two column axes, in columns.
    pub fn reach(&self, radius_mm: f64) -> DVec2 {
        let across = |axis: usize| {
            let gradient = self.geometry.voxel_from_world().matrix3.row(axis);
            let in_plane = DVec2::new(gradient.dot(self.plane.right), gradient.dot(self.plane.down));
            in_plane.length() * radius_mm
        };
        DVec2::new(across(self.axes[1]), across(self.axes[2]))
    }
}
