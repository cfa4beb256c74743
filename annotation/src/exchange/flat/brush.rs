//! Label Studio's brush code: a 32-bit count of values, five bits of word size minus one, four times four bits of run
//! size minus one; then runs: one bit (repeated or not), two bits (which run size), the length minus one, the values.
//! The values are RGBA bytes row after row; the alpha byte is the mask.

use super::rle::Rle;

/// Bits in the four sizes of run lengths.
const SIZES: [u32; 4] = [3, 4, 8, 16];

pub(super) fn encode(mask: &Rle) -> Vec<u8> {
    let mut bits = Writer::default();
    let pixels = mask.pixels();
    bits.push(pixels.len() as u64 * 4, 32);
    bits.push(7, 5);
    SIZES.iter().for_each(|size| bits.push(u64::from(*size) - 1, 4));
    for run in pixels.chunk_by(|a, b| a == b) {
        // A grey pixel is (v, v, v, v), so that every byte of a run is the same.
        let value = if run[0] { 255 } else { 0 };
        let mut left = run.len() * 4;
        while left > 0 {
            let length = left.min(1 << SIZES[3]);
            let which = SIZES.iter().position(|size| length <= 1 << size).unwrap_or(3);
            bits.push(1, 1);
            bits.push(which as u64, 2);
            bits.push(length as u64 - 1, SIZES[which]);
            bits.push(value, 8);
            left -= length;
        }
    }
    bits.bytes
}

/// One flag per pixel; `None` where the code is broken or of another picture.
pub(super) fn decode(bytes: &[u8], [width, height]: [usize; 2]) -> Option<Vec<bool>> {
    let mut bits = Reader { bytes, at: 0 };
    let count = bits.take(32)? as usize;
    let word = bits.take(5)? as u32 + 1;
    let mut sizes = [0; 4];
    for size in &mut sizes {
        *size = bits.take(4)? as u32 + 1;
    }
    if count != width.checked_mul(height)?.checked_mul(4)? {
        return None;
    }
    let mut pixels = vec![false; width * height];
    let mut at = 0;
    while at < count {
        let repeated = bits.take(1)? == 1;
        let size = sizes[bits.take(2)? as usize];
        let length = bits.take(size)? as usize + 1;
        let end = at.checked_add(length).filter(|end| *end <= count)?;
        if repeated {
            let value = bits.take(word)?;
            // Every fourth byte is alpha.
            (at..end).filter(|n| n % 4 == 3).for_each(|n| pixels[n / 4] = value > 0);
        } else {
            for n in at..end {
                let value = bits.take(word)?;
                if n % 4 == 3 {
                    pixels[n / 4] = value > 0;
                }
            }
        }
        at = end;
    }
    Some(pixels)
}

/// Bits from the most significant on.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    used: usize,
}

impl Writer {
    fn push(&mut self, value: u64, bits: u32) {
        for bit in (0..bits).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let (Some(last), 1) = (self.bytes.last_mut(), value >> bit & 1) {
                *last |= 0x80 >> (self.used % 8);
            }
            self.used += 1;
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, bits: u32) -> Option<u64> {
        let mut value = 0;
        for _ in 0..bits {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_golden_bytes_decode_to_the_golden_mask() {
        // FORMATS F: the bytes of another encoder.
        let golden = [0, 0, 0, 80, 57, 27, 252, 224, 19, 255, 206, 1, 111, 254, 216, 4, 127, 248, 92, 2, 63, 240];
        let mask = [0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(decode(&golden, [5, 4]).unwrap(), mask.map(|v| v == 1));
        let ours = encode(&Rle::of_values(&mask, 5, 4).remove(&1).unwrap());
        assert_eq!(decode(&ours, [5, 4]).unwrap(), mask.map(|v| v == 1));
        assert_eq!(ours, golden, "with the same run sizes the bytes are the same");
        assert_eq!(decode(&golden, [4, 4]), None);
        assert_eq!(decode(&golden[..9], [5, 4]), None);
    }

    proptest! {
        #[test]
        fn masks_come_back(width in 1_usize..60, height in 1_usize..60, step in 1_usize..90) {
            let values: Vec<u16> = (0..width * height).map(|n| u16::from(n / step % 2 == 1)).collect();
            if let Some(mask) = Rle::of_values(&values, width, height).remove(&1) {
                prop_assert_eq!(decode(&encode(&mask), [width, height]), Some(mask.pixels()));
            }
        }

        #[test]
        fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&bytes, [3, 2]);
        }
    }
}
