//! Housekeeping of the house: the sample study, and the rules a compiler does not look after.

pub mod docs;
pub mod lint;
pub mod sample;
