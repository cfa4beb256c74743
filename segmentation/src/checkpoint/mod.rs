//! A PyTorch checkpoint as nnU-Net writes it, read without PyTorch: its weights, and which configuration of the plans
//! they are for.
//!
//! A checkpoint is a ZIP archive (`archive`) with a pickle (`pickle`) that says which tensors there are, and a member
//! of numbers for each storage. Checkpoints come from strangers: whatever is not data is refused, with the reason.

mod archive;
mod pickle;

use crate::half::widened;
use archive::Archive;
use pickle::{Numbers, Objects, Tensor, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::rc::Rc;

type Result<T> = std::result::Result<T, String>;

/// The first bytes of a ZIP archive.
const MAGIC: [u8; 4] = *b"PK\x03\x04";

/// The table of tensors in nnU-Net's checkpoints.
const WEIGHTS: &str = "network_weights";

/// What a network wrapped for several GPUs puts before each name.
const WRAPPED: &str = "module.";

/// Names and numbers only; the weights lie beside it.
const LARGEST_PICKLE_BYTES: u64 = 64 << 20;

#[derive(Debug)]
pub struct Checkpoint {
    archive: Archive,
    /// What stands before the name of every member.
    prefix: String,
    tensors: BTreeMap<String, Place>,
    configuration: Option<String>,
}

/// Where a tensor lies.
#[derive(Debug)]
struct Place {
    numbers: Numbers,
    member: String,
    offset: u64,
    shape: Vec<u64>,
    strides: Vec<u64>,
}

/// Whether a file begins as a checkpoint does.
pub fn is_checkpoint(start: &[u8]) -> bool {
    start.starts_with(&MAGIC)
}

impl Checkpoint {
    pub fn open(file: File) -> Result<Self> {
        let archive = Archive::open(file)?;
        let prefixes: Vec<&str> = archive.names().filter_map(|name| name.strip_suffix("data.pkl")).collect();
        let [prefix] = prefixes[..] else { return Err("it holds no single data.pkl, as a checkpoint does".into()) };
        let prefix = prefix.to_owned();
        let order = format!("{prefix}byteorder");
        if let Some(bytes) = archive.size_of(&order)
            && archive.read(&order, 0, bytes.min(16))? != b"little"
        {
            return Err("its numbers are stored the highest byte first, which is not read here".into());
        }
        let pickle = format!("{prefix}data.pkl");
        let bytes = archive.size_of(&pickle).unwrap_or(0);
        if bytes > LARGEST_PICKLE_BYTES {
            return Err(format!("its pickle has {bytes} bytes; that of a network has some hundred thousand"));
        }
        let objects = Objects::parse(&archive.read(&pickle, 0, bytes)?)?;
        let mut checkpoint = Self { archive, prefix, tensors: BTreeMap::new(), configuration: None };
        checkpoint.configuration = configuration(&objects);
        checkpoint.tensors = checkpoint.tensors_of(&objects)?;
        Ok(checkpoint)
    }

    fn tensors_of(&self, objects: &Objects) -> Result<BTreeMap<String, Place>> {
        let weights = objects.look_up(objects.root, WEIGHTS).map(|id| objects.get(id));
        let Some(Value::Table(pairs)) = weights else {
            return Err(format!("it holds no table {WEIGHTS}, as nnU-Net's do"));
        };
        let mut tensors = BTreeMap::new();
        for &(key, value) in pairs {
            let Value::Text(name) = objects.get(key) else { return Err(format!("a tensor of {WEIGHTS} has no name")) };
            let Value::Tensor(tensor) = objects.get(value) else { return Err(format!("{name} is no tensor")) };
            let name = name.strip_prefix(WRAPPED).unwrap_or(name);
            tensors.insert(name.to_owned(), self.place(name, tensor)?);
        }
        Ok(tensors)
    }

    /// A tensor that lies within its storage, and a storage within its member.
    fn place(&self, name: &str, tensor: &Rc<Tensor>) -> Result<Place> {
        let storage = &tensor.storage;
        let member = format!("{}data/{}", self.prefix, storage.key);
        let there = self.archive.size_of(&member).ok_or_else(|| format!("the numbers of {name} are missing"))?;
        let bytes = storage.count.checked_mul(storage.numbers.bytes() as u64);
        if bytes != Some(there) {
            return Err(format!("{name} should have {} numbers in a member of {there} bytes", storage.count));
        }
        let empty = tensor.shape.contains(&0);
        let mut steps =
            tensor.shape.iter().zip(&tensor.strides).map(|(&n, &step)| n.saturating_sub(1).checked_mul(step));
        let last = steps.try_fold(tensor.offset, |sum, step| sum.checked_add(step?));
        if !empty && last.is_none_or(|last| last >= storage.count) {
            return Err(format!("{name} reaches beyond its numbers"));
        }
        let (shape, strides) = (tensor.shape.clone(), tensor.strides.clone());
        Ok(Place { numbers: storage.numbers, member, offset: tensor.offset, shape, strides })
    }

    /// The configuration of the plans that was trained.
    pub fn configuration(&self) -> Option<&str> {
        self.configuration.as_deref()
    }

    /// The tensor of that name and shape, as 32-bit floats.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let place = self.tensors.get(name).ok_or_else(|| format!("the weights lack {name}"))?;
        if !place.shape.iter().copied().eq(shape.iter().map(|&n| n as u64)) {
            return Err(format!("{name} has shape {:?}; the plans ask for {shape:?}", place.shape));
        }
        if shape.contains(&0) {
            return Ok(Vec::new());
        }
        let spans = place.shape.iter().zip(&place.strides).map(|(&n, &step)| (n - 1) * step);
        let count = spans.sum::<u64>() + 1;
        let each = place.numbers.bytes() as u64;
        let bytes = self.archive.read(&place.member, place.offset * each, count * each)?;
        let numbers =
            place.numbers.widened(&bytes).ok_or_else(|| format!("{name} holds whole numbers, not weights"))?;
        Ok(if place.is_plain() { numbers } else { gathered(&numbers, shape, &place.strides) })
    }
}

impl Place {
    /// Whether the numbers lie one after another, the last axis fastest.
    fn is_plain(&self) -> bool {
        let mut step = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&n, &stride)| {
            let fits = n == 1 || stride == step;
            step *= n;
            fits
        })
    }
}

fn gathered(numbers: &[f32], shape: &[usize], strides: &[u64]) -> Vec<f32> {
    let total = shape.iter().product();
    (0..total)
        .map(|n: usize| {
            let (mut rest, mut at) = (n, 0);
            for (&size, &step) in shape.iter().zip(strides).rev() {
                at += rest % size * step as usize;
                rest /= size;
            }
            numbers[at]
        })
        .collect()
}

fn configuration(objects: &Objects) -> Option<String> {
    let arguments = objects.look_up(objects.root, "init_args")?;
    match objects.get(objects.look_up(arguments, "configuration")?) {
        Value::Text(name) => Some((**name).to_owned()),
        _ => None,
    }
}

impl Numbers {
    const fn bytes(self) -> usize {
        match self {
            Self::Half | Self::Brain => 2,
            Self::Single => 4,
            Self::Double => 8,
            Self::Whole(bytes) => bytes,
        }
    }

    /// As 32-bit floats; `None` for what holds no weights.
    fn widened(self, bytes: &[u8]) -> Option<Vec<f32>> {
        let twos = || bytes.as_chunks::<2>().0.iter().map(|&b| u16::from_le_bytes(b));
        match self {
            Self::Half => Some(twos().map(widened).collect()),
            Self::Brain => Some(twos().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect()),
            Self::Single => Some(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()),
            Self::Double => Some(bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect()),
            Self::Whole(_) => None,
        }
    }
}
