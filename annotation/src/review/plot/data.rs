//! The numbers of a plot as a table for other programs.

use crate::error::{Error, Result};
use crate::exchange::csv;
use crate::exchange::parquet::{self, Cell, Field, Type};

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Word(String),
    /// What does not exist is an empty cell.
    Number(Option<f64>),
}

impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        Self::Number(number)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    head: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Data {
    #[must_use]
    pub fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// One value for each column.
    pub fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.head.len());
        self.rows.push(row.into());
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[must_use]
    pub fn csv_text(&self) -> String {
        let mut out = csv::line(&self.head.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for row in &self.rows {
            let text = |value: &Value| match value {
                Value::Word(word) => word.clone(),
                Value::Number(number) => number.map_or_else(String::new, |number| number.to_string()),
            };
            out.push_str(&csv::line(&row.iter().map(text).collect::<Vec<_>>()));
        }
        out
    }

    pub fn parquet_bytes(&self) -> Result<Vec<u8>> {
        let is_word = |n: usize| self.rows.iter().any(|row| matches!(row[n], Value::Word(_)));
        let field =
            |(n, name): (usize, &&'static str)| Field::leaf(name, if is_word(n) { Type::Text } else { Type::Double });
        let fields: Vec<Field> = self.head.iter().enumerate().map(field).collect();
        let cell = |value: &Value| match value {
            Value::Word(word) => Cell::Text(word.clone()),
            Value::Number(number) => number.map_or(Cell::Null, Cell::Double),
        };
        let rows: Vec<Vec<Cell>> = self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let table = parquet::table(&fields, &rows, &[]);
        table.ok_or_else(|| Error::refused("a row does not fit its columns"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_number_is_an_empty_cell_and_words_are_quoted_where_they_must_be() {
        let mut data = Data::new(&["case", "value"]);
        data.push(["a, b".into(), 0.5.into()]);
        data.push(["c".into(), None.into()]);
        assert_eq!(data.csv_text().replace('\r', ""), "case,value\n\"a, b\",0.5\nc,\n");
        assert_eq!(&data.parquet_bytes().unwrap()[..4], b"PAR1");
    }
}
