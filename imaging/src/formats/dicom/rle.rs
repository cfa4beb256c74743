//! DICOM RLE (PS3.5 annex G): up to 15 segments of PackBits, one per byte plane, most significant byte first.

use super::codec::{FrameShape, Outcome};

const HEADER_BYTES: usize = 64;

pub fn decode(coded: &[u8], shape: &FrameShape) -> Outcome<Vec<u8>> {
    let planes = shape.channels * shape.sample_bytes;
    let word = |n: usize| coded.get(4 * n..4 * n + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let segments = word(0).ok_or("RLE: the segment table is cut")? as usize;
    if segments != planes || segments > 15 {
        return Err(format!("RLE: {segments} segments where {planes} were expected"));
    }
    // PackBits turns 2 bytes into at most 128.
    if shape.bytes() > coded.len().saturating_mul(64) {
        return Err("RLE: the coded bytes cannot hold this frame".into());
    }
    let mut out = vec![0; shape.bytes()];
    for segment in 0..segments {
        let start = word(segment + 1).unwrap_or(0) as usize;
        let end = if segment + 1 < segments { word(segment + 2).unwrap_or(0) as usize } else { coded.len() };
        let packed =
            coded.get(start..end).filter(|_| start >= HEADER_BYTES).ok_or("RLE: a segment lies outside the frame")?;
        let (channel, significance) = (segment / shape.sample_bytes, segment % shape.sample_bytes);
        let first = channel * shape.sample_bytes + (shape.sample_bytes - 1 - significance);
        let written = unpack(packed, out[first..].iter_mut().step_by(planes));
        if written < shape.pixels() {
            return Err(format!("RLE: segment {} holds {written} of {} pixels", segment + 1, shape.pixels()));
        }
    }
    Ok(out)
}

/// Unpacks until either side ends; answers how many bytes were written.
fn unpack<'a>(packed: &[u8], mut out: impl Iterator<Item = &'a mut u8>) -> usize {
    let mut written = 0;
    let mut put = |byte: u8| match out.next() {
        Some(slot) => {
            *slot = byte;
            written += 1;
            true
        }
        None => false,
    };
    let mut rest = packed;
    while let [control, tail @ ..] = rest {
        let count = *control as i8;
        rest = tail;
        if count >= 0 {
            let literal = rest.len().min(count as usize + 1);
            if !rest[..literal].iter().all(|&b| put(b)) {
                break;
            }
            rest = &rest[literal..];
        } else if count != i8::MIN {
            let [byte, tail @ ..] = rest else { break };
            rest = tail;
            if !(0..1 - i16::from(count)).all(|_| put(*byte)) {
                break;
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: FrameShape = FrameShape { columns: 4, rows: 1, channels: 1, sample_bytes: 2 };

    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut out = (segments.len() as u32).to_le_bytes().to_vec();
        let mut at = HEADER_BYTES as u32;
        for segment in segments {
            out.extend(at.to_le_bytes());
            at += segment.len() as u32;
        }
        out.resize(HEADER_BYTES, 0);
        segments.iter().for_each(|s| out.extend(*s));
        out
    }

    #[test]
    fn byte_planes_come_back_most_significant_first() {
        let coded = frame(&[&[0xFD, 1], &[3, 10, 20, 30, 40]]);
        assert_eq!(decode(&coded, &SHAPE).unwrap(), [10, 1, 20, 1, 30, 1, 40, 1]);
    }

    #[test]
    fn a_short_segment_is_an_error() {
        let coded = frame(&[&[0xFD, 1], &[1, 10, 20]]);
        assert!(decode(&coded, &SHAPE).unwrap_err().contains("2 of 4"));
        assert!(decode(&coded[..20], &SHAPE).is_err());
    }
}
