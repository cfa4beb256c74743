//! A network's run on one size, planned once: which kernel reads and writes which buffer, in which order, cut into
//! dispatches that are short. Running it again allocates nothing.

use super::convolution::{BLOCK, Convolution};
use super::device::GpuDevice;
use super::kernels::{Kernel, READ, Scalar};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};
use wgpu::BufferUsages;

/// `Params` of the kernels.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Params {
    pub from_size: [u32; 4],
    pub grid: [u32; 4],
    pub to_size: [u32; 4],
    pub stride: [u32; 4],
    pub kernel: [u32; 4],
    pub step: [u32; 4],
    pub blocks: [u32; 4],
    pub tiles: [u32; 4],
    pub numbers: [f32; 4],
}

/// Where the parameters of dispatches may begin on any adapter.
const PARAMS_APART: usize = 256;

/// Workgroups in a row; no adapter takes fewer along an axis.
const MOST_IN_ROW: u32 = 32_768;

/// A tensor while a run is planned: where it lies, how many blocks of channels, slices, rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Tensor {
    pub slot: usize,
    pub blocks: usize,
    pub size: [usize; 3],
    pub scalar: Scalar,
}

impl Tensor {
    pub fn voxels(&self) -> usize {
        self.size.iter().product()
    }

    fn bytes(&self) -> u64 {
        (self.blocks * self.voxels() * BLOCK * self.scalar.bytes()) as u64
    }
}

/// Memory that tensors take turns in; what a program has allocated in the end.
#[derive(Clone, Copy, Debug)]
struct Slot {
    bytes: u64,
    busy: bool,
}

/// What a kernel finds at a binding.
#[derive(Clone)]
pub enum Bound {
    Nothing,
    Slot(usize),
    Buffer(wgpu::Buffer),
}

impl From<Tensor> for Bound {
    fn from(tensor: Tensor) -> Self {
        Self::Slot(tensor.slot)
    }
}

/// One kernel at work on whole tensors.
pub struct Step {
    pub kernel: Kernel,
    pub read: [Bound; READ],
    pub write: Bound,
    pub params: Params,
    /// Tiles, and workgroups for each.
    pub tiles: u64,
    pub depth: u32,
    /// How much work it is, in products.
    pub products: f64,
}

/// Gathers steps and remembers who lies where.
#[derive(Default)]
pub struct Planner {
    slots: Vec<Slot>,
    pub steps: Vec<Step>,
}

impl Planner {
    /// A tensor whose contents are left from before: where it fits best, or where the least must be added.
    pub fn take(&mut self, blocks: usize, size: [usize; 3], scalar: Scalar) -> Tensor {
        let mut tensor = Tensor { slot: 0, blocks, size, scalar };
        let bytes = tensor.bytes();
        let free = (0..self.slots.len()).filter(|&n| !self.slots[n].busy);
        let best = free.min_by_key(|&n| (self.slots[n].bytes < bytes, self.slots[n].bytes.abs_diff(bytes)));
        tensor.slot = best.unwrap_or_else(|| {
            self.slots.push(Slot { bytes: 0, busy: false });
            self.slots.len() - 1
        });
        let slot = &mut self.slots[tensor.slot];
        *slot = Slot { bytes: slot.bytes.max(bytes), busy: true };
        tensor
    }

    pub fn give(&mut self, tensor: Tensor) {
        self.slots[tensor.slot].busy = false;
    }
}

/// A planned run on a device.
pub struct Program {
    runs: Vec<Run>,
    slots: Vec<wgpu::Buffer>,
}

struct Run {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    pieces: Vec<Piece>,
}

/// One dispatch.
struct Piece {
    params: u32,
    groups: [u32; 3],
    products: f64,
}

impl Program {
    /// Allocates what was planned; no dispatch is more work than `products`.
    pub fn new(gpu: &GpuDevice, plan: Planner, products: f64) -> Result<Self> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let slots: Vec<wgpu::Buffer> =
            plan.slots.iter().map(|slot| gpu.buffer("working memory", slot.bytes, usage)).collect::<Result<_>>()?;
        let mut all_params = Vec::new();
        let pieces: Vec<Vec<Piece>> = plan.steps.iter().map(|step| cut(step, products, &mut all_params)).collect();
        let params =
            gpu.buffer("parameters", all_params.len() as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST)?;
        gpu.queue.write_buffer(&params, 0, &all_params);
        let nothing = gpu.buffer("nothing", 16, BufferUsages::STORAGE)?;
        let make = |(step, pieces): (Step, Vec<Piece>)| Run {
            pipeline: gpu.pipelines.get(&gpu.device, gpu.abilities, step.kernel),
            group: bind(gpu, &step, &slots, &params, &nothing),
            pieces,
        };
        let runs = plan.steps.into_iter().zip(pieces).map(make).collect();
        Ok(Self { runs, slots })
    }

    pub fn buffer(&self, tensor: Tensor) -> &wgpu::Buffer {
        &self.slots[tensor.slot]
    }

    pub fn bytes(&self) -> u64 {
        self.slots.iter().map(wgpu::Buffer::size).sum()
    }

    /// Every dispatch in order, with how much work it is.
    pub fn dispatches(&self) -> impl Iterator<Item = (Dispatch<'_>, f64)> {
        self.runs.iter().flat_map(|run| run.pieces.iter().map(move |piece| (Dispatch { run, piece }, piece.products)))
    }
}

pub struct Dispatch<'a> {
    run: &'a Run,
    piece: &'a Piece,
}

impl Dispatch<'_> {
    pub fn encode(&self, pass: &mut wgpu::ComputePass) {
        let [x, y, z] = self.piece.groups;
        pass.set_pipeline(&self.run.pipeline);
        pass.set_bind_group(0, &self.run.group, &[self.piece.params]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// Cuts a step where it would be too much work for one dispatch, and writes down the parameters of each.
fn cut(step: &Step, products: f64, all_params: &mut Vec<u8>) -> Vec<Piece> {
    let most = u64::from(MOST_IN_ROW) * u64::from(MOST_IN_ROW);
    let count = ((step.products / products).ceil() as u64).clamp(1, step.tiles.max(1)).max(step.tiles.div_ceil(most));
    let bounds = |n: u64| n * step.tiles / count;
    (0..count)
        .map(|n| {
            let (begin, end) = (bounds(n), bounds(n + 1));
            let here = u32::try_from(end - begin).unwrap_or(u32::MAX);
            let row = here.min(MOST_IN_ROW);
            let params = Params { tiles: [begin as u32, row, end as u32, 0], ..step.params };
            let offset = all_params.len();
            all_params.extend_from_slice(bytemuck::bytes_of(&params));
            all_params.resize(offset + PARAMS_APART, 0);
            let groups = [row, here.div_ceil(row.max(1)), step.depth];
            Piece { params: offset as u32, groups, products: step.products / count as f64 }
        })
        .collect()
}

fn bind(
    gpu: &GpuDevice,
    step: &Step,
    slots: &[wgpu::Buffer],
    params: &wgpu::Buffer,
    nothing: &wgpu::Buffer,
) -> wgpu::BindGroup {
    let buffer = |bound: &'_ Bound| match bound {
        Bound::Nothing => nothing.clone(),
        Bound::Slot(n) => slots[*n].clone(),
        Bound::Buffer(buffer) => buffer.clone(),
    };
    let read = step.read.each_ref().map(buffer);
    let write = buffer(&step.write);
    let size = wgpu::BufferSize::new(size_of::<Params>() as u64);
    let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: params, offset: 0, size });
    let storage = read.iter().chain([&write]).enumerate();
    let storage = storage.map(|(n, b)| wgpu::BindGroupEntry { binding: n as u32 + 1, resource: b.as_entire_binding() });
    let entries: Vec<_> = [wgpu::BindGroupEntry { binding: 0, resource: params }].into_iter().chain(storage).collect();
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("network"),
        layout: &gpu.pipelines.layout,
        entries: &entries,
    })
}

/// Columns, rows, slices and voxels, as kernels want sizes.
pub fn turned([slices, rows, columns]: [usize; 3]) -> [u32; 4] {
    [columns as u32, rows as u32, slices as u32, (slices * rows * columns) as u32]
}

/// The parameters of a convolution from one size to another.
pub fn convolving(
    convolution: &Convolution,
    stride: [usize; 3],
    from: [usize; 3],
    to: [usize; 3],
    parts: u32,
) -> Params {
    let (phases, taps) = convolution.phases_and_taps();
    let one = [1; 3];
    let (kernel, step, grid) =
        if convolution.transposed { (one, convolution.kernel, from) } else { (convolution.kernel, one, to) };
    let with = |mut of: [u32; 4], last: u32| {
        of[3] = last;
        of
    };
    Params {
        from_size: turned(from),
        grid: turned(grid),
        to_size: turned(to),
        stride: with(turned(stride), parts),
        kernel: with(turned(kernel), taps as u32),
        step: with(turned(step), phases as u32),
        blocks: [convolution.inputs[0] as u32, convolution.inputs[1] as u32, convolution.outputs as u32, 0],
        ..Params::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(tiles: u64, products: f64) -> Step {
        let nothing = [const { Bound::Nothing }; READ];
        let params = Params::default();
        Step { kernel: Kernel::Readout, read: nothing, write: Bound::Nothing, params, tiles, depth: 3, products }
    }

    #[test]
    fn pieces_cover_every_tile_once() {
        for (tiles, products) in [(1, 1e9), (7, 3.5), (100_000, 1.0), (1_000_000, 9.9), (40_000, 1e5)] {
            let mut written = Vec::new();
            let pieces = cut(&step(tiles, products), 1.0, &mut written);
            let mut next = 0;
            for piece in &pieces {
                let bytes = &written[piece.params as usize..][..size_of::<Params>()];
                let params: Params = bytemuck::pod_read_unaligned(bytes);
                let [begin, row, end, _] = params.tiles;
                assert_eq!(begin, next);
                next = end;
                assert!(piece.groups[0] == row && row <= MOST_IN_ROW && piece.groups[2] == 3);
                assert!(row * piece.groups[1] >= end - begin && row * (piece.groups[1] - 1) < end - begin);
            }
            assert_eq!(u64::from(next), tiles);
        }
    }

    #[test]
    fn tensors_take_turns_in_few_slots() {
        let mut plan = Planner::default();
        let large = plan.take(2, [4, 4, 4], Scalar::Single);
        let small = plan.take(1, [2, 2, 2], Scalar::Single);
        plan.give(large);
        let next = plan.take(1, [4, 4, 4], Scalar::Half);
        assert_eq!(next.slot, large.slot);
        plan.give(small);
        let grown = plan.take(2, [2, 2, 2], Scalar::Single);
        assert_eq!(grown.slot, small.slot);
        assert_eq!(plan.slots.iter().map(|slot| slot.bytes).collect::<Vec<_>>(), [2048, 256]);
    }
}
