//! Lossy JPEG with 12 bits a sample (extended sequential, Huffman), which no crate at hand decodes.
//!
//! Only what DICOM's process 4 allows: one scan, one to four components. Chroma that was thinned out is repeated, not
//! smoothed.

use super::codec::Outcome;

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// A decoded frame, samples by pixel.
pub struct Frame {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub samples: Vec<u16>,
}

#[derive(Clone, Default)]
struct Component {
    id: u8,
    across: usize,
    down: usize,
    quantiser: usize,
    direct: usize,
    alternating: usize,
    last: i32,
    /// Samples of whole blocks, and how many of them a row has.
    plane: Vec<u16>,
    stride: usize,
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    quantisers: [[f32; 64]; 4],
    /// Direct tables, then alternating ones.
    tables: [[Option<Huffman>; 4]; 2],
    components: Vec<Component>,
    width: usize,
    height: usize,
    restart: usize,
}

/// For every 16 bits that could come next: the symbol and how many bits it takes (0 where there is none).
struct Huffman(Vec<(u8, u8)>);

impl Huffman {
    fn of(counts: &[u8], symbols: &[u8]) -> Outcome<Self> {
        let mut table = vec![(0, 0); 1 << 16];
        let (mut code, mut next) = (0_usize, 0);
        for (n, &count) in counts.iter().enumerate() {
            let bits = n + 1;
            for _ in 0..count {
                let (from, to) = (code << (16 - bits), (code + 1) << (16 - bits));
                let symbol = *symbols.get(next).ok_or("a Huffman table is cut")?;
                table.get_mut(from..to).ok_or("a Huffman table overflows")?.fill((symbol, bits as u8));
                code += 1;
                next += 1;
            }
            code <<= 1;
        }
        Ok(Self(table))
    }
}

/// True where the frame header says 12 bits and a lossy process.
pub fn applies(coded: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, a, b, precision]) = coded.get(at..at + 5).and_then(|s| s.first_chunk()) {
        match marker {
            0xC0 | 0xC1 => return precision == 12,
            0xC2..=0xC3 | 0xC5..=0xCF if marker != 0xC4 && marker != 0xC8 && marker != 0xCC => return false,
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([a, b])),
        }
    }
    false
}

/// Decodes a frame that is said to be `width` x `height` with `channels`; another size is an error before any memory is taken.
pub fn decode(coded: &[u8], width: usize, height: usize, channels: usize) -> Outcome<Frame> {
    let mut decoder = Decoder {
        bytes: coded,
        at: 2,
        quantisers: [[0.0; 64]; 4],
        tables: Default::default(),
        components: Vec::new(),
        width: 0,
        height: 0,
        restart: 0,
    };
    loop {
        let marker = decoder.marker()?;
        let length = usize::from(decoder.word(decoder.at)?);
        let body = coded.get(decoder.at + 2..decoder.at + length.max(2)).ok_or("a segment is cut")?;
        decoder.at += length.max(2);
        match marker {
            0xDB => decoder.quantisers(body)?,
            0xC4 => decoder.huffman(body)?,
            0xC1 | 0xC0 => {
                decoder.frame(body)?;
                if (decoder.width, decoder.height, decoder.components.len()) != (width, height, channels) {
                    return Err(format!("the coded frame is {}x{}", decoder.width, decoder.height));
                }
            }
            0xDD => decoder.restart = usize::from(u16::from_be_bytes(*body.first_chunk().ok_or("a segment is cut")?)),
            0xDA => {
                decoder.scan_header(body)?;
                decoder.scan()?;
                return Ok(decoder.finished());
            }
            0xD9 => return Err("the picture ends before its samples".into()),
            _ => {}
        }
    }
}

impl Decoder<'_> {
    fn word(&self, at: usize) -> Outcome<u16> {
        self.bytes
            .get(at..at + 2)
            .and_then(|b| b.first_chunk())
            .map(|&b| u16::from_be_bytes(b))
            .ok_or("a segment is cut".into())
    }

    fn marker(&mut self) -> Outcome<u8> {
        while self.bytes.get(self.at + 1) == Some(&0xFF) {
            self.at += 1;
        }
        let marker = self.word(self.at)?;
        self.at += 2;
        if marker >> 8 == 0xFF { Ok(marker as u8) } else { Err("a marker is missing".into()) }
    }

    fn quantisers(&mut self, mut body: &[u8]) -> Outcome<()> {
        while let [head, rest @ ..] = body {
            let (wide, id) = (head >> 4 != 0, usize::from(head & 3));
            let bytes = if wide { 128 } else { 64 };
            let values = rest.get(..bytes).ok_or("a quantisation table is cut")?;
            for n in 0..64 {
                let value =
                    if wide { u16::from_be_bytes([values[2 * n], values[2 * n + 1]]) } else { u16::from(values[n]) };
                self.quantisers[id][ZIGZAG[n]] = f32::from(value);
            }
            body = &rest[bytes..];
        }
        Ok(())
    }

    fn huffman(&mut self, mut body: &[u8]) -> Outcome<()> {
        while let [head, rest @ ..] = body {
            let counts = rest.get(..16).ok_or("a Huffman table is cut")?;
            let symbols: usize = counts.iter().map(|&c| usize::from(c)).sum();
            let values = rest.get(16..16 + symbols).ok_or("a Huffman table is cut")?;
            self.tables[usize::from(head >> 4 & 1)][usize::from(head & 3)] = Some(Huffman::of(counts, values)?);
            body = &rest[16 + symbols..];
        }
        Ok(())
    }

    fn frame(&mut self, body: &[u8]) -> Outcome<()> {
        let [_, h0, h1, w0, w1, count, rest @ ..] = body else { return Err("the frame header is cut".into()) };
        self.height = usize::from(u16::from_be_bytes([*h0, *h1]));
        self.width = usize::from(u16::from_be_bytes([*w0, *w1]));
        let parts = rest.as_chunks::<3>().0.iter().take(usize::from(*count));
        self.components = parts
            .map(|&[id, sampling, quantiser]| Component {
                id,
                across: usize::from(sampling >> 4),
                down: usize::from(sampling & 15),
                quantiser: usize::from(quantiser & 3),
                ..Component::default()
            })
            .collect();
        let sound = |c: &Component| (1..=4).contains(&c.across) && (1..=4).contains(&c.down);
        if self.components.len() == usize::from(*count)
            && !self.components.is_empty()
            && self.components.iter().all(sound)
        {
            Ok(())
        } else {
            Err("the frame header is broken".into())
        }
    }

    fn scan_header(&mut self, body: &[u8]) -> Outcome<()> {
        let [count, rest @ ..] = body else { return Err("the scan header is cut".into()) };
        if usize::from(*count) != self.components.len() || self.components.is_empty() {
            return Err("a scan with some of the components only is not supported".into());
        }
        for (&[id, tables], component) in rest.as_chunks::<2>().0.iter().zip(&mut self.components) {
            if id != component.id {
                return Err("the components of the scan are out of order".into());
            }
            component.direct = usize::from(tables >> 4 & 3);
            component.alternating = usize::from(tables & 3);
        }
        Ok(())
    }

    /// Sampling of the component with the most samples.
    fn finest(&self) -> (usize, usize) {
        let most = |f: fn(&Component) -> usize| self.components.iter().map(f).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }

    fn scan(&mut self) -> Outcome<()> {
        if self.components.len() == 1 {
            // A lone component is coded block by block, whatever its sampling says.
            (self.components[0].across, self.components[0].down) = (1, 1);
        }
        let (across, down) = self.finest();
        let units = [self.width.div_ceil(8 * across), self.height.div_ceil(8 * down)];
        // A block takes at least two bits; fewer than that cannot hold this frame.
        if units[0] * units[1] / 4 > self.bytes.len() {
            return Err("the coded bytes cannot hold this frame".into());
        }
        for c in &mut self.components {
            c.stride = units[0] * c.across * 8;
            c.plane = vec![0; c.stride * units[1] * c.down * 8];
        }
        let mut components = std::mem::take(&mut self.components);
        let mut bits = Bits { bytes: self.bytes, at: self.at, held: 0, count: 0 };
        for unit in 0..units[0] * units[1] {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.restart()?;
                components.iter_mut().for_each(|c| c.last = 0);
            }
            let (column, row) = (unit % units[0], unit / units[0]);
            for c in &mut components {
                for block in 0..c.across * c.down {
                    let x = (column * c.across + block % c.across) * 8;
                    let y = (row * c.down + block / c.across) * 8;
                    let coefficients = self.block(c, &mut bits)?;
                    let samples = inverse_cosine(&coefficients);
                    for (n, line) in samples.chunks_exact(8).enumerate() {
                        let start = (y + n) * c.stride + x;
                        c.plane[start..start + 8].copy_from_slice(line);
                    }
                }
            }
        }
        self.components = components;
        Ok(())
    }

    fn block(&self, c: &mut Component, bits: &mut Bits<'_>) -> Outcome<[f32; 64]> {
        let quantiser = &self.quantisers[c.quantiser];
        let table = |kind: usize, id: usize| self.tables[kind][id].as_ref().ok_or("a Huffman table is missing");
        let mut out = [0.0; 64];
        let size = bits.symbol(table(0, c.direct)?)?;
        c.last = c.last.wrapping_add(bits.value(size)?);
        out[0] = c.last as f32 * quantiser[0];
        let alternating = table(1, c.alternating)?;
        let mut n = 1;
        while n < 64 {
            let symbol = bits.symbol(alternating)?;
            let (run, size) = (usize::from(symbol >> 4), symbol & 15);
            if size == 0 {
                if run != 15 {
                    break;
                }
                n += 16;
                continue;
            }
            n += run;
            let place = *ZIGZAG.get(n).ok_or("a block holds too many values")?;
            out[place] = bits.value(size)? as f32 * quantiser[place];
            n += 1;
        }
        Ok(out)
    }

    fn finished(self) -> Frame {
        let (across, down) = self.finest();
        let (width, height, channels) = (self.width, self.height, self.components.len());
        let mut samples = Vec::with_capacity(width * height * channels);
        for y in 0..height {
            for x in 0..width {
                samples.extend(
                    self.components.iter().map(|c| c.plane[y * c.down / down * c.stride + x * c.across / across]),
                );
            }
        }
        Frame { width, height, channels, samples }
    }
}

/// The entropy-coded bits, with stuffed bytes taken out.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// The next 16 bits without taking them; zeros beyond the end.
    fn peek(&mut self) -> u16 {
        while self.count < 16 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                // A marker, or the end: what is asked for beyond it is noticed when it is taken.
                (Some(0xFF), _) | (None, _) => return (self.held << (16 - self.count)) as u16,
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
        (self.held >> (self.count - 16)) as u16
    }

    fn take(&mut self, bits: u32) -> Outcome<()> {
        self.count = self.count.checked_sub(bits).ok_or("the samples end early")?;
        self.held &= (1 << self.count) - 1;
        Ok(())
    }

    fn symbol(&mut self, table: &Huffman) -> Outcome<u8> {
        let (symbol, bits) = table.0[usize::from(self.peek())];
        if bits == 0 {
            return Err("the samples hold a code of no table".into());
        }
        self.take(u32::from(bits))?;
        Ok(symbol)
    }

    /// A value of `size` bits, the lower half of them negative.
    fn value(&mut self, size: u8) -> Outcome<i32> {
        if size == 0 {
            return Ok(0);
        }
        if size > 16 {
            return Err("a value of more than 16 bits".into());
        }
        let value = i32::from(self.peek()) >> (16 - size);
        self.take(u32::from(size))?;
        Ok(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }

    fn restart(&mut self) -> Outcome<()> {
        (self.held, self.count) = (0, 0);
        match self.bytes.get(self.at..self.at + 2) {
            Some([0xFF, 0xD0..=0xD7]) => {
                self.at += 2;
                Ok(())
            }
            _ => Err("a restart marker is missing".into()),
        }
    }
}

/// Rows, then columns, of the inverse cosine transform; values moved to 0..4096.
fn inverse_cosine(block: &[f32; 64]) -> [u16; 64] {
    let basis = basis();
    let mut rows = [0.0_f32; 64];
    for y in 0..8 {
        for x in 0..8 {
            rows[y * 8 + x] = (0..8).map(|u| block[y * 8 + u] * basis[u][x]).sum();
        }
    }
    let mut out = [0; 64];
    for y in 0..8 {
        for x in 0..8 {
            let value: f32 = (0..8).map(|v| rows[v * 8 + x] * basis[v][y]).sum();
            out[y * 8 + x] = (value + 2048.0).round().clamp(0.0, 4095.0) as u16;
        }
    }
    out
}

fn basis() -> &'static [[f32; 8]; 8] {
    static BASIS: std::sync::OnceLock<[[f32; 8]; 8]> = std::sync::OnceLock::new();
    BASIS.get_or_init(|| {
        std::array::from_fn(|u| {
            let scale = if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 } / 2.0;
            std::array::from_fn(|x| {
                let angle = (2.0 * x as f64 + 1.0) * u as f64 * std::f64::consts::PI / 16.0;
                (scale * angle.cos()) as f32
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_block_is_flat() {
        let mut block = [0.0; 64];
        block[0] = 8.0 * 100.0;
        assert!(inverse_cosine(&block).iter().all(|&v| v == 2148));
    }

    #[test]
    fn values_extend_their_sign() {
        let mut bits = Bits { bytes: &[0b0110_1000, 0], at: 0, held: 0, count: 0 };
        assert_eq!([bits.value(2).unwrap(), bits.value(2).unwrap(), bits.value(1).unwrap()], [-2, 2, 1]);
        assert!(Bits { bytes: &[], at: 0, held: 0, count: 0 }.value(3).is_err());
    }

    #[test]
    fn a_table_that_overflows_is_refused() {
        assert!(Huffman::of(&[3], &[1, 2, 3]).is_err());
        assert!(Huffman::of(&[1, 1], &[1]).is_err());
    }
}
