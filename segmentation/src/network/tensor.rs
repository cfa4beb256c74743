//! Numbers of a network in flight: blocks of sixteen channels, each a padded volume of sixteen-number pixels.
//!
//! The rim is always zero: convolutions read it as padding and nobody writes it. Axes are slices, rows, columns.

use super::isa::BLOCK;
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    pub blocks: usize,
    pub size: [usize; 3],
    pub rim: [usize; 3],
}

impl Shape {
    pub const fn row(&self) -> usize {
        (self.size[2] + 2 * self.rim[2]) * BLOCK
    }

    pub const fn slab(&self) -> usize {
        (self.size[1] + 2 * self.rim[1]) * self.row()
    }

    pub const fn slabs_per_block(&self) -> usize {
        self.size[0] + 2 * self.rim[0]
    }

    pub const fn len(&self) -> usize {
        self.blocks * self.slabs_per_block() * self.slab()
    }

    /// What lies behind the last pixel, so that a tile at an odd edge may read beyond it.
    pub const fn tail(&self) -> usize {
        self.row() + 2 * BLOCK
    }

    /// Where the first pixel of a row lies within its slab.
    pub const fn row_in_slab(&self, y: usize) -> usize {
        (y + self.rim[1]) * self.row() + self.rim[2] * BLOCK
    }

    /// Where the first pixel of a row lies in the whole.
    pub const fn row_start(&self, block: usize, z: usize, y: usize) -> usize {
        (block * self.slabs_per_block() + z + self.rim[0]) * self.slab() + self.row_in_slab(y)
    }

    /// The block and slice of the n-th slab; `None` for one of the rim.
    pub fn slice_of_slab(&self, n: usize) -> Option<(usize, usize)> {
        let (block, z) = (n / self.slabs_per_block(), n % self.slabs_per_block());
        (self.rim[0]..self.size[0] + self.rim[0]).contains(&z).then(|| (block, z - self.rim[0]))
    }
}

#[derive(Debug)]
pub struct Tensor {
    pub shape: Shape,
    pub data: Vec<f32>,
}

impl Tensor {
    /// From channels of plain volumes, one after another.
    pub fn fill(&mut self, channels: &[f32]) {
        let [depth, height, width] = self.shape.size;
        let volume = depth * height * width;
        for (c, values) in channels.chunks_exact(volume).enumerate() {
            for (n, row) in values.chunks_exact(width).enumerate() {
                let start = self.shape.row_start(c / BLOCK, n / height, n % height) + c % BLOCK;
                for (x, &value) in row.iter().enumerate() {
                    self.data[start + x * BLOCK] = value;
                }
            }
        }
    }

    /// One channel as a plain volume.
    pub fn channel(&self, c: usize) -> Vec<f32> {
        let [depth, height, width] = self.shape.size;
        let mut out = Vec::with_capacity(depth * height * width);
        for z in 0..depth {
            for y in 0..height {
                let start = self.shape.row_start(c / BLOCK, z, y) + c % BLOCK;
                out.extend((0..width).map(|x| self.data[start + x * BLOCK]));
            }
        }
        out
    }
}

/// Tensors that wait to be used again: after the first run nothing is allocated.
#[derive(Debug, Default)]
pub struct Pool(HashMap<Shape, Vec<Vec<f32>>>);

impl Pool {
    pub fn take(&mut self, shape: Shape) -> Tensor {
        let waiting = self.0.get_mut(&shape).and_then(Vec::pop);
        Tensor { shape, data: waiting.unwrap_or_else(|| vec![0.0; shape.len() + shape.tail()]) }
    }

    pub fn give(&mut self, tensor: Tensor) {
        self.0.entry(tensor.shape).or_default().push(tensor.data);
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(shape, waiting)| (shape.len() + shape.tail()) * waiting.len() * size_of::<f32>()).sum()
    }
}
