//! Thrift's compact protocol, as far as Parquet's metadata needs it.

#[derive(Default)]
pub(super) struct Thrift {
    bytes: Vec<u8>,
    last: i16,
}

const INT: u8 = 5;
const LONG: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Thrift {
    /// Fields come in rising order, each as a step from the one before.
    fn field(&mut self, id: i16, of: u8) {
        let step = id - self.last;
        self.last = id;
        self.bytes.push((step as u8) << 4 | of);
    }

    fn number(&mut self, value: i64) {
        crate::packed::push_number(&mut self.bytes, ((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn int(&mut self, id: i16, value: i64) {
        self.field(id, INT);
        self.number(value);
    }

    pub(super) fn long(&mut self, id: i16, value: i64) {
        self.field(id, LONG);
        self.number(value);
    }

    fn raw(&mut self, text: &str) {
        crate::packed::push_number(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    pub(super) fn text(&mut self, id: i16, text: &str) {
        self.field(id, BINARY);
        self.raw(text);
    }

    fn list(&mut self, id: i16, len: usize, of: u8) {
        self.field(id, LIST);
        if len < 15 {
            self.bytes.push((len as u8) << 4 | of);
        } else {
            self.bytes.push(0xf0 | of);
            crate::packed::push_number(&mut self.bytes, len as u64);
        }
    }

    pub(super) fn ints(&mut self, id: i16, values: &[i64]) {
        self.list(id, values.len(), INT);
        values.iter().for_each(|value| self.number(*value));
    }

    pub(super) fn texts(&mut self, id: i16, values: &[String]) {
        self.list(id, values.len(), BINARY);
        values.iter().for_each(|value| self.raw(value));
    }

    pub(super) fn structs(&mut self, id: i16, values: Vec<Self>) {
        self.list(id, values.len(), STRUCT);
        values.into_iter().for_each(|value| self.bytes.extend(value.finish()));
    }

    pub(super) fn nested(&mut self, id: i16, fill: impl FnOnce(&mut Self)) {
        self.field(id, STRUCT);
        let mut inner = Self::default();
        fill(&mut inner);
        self.bytes.extend(inner.finish());
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}
