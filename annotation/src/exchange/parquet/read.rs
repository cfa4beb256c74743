//! Reads back what `write` makes, page by page; files of others use encodings that are not known here.

use super::{Cell, Column, Field, Type, describe};
use crate::error::{Error, Result};
use std::path::Path;

/// Reads a file that `write` made with the same fields. Files of others use encodings that are not read here.
pub(crate) fn read(path: &Path, fields: &[Field]) -> Result<Vec<Vec<Cell>>> {
    let bytes = crate::exchange::folder::read(path)?;
    let other = || Error::export(path, "this Parquet file was written by another program; only plain ones are read");
    let mut columns = Vec::new();
    for field in fields {
        describe(field, &mut Vec::new(), (0, 0), &mut columns);
    }
    let mut cursors = Vec::new();
    let mut at = 4;
    if bytes.get(..4) != Some(b"PAR1") {
        return Err(other());
    }
    for column in &columns {
        let (cursor, after) = Cursor::of(&bytes, at, column).ok_or_else(other)?;
        cursors.push(cursor);
        at = after;
    }
    let mut rows = Vec::new();
    while cursors.first().is_some_and(|cursor| cursor.at < cursor.defined.len()) {
        let mut rest = cursors.as_mut_slice();
        let mut row = Vec::new();
        for field in fields {
            let (here, after) = rest.split_at_mut(field.leaves());
            row.push(assemble(field, 0, 0, here).ok_or_else(other)?);
            rest = after;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// A column being read.
struct Cursor<'a> {
    of: Type,
    repeated: Vec<u8>,
    defined: Vec<u8>,
    at: usize,
    values: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn of(bytes: &'a [u8], start: usize, column: &Column) -> Option<(Self, usize)> {
        let mut header = bytes.get(start..)?;
        let mut numbers = Vec::new();
        // The page header is all small integers up to the nested one: type, two sizes, then count and encodings.
        for expected in [0x15, 0x15, 0x15] {
            let (&field, rest) = header.split_first()?;
            header = rest;
            (field == expected).then_some(())?;
            numbers.push(zigzag(crate::packed::take_number(&mut header)?));
        }
        let (&nested, rest) = header.split_first()?;
        (nested == 0x2c).then_some(())?;
        header = rest;
        let (&field, rest) = header.split_first()?;
        (field == 0x15).then_some(())?;
        header = rest;
        let count = usize::try_from(zigzag(crate::packed::take_number(&mut header)?)).ok()?;
        // Three encodings of two bytes each, then the ends of both structs.
        header = header.get(8..)?;
        let size = usize::try_from(numbers[1]).ok()?;
        let page_start = bytes.len() - header.len();
        let mut page = bytes.get(page_start..page_start + size)?;
        let mut levels = [Vec::new(), Vec::new()];
        for (levels, most) in levels.iter_mut().zip([column.most_repeated, column.most_defined]) {
            if most == 0 {
                *levels = vec![0; count];
                continue;
            }
            let (length, rest) = page.split_first_chunk::<4>()?;
            let (mut runs, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            while !runs.is_empty() {
                let run = crate::packed::take_number(&mut runs)?;
                let (&level, rest) = runs.split_first()?;
                runs = rest;
                (run & 1 == 0 && levels.len() as u64 + (run >> 1) <= count as u64).then_some(())?;
                levels.resize(levels.len() + (run >> 1) as usize, level);
            }
            (levels.len() == count).then_some(())?;
            page = after;
        }
        let [repeated, defined] = levels;
        Some((Self { of: column.of?, repeated, defined, at: 0, values: page }, page_start + size))
    }

    fn value(&mut self) -> Option<Cell> {
        let mut take = |n: usize| {
            let (value, rest) = self.values.split_at_checked(n)?;
            self.values = rest;
            Some(value)
        };
        Some(match self.of {
            Type::Double => Cell::Double(f64::from_le_bytes(take(8)?.try_into().ok()?)),
            Type::Text | Type::Bytes => {
                let length = u32::from_le_bytes(take(4)?.try_into().ok()?) as usize;
                let blob = take(length)?.to_vec();
                if self.of == Type::Text { Cell::Text(String::from_utf8(blob).ok()?) } else { Cell::Bytes(blob) }
            }
        })
    }
}

const fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Puts one value together from its leaves; the opposite of `shred`.
fn assemble(field: &Field, defined: u8, depth: u8, cursors: &mut [Cursor<'_>]) -> Option<Cell> {
    let here = |cursors: &[Cursor<'_>]| cursors.first().and_then(|c| c.defined.get(c.at).copied());
    let skip = |cursors: &mut [Cursor<'_>]| cursors.iter_mut().for_each(|cursor| cursor.at += 1);
    if here(cursors)? == defined {
        skip(cursors);
        return Some(Cell::Null);
    }
    match field {
        Field::Leaf(..) => {
            let cursor = cursors.first_mut()?;
            cursor.at += 1;
            cursor.value()
        }
        Field::Struct(_, fields) => {
            let mut rest = cursors;
            let mut cells = Vec::new();
            for field in fields {
                let (mine, after) = rest.split_at_mut(field.leaves());
                cells.push(assemble(field, defined + 1, depth, mine)?);
                rest = after;
            }
            Some(Cell::Struct(cells))
        }
        Field::List(_) if here(cursors)? == defined + 1 => {
            skip(cursors);
            Some(Cell::List(Vec::new()))
        }
        Field::List(element) => {
            let mut cells = vec![assemble(element, defined + 2, depth + 1, cursors)?];
            while cursors.first().is_some_and(|c| c.repeated.get(c.at).is_some_and(|level| *level == depth + 1)) {
                cells.push(assemble(element, defined + 2, depth + 1, cursors)?);
            }
            Some(Cell::List(cells))
        }
    }
}
