//! Fuzzes the reader of raster; what is checked stands in tests/support/fuzz.rs.
#![no_main]

#[path = "../../tests/support/fuzz.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bytes("a.png", bytes));
