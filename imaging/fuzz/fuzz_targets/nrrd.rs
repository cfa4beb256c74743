//! Fuzzes the reader of nrrd; what is checked stands in tests/support/fuzz.rs.
#![no_main]

#[path = "../../tests/support/fuzz.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bytes("a.nrrd", bytes));
