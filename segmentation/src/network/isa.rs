//! The instruction sets a convolution is compiled for, and sixteen numbers in the registers of each.

/// Channels in a block: what one `Lanes` holds.
pub const BLOCK: usize = 16;

/// Instruction sets the inner loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Isa {
    /// The best this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Portable)
    }

    /// All this machine has, slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg_attr(
            not(any(target_arch = "x86_64", target_arch = "aarch64")),
            expect(unused_mut, reason = "other processors add nothing to it")
        )]
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Self::Neon);
        }
        all
    }
}

/// Sixteen numbers.
///
/// # Safety
/// Methods may only run where the instruction set of the type is available, and pointers must be good for sixteen.
pub trait Lanes: Copy {
    /// Pixels worked on at once: as many accumulators as there are registers to spare.
    const TILE: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// self + a * b
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
}

impl Lanes for [f32; BLOCK] {
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; BLOCK]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is good for sixteen numbers.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        std::array::from_fn(|n| self[n] + a[n] * b[n])
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        std::array::from_fn(|n| self[n] + other[n])
    }

    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        std::array::from_fn(|n| self[n] - other[n])
    }
}

/// Sixteen numbers in registers of fewer, with the intrinsics named. Loops count by hand: an iterator or a closure is a
/// function without the instruction set, and what is not inlined into one that has it becomes a call for each number.
macro_rules! lanes_of_registers {
    ($name:ident, $register:ty, $count:literal, $width:literal, $tile:literal,
     $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $sub:ident) => {
        #[derive(Clone, Copy)]
        pub struct $name([$register; $count]);

        impl Lanes for $name {
            const TILE: usize = $tile;

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller has the instruction set.
                unsafe { Self([$splat(value); $count]) }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller has the instruction set and a pointer good for sixteen numbers.
                unsafe {
                    let mut out = [$load(from); $count];
                    let mut n = 1;
                    while n < $count {
                        out[n] = $load(from.add($width * n));
                        n += 1;
                    }
                    Self(out)
                }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                let mut n = 0;
                while n < $count {
                    // SAFETY: as above.
                    unsafe { $store(to.add($width * n), self.0[n]) };
                    n += 1;
                }
            }

            #[inline(always)]
            unsafe fn add_product(self, a: Self, b: Self) -> Self {
                let mut out = self;
                let mut n = 0;
                while n < $count {
                    // SAFETY: the caller has the instruction set.
                    out.0[n] = unsafe { $fma(self.0[n], a.0[n], b.0[n]) };
                    n += 1;
                }
                out
            }

            #[inline(always)]
            unsafe fn plus(self, other: Self) -> Self {
                let mut out = self;
                let mut n = 0;
                while n < $count {
                    // SAFETY: the caller has the instruction set.
                    out.0[n] = unsafe { $add(self.0[n], other.0[n]) };
                    n += 1;
                }
                out
            }

            #[inline(always)]
            unsafe fn minus(self, other: Self) -> Self {
                let mut out = self;
                let mut n = 0;
                while n < $count {
                    // SAFETY: the caller has the instruction set.
                    out.0[n] = unsafe { $sub(self.0[n], other.0[n]) };
                    n += 1;
                }
                out
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    #[inline(always)]
    unsafe fn fma512(sum: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512.
        unsafe { _mm512_fmadd_ps(a, b, sum) }
    }

    #[inline(always)]
    unsafe fn fma256(sum: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA.
        unsafe { _mm256_fmadd_ps(a, b, sum) }
    }

    lanes_of_registers!(
        Zmm,
        __m512,
        1,
        16,
        24,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        fma512,
        _mm512_add_ps,
        _mm512_sub_ps
    );
    lanes_of_registers!(
        Ymm,
        __m256,
        2,
        8,
        6,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        fma256,
        _mm256_add_ps,
        _mm256_sub_ps
    );
}

#[cfg(target_arch = "aarch64")]
pub mod arm {
    use super::Lanes;
    use std::arch::aarch64::*;

    lanes_of_registers!(Neon, float32x4_t, 4, 4, 6, vdupq_n_f32, vld1q_f32, vst1q_f32, vfmaq_f32, vaddq_f32, vsubq_f32);
}

/// Compiles a generic function over `Lanes` for every instruction set, and a safe-to-name switch among them.
///
/// `$name(isa, args)` is as unsafe as the function itself, and `isa` must be one of `Isa::available()`.
macro_rules! for_each_isa {
    ($(#[$about:meta])* $vis:vis unsafe fn $name:ident($args:ty) $(-> $out:ty)? = $generic:ident) => {
        $(#[$about])*
        $vis unsafe fn $name(isa: $crate::network::isa::Isa, args: $args) $(-> $out)? {
            use $crate::network::isa::{BLOCK, Isa};

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            unsafe fn avx512(args: $args) $(-> $out)? {
                // SAFETY: handed on from the caller.
                unsafe { $generic::<$crate::network::isa::x86::Zmm>(args) }
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2(args: $args) $(-> $out)? {
                // SAFETY: handed on from the caller.
                unsafe { $generic::<$crate::network::isa::x86::Ymm>(args) }
            }

            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            unsafe fn neon(args: $args) $(-> $out)? {
                // SAFETY: handed on from the caller.
                unsafe { $generic::<$crate::network::isa::arm::Neon>(args) }
            }

            // SAFETY: the caller vouches for the arguments and the instruction set.
            unsafe {
                match isa {
                    Isa::Portable => $generic::<[f32; BLOCK]>(args),
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => avx2(args),
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => avx512(args),
                    #[cfg(target_arch = "aarch64")]
                    Isa::Neon => neon(args),
                }
            }
        }
    };
}
pub(crate) use for_each_isa;
