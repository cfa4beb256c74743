//! 16-bit floats: prompts are stored in them and weights may be. Arithmetic happens in 32 bits and is rounded after
//! each step, as PyTorch does it.

/// The nearest number a 16-bit float can hold; of two equally near the even one. Too large ones become infinite.
#[must_use]
pub fn rounded(value: f32) -> f32 {
    const SMALLEST_NORMAL: f32 = 6.103_515_6e-5;
    const STEPS_BELOW: f32 = 16_777_216.0;
    const LEAST_INFINITE: f32 = 65_520.0;
    let size = value.abs();
    if size < SMALLEST_NORMAL {
        return (value * STEPS_BELOW).round_ties_even() / STEPS_BELOW;
    }
    if size >= LEAST_INFINITE {
        return if value.is_nan() { value } else { f32::INFINITY.copysign(value) };
    }
    let bits = value.to_bits();
    f32::from_bits((bits + 0xfff + (bits >> 13 & 1)) & !0x1fff)
}

/// A 16-bit float as a 32-bit one, exactly.
#[must_use]
pub fn widened(half: u16) -> f32 {
    let sign = if half >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(half >> 10 & 0x1f), f32::from(half & 0x3ff));
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

/// The 16-bit float nearest to a number, as its bits.
#[must_use]
pub fn narrowed(value: f32) -> u16 {
    const STEPS_BELOW: f32 = 16_777_216.0;
    let near = rounded(value);
    let sign = (near.to_bits() >> 16 & 0x8000) as u16;
    let bits = near.abs().to_bits();
    sign | match bits >> 23 {
        255 => 0x7c00 | u16::from(near.is_nan()) << 9,
        exponent @ 113.. => ((exponent - 112) << 10 | bits >> 13 & 0x3ff) as u16,
        _ => (near.abs() * STEPS_BELOW) as u16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_widen_exactly() {
        let known = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x7bff, 65504.0),
            (0x8000, 0.0),
        ];
        for (half, value) in known {
            assert_eq!(widened(half), value);
        }
        assert!(widened(0x7c00).is_infinite() && widened(0x7e00).is_nan());
    }

    #[test]
    fn every_half_float_rounds_to_itself_and_what_lies_between_to_the_nearer() {
        for half in 0..0x7bff_u16 {
            let (low, high) = (widened(half), widened(half + 1));
            assert_eq!(rounded(low), low);
            assert_eq!(rounded(-high), -high);
            let middle = f32::midpoint(low, high);
            assert_eq!(rounded(middle), if half % 2 == 0 { low } else { high }, "{half:x}");
            assert_eq!(rounded(middle.next_down()), low);
            assert_eq!(rounded(middle.next_up()), high);
        }
        assert_eq!(rounded(65519.0), 65504.0);
        assert!(rounded(65520.0).is_infinite() && rounded(f32::NAN).is_nan());
    }

    #[test]
    fn half_floats_come_back_as_they_were() {
        for half in 0..=u16::MAX {
            let wide = widened(half);
            assert!(wide.is_nan() && widened(narrowed(wide)).is_nan() || narrowed(wide) == half, "{half:#x}");
        }
        assert_eq!((narrowed(1e9), narrowed(-1e-9), narrowed(0.1)), (0x7c00, 0x8000, 0x2e66));
    }
}
