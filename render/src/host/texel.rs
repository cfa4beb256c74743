//! Samples between voxels, in plain Rust: what sample.wgsl computes, for every type a picture can be stored in.
//!
//! Runs of eight samples go to `avx2.rs` where the processor has it and the type is one of the common ones; this file
//! is the fallback and what the other is tested against.

use limner_imaging::reslice::Interpolation;

/// Samples drawn at once.
pub(super) const LANES: usize = 8;
pub(super) type Lanes = [f32; LANES];

/// One stored sample.
pub(super) trait Texel: Copy + Send + Sync + 'static {
    /// f32 cannot hold every sample: they are held as distances from a bias.
    const TAKES_BIAS: bool;

    /// As the distance from `bias`: wide types lose what f32 cannot hold only far from it.
    fn float(self, bias: f64) -> f32;

    /// What samples a grid of this type eight values at once.
    type Wide<'a>: Sampler;

    /// `None` where there is no faster way than the plain one.
    fn wide<'a>(_grid: &Grid<'a, Self>) -> Option<Self::Wide<'a>> {
        None
    }

    /// Fills a leading part of `out` with values along a line, and says how much of it.
    fn fast_line(_grid: &Grid<'_, Self>, _line: &Line, _first: f32, _out: &mut [f32]) -> usize {
        0
    }
}

/// Linear values between samples, eight at once. All of it is compiled into the loops that use it.
pub(super) trait Sampler: Copy + Sync {
    /// At eight positions; those outside the grid get that of the nearest edge.
    fn at(&self, at: &[Lanes; 3]) -> Lanes;

    /// At a position and each step after it.
    #[inline(always)]
    fn along(&self, start: [f32; 3], step: [f32; 3]) -> Lanes {
        self.at(&std::array::from_fn(|a| std::array::from_fn(|n| start[a] + step[a] * n as f32)))
    }

    /// From one voxel before to one after, along each axis.
    #[inline(always)]
    fn slope(&self, at: [f32; 3]) -> [f32; 3] {
        let mut positions = at.map(|x| [x; LANES]);
        for (axis, lanes) in positions.iter_mut().enumerate() {
            lanes[2 * axis] += 1.0;
            lanes[2 * axis + 1] -= 1.0;
        }
        let v = self.at(&positions);
        [v[0] - v[1], v[2] - v[3], v[4] - v[5]]
    }

    /// Does some work with all that the processor has.
    fn run(work: impl Work) {
        work.run();
    }
}

/// A piece of work that is compiled for the processor it runs on: `run` is `inline(always)`.
pub(super) trait Work {
    fn run(self);
}

/// Does some work with all that the processor has.
pub(super) fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if super::avx2::is_there() {
        // SAFETY: both features were asked for.
        return unsafe { super::avx2::run(work) };
    }
    work.run();
}

#[cfg(target_arch = "x86_64")]
use super::avx2::Wide as Fast;
#[cfg(not(target_arch = "x86_64"))]
use Grid as Fast;

macro_rules! plain_texels {
    ($($t:ty),*) => {$(
        impl Texel for $t {
            const TAKES_BIAS: bool = true;
            type Wide<'a> = Grid<'a, Self>;

            fn float(self, bias: f64) -> f32 {
                (self as f64 - bias) as f32
            }
        }
    )*};
}
plain_texels!(u32, i32, u64, i64, f64);

macro_rules! fast_texels {
    ($($t:ty),*) => {$(
        impl Texel for $t {
            const TAKES_BIAS: bool = false;
            type Wide<'a> = Fast<'a, Self>;

            fn float(self, _bias: f64) -> f32 {
                f32::from(self)
            }

            #[cfg(target_arch = "x86_64")]
            fn wide<'a>(grid: &Grid<'a, Self>) -> Option<Fast<'a, Self>> {
                Fast::new(grid)
            }

            #[cfg(target_arch = "x86_64")]
            fn fast_line(grid: &Grid<'_, Self>, line: &Line, first: f32, out: &mut [f32]) -> usize {
                super::avx2::line(grid, line, first, out)
            }
        }
    )*};
}
fast_texels!(u8, i8, u16, i16, f32);

/// Positions on a line through a grid: `start` at 0, one `step` further at each whole number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub start: [f32; 3],
    pub step: [f32; 3],
}

impl Line {
    pub fn at(&self, t: f32) -> [f32; 3] {
        std::array::from_fn(|a| self.start[a] + t * self.step[a])
    }
}

/// One channel of a volume's samples.
#[derive(Clone, Copy)]
pub(super) struct Grid<'a, T> {
    pub samples: &'a [T],
    pub size: [usize; 3],
    pub channels: usize,
    pub channel: usize,
    /// What `Texel::float` takes away.
    pub bias: f64,
}

impl<T: Texel> Grid<'_, T> {
    /// Values along a line, from position `first` on. All positions lie inside the grid.
    pub fn line(&self, interpolation: Interpolation, line: &Line, first: f32, out: &mut [f32]) {
        let done = match interpolation {
            Interpolation::Linear => T::fast_line(self, line, first, out),
            Interpolation::Nearest => {
                run(NearestLine { grid: self, line, first, out });
                return;
            }
            Interpolation::Cubic => 0,
        };
        for (n, value) in out.iter_mut().enumerate().skip(done) {
            let at = line.at(first + n as f32);
            *value = if interpolation == Interpolation::Linear { self.linear(at) } else { self.cubic(at) };
        }
    }

    fn get(&self, index: usize) -> f32 {
        self.samples[index * self.channels + self.channel].float(self.bias)
    }

    pub fn linear(&self, at: [f32; 3]) -> f32 {
        let size = self.size;
        let p: [f32; 3] = std::array::from_fn(|a| at[a].clamp(0.0, size[a] as f32 - 1.0));
        let low = p.map(|x| x as usize);
        let f: [f32; 3] = std::array::from_fn(|a| p[a] - low[a] as f32);
        let strides = [1, size[0], size[0] * size[1]];
        // At the last voxel there is no next one.
        let next: [usize; 3] = std::array::from_fn(|a| if low[a] + 1 < size[a] { strides[a] } else { 0 });
        let base = low[2] * strides[2] + low[1] * strides[1] + low[0];
        let row = |from: usize| mix(self.get(from), self.get(from + next[0]), f[0]);
        let near = mix(row(base), row(base + next[1]), f[1]);
        let far = mix(row(base + next[2]), row(base + next[2] + next[1]), f[1]);
        mix(near, far, f[2])
    }

    fn cubic(&self, at: [f32; 3]) -> f32 {
        let size = self.size;
        let p: [f32; 3] = std::array::from_fn(|a| at[a].clamp(0.0, size[a] as f32 - 1.0));
        let base = p.map(|x| x as isize);
        let weights: [[f32; 4]; 3] = std::array::from_fn(|a| cubic_weights(p[a] - base[a] as f32));
        let index = |a: usize, tap: usize| (base[a] + tap as isize - 1).clamp(0, size[a] as isize - 1) as usize;
        let columns: [usize; 4] = std::array::from_fn(|tap| index(0, tap));
        let mut sum = 0.0;
        for (k, wz) in weights[2].iter().enumerate() {
            for (j, wy) in weights[1].iter().enumerate() {
                let row = (index(2, k) * size[1] + index(1, j)) * size[0];
                let along: f32 = (0..4).map(|i| self.get(row + columns[i]) * weights[0][i]).sum();
                sum += along * (wy * wz);
            }
        }
        sum
    }
}

impl<T: Texel> Sampler for Grid<'_, T> {
    fn at(&self, at: &[Lanes; 3]) -> Lanes {
        std::array::from_fn(|n| self.linear([at[0][n], at[1][n], at[2][n]]))
    }
}

/// Each weight of zero leaves its sample out, as in the reference: it may be no number.
fn mix(a: f32, b: f32, f: f32) -> f32 {
    if f == 0.0 { a } else { a * (1.0 - f) + b * f }
}

/// Catmull-Rom: the weights of the voxels from one before to two after.
fn cubic_weights(f: f32) -> [f32; 4] {
    let (f2, f3) = (f * f, f * f * f);
    [-0.5 * f3 + f2 - 0.5 * f, 1.5 * f3 - 2.5 * f2 + 1.0, -1.5 * f3 + 2.0 * f2 + 0.5 * f, 0.5 * f3 - 0.5 * f2]
}

/// The voxels nearest to eight positions of a line that begins inside the grid; those after its end may lie outside.
#[inline(always)]
pub(super) fn nearest(line: &Line, first: f32) -> [[i32; LANES]; 3] {
    let mut voxels = [[0; LANES]; 3];
    for (a, lanes) in voxels.iter_mut().enumerate() {
        for (n, lane) in lanes.iter_mut().enumerate() {
            *lane = whole(line.start[a] + (first + n as f32) * line.step[a] + 0.5);
        }
    }
    voxels
}

/// Without its part after the point. Faster than `as`, which looks at every number whether it fits.
#[inline(always)]
pub(super) fn whole(x: f32) -> i32 {
    const MOST: f32 = (1 << 30) as f32;
    // What is no number becomes the first of these bounds; `clamp` would keep it.
    let bounded_below = x.max(-MOST);
    // SAFETY: within both bounds it fits.
    unsafe { bounded_below.min(MOST).to_int_unchecked() }
}

struct NearestLine<'a, 'g, T> {
    grid: &'a Grid<'g, T>,
    line: &'a Line,
    first: f32,
    out: &'a mut [f32],
}

impl<T: Texel> Work for NearestLine<'_, '_, T> {
    #[inline(always)]
    fn run(self) {
        let [width, height, _] = self.grid.size;
        for (n, values) in self.out.chunks_mut(LANES).enumerate() {
            let at = nearest(self.line, self.first + (n * LANES) as f32);
            for (lane, value) in values.iter_mut().enumerate() {
                let (i, j, k) = (at[0][lane] as usize, at[1][lane] as usize, at[2][lane] as usize);
                *value = self.grid.get((k * height + j) * width + i);
            }
        }
    }
}
