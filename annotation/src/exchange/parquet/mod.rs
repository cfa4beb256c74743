//! Parquet files, written plainly: one row group, one page a column, no compression, the same bytes for the same rows.
//!
//! The format is Apache Parquet 2 (thrift compact metadata). Columns may be lists and structs; a value is optional
//! where its column says so. Large enough for what annotation tables hold, small enough to read in one sitting.

mod read;
mod thrift;

use crate::error::{Error, Result};
pub(crate) use read::read;
use std::path::Path;
use thrift::Thrift;

/// What a leaf holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Bytes,
    Double,
}

/// A column of a table, or a part of one.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    Leaf(String, Type),
    List(Box<Field>),
    Struct(String, Vec<Field>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Bytes(Vec<u8>),
    Double(f64),
    List(Vec<Cell>),
    Struct(Vec<Cell>),
}

impl Field {
    pub(crate) fn leaf(name: &str, of: Type) -> Self {
        Self::Leaf(name.into(), of)
    }

    /// A list is called what its elements are called.
    pub(crate) fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    fn name(&self) -> &str {
        match self {
            Self::Leaf(name, _) | Self::Struct(name, _) => name,
            Self::List(element) => element.name(),
        }
    }

    fn leaves(&self) -> usize {
        match self {
            Self::Leaf(..) => 1,
            Self::List(element) => element.leaves(),
            Self::Struct(_, fields) => fields.iter().map(Self::leaves).sum(),
        }
    }
}

/// Values of one leaf with their levels (Dremel): how deep they repeat, how deep they are defined.
#[derive(Default)]
struct Column {
    path: Vec<String>,
    of: Option<Type>,
    most_repeated: u8,
    most_defined: u8,
    repeated: Vec<u8>,
    defined: Vec<u8>,
    values: Vec<u8>,
}

impl Column {
    fn push(&mut self, cell: &Cell) -> Option<()> {
        match (self.of?, cell) {
            (Type::Text, Cell::Text(text)) => self.blob(text.as_bytes()),
            (Type::Bytes, Cell::Bytes(bytes)) => self.blob(bytes),
            (Type::Double, Cell::Double(x)) => self.values.extend(x.to_le_bytes()),
            _ => return None,
        }
        Some(())
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.values.extend((bytes.len() as u32).to_le_bytes());
        self.values.extend(bytes);
    }

    fn page(&self) -> Vec<u8> {
        let mut page = Vec::new();
        for (levels, most) in [(&self.repeated, self.most_repeated), (&self.defined, self.most_defined)] {
            if most > 0 {
                let runs = runs(levels, most);
                page.extend((runs.len() as u32).to_le_bytes());
                page.extend(runs);
            }
        }
        page.extend(&self.values);
        page
    }
}

/// Levels as run lengths of the hybrid encoding; levels below 256 take one byte.
fn runs(levels: &[u8], _: u8) -> Vec<u8> {
    let mut out = Vec::new();
    for run in levels.chunk_by(|a, b| a == b) {
        crate::packed::push_number(&mut out, (run.len() as u64) << 1);
        out.push(run[0]);
    }
    out
}

/// Writes a table. `metadata` goes into the file's key-value pairs.
pub(crate) fn write(path: &Path, fields: &[Field], rows: &[Vec<Cell>], metadata: &[(&str, String)]) -> Result<()> {
    let bytes = table(fields, rows, metadata).ok_or_else(|| Error::export(path, "a row does not fit its columns"))?;
    super::folder::write(path, &bytes)
}

pub(crate) fn table(fields: &[Field], rows: &[Vec<Cell>], metadata: &[(&str, String)]) -> Option<Vec<u8>> {
    let mut columns = Vec::new();
    for field in fields {
        describe(field, &mut Vec::new(), (0, 0), &mut columns);
    }
    for row in rows {
        if row.len() != fields.len() {
            return None;
        }
        let mut rest = columns.as_mut_slice();
        for (field, cell) in fields.iter().zip(row) {
            let (here, after) = rest.split_at_mut(field.leaves());
            shred(field, cell, (0, 0), 0, here)?;
            rest = after;
        }
    }
    Some(file(fields, &columns, rows.len(), metadata))
}

/// Every level is optional, so that a missing value never needs another schema.
fn describe(field: &Field, path: &mut Vec<String>, (repeated, defined): (u8, u8), out: &mut Vec<Column>) {
    match field {
        Field::Leaf(name, of) => {
            path.push(name.clone());
            out.push(Column {
                path: path.clone(),
                of: Some(*of),
                most_repeated: repeated,
                most_defined: defined + 1,
                ..Column::default()
            });
            path.pop();
        }
        Field::Struct(name, fields) => {
            path.push(name.clone());
            fields.iter().for_each(|field| describe(field, path, (repeated, defined + 1), out));
            path.pop();
        }
        Field::List(element) => {
            path.extend([element.name().to_owned(), "list".to_owned()]);
            describe(&renamed(element), path, (repeated + 1, defined + 2), out);
            path.truncate(path.len() - 2);
        }
    }
}

/// The element of a list, called as the format asks.
fn renamed(element: &Field) -> Field {
    match element {
        Field::Leaf(_, of) => Field::Leaf("element".into(), *of),
        Field::Struct(_, fields) => Field::Struct("element".into(), fields.clone()),
        Field::List(inner) => Field::List(Box::new(renamed(inner))),
    }
}

/// Takes a value apart into its leaves. `depth` counts the lists around it.
fn shred(field: &Field, cell: &Cell, (repeated, defined): (u8, u8), depth: u8, columns: &mut [Column]) -> Option<()> {
    if *cell == Cell::Null {
        columns.iter_mut().for_each(|column| {
            column.repeated.push(repeated);
            column.defined.push(defined);
        });
        return Some(());
    }
    match (field, cell) {
        (Field::Leaf(..), cell) => {
            let column = columns.first_mut()?;
            column.repeated.push(repeated);
            column.defined.push(defined + 1);
            column.push(cell)
        }
        (Field::Struct(_, fields), Cell::Struct(cells)) if fields.len() == cells.len() => {
            let mut rest = columns;
            for (field, cell) in fields.iter().zip(cells) {
                let (here, after) = rest.split_at_mut(field.leaves());
                shred(field, cell, (repeated, defined + 1), depth, here)?;
                rest = after;
            }
            Some(())
        }
        (Field::List(_), Cell::List(cells)) if cells.is_empty() => {
            columns.iter_mut().for_each(|column| {
                column.repeated.push(repeated);
                column.defined.push(defined + 1);
            });
            Some(())
        }
        (Field::List(element), Cell::List(cells)) => {
            for (n, cell) in cells.iter().enumerate() {
                let level = if n == 0 { repeated } else { depth + 1 };
                shred(element, cell, (level, defined + 2), depth + 1, columns)?;
            }
            Some(())
        }
        _ => None,
    }
}

fn file(fields: &[Field], columns: &[Column], rows: usize, metadata: &[(&str, String)]) -> Vec<u8> {
    let mut out = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for column in columns {
        let page = column.page();
        let mut header = Thrift::default();
        header.int(1, 0); // a data page
        header.int(2, page.len() as i64);
        header.int(3, page.len() as i64);
        header.nested(5, |data| {
            data.int(1, column.defined.len() as i64);
            data.int(2, 0); // plain values
            data.int(3, 3); // run lengths for the levels
            data.int(4, 3);
        });
        let start = out.len() as i64;
        out.extend(header.finish());
        out.extend(page);
        chunks.push((start, out.len() as i64 - start));
    }
    let mut footer = Thrift::default();
    footer.int(1, 2);
    let mut schema = vec![group("schema", None, fields.len(), false)];
    fields.iter().for_each(|field| schema_of(field, None, &mut schema));
    footer.structs(2, schema);
    footer.long(3, rows as i64);
    footer.structs(4, vec![row_group(columns, &chunks, rows)]);
    footer.structs(5, metadata.iter().map(|(key, value)| key_value(key, value)).collect());
    footer.text(6, "Limner");
    let footer = footer.finish();
    out.extend(&footer);
    out.extend((footer.len() as u32).to_le_bytes());
    out.extend(b"PAR1");
    out
}

fn row_group(columns: &[Column], chunks: &[(i64, i64)], rows: usize) -> Thrift {
    let chunk = |(column, (start, size)): (&Column, &(i64, i64))| {
        let mut chunk = Thrift::default();
        chunk.long(2, *start);
        chunk.nested(3, |meta| {
            meta.int(1, column.of.map_or(0, |of| of.physical().into()));
            meta.ints(2, &[0, 3]);
            meta.texts(3, &column.path);
            meta.int(4, 0); // not compressed
            meta.long(5, column.defined.len() as i64);
            meta.long(6, *size);
            meta.long(7, *size);
            meta.long(9, *start);
        });
        chunk
    };
    let mut group = Thrift::default();
    group.structs(1, columns.iter().zip(chunks).map(chunk).collect());
    group.long(2, chunks.iter().map(|(_, size)| size).sum());
    group.long(3, rows as i64);
    group
}

fn key_value(key: &str, value: &str) -> Thrift {
    let mut pair = Thrift::default();
    pair.text(1, key);
    pair.text(2, value);
    pair
}

impl Type {
    const fn physical(self) -> u8 {
        match self {
            Self::Text | Self::Bytes => 6,
            Self::Double => 5,
        }
    }
}

const OPTIONAL: i64 = 1;
const REPEATED: i64 = 2;

/// A schema element with children.
fn group(name: &str, repetition: Option<i64>, children: usize, is_list: bool) -> Thrift {
    let mut element = Thrift::default();
    if let Some(repetition) = repetition {
        element.int(3, repetition);
    }
    element.text(4, name);
    element.int(5, children as i64);
    if is_list {
        element.int(6, 3);
        element.nested(10, |logical| logical.nested(3, |_| {}));
    }
    element
}

fn schema_of(field: &Field, name: Option<&str>, out: &mut Vec<Thrift>) {
    let name = name.unwrap_or(field.name());
    match field {
        Field::Leaf(_, of) => {
            let mut element = Thrift::default();
            element.int(1, of.physical().into());
            element.int(3, OPTIONAL);
            element.text(4, name);
            if *of == Type::Text {
                element.int(6, 0);
                element.nested(10, |logical| logical.nested(1, |_| {}));
            }
            out.push(element);
        }
        Field::Struct(_, fields) => {
            out.push(group(name, Some(OPTIONAL), fields.len(), false));
            fields.iter().for_each(|field| schema_of(field, None, out));
        }
        Field::List(element) => {
            out.push(group(name, Some(OPTIONAL), 1, true));
            out.push(group("list", Some(REPEATED), 1, false));
            schema_of(element, Some("element"), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_lists_have_the_levels_of_the_dremel_paper() {
        let field = Field::list(Field::list(Field::leaf("x", Type::Double)));
        let mut columns = Vec::new();
        describe(&field, &mut Vec::new(), (0, 0), &mut columns);
        assert_eq!((columns[0].most_repeated, columns[0].most_defined), (2, 5));
        assert_eq!(columns[0].path, ["x", "list", "element", "list", "element"]);
        let long = |n: u8| Cell::Double(n.into());
        let rows = [
            Cell::List(vec![Cell::List(vec![long(1), long(2)]), Cell::List(vec![long(3)])]),
            Cell::List(Vec::new()),
            Cell::Null,
            Cell::List(vec![Cell::List(Vec::new()), Cell::Null, Cell::List(vec![Cell::Null])]),
        ];
        for row in &rows {
            shred(&field, row, (0, 0), 0, &mut columns).unwrap();
        }
        assert_eq!(columns[0].repeated, [0, 2, 1, 0, 0, 0, 1, 1]);
        assert_eq!(columns[0].defined, [5, 5, 5, 1, 0, 3, 2, 4]);
        assert_eq!(columns[0].values.len(), 24);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let rows: Vec<_> = rows.into_iter().map(|row| vec![row]).collect();
        write(&path, std::slice::from_ref(&field), &rows, &[]).unwrap();
        assert_eq!(read(&path, &[field]).unwrap(), rows);
    }

    #[test]
    fn a_table_is_framed_and_always_the_same() {
        let fields = [Field::leaf("name", Type::Text), Field::leaf("size", Type::Double)];
        let rows = vec![vec![Cell::Text("a".into()), Cell::Double(1.0)], vec![Cell::Null, Cell::Double(2.0)]];
        let bytes = table(&fields, &rows, &[("key", "value".into())]).unwrap();
        assert_eq!(bytes, table(&fields, &rows, &[("key", "value".into())]).unwrap());
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        assert_eq!(table(&fields, &[vec![Cell::Null]], &[]), None);
        assert_eq!(table(&fields, &[vec![Cell::Double(1.0), Cell::Double(1.0)]], &[]), None);
    }
}
