//! The live wire on a slice: from pixels of the slice to points of the patient and back.

use limner_annotation::Slice;
use limner_annotation::tools::livewire::{Ground, Wire};
use limner_annotation::tools::path::Path;
use limner_annotation::tools::place::{pixel_of, world_of};
use limner_imaging::{Geometry, Volume, World};

pub struct LiveWire {
    slice: Slice,
    ground: Ground,
    wire: Option<Wire>,
    first: Option<[usize; 2]>,
}

impl LiveWire {
    pub fn new(volume: &Volume, slice: Slice) -> Self {
        let [a, b] = slice.axes_in_plane();
        let size = volume.size();
        let mut index = [slice.index; 3];
        let mut values = Vec::with_capacity(size[a] * size[b]);
        for row in 0..size[b] {
            for column in 0..size[a] {
                (index[a], index[b]) = (column, row);
                values.push(volume.value(index) as f32);
            }
        }
        Self { slice, ground: Ground::new([size[a], size[b]], &values), wire: None, first: None }
    }

    /// Fills the way to the corner just set, and starts anew from there.
    pub fn corner(&mut self, geometry: &Geometry, path: &mut Path) {
        let Some(&at) = path.points().last() else { return };
        let pixel = self.pixel(geometry, at);
        if let Some(wire) = &self.wire {
            path.replace_last(self.worlds(geometry, &wire.way(pixel)));
        }
        self.first = self.first.or(Some(pixel));
        self.wire = Some(self.ground.wire(pixel));
    }

    /// The way from the last corner to a point.
    pub fn way_to(&self, geometry: &Geometry, at: World) -> Vec<World> {
        let way = self.wire.as_ref().map(|wire| wire.way(self.pixel(geometry, at)));
        way.map_or_else(|| vec![at], |way| self.worlds(geometry, &way))
    }

    /// The way from the last corner back to the first.
    pub fn way_home(&self, geometry: &Geometry) -> Vec<World> {
        let way = self.first.and_then(|first| Some(self.wire.as_ref()?.way(first)));
        way.map_or_else(Vec::new, |way| self.worlds(geometry, &way))
    }

    fn pixel(&self, geometry: &Geometry, at: World) -> [usize; 2] {
        let at = pixel_of(geometry, self.slice, at);
        std::array::from_fn(|a| at[a].clamp(0.0, self.ground.size()[a] as f64 - 1.0) as usize)
    }

    fn worlds(&self, geometry: &Geometry, way: &[[usize; 2]]) -> Vec<World> {
        way.iter().map(|pixel| world_of(geometry, self.slice, pixel.map(|n| n as f64 + 0.5))).collect()
    }
}
