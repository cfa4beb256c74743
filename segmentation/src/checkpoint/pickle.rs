//! The pickle inside a checkpoint, read as data. Python's own reader calls whatever a pickle names; this one calls
//! nothing: the few names a checkpoint needs stand for tensors, numbers and tables here, and any other is refused.

use std::collections::HashMap;
use std::rc::Rc;

type Result<T> = std::result::Result<T, String>;

/// An object by its number; objects refer to each other, in circles too.
pub type Id = usize;

#[derive(Clone, Debug)]
pub enum Value {
    Int(i64),
    Text(Rc<str>),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Table(Vec<(Id, Id)>),
    Name(Name),
    Storage(Rc<Storage>),
    Tensor(Rc<Tensor>),
    /// Something that is in checkpoints but of no use here: nothing, a fraction, a device, a NumPy number.
    Inert,
}

/// What a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Table,
    Tensor,
    Parameter,
    Size,
    Numbers(Numbers),
    /// A call of it makes something inert.
    Inert,
}

/// How a storage holds its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    Half,
    Brain,
    Single,
    Double,
    /// Counters and the like, so many bytes each.
    Whole(usize),
}

#[derive(Debug)]
pub struct Storage {
    pub numbers: Numbers,
    /// The name of its member.
    pub key: Rc<str>,
    pub count: u64,
}

#[derive(Debug)]
pub struct Tensor {
    pub storage: Rc<Storage>,
    pub offset: u64,
    pub shape: Vec<u64>,
    pub strides: Vec<u64>,
}

#[derive(Debug)]
pub struct Objects {
    all: Vec<Value>,
    pub root: Id,
}

/// A checkpoint of a network of thousands of layers has fewer.
const MOST_OBJECTS: usize = 2_000_000;

/// What is called here takes no more: so nothing large is looked through again and again.
const MOST_ARGUMENTS: usize = 16;
const MOST_AXES: usize = 8;

/// The protocol torch.save writes.
const PROTOCOL: u8 = 2;

impl Objects {
    pub fn get(&self, id: Id) -> &Value {
        &self.all[id]
    }

    /// What a table holds under a word.
    pub fn look_up(&self, table: Id, word: &str) -> Option<Id> {
        let Value::Table(pairs) = self.get(table) else { return None };
        pairs
            .iter()
            .rev()
            .find(|(key, _)| matches!(self.get(*key), Value::Text(text) if &**text == word))
            .map(|pair| pair.1)
    }

    /// Reads a pickle of protocol 2.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let machine =
            Machine { bytes, at: 0, all: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
        machine.run()
    }
}

fn name(module: &str, word: &str) -> Result<Name> {
    let numbers = |numbers| Ok(Name::Numbers(numbers));
    match (module, word) {
        ("collections", "OrderedDict") => Ok(Name::Table),
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Name::Tensor),
        ("torch._utils", "_rebuild_parameter") => Ok(Name::Parameter),
        ("torch", "Size") => Ok(Name::Size),
        ("torch", "HalfStorage") => numbers(Numbers::Half),
        ("torch", "BFloat16Storage") => numbers(Numbers::Brain),
        ("torch", "FloatStorage") => numbers(Numbers::Single),
        ("torch", "DoubleStorage") => numbers(Numbers::Double),
        ("torch", "ByteStorage" | "CharStorage" | "BoolStorage") => numbers(Numbers::Whole(1)),
        ("torch", "ShortStorage") => numbers(Numbers::Whole(2)),
        ("torch", "IntStorage") => numbers(Numbers::Whole(4)),
        ("torch", "LongStorage") => numbers(Numbers::Whole(8)),
        ("torch", "device" | "float32" | "float16" | "bfloat16" | "float64")
        | ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar")
        | ("numpy", "dtype")
        | ("_codecs", "encode") => Ok(Name::Inert),
        _ => {
            let shown = |text: &str| text.chars().take(60).filter(|c| !c.is_control()).collect::<String>();
            Err(format!("it names {}.{}, which weights have no use for", shown(module), shown(word)))
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    all: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Objects> {
        if self.take(2)? != [0x80, PROTOCOL] {
            return Err(format!("its pickle is not of protocol {PROTOCOL}, which torch.save writes"));
        }
        loop {
            let [operation] = self.array()?;
            if operation == b'.' {
                let root = self.pop()?;
                return Ok(Objects { all: self.all, root });
            }
            self.step(operation)?;
        }
    }

    fn step(&mut self, operation: u8) -> Result<()> {
        match operation {
            b'N' | 0x88 | 0x89 => self.push(Value::Inert),
            b'G' => {
                self.take(8)?;
                self.push(Value::Inert)
            }
            b'J' | b'K' | b'M' | 0x8a => self.number(operation),
            b'X' | b'U' => self.text(operation),
            b'c' => self.global(),
            b')' => self.push(Value::Tuple(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Table(Vec::new())),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b't' => {
                let items = self.above_mark()?;
                self.push(Value::Tuple(items))
            }
            0x85..=0x87 => {
                let items = self.last(usize::from(operation - 0x84))?;
                self.push(Value::Tuple(items))
            }
            b'a' | b'e' => self.append(operation == b'e'),
            b's' | b'u' => self.insert(operation == b'u'),
            b'q' | b'r' | b'h' | b'j' => self.remember(operation),
            b'Q' => self.storage(),
            b'R' => self.call(),
            // State set upon a table or something inert changes nothing here.
            b'b' => {
                self.pop()?;
                match self.all[self.top()?] {
                    Value::Table(_) | Value::Inert => Ok(()),
                    _ => Err("it changes an object that is neither table nor number".into()),
                }
            }
            other => Err(format!("its pickle has an operation 0x{other:02x}, which torch.save does not write")),
        }
    }

    fn number(&mut self, operation: u8) -> Result<()> {
        let value = match operation {
            b'J' => Value::Int(i32::from_le_bytes(self.array()?).into()),
            b'K' => Value::Int(i64::from(self.array::<1>()?[0])),
            b'M' => Value::Int(u16::from_le_bytes(self.array()?).into()),
            _ => {
                let [length] = self.array()?;
                let bytes = self.take(length.into())?;
                if bytes.len() > 8 {
                    return Err("it holds a number of more than 64 bits".into());
                }
                let negative = bytes.last().is_some_and(|&byte| byte >> 7 == 1);
                let mut wide = if negative { [0xff; 8] } else { [0; 8] };
                wide[..bytes.len()].copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(wide))
            }
        };
        self.push(value)
    }

    fn text(&mut self, operation: u8) -> Result<()> {
        let length =
            if operation == b'X' { u32::from_le_bytes(self.array()?) as usize } else { self.array::<1>()?[0].into() };
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| "it holds text that is none")?;
        self.push(Value::Text(text.into()))
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("its pickle is cut off")?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| "it holds text that is none".into())
    }

    fn global(&mut self) -> Result<()> {
        let (module, word) = (self.line()?, self.line()?);
        self.push(Value::Name(name(module, word)?))
    }

    fn append(&mut self, many: bool) -> Result<()> {
        let items = if many { self.above_mark()? } else { self.last(1)? };
        let list = self.top()?;
        let Value::List(all) = &mut self.all[list] else { return Err("it appends to what is no list".into()) };
        all.extend(items);
        Ok(())
    }

    fn insert(&mut self, many: bool) -> Result<()> {
        let items = if many { self.above_mark()? } else { self.last(2)? };
        let table = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("it sets a key without a value".into());
        }
        match &mut self.all[table] {
            Value::Table(all) => all.extend(pairs.iter().map(|&[key, value]| (key, value))),
            Value::Inert => {}
            _ => return Err("it sets a key in what is no table".into()),
        }
        Ok(())
    }

    fn remember(&mut self, operation: u8) -> Result<()> {
        let number = if matches!(operation, b'q' | b'h') {
            self.array::<1>()?[0].into()
        } else {
            u32::from_le_bytes(self.array()?)
        };
        if matches!(operation, b'q' | b'r') {
            let top = self.top()?;
            self.memo.insert(number, top);
            return Ok(());
        }
        let id = *self.memo.get(&number).ok_or("it speaks of an object it has not shown")?;
        self.stack.push(id);
        self.check_room()
    }

    /// ('storage', type, key, place, count)
    fn storage(&mut self) -> Result<()> {
        const WRONG: &str = "it refers to something outside that is no storage";
        let id = self.pop()?;
        let Value::Tuple(parts) = &self.all[id] else { return Err(WRONG.into()) };
        let &[kind, numbers, key, _, count] = &parts[..] else { return Err(WRONG.into()) };
        let is_storage = matches!(&self.all[kind], Value::Text(text) if &**text == "storage");
        let (Value::Name(Name::Numbers(numbers)), Value::Text(key)) = (&self.all[numbers], &self.all[key]) else {
            return Err(WRONG.into());
        };
        if !is_storage {
            return Err(WRONG.into());
        }
        let storage = Storage { numbers: *numbers, key: Rc::clone(key), count: self.count(count)? };
        self.push(Value::Storage(Rc::new(storage)))
    }

    fn call(&mut self) -> Result<()> {
        let arguments = self.pop()?;
        let called = self.pop()?;
        let Value::Tuple(arguments) = &self.all[arguments] else { return Err("it calls without arguments".into()) };
        if arguments.len() > MOST_ARGUMENTS {
            return Err("it calls with more arguments than anything takes".into());
        }
        let Value::Name(name) = self.all[called] else { return Err("it calls what is no name".into()) };
        let made = match (name, &arguments[..]) {
            (Name::Table, []) => Value::Table(Vec::new()),
            (Name::Tensor, &[storage, offset, shape, strides, ..]) => self.tensor([storage, offset, shape, strides])?,
            (Name::Parameter, &[inner, ..]) if matches!(self.all[inner], Value::Tensor(_)) => self.all[inner].clone(),
            (Name::Size, &[inner]) if self.axes(inner).is_ok() => self.all[inner].clone(),
            (Name::Inert, _) => Value::Inert,
            _ => return Err("it calls something with arguments that do not fit".into()),
        };
        self.push(made)
    }

    fn tensor(&self, [storage, offset, shape, strides]: [Id; 4]) -> Result<Value> {
        let Value::Storage(storage) = &self.all[storage] else { return Err("it makes a tensor of no storage".into()) };
        let (shape, strides) = (self.axes(shape)?, self.axes(strides)?);
        if shape.len() != strides.len() {
            return Err("it makes a tensor that has not one step for each axis".into());
        }
        Ok(Value::Tensor(Rc::new(Tensor { storage: Rc::clone(storage), offset: self.count(offset)?, shape, strides })))
    }

    /// A number for each axis of a tensor.
    fn axes(&self, id: Id) -> Result<Vec<u64>> {
        match &self.all[id] {
            Value::Tuple(items) | Value::List(items) if items.len() <= MOST_AXES => {
                items.iter().map(|&item| self.count(item)).collect()
            }
            _ => Err("it makes a tensor without a shape".into()),
        }
    }

    fn count(&self, id: Id) -> Result<u64> {
        match self.all[id] {
            Value::Int(n) => u64::try_from(n).map_err(|_| "it counts below zero".into()),
            _ => Err("it counts with what is no number".into()),
        }
    }

    fn push(&mut self, value: Value) -> Result<()> {
        self.all.push(value);
        self.stack.push(self.all.len() - 1);
        self.check_room()
    }

    fn check_room(&self) -> Result<()> {
        if self.all.len().max(self.stack.len()) > MOST_OBJECTS {
            return Err(format!("it holds more than {MOST_OBJECTS} objects"));
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("its pickle takes more than it has".into());
        }
        self.stack.pop().ok_or_else(|| "its pickle takes more than it has".into())
    }

    fn top(&self) -> Result<Id> {
        self.stack.last().copied().ok_or_else(|| "its pickle takes more than it has".into())
    }

    fn last(&mut self, count: usize) -> Result<Vec<Id>> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<Id>>>()?;
        items.reverse();
        Ok(items)
    }

    fn above_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or("its pickle takes more than it has")?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len()).ok_or("its pickle is cut off")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        Ok(std::array::from_fn(|n| taken[n]))
    }
}
