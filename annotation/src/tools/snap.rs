//! Puts a point on the nearest strong edge, when the user asks for it.

/// Finds the steepest place within `reach` pixels of a point of a slice; the point itself where nothing is steep. `value`
/// gives the picture at whole pixels, `None` outside. Positions have corner origin.
#[must_use]
pub fn to_edge(at: [f64; 2], reach: usize, value: impl Fn(isize, isize) -> Option<f64>) -> [f64; 2] {
    let [x, y] = at.map(|n| n.floor() as isize);
    let reach = reach as isize;
    let steepness = |x: isize, y: isize| -> Option<f64> {
        let across = value(x + 1, y)? - value(x - 1, y)?;
        let down = value(x, y + 1)? - value(x, y - 1)?;
        Some(across.hypot(down)).filter(|steep| steep.is_finite())
    };
    let mut best: Option<(f64, [f64; 2])> = None;
    let mut sum = (0.0, 0_u32);
    for j in y - reach..=y + reach {
        for i in x - reach..=x + reach {
            let apart = ((i - x) as f64).hypot((j - y) as f64);
            let Some(steep) = steepness(i, j).filter(|_| apart <= reach as f64) else { continue };
            sum = (sum.0 + steep, sum.1 + 1);
            // Of equally steep places the nearer one.
            let worth = steep * (1.0 - 0.3 * apart / (reach as f64 + 1.0));
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, [i as f64 + 0.5, j as f64 + 0.5]));
            }
        }
    }
    let usual = sum.0 / f64::from(sum.1.max(1));
    best.filter(|(worth, _)| *worth > usual * 1.2).map_or(at, |(_, edge)| edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_goes_to_the_wall_and_stays_on_flat_ground() {
        let wall =
            |i: isize, j: isize| (i >= 0 && j >= 0 && i < 40 && j < 40).then_some(if i < 12 { 0.0 } else { 100.0 });
        let [x, y] = to_edge([15.2, 20.7], 5, wall);
        assert!((x - 12.0).abs() <= 1.0 && (y - 20.5).abs() <= 1.0, "{x} {y}");
        assert_eq!(to_edge([30.2, 20.7], 5, wall), [30.2, 20.7]);
        assert_eq!(to_edge([-90.0, 20.7], 5, wall), [-90.0, 20.7]);
    }
}
