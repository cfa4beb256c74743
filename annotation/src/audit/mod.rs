//! Can the questions be answered without looking? Are they fair, and free of what must not be in them?
//!
//! What must hold: the same questions, plan and version give the same report, on any machine and any number of threads; an
//! audit reads records and never pictures; what looks like an identifier is named by its kind and not repeated.

mod claims;
mod duplicates;
pub mod features;
pub mod findings;
pub mod forest;
mod identifiers;
pub mod item;
pub mod mend;
mod page;
pub mod prune;
pub mod random;
mod recorded;
mod report;
pub mod shortcuts;
mod tally;

pub use claims::sheet;
pub use duplicates::{ALIKE, likeness, pairs, shingles};
pub use findings::{Doubt, Finding};
pub use prune::Pruning;
pub use random::Random;
pub use recorded::record;
pub use report::{Report, run, run_items};
pub use shortcuts::Plan;
