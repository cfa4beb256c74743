//! Housekeeping of the house: the sample study.

pub mod sample;
