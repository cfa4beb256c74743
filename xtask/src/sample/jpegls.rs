//! A lossless JPEG-LS encoder (ITU-T T.87) for one grey component.
//!
//! The sample study must fit into a few megabytes without losing a grey value, and its bytes must not change when a
//! codec library does. The format is small enough to write down.

/// Compresses `samples` (row by row, each below 2^bits).
pub fn encode(samples: &[u16], width: usize, height: usize, bits: u32) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    // Start of frame 55: precision, size, one component.
    out.extend([0xff, 0xf7, 0, 11, bits as u8]);
    out.extend((height as u16).to_be_bytes());
    out.extend((width as u16).to_be_bytes());
    out.extend([1, 1, 0x11, 0]);
    // Start of scan: one component, no table, near-lossless 0, no interleave, no point transform.
    out.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0]);
    let mut coder = Coder::new(bits);
    // One column of context on the left and two on the right, kept as T.87 A.2.1 wants them.
    let mut above = vec![0_i32; width + 2];
    let mut line = vec![0_i32; width + 2];
    for row in samples.chunks_exact(width) {
        line[0] = above[1];
        for (slot, &sample) in line[1..=width].iter_mut().zip(row) {
            *slot = i32::from(sample);
        }
        above[width + 1] = above[width];
        coder.line(&line, &above, width);
        std::mem::swap(&mut line, &mut above);
    }
    out.extend(coder.bits.finish());
    out.extend([0xff, 0xd9]);
    out
}

const RESET: i32 = 64;
/// Run-length orders, T.87 A.7.1.
const RUN_ORDER: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[derive(Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

struct Coder {
    max: i32,
    depth: u32,
    thresholds: [i32; 3],
    contexts: Vec<Context>,
    /// Contexts for the sample that ends a run; `b` counts negative errors there.
    run_contexts: [Context; 2],
    run_index: usize,
    bits: BitWriter,
}

impl Coder {
    fn new(bits: u32) -> Self {
        let max = (1 << bits) - 1;
        let factor = (max.min(4095) + 128) / 256;
        let start = Context { a: ((max + 1 + 32) / 64).max(2), b: 0, c: 0, n: 1 };
        Self {
            max,
            depth: bits,
            thresholds: [factor + 2, 4 * factor + 3, 17 * factor + 4],
            contexts: vec![start; 365],
            run_contexts: [start; 2],
            run_index: 0,
            bits: BitWriter::default(),
        }
    }

    fn limit(&self) -> u32 {
        2 * (self.depth + self.depth.max(8))
    }

    fn line(&mut self, line: &[i32], above: &[i32], width: usize) {
        let mut x = 1;
        while x <= width {
            let (a, b, c, d) = (line[x - 1], above[x], above[x - 1], above[x + 1]);
            let gradients = [d - b, b - c, c - a];
            if gradients == [0, 0, 0] {
                x += self.run(line, above, x, width);
            } else {
                self.regular(line[x], [a, b, c], gradients);
                x += 1;
            }
        }
    }

    fn regular(&mut self, sample: i32, [a, b, c]: [i32; 3], gradients: [i32; 3]) {
        let q = gradients.map(|g| self.quantized(g));
        let code = 81 * q[0] + 9 * q[1] + q[2];
        let sign = if code < 0 { -1 } else { 1 };
        let n = (code * sign) as usize;
        let predicted = if c >= a.max(b) {
            a.min(b)
        } else if c <= a.min(b) {
            a.max(b)
        } else {
            a + b - c
        };
        let context = self.contexts[n];
        let predicted = (predicted + sign * context.c).clamp(0, self.max);
        let error = self.wrapped(sign * (sample - predicted));
        let k = order(context.a, context.n);
        let flipped = k == 0 && 2 * context.b <= -context.n;
        let mapped = match (flipped, error >= 0) {
            (true, true) => 2 * error + 1,
            (true, false) => -2 * (error + 1),
            (false, true) => 2 * error,
            (false, false) => -2 * error - 1,
        };
        self.golomb(mapped as u32, k, self.limit());
        self.contexts[n] = updated(context, error);
    }

    /// Codes a run from `x` and the sample that ends it; answers how many samples that was.
    fn run(&mut self, line: &[i32], above: &[i32], x: usize, width: usize) -> usize {
        let value = line[x - 1];
        let count = line[x..=width].iter().take_while(|&&s| s == value).count();
        let mut left = count;
        while left >= 1 << RUN_ORDER[self.run_index] {
            self.bits.push(1, 1);
            left -= 1 << RUN_ORDER[self.run_index];
            self.run_index = (self.run_index + 1).min(31);
        }
        if x + count > width {
            if left > 0 {
                self.bits.push(1, 1);
            }
            return count;
        }
        self.bits.push(0, 1);
        self.bits.push(left as u32, RUN_ORDER[self.run_index]);
        self.run_end(line[x + count], value, above[x + count]);
        self.run_index = self.run_index.saturating_sub(1);
        count + 1
    }

    fn run_end(&mut self, sample: i32, a: i32, b: i32) {
        let same = usize::from(a == b);
        let sign = if same == 0 && a > b { -1 } else { 1 };
        let predicted = if same == 1 { a } else { b };
        let error = self.wrapped(sign * (sample - predicted));
        let context = &mut self.run_contexts[same];
        let grown = if same == 1 { context.a + (context.n >> 1) } else { context.a };
        let k = order(grown, context.n);
        let map = (k == 0 && error > 0 && 2 * context.b < context.n)
            || (error < 0 && 2 * context.b >= context.n)
            || (error < 0 && k != 0);
        let mapped = 2 * error.abs() - same as i32 - i32::from(map);
        if error < 0 {
            context.b += 1;
        }
        context.a += (mapped + 1 - same as i32) >> 1;
        if context.n == RESET {
            context.a >>= 1;
            context.n >>= 1;
            context.b >>= 1;
        }
        context.n += 1;
        let limit = self.limit() - RUN_ORDER[self.run_index] - 1;
        self.golomb(mapped as u32, k, limit);
    }

    fn quantized(&self, gradient: i32) -> i32 {
        let size = gradient.abs();
        let level = match self.thresholds {
            [t1, _, _] if size < t1 => i32::from(size > 0),
            [_, t2, _] if size < t2 => 2,
            [_, _, t3] if size < t3 => 3,
            _ => 4,
        };
        level * gradient.signum()
    }

    fn wrapped(&self, error: i32) -> i32 {
        let range = self.max + 1;
        let error = if error < 0 { error + range } else { error };
        if error >= (range + 1) / 2 { error - range } else { error }
    }

    fn golomb(&mut self, value: u32, k: u32, limit: u32) {
        let high = value >> k;
        let longest = limit - self.depth - 1;
        if high < longest {
            self.bits.zeros(high);
            self.bits.push(1, 1);
            self.bits.push(value & ((1 << k) - 1), k);
        } else {
            self.bits.zeros(longest);
            self.bits.push(1, 1);
            self.bits.push(value - 1, self.depth);
        }
    }
}

fn order(a: i32, n: i32) -> u32 {
    (0..31).find(|&k| (n << k) >= a).unwrap_or(31)
}

fn updated(mut context: Context, error: i32) -> Context {
    context.a += error.abs();
    context.b += error;
    if context.n == RESET {
        context.a >>= 1;
        context.b >>= 1;
        context.n >>= 1;
    }
    context.n += 1;
    if context.b <= -context.n {
        context.b = (context.b + context.n).max(1 - context.n);
        context.c = (context.c - 1).max(-128);
    } else if context.b > 0 {
        context.b = (context.b - context.n).min(0);
        context.c = (context.c + 1).min(127);
    }
    context
}

/// Bits, first one highest; after a byte of ones the next starts with a zero bit.
#[derive(Default)]
struct BitWriter {
    out: Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter {
    fn push(&mut self, value: u32, count: u32) {
        self.pending = self.pending << count | u64::from(value);
        self.count += count;
        self.flush();
    }

    fn zeros(&mut self, count: u32) {
        for _ in 0..count / 16 {
            self.push(0, 16);
        }
        self.push(0, count % 16);
    }

    fn flush(&mut self) {
        while self.count >= self.room() {
            let room = self.room();
            self.count -= room;
            self.out.push((self.pending >> self.count) as u8 & (0xff >> (8 - room)));
            self.pending &= (1 << self.count) - 1;
        }
    }

    fn room(&self) -> u32 {
        if self.out.last() == Some(&0xff) { 7 } else { 8 }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            let missing = self.room() - self.count;
            self.push(0, missing);
        }
        // A marker follows; a last byte of ones would be taken for its beginning.
        if self.out.last() == Some(&0xff) {
            self.out.push(0);
        }
        self.out
    }
}
