//! Encapsulated pixel data: which fragments make which frame.

use super::dataset::Layout;
use super::tags;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// The frames of one encapsulated element, as byte ranges of the file.
#[derive(Debug)]
pub struct Fragments {
    frames: Vec<Vec<Range<usize>>>,
}

impl Fragments {
    /// Finds `frames` frames in the items that start at `at`. Only the heads of the items are read.
    pub fn find(source: &dyn Source, at: usize, frames: usize, extended_offsets: &[f64]) -> Result<Self, String> {
        let (offsets, fragments) = items(source, at)?;
        let found = fragments.len();
        if found < frames {
            return Err(format!("{found} compressed frames are there, the header says {frames}"));
        }
        if frames == 1 {
            return Ok(Self { frames: vec![fragments] });
        }
        if found == frames {
            return Ok(Self { frames: fragments.into_iter().map(|f| vec![f]).collect() });
        }
        let offsets = if extended_offsets.len() == frames {
            extended_offsets.iter().map(|&x| x as usize).collect()
        } else {
            offsets
        };
        let first = fragments.first().map_or(0, |f| f.start - 8);
        let starts: HashSet<usize> = if offsets.len() == frames {
            offsets.into_iter().map(|o| o.saturating_add(first + 8)).collect()
        } else {
            fragments.iter().filter(|f| starts_a_frame(source, f)).map(|f| f.start).collect()
        };
        let mut by_frame: Vec<Vec<Range<usize>>> = Vec::new();
        for fragment in fragments {
            if starts.contains(&fragment.start) || by_frame.is_empty() {
                by_frame.push(Vec::new());
            }
            if let Some(frame) = by_frame.last_mut() {
                frame.push(fragment);
            }
        }
        if by_frame.len() != frames {
            return Err(format!("{} compressed frames are there, the header says {frames}", by_frame.len()));
        }
        Ok(Self { frames: by_frame })
    }

    /// Where the pieces of a frame are in the file.
    pub fn frame(&self, n: usize) -> &[Range<usize>] {
        self.frames.get(n).map_or(&[], Vec::as_slice)
    }
}

/// Bytes by their place in a file; `None` where they lie beyond its end.
pub trait Source {
    fn get(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>>;

    fn length(&self) -> usize;
}

/// The basic offset table and the fragments after it.
fn items(source: &dyn Source, mut at: usize) -> Result<(Vec<usize>, Vec<Range<usize>>), String> {
    let mut offsets = None;
    let mut fragments = Vec::new();
    while let Some(head) = at.checked_add(8).and_then(|end| source.get(at..end)) {
        let u16_at = |n: usize| u32::from(Layout::EXPLICIT.u16([head[n], head[n + 1]]));
        let tag = u16_at(0) << 16 | u16_at(2);
        let length = (u16_at(6) << 16 | u16_at(4)) as usize;
        at += 8;
        match tag {
            tags::ITEM => {}
            tags::SEQUENCE_END => return Ok((offsets.unwrap_or_default(), fragments)),
            _ => return Err("the compressed frames are followed by something else".into()),
        }
        let range = at..at + length;
        if range.end > source.length() {
            return Err("the file ends within a compressed frame".into());
        }
        at = range.end;
        if offsets.is_some() {
            fragments.push(range);
        } else {
            let table = source.get(range).ok_or("the table of frames cannot be read")?;
            offsets = Some(table.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b) as usize).collect());
        }
    }
    // The end mark is missing; the fragments themselves are whole.
    Ok((offsets.unwrap_or_default(), fragments))
}

/// Looks at the first bytes of a fragment: every codec starts with a mark of its own.
fn starts_a_frame(source: &dyn Source, fragment: &Range<usize>) -> bool {
    const MARK_BYTES: usize = 12;
    let start = fragment.start..fragment.end.min(fragment.start + MARK_BYTES);
    source.get(start).is_some_and(|mark| super::codec::sniff(&mark).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Source for Vec<u8> {
        fn get(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>> {
            self.as_slice().get(range).map(Cow::Borrowed)
        }

        fn length(&self) -> usize {
            self.len()
        }
    }

    fn item(value: &[u8]) -> Vec<u8> {
        let mut out = vec![0xFE, 0xFF, 0x00, 0xE0];
        out.extend((value.len() as u32).to_le_bytes());
        out.extend(value);
        out
    }

    #[test]
    fn the_offset_table_joins_fragments_into_frames() {
        let offsets: Vec<u8> = [0_u32, 20].iter().flat_map(|o| o.to_le_bytes()).collect();
        let bytes = [item(&offsets), item(&[1, 2]), item(&[3, 4]), item(&[5, 6])].concat();
        let frames = Fragments::find(&bytes, 0, 2, &[]).unwrap();
        let joined = |n| frames.frame(n).iter().flat_map(|r| bytes[r.clone()].to_vec()).collect::<Vec<u8>>();
        assert_eq!((joined(0), joined(1)), (vec![1, 2, 3, 4], vec![5, 6]));
    }

    #[test]
    fn missing_frames_and_cut_fragments_are_told() {
        let bytes = [item(&[]), item(&[1, 2])].concat();
        assert!(Fragments::find(&bytes, 0, 2, &[]).unwrap_err().contains("header says 2"));
        assert!(Fragments::find(&bytes[..bytes.len() - 1].to_vec(), 0, 1, &[]).unwrap_err().contains("ends within"));
    }
}
