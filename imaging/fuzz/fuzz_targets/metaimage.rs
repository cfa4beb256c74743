//! Fuzzes the reader of metaimage; what is checked stands in tests/support/fuzz.rs.
#![no_main]

#[path = "../../tests/support/fuzz.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bytes("a.mha", bytes));
