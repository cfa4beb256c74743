//! Numbers of a network in flight: blocks of sixteen channels, each a padded volume of sixteen-number pixels.
//!
//! The rim is always zero: convolutions read it as padding and nobody writes it. Axes are slices, rows, columns.

use super::isa::BLOCK;
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
    /// Which buffer of the arena it lives in.
    pub slot: usize,
}

impl Tensor {
    /// From channels of plain volumes, one after another; channels that only pad the last block become zero.
    pub fn fill(&mut self, channels: &[f32]) {
        let [depth, height, width] = self.shape.size;
        let volume = depth * height * width;
        for c in 0..self.shape.blocks * BLOCK {
            let values = channels.get(c * volume..(c + 1) * volume);
            for n in 0..depth * height {
                let start = self.shape.row_start(c / BLOCK, n / height, n % height) + c % BLOCK;
                for x in 0..width {
                    self.data[start + x * BLOCK] = values.map_or(0.0, |values| values[n * width + x]);
                }
            }
        }
    }

    /// Makes the rim zero again after the buffer had another shape.
    pub fn clear_rim(&mut self) {
        let Shape { size: [_, height, width], rim, .. } = self.shape;
        let shape = self.shape;
        let (end, side) = (shape.len(), rim[2] * BLOCK);
        for (n, slab) in self.data[..end].chunks_exact_mut(shape.slab()).enumerate() {
            if shape.slice_of_slab(n).is_none() {
                slab.fill(0.0);
                continue;
            }
            slab[..rim[1] * shape.row()].fill(0.0);
            slab[(height + rim[1]) * shape.row()..].fill(0.0);
            for y in 0..height {
                let start = shape.row_in_slab(y);
                slab[start - side..start].fill(0.0);
                slab[start + width * BLOCK..][..side].fill(0.0);
            }
        }
        self.data[end..].fill(0.0);
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

/// What a convolution reads: a tensor, or two of the same size whose channels follow each other. The first of two fills
/// its blocks.
#[derive(Clone, Copy)]
pub struct Source<'a>(&'a Tensor, Option<&'a Tensor>);

impl<'a> From<&'a Tensor> for Source<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self(tensor, None)
    }
}

impl<'a> Source<'a> {
    pub fn joined(first: &'a Tensor, second: &'a Tensor) -> Self {
        assert!(first.shape.size == second.shape.size && first.shape.rim == second.shape.rim, "these cannot be joined");
        Self(first, Some(second))
    }

    /// The shape of both as one.
    pub fn shape(&self) -> Shape {
        Shape { blocks: self.0.shape.blocks + self.1.map_or(0, |t| t.shape.blocks), ..self.0.shape }
    }

    /// From the first pixel of a row on.
    pub fn row(&self, block: usize, z: usize, y: usize) -> *const f32 {
        let (tensor, start) = self.place(block, z, y);
        tensor.data[start..].as_ptr()
    }

    /// From the pixel above and left of a pixel on; both must have a rim there.
    pub fn corner(&self, block: usize, z: usize, [y, x]: [usize; 2]) -> *const f32 {
        let (tensor, start) = self.place(block, z, y);
        tensor.data[start + x * BLOCK - tensor.shape.row() - BLOCK..].as_ptr()
    }

    fn place(&self, block: usize, z: usize, y: usize) -> (&'a Tensor, usize) {
        let first = self.0.shape.blocks;
        match self.1 {
            Some(second) if block >= first => (second, second.shape.row_start(block - first, z, y)),
            _ => (self.0, self.0.shape.row_start(block, z, y)),
        }
    }
}
