//! Elementary functions made of IEEE basic operations only.
//!
//! The sample study must come out byte for byte the same on every machine. The system's `sin` or `exp` may differ in
//! the last bit from one C library to the next; plus, minus, times, divide and square root may not.

use glam::{Vec2, Vec3};

pub const PI: f32 = std::f32::consts::PI;
pub const TAU: f32 = std::f32::consts::TAU;

/// Sine and cosine, good to about 1e-11.
pub fn sin_cos(x: f32) -> (f32, f32) {
    const STEP: f64 = std::f64::consts::FRAC_PI_2;
    let x = f64::from(x);
    let turns = (x / STEP).round();
    let r = x - turns * STEP;
    let q = r * r;
    let s = r * (1.0 + q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q * (1.0 / 362_880.0)))));
    let c = 1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q * (1.0 / 40_320.0 + q * (-1.0 / 3_628_800.0)))));
    match (turns as i64).rem_euclid(4) {
        0 => (s as f32, c as f32),
        1 => (c as f32, -s as f32),
        2 => (-s as f32, -c as f32),
        _ => (-c as f32, s as f32),
    }
}

pub fn sin(x: f32) -> f32 {
    sin_cos(x).0
}

pub fn cos(x: f32) -> f32 {
    sin_cos(x).1
}

pub fn exp(x: f32) -> f32 {
    const LN_2: f64 = std::f64::consts::LN_2;
    let x = f64::from(x.clamp(-80.0, 80.0));
    let n = (x / LN_2).round();
    let r = x - n * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..10 {
        term *= r / f64::from(k);
        sum += term;
    }
    let power = f64::from_bits(((n as i64 + 1023) as u64) << 52);
    (sum * power) as f32
}

/// Natural logarithm of a positive number; anything else counts as the smallest positive one.
pub fn ln(x: f32) -> f32 {
    let x = f64::from(x.max(f32::MIN_POSITIVE));
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) as i64) - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series =
        1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0)))));
    (2.0 * s * series + exponent as f64 * std::f64::consts::LN_2) as f32
}

pub fn pow(base: f32, exponent: f32) -> f32 {
    if base <= 0.0 { 0.0 } else { exp(exponent * ln(base)) }
}

/// The angle of (x, y) from the x axis, in (-pi, pi].
pub fn atan2(y: f32, x: f32) -> f32 {
    if x == 0.0 && y == 0.0 {
        return 0.0;
    }
    let (ax, ay) = (x.abs(), y.abs());
    let mut t = ax.min(ay) / ax.max(ay);
    // Bring the argument below tan(pi/8), where the series is short.
    let shifted = t > 0.414_213_57;
    if shifted {
        t = (t - 1.0) / (t + 1.0);
    }
    let q = t * t;
    let series =
        1.0 + q * (-1.0 / 3.0 + q * (1.0 / 5.0 + q * (-1.0 / 7.0 + q * (1.0 / 9.0 + q * (-1.0 / 11.0 + q / 13.0)))));
    let mut angle = t * series + if shifted { PI / 4.0 } else { 0.0 };
    if ay > ax {
        angle = PI / 2.0 - angle;
    }
    if x < 0.0 {
        angle = PI - angle;
    }
    if y < 0.0 { -angle } else { angle }
}

pub fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// 0 below `low`, 1 above `high`, smooth in between.
pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Minimum with the corner rounded over about `k`.
pub fn smooth_min(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// A bell of height 1 and the given standard deviation.
pub fn bell(x: f32, sigma: f32) -> f32 {
    exp(-0.5 * x * x / (sigma * sigma))
}

/// Signed distance to an ellipsoid at the origin; exact on the surface, close to it near by.
pub fn ellipsoid(p: Vec3, semi: Vec3) -> f32 {
    let unit = (p / semi).length();
    let gradient = (p / (semi * semi)).length();
    if gradient < 1e-6 { -semi.min_element() } else { unit * (unit - 1.0) / gradient }
}

pub fn ellipse(p: Vec2, semi: Vec2) -> f32 {
    let unit = (p / semi).length();
    let gradient = (p / (semi * semi)).length();
    if gradient < 1e-6 { -semi.min_element() } else { unit * (unit - 1.0) / gradient }
}

/// Signed distance to a capsule whose radius runs from `ra` at `a` to `rb` at `b`.
pub fn capsule(p: Vec3, a: Vec3, b: Vec3, ra: f32, rb: f32) -> f32 {
    let (t, distance) = along(p, a, b);
    distance - lerp(ra, rb, t)
}

/// Where the point of a segment nearest to `p` lies (0 at `a`, 1 at `b`), and how far away it is.
pub fn along(p: Vec3, a: Vec3, b: Vec3) -> (f32, f32) {
    let axis = b - a;
    let t = ((p - a).dot(axis) / axis.length_squared().max(1e-9)).clamp(0.0, 1.0);
    (t, p.distance(a + axis * t))
}

/// `v` turned by `angle` about the z axis.
pub fn turned_z(v: Vec3, angle: f32) -> Vec3 {
    let (s, c) = sin_cos(angle);
    Vec3::new(c * v.x - s * v.y, s * v.x + c * v.y, v.z)
}

/// `v` turned by `angle` about the x axis.
pub fn turned_x(v: Vec3, angle: f32) -> Vec3 {
    let (s, c) = sin_cos(angle);
    Vec3::new(v.x, c * v.y - s * v.z, s * v.y + c * v.z)
}

/// `v` turned by `angle` about the y axis.
pub fn turned_y(v: Vec3, angle: f32) -> Vec3 {
    let (s, c) = sin_cos(angle);
    Vec3::new(c * v.x + s * v.z, v.y, c * v.z - s * v.x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elementary_functions_agree_with_the_standard_library() {
        for n in -200..200 {
            let x = n as f32 * 0.173;
            assert!((sin(x) - x.sin()).abs() < 1e-6 && (cos(x) - x.cos()).abs() < 1e-6, "{x}");
            assert!((exp(x * 0.4) / (x * 0.4).exp() - 1.0).abs() < 1e-5, "{x}");
            assert!((ln(x.abs() + 0.01) - (x.abs() + 0.01).ln()).abs() < 1e-5, "{x}");
            for y in [-3.0, -0.2, 0.0, 0.9, 7.0_f32] {
                assert!((atan2(y, x) - y.atan2(x)).abs() < 2e-6, "{y} {x}");
            }
        }
        assert!((pow(2.5, 0.7) - 2.5_f32.powf(0.7)).abs() < 1e-5);
    }
}
