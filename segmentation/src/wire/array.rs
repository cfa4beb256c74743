//! Arrays as they travel: a head that says type and shape, then chunks of blosc2.

use super::chunk;
use super::pack::{CHUNK_HEAD, HEAD, MAGIC, VERSION};

/// What one number of an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

/// Each with its name on the wire and its bytes.
const DTYPES: [(Dtype, &str, usize); 12] = [
    (Dtype::Bool, "bool", 1),
    (Dtype::U8, "uint8", 1),
    (Dtype::I8, "int8", 1),
    (Dtype::U16, "uint16", 2),
    (Dtype::I16, "int16", 2),
    (Dtype::U32, "uint32", 4),
    (Dtype::I32, "int32", 4),
    (Dtype::U64, "uint64", 8),
    (Dtype::I64, "int64", 8),
    (Dtype::F16, "float16", 2),
    (Dtype::F32, "float32", 4),
    (Dtype::F64, "float64", 8),
];

impl Dtype {
    pub const ALL: [Self; 12] = {
        let mut all = [Self::Bool; 12];
        let mut n = 0;
        while n < all.len() {
            all[n] = DTYPES[n].0;
            n += 1;
        }
        all
    };

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        DTYPES.iter().find(|(_, known, _)| *known == name).map(|(dtype, ..)| *dtype)
    }

    const fn entry(self) -> (Self, &'static str, usize) {
        DTYPES[self as usize]
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().1
    }

    /// Bytes of one number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.entry().2
    }

    /// Whether a mask may be made of it.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        !matches!(self, Self::F16 | Self::F32 | Self::F64)
    }
}

/// Numbers in C order (the last axis fastest), little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// Why an array was not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{0}")]
    Malformed(String),
    #[error("the array would need {bytes} bytes; the limit here is {limit}")]
    TooLarge { bytes: u128, limit: usize },
}

fn malformed<T>(reason: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable::Malformed(reason.into()))
}

const MOST_AXES: usize = 8;

/// Reads bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Unreadable> {
        let Some((taken, rest)) = self.0.split_at_checked(count) else {
            return malformed(format!("the array ends within its {what}"));
        };
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Unreadable> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }
}

/// An array out of bytes, if it is whole and needs no more than `limit` bytes.
pub fn unpack(packed: &[u8], limit: usize) -> Result<Array, Unreadable> {
    let mut reader = Reader(packed);
    let head: [u8; HEAD] = reader.number("head")?;
    if head[..4] != MAGIC {
        return malformed("this is no packed array: it does not begin with NNIA");
    }
    let [version, codec, axes, name] = [head[4], head[5], head[6], head[7]];
    if version != VERSION {
        return malformed(format!("arrays of version {version} are unknown; version {VERSION} is known"));
    }
    if !(1..=2).contains(&codec) {
        return malformed(format!("the codec {codec} is unknown; 1 (ZSTD) and 2 (LZ4) are known"));
    }
    if usize::from(axes) > MOST_AXES {
        return malformed(format!("an array of {axes} axes; at most {MOST_AXES} are known"));
    }
    let name = String::from_utf8_lossy(reader.take(usize::from(name), "type")?).into_owned();
    let Some(dtype) = Dtype::parse(&name) else {
        return malformed(format!("numbers of the type {name:?} are unknown"));
    };
    let shape = shape(&mut reader, axes)?;
    let bytes = needed(&shape, dtype);
    if bytes > limit as u128 {
        return Err(Unreadable::TooLarge { bytes, limit });
    }
    let total = bytes as usize;
    let chunks = chunks(&mut reader, total)?;
    let mut bytes = vec![0; total];
    let mut rest = &mut bytes[..];
    for (length, packed) in chunks {
        let (out, after) = std::mem::take(&mut rest).split_at_mut(length);
        rest = after;
        chunk::unpack(packed, out).map_err(Unreadable::Malformed)?;
    }
    Ok(Array { dtype, shape, bytes })
}

fn shape(reader: &mut Reader, axes: u8) -> Result<Vec<usize>, Unreadable> {
    let mut shape = Vec::with_capacity(usize::from(axes));
    for _ in 0..axes {
        let length = i64::from_le_bytes(reader.number("shape")?);
        match usize::try_from(length) {
            Ok(length) => shape.push(length),
            Err(_) => return malformed(format!("an axis of length {length}")),
        }
    }
    Ok(shape)
}

/// Bytes an array needs; at most a number far above every limit.
fn needed(shape: &[usize], dtype: Dtype) -> u128 {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().fold(dtype.bytes() as u128, |all, &length| all.saturating_mul(length as u128))
}

/// The chunks that fill `total` bytes exactly: how much each holds, and its packed bytes.
fn chunks<'a>(reader: &mut Reader<'a>, total: usize) -> Result<Vec<(usize, &'a [u8])>, Unreadable> {
    let count = u32::from_le_bytes(reader.number("chunk count")?) as usize;
    // Each chunk has a head, so a count that cannot be true takes no memory.
    let mut found = Vec::with_capacity(count.min(reader.0.len() / CHUNK_HEAD));
    let mut left = total;
    for _ in 0..count {
        let sizes = [reader.number("chunk sizes")?, reader.number("chunk sizes")?].map(u64::from_le_bytes);
        let [length, packed] = sizes.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let Some(after) = left.checked_sub(length) else {
            return malformed("the chunks hold more than the shape says");
        };
        left = after;
        let packed = reader.take(packed, "chunks")?;
        let says = chunk::length(packed).map_err(Unreadable::Malformed)?;
        if says != length {
            return malformed(format!("a chunk of {length} bytes says that it holds {says}"));
        }
        found.push((length, packed));
    }
    if left > 0 {
        return malformed(format!("the chunks hold {left} bytes less than the shape says"));
    }
    if !reader.0.is_empty() {
        return malformed(format!("{} bytes follow the last chunk", reader.0.len()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pack;
    use proptest::prelude::*;

    #[test]
    fn every_type_stands_at_its_own_place() {
        for dtype in Dtype::ALL {
            assert_eq!(dtype.entry().0, dtype);
            assert_eq!(Dtype::parse(dtype.name()), Some(dtype));
        }
        assert_eq!(Dtype::parse("complex64"), None);
    }

    fn head(dtype: &str, shape: &[i64]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &[1, 1, shape.len() as u8, dtype.len() as u8], dtype.as_bytes()].concat();
        bytes.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
        bytes
    }

    #[test]
    fn what_an_array_claims_is_checked_before_memory_is_taken() {
        let reason = |bytes: &[u8]| unpack(bytes, 1 << 20).unwrap_err();
        for (dtype, shape, chunks) in [
            ("uint8", vec![i64::MAX, i64::MAX, i64::MAX, i64::MAX], 0_u32),
            ("float64", vec![1 << 17, 2, 1, 1], 0),
            ("uint8", vec![1 << 20, 2, i64::MAX], 0),
        ] {
            let bytes = [head(dtype, &shape), chunks.to_le_bytes().to_vec()].concat();
            assert!(matches!(reason(&bytes), Unreadable::TooLarge { .. }));
        }
        for (bytes, word) in [
            (b"NPY".to_vec(), "head"),
            (b"NPYX\x01\x01\x00\x00".to_vec(), "NNIA"),
            (head("uint8", &[-1]), "length -1"),
            (head("object", &[1]), "object"),
            ([head("uint8", &[4]), 0_u32.to_le_bytes().to_vec()].concat(), "4 bytes less"),
            ([head("uint8", &[4]), u32::MAX.to_le_bytes().to_vec()].concat(), "chunk sizes"),
            ([head("uint8", &[0, 5]), 0_u32.to_le_bytes().to_vec(), vec![0]].concat(), "follow"),
        ] {
            assert!(reason(&bytes).to_string().contains(word), "{word}: {}", reason(&bytes));
        }
        assert_eq!(unpack(&[head("int16", &[3, 0]), vec![0; 4]].concat(), 0).unwrap().shape, [3, 0]);
    }

    proptest! {
        #[test]
        fn bytes_that_are_no_array_are_refused_and_never_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let whole = [&MAGIC[..], &[1, 1], &bytes].concat();
            let _ = (unpack(&bytes, 1 << 16), unpack(&whole, 1 << 16));
        }

        #[test]
        fn a_spoiled_array_is_refused_or_read_within_its_limit(
            values in proptest::collection::vec(0_u8..4, 1..600),
            shuffled in any::<bool>(),
            flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
            cut in any::<proptest::sample::Index>(),
        ) {
            let values = [values.clone(), values].concat();
            let mut packed = pack(Dtype::U16, &[values.len() / 2], &values, shuffled);
            for (place, value) in flips {
                let place = place.index(packed.len());
                packed[place] = value;
            }
            for bytes in [&packed[..], &packed[..cut.index(packed.len())]] {
                if let Ok(array) = unpack(bytes, 4096) {
                    prop_assert!(array.bytes.len() <= 4096);
                }
            }
        }

        #[test]
        fn what_is_packed_is_what_is_unpacked(
            values in proptest::collection::vec(any::<u8>(), 0..5000),
            width in 0_usize..4,
            times in 1_usize..200,
            shuffled in any::<bool>(),
        ) {
            let dtype = [Dtype::U8, Dtype::I16, Dtype::F32, Dtype::F64][width];
            let bytes = values.repeat(times);
            let count = bytes.len() / dtype.bytes();
            let bytes = &bytes[..count * dtype.bytes()];
            let array = unpack(&pack(dtype, &[1, count], bytes, shuffled), bytes.len()).unwrap();
            prop_assert_eq!(&array.bytes[..], bytes);
            prop_assert_eq!((array.dtype, array.shape), (dtype, vec![1, count]));
        }
    }
}
