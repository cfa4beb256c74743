//! Everything a picture needs after its physics: blur, local contrast.

/// A running mean over `2 * radius + 1` samples in both directions, three times: close to a Gaussian.
pub fn blurred(picture: &[f32], width: usize, radius: usize) -> Vec<f32> {
    let mut out = picture.to_vec();
    for _ in 0..3 {
        for row in out.chunks_exact_mut(width) {
            running_mean(row, 0, 1, width, radius);
        }
        let height = out.len() / width;
        for x in 0..width {
            running_mean(&mut out, x, width, height, radius);
        }
    }
    out
}

fn running_mean(samples: &mut [f32], start: usize, stride: usize, count: usize, radius: usize) {
    let line: Vec<f32> = (0..count).map(|n| samples[start + n * stride]).collect();
    let at = |n: isize| line[n.clamp(0, count as isize - 1) as usize];
    let radius = radius as isize;
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut sum: f32 = (-radius..=radius).map(at).sum();
    for n in 0..count {
        samples[start + n * stride] = sum * share;
        let n = n as isize;
        sum += at(n + radius + 1) - at(n - radius);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_a_flat_picture_and_the_sum_of_a_spot() {
        assert!(blurred(&[3.0; 100], 10, 2).iter().all(|v| (v - 3.0).abs() < 1e-4));
        let mut spot = vec![0.0; 41 * 41];
        spot[20 * 41 + 20] = 1.0;
        let spread = blurred(&spot, 41, 3);
        assert!((spread.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!(spread[20 * 41 + 20] < 0.1);
    }
}
