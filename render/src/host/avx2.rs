//! Eight samples at once on processors with AVX2: the same values as texel.rs.
//!
//! One load fetches two neighbours of a row, whole samples are weighed in 14-bit fixed point, and only the two other
//! axes are interpolated in floats. Types of 8 and 16 bits and f32; other types, colour and grids beyond 2³¹ samples
//! take the plain way.

use super::texel::{Grid, LANES, Lanes, Line, Sampler, Texel, Work};
use std::arch::x86_64::*;

/// How a type is fetched and weighed.
pub(super) trait Gather: Texel {
    /// What a sample of 1 weighs, and what to add to each value.
    const UNIT: f32;
    const SHIFT: f32;
    /// NaN and infinities exist: a weight of zero must leave its sample out.
    const MAY_BE_NAN: bool;

    /// The samples at and after each place, mixed by `weights`.
    ///
    /// # Safety
    /// AVX2 and FMA are there; each place of `samples` and the next one exist.
    unsafe fn along(samples: *const Self, places: &Places, weights: &Weights) -> __m256;
}

/// Where the first samples lie. Eight plain loads are faster than one gather.
pub(super) type Places = [isize; LANES];

/// How far between two samples a position lies.
pub(super) struct Weights {
    part: __m256,
    /// Of the first and the second sample, in 14 bits each.
    pair: __m256i,
}

const FIXED: f32 = 16384.0;

/// Eight numbers, each read where a pair of samples lies.
macro_rules! fetch {
    ($samples:expr, $places:expr, $as:ty) => {{
        let read = [
            $samples.offset($places[0]).cast::<$as>().read_unaligned(),
            $samples.offset($places[1]).cast::<$as>().read_unaligned(),
            $samples.offset($places[2]).cast::<$as>().read_unaligned(),
            $samples.offset($places[3]).cast::<$as>().read_unaligned(),
            $samples.offset($places[4]).cast::<$as>().read_unaligned(),
            $samples.offset($places[5]).cast::<$as>().read_unaligned(),
            $samples.offset($places[6]).cast::<$as>().read_unaligned(),
            $samples.offset($places[7]).cast::<$as>().read_unaligned(),
        ];
        read
    }};
}

/// # Safety
/// As for `Gather::along`, of a type of 16 bits.
#[inline(always)]
unsafe fn pairs_of_16<T>(samples: *const T, places: &Places) -> __m256i {
    // SAFETY: the caller vouches that both samples of each pair exist.
    unsafe {
        let p = fetch!(samples, places, i32);
        _mm256_setr_epi32(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7])
    }
}

/// Pairs of bytes as pairs of 16 bits without sign.
///
/// # Safety
/// As for `Gather::along`, of a type of 8 bits.
#[inline(always)]
unsafe fn pairs_of_8<T>(samples: *const T, places: &Places) -> __m256i {
    // SAFETY: the caller vouches that both samples of each pair exist.
    unsafe {
        let p = fetch!(samples, places, u16).map(i32::from);
        let bytes = _mm256_setr_epi32(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]);
        let first = _mm256_and_si256(bytes, _mm256_set1_epi32(0xff));
        _mm256_or_si256(first, _mm256_slli_epi32::<8>(_mm256_and_si256(bytes, _mm256_set1_epi32(0xff00))))
    }
}

/// # Safety
/// AVX2 is there.
#[inline(always)]
unsafe fn weigh(pairs: __m256i, weights: &Weights) -> __m256 {
    // SAFETY: the caller vouches for AVX2.
    unsafe { _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, weights.pair)) }
}

/// Types of 8 and 16 bits: fetched by one function, with half the range taken away where `flip` is not 0.
macro_rules! gather_integers {
    ($($t:ty: $fetch:ident, $flip:expr, $shift:expr;)*) => {$(
        impl Gather for $t {
            const UNIT: f32 = FIXED;
            const SHIFT: f32 = $shift;
            const MAY_BE_NAN: bool = false;

            #[inline(always)]
            unsafe fn along(samples: *const Self, places: &Places, weights: &Weights) -> __m256 {
                // SAFETY: the same promises.
                unsafe { weigh(_mm256_xor_si256($fetch(samples, places), _mm256_set1_epi16($flip)), weights) }
            }
        }
    )*};
}
// `madd` multiplies signed numbers: unsigned ones of 16 bits come with half their range taken away, signed bytes with
// half of theirs added, and `SHIFT` puts both right.
gather_integers! {
    i16: pairs_of_16, 0, 0.0;
    u16: pairs_of_16, i16::MIN, 32768.0;
    u8: pairs_of_8, 0, 0.0;
    i8: pairs_of_8, 0x80, -128.0;
}

impl Gather for f32 {
    const UNIT: f32 = 1.0;
    const SHIFT: f32 = 0.0;
    const MAY_BE_NAN: bool = true;

    #[inline(always)]
    unsafe fn along(samples: *const Self, places: &Places, weights: &Weights) -> __m256 {
        // SAFETY: the same promises.
        unsafe {
            let a = fetch!(samples, places, f32);
            let b = fetch!(samples.add(1), places, f32);
            let first = _mm256_setr_ps(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
            let second = _mm256_setr_ps(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
            mix::<true>(first, second, weights.part)
        }
    }
}

/// # Safety
/// AVX2 and FMA are there.
#[inline(always)]
unsafe fn mix<const MAY_BE_NAN: bool>(a: __m256, b: __m256, part: __m256) -> __m256 {
    // SAFETY: the caller vouches for AVX2 and FMA.
    unsafe {
        if !MAY_BE_NAN {
            return _mm256_fmadd_ps(_mm256_sub_ps(b, a), part, a);
        }
        let one = _mm256_set1_ps(1.0);
        let mixed = _mm256_fmadd_ps(a, _mm256_sub_ps(one, part), _mm256_mul_ps(b, part));
        let only_first = _mm256_cmp_ps::<_CMP_EQ_OQ>(part, _mm256_setzero_ps());
        let only_second = _mm256_cmp_ps::<_CMP_EQ_OQ>(part, one);
        _mm256_blendv_ps(_mm256_blendv_ps(mixed, a, only_first), b, only_second)
    }
}

/// # Safety
/// AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run(work: impl Work) {
    work.run();
}

pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// A grid that can be sampled eight values at once: one channel, two samples along every axis, indices that fit in 31
/// bits, and a processor that has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Wide<'a, T> {
    samples: &'a [T],
    top: [f32; 3],
    last: [i32; 3],
    strides: [i32; 3],
}

impl<'a, T: Gather> Wide<'a, T> {
    pub fn new(grid: &Grid<'a, T>) -> Option<Self> {
        let is_suitable = grid.channels == 1
            && grid.size.iter().all(|&n| n >= 2)
            && grid.samples.len() == grid.size.iter().product::<usize>()
            && i32::try_from(grid.samples.len()).is_ok()
            && is_there();
        let [width, height, depth] = grid.size.map(|n| n as i32);
        is_suitable.then(|| Self {
            samples: grid.samples,
            top: grid.size.map(|n| n as f32 - 1.0),
            // The last sample is reached as the second of a pair.
            last: [width - 2, height - 2, depth - 2],
            strides: [1, width, width.wrapping_mul(height)],
        })
    }

    #[inline(always)]
    fn values(&self, at: [__m256; 3]) -> __m256 {
        // SAFETY: `new` asked for AVX2 and FMA. Positions are clamped to the grid, so each index and the next one along
        // every axis exists.
        unsafe {
            let zero = _mm256_setzero_ps();
            let mut parts = [zero; 3];
            let mut index = _mm256_setzero_si256();
            for axis in 0..3 {
                let clamped = _mm256_max_ps(_mm256_min_ps(at[axis], _mm256_set1_ps(self.top[axis])), zero);
                let low = _mm256_min_epi32(_mm256_cvttps_epi32(clamped), _mm256_set1_epi32(self.last[axis]));
                parts[axis] = _mm256_sub_ps(clamped, _mm256_cvtepi32_ps(low));
                let offset = _mm256_mullo_epi32(low, _mm256_set1_epi32(self.strides[axis]));
                index = _mm256_add_epi32(index, if axis == 0 { low } else { offset });
            }
            let second = _mm256_cvtps_epi32(_mm256_mul_ps(parts[0], _mm256_set1_ps(FIXED)));
            let first = _mm256_sub_epi32(_mm256_set1_epi32(FIXED as i32), second);
            let pair = _mm256_or_si256(first, _mm256_slli_epi32::<16>(second));
            let weights = Weights { part: parts[0], pair };
            let mut low = [0_i32; LANES];
            _mm256_storeu_si256(low.as_mut_ptr().cast(), index);
            let places = low.map(|n| n as isize);
            let samples = self.samples.as_ptr();
            let [_, down, back] = self.strides.map(|n| n as isize);
            // No closures here: they would lose the features and with them the inlining.
            let a = T::along(samples, &places, &weights);
            let b = T::along(samples.offset(down), &places, &weights);
            let c = T::along(samples.offset(back), &places, &weights);
            let d = T::along(samples.offset(back + down), &places, &weights);
            let value = if T::MAY_BE_NAN {
                mix::<true>(mix::<true>(a, b, parts[1]), mix::<true>(c, d, parts[1]), parts[2])
            } else {
                mix::<false>(mix::<false>(a, b, parts[1]), mix::<false>(c, d, parts[1]), parts[2])
            };
            if T::UNIT == 1.0 {
                return value;
            }
            _mm256_fmadd_ps(value, _mm256_set1_ps(1.0 / T::UNIT), _mm256_set1_ps(T::SHIFT))
        }
    }
}

/// # Safety
/// AVX2 is there.
#[inline(always)]
unsafe fn lanes(values: __m256) -> Lanes {
    let mut out = [0.0; LANES];
    // SAFETY: the array holds eight floats.
    unsafe { _mm256_storeu_ps(out.as_mut_ptr(), values) };
    out
}

/// # Safety
/// AVX2 and FMA are there.
#[inline(always)]
unsafe fn steps(start: [f32; 3], step: [f32; 3], t: __m256) -> [__m256; 3] {
    // SAFETY: the caller vouches for the features.
    unsafe {
        [
            _mm256_fmadd_ps(t, _mm256_set1_ps(step[0]), _mm256_set1_ps(start[0])),
            _mm256_fmadd_ps(t, _mm256_set1_ps(step[1]), _mm256_set1_ps(start[1])),
            _mm256_fmadd_ps(t, _mm256_set1_ps(step[2]), _mm256_set1_ps(start[2])),
        ]
    }
}

impl<T: Gather> Sampler for Wide<'_, T> {
    #[inline(always)]
    fn at(&self, [x, y, z]: &[Lanes; 3]) -> Lanes {
        // SAFETY: `new` asked for the features; each array holds eight floats.
        unsafe {
            let at = [_mm256_loadu_ps(x.as_ptr()), _mm256_loadu_ps(y.as_ptr()), _mm256_loadu_ps(z.as_ptr())];
            lanes(self.values(at))
        }
    }

    #[inline(always)]
    fn along(&self, start: [f32; 3], step: [f32; 3]) -> Lanes {
        // SAFETY: `new` asked for the features.
        unsafe { lanes(self.values(steps(start, step, _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)))) }
    }

    #[inline(always)]
    fn slope(&self, [x, y, z]: [f32; 3]) -> [f32; 3] {
        // SAFETY: `new` asked for the features.
        unsafe {
            let [x, y, z] = [_mm256_set1_ps(x), _mm256_set1_ps(y), _mm256_set1_ps(z)];
            let x = _mm256_add_ps(x, _mm256_setr_ps(1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0));
            let y = _mm256_add_ps(y, _mm256_setr_ps(0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0));
            let z = _mm256_add_ps(z, _mm256_setr_ps(0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0));
            let v = lanes(self.values([x, y, z]));
            [v[0] - v[1], v[2] - v[3], v[4] - v[5]]
        }
    }

    fn run(work: impl Work) {
        // SAFETY: whoever has a `Wide` has asked for both features.
        unsafe { run(work) };
    }
}

pub(super) fn line<T: Gather>(grid: &Grid<'_, T>, line: &Line, first: f32, out: &mut [f32]) -> usize {
    #[target_feature(enable = "avx2,fma")]
    fn run<T: Gather>(wide: &Wide<'_, T>, line: &Line, first: f32, out: &mut [f32]) {
        // SAFETY: the features are enabled here; every piece of `out` holds eight floats.
        unsafe {
            let mut t = _mm256_add_ps(_mm256_set1_ps(first), _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0));
            for piece in out.chunks_exact_mut(LANES) {
                let values = wide.values(steps(line.start, line.step, t));
                _mm256_storeu_ps(piece.as_mut_ptr(), values);
                t = _mm256_add_ps(t, _mm256_set1_ps(LANES as f32));
            }
        }
    }
    let Some(wide) = Wide::new(grid) else { return 0 };
    // SAFETY: whoever has a `Wide` has asked for both features.
    unsafe { run(&wide, line, first, out) };
    out.len() / LANES * LANES
}

/// `entries[round((value - low) * scale)]` for a leading part of the values; how many were done.
pub(super) fn look_up(values: &[f32], low: f32, scale: f32, entries: &[u32], out: &mut [u32]) -> usize {
    #[target_feature(enable = "avx2,fma")]
    fn run(values: &[f32], low: f32, scale: f32, entries: &[u32], out: &mut [u32]) {
        // SAFETY: the features are enabled here; every piece holds eight values; indices are clamped to the table.
        unsafe {
            let (low, scale, half) = (_mm256_set1_ps(low), _mm256_set1_ps(scale), _mm256_set1_ps(0.5));
            let last = _mm256_set1_ps((entries.len() - 1) as f32);
            for (values, out) in values.chunks_exact(LANES).zip(out.chunks_exact_mut(LANES)) {
                let at = _mm256_fmadd_ps(_mm256_sub_ps(_mm256_loadu_ps(values.as_ptr()), low), scale, half);
                // What is no number becomes the second of the two: 0.
                let at = _mm256_min_ps(_mm256_max_ps(at, _mm256_setzero_ps()), last);
                let found = _mm256_i32gather_epi32::<4>(entries.as_ptr().cast(), _mm256_cvttps_epi32(at));
                _mm256_storeu_si256(out.as_mut_ptr().cast(), found);
            }
        }
    }
    if !is_there() || entries.is_empty() {
        return 0;
    }
    // SAFETY: `is_there` asks for both features.
    unsafe { run(values, low, scale, entries, out) };
    values.len().min(out.len()) / LANES * LANES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<T: Gather>(sample: impl Fn(u32) -> T, tolerance: f32) {
        let size = [7, 5, 3];
        let samples: Vec<T> = (0..105_u32).map(|n| sample(n.wrapping_mul(2_654_435_761) >> 16)).collect();
        let grid = Grid { samples: &samples, size, channels: 1, channel: 0, bias: 0.0 };
        if !is_there() {
            eprintln!("skipped: no AVX2");
            return;
        }
        for n in 0..200 {
            let place = |a: usize, lane: usize| {
                let part = ((n * 37 + lane * 11 + a * 5) % 97) as f32 / 96.0;
                part * (size[a] as f32 + 1.0) - 1.0
            };
            let positions = [0, 1, 2].map(|a| std::array::from_fn(|lane| place(a, lane)));
            let fast = Wide::new(&grid).unwrap().at(&positions);
            for (lane, value) in fast.into_iter().enumerate() {
                let plain = grid.linear([positions[0][lane], positions[1][lane], positions[2][lane]]);
                assert!((value - plain).abs() <= tolerance, "{value} and {plain} at {n}, {lane}");
            }
        }
        let wide = Wide::new(&grid).unwrap();
        let (start, step) = ([-0.4, 3.3, 1.2], [0.9, 0.23, -0.31]);
        for (fast, plain) in wide.along(start, step).into_iter().zip(grid.along(start, step)) {
            assert!((fast - plain).abs() <= tolerance, "{fast} and {plain} along a ray");
        }
        for at in [[2.2, 1.7, 0.9], [6.0, 0.0, 2.0]] {
            for (fast, plain) in wide.slope(at).into_iter().zip(grid.slope(at)) {
                assert!((fast - plain).abs() <= 2.0 * tolerance, "slopes {fast} and {plain}");
            }
        }
        let line_through = Line { start: [0.2, 0.1, 0.3], step: [0.31, 0.22, 0.11] };
        let mut out = [0.0; 19];
        assert_eq!(line(&grid, &line_through, 0.0, &mut out), 16);
        for (n, value) in out[..16].iter().enumerate() {
            assert!((value - grid.linear(line_through.at(n as f32))).abs() <= tolerance, "{n}");
        }
    }

    #[test]
    fn every_type_agrees_with_the_plain_way_up_to_the_last_sample() {
        // 14-bit weights are off by at most 2⁻¹⁵ of the step between two samples.
        agrees(|n| n as u8, 0.02);
        agrees(|n| n as u8 as i8, 0.02);
        agrees(|n| n as u16, 3.0);
        agrees(|n| n as u16 as i16, 3.0);
        agrees(|n| n as f32 * 0.37, 0.01);
    }

    #[test]
    fn a_sample_without_weight_may_be_no_number() {
        let mut samples = vec![1.0_f32; 27];
        samples[13] = f32::NAN;
        let grid = Grid { samples: &samples, size: [3; 3], channels: 1, channel: 0, bias: 0.0 };
        let positions = [
            [0.0, 1.0, 2.0, 0.5, 1.5, 2.0, 0.0, 1.0],
            [0.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0],
            [1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0],
        ];
        let Some(wide) = Wide::new(&grid) else { return };
        let fast = wide.at(&positions);
        for (lane, value) in fast.into_iter().enumerate() {
            let plain = grid.linear([positions[0][lane], positions[1][lane], positions[2][lane]]);
            assert_eq!(value.is_nan(), plain.is_nan(), "lane {lane}");
        }
        assert_eq!(fast.map(f32::is_nan), [false, true, false, false, false, false, false, false]);
    }
}
