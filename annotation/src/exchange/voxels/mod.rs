//! Formats of volumes: label maps on grids that lie somewhere in the patient.

pub(crate) mod boxes;
pub(crate) mod grid;
pub(crate) mod maps;
pub(crate) mod medsam;
mod medsam_read;
pub(crate) mod nnunet;
pub(crate) mod stacks;
pub(crate) mod trees;
mod trees_read;
