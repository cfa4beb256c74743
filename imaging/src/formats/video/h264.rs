//! Decoding H.264 forwards from key pictures, with a few decoded pictures kept for when their turn to be shown comes.

use super::Track;
use super::yuv::{self, Planes};
use rusty_h264_common::YuvFrame;
use rusty_h264_decoder::Decoder;
use std::collections::BTreeMap;

/// A picture is shown at most this many pictures after it was decoded.
const MOST_KEPT: usize = 32;

pub struct Stream {
    decoder: Decoder,
    /// The sample that is decoded next.
    next: usize,
    kept: BTreeMap<usize, YuvFrame>,
}

impl Stream {
    pub fn new() -> Self {
        Self { decoder: Decoder::new(), next: 0, kept: BTreeMap::new() }
    }

    /// The picture of one sample as RGB. `coded` gives a sample's bytes.
    pub fn picture(
        &mut self,
        track: &Track,
        sample: usize,
        mut coded: impl FnMut(usize) -> crate::Result<Vec<u8>>,
        broken: impl Fn(String) -> crate::Error,
    ) -> crate::Result<Vec<u8>> {
        if !self.kept.contains_key(&sample) {
            self.decode_up_to(track, sample, &mut coded, &broken)?;
        }
        let missing = || broken("it did not decode to a picture".into());
        let frame = self.kept.get(&sample).ok_or_else(missing)?;
        let [columns, rows] = track.size;
        if (frame.width, frame.height) != (columns, rows) {
            let (width, height) = (frame.width, frame.height);
            return Err(broken(format!("it decodes to {width} x {height} pixels, {columns} x {rows} were promised")));
        }
        let planes = Planes { columns, rows, luma: &frame.y, blue: &frame.u, red: &frame.v };
        yuv::rgb(&planes, track.tone).ok_or_else(missing)
    }

    fn decode_up_to(
        &mut self,
        track: &Track,
        sample: usize,
        coded: &mut impl FnMut(usize) -> crate::Result<Vec<u8>>,
        broken: &impl Fn(String) -> crate::Error,
    ) -> crate::Result<()> {
        let key = track.samples[..=sample].iter().rposition(|s| s.key).unwrap_or(0);
        if self.next > sample || self.next < key {
            self.next = key;
            self.decoder = Decoder::new();
            self.kept.clear();
        }
        while self.next <= sample {
            let n = self.next;
            let mut unit = if n == key { track.setup.clone() } else { Vec::new() };
            with_start_codes(&coded(n)?, track.length_bytes, &mut unit);
            self.next = n + 1;
            // A decoder that panics on hostile bytes costs this frame, not the program.
            let decoder = &mut self.decoder;
            let decode = std::panic::AssertUnwindSafe(|| decoder.decode(&unit));
            let decoded = std::panic::catch_unwind(decode).map_err(|_| {
                self.decoder = Decoder::new();
                self.next = usize::MAX;
                broken("the decoder gave up on it".into())
            })?;
            match decoded {
                Ok(Some(frame)) => {
                    self.kept.insert(n, frame);
                }
                Ok(None) => {}
                Err(error) => {
                    self.next = usize::MAX;
                    return Err(broken(format!("H.264: {error:?}")));
                }
            }
            while self.kept.len() > MOST_KEPT {
                self.kept.pop_first();
            }
        }
        Ok(())
    }
}

/// Units with a length before them as units with a start code before them. A length beyond the bytes ends the sample.
pub fn with_start_codes(mut sample: &[u8], length_bytes: usize, out: &mut Vec<u8>) {
    while let Some((length, rest)) = sample.split_at_checked(length_bytes) {
        let length = length.iter().fold(0_usize, |n, &b| n << 8 | usize::from(b));
        let Some((unit, rest)) = rest.split_at_checked(length).filter(|_| length > 0) else { return };
        out.extend([0, 0, 0, 1]);
        out.extend(unit);
        sample = rest;
    }
}
