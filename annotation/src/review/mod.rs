//! Models side by side from files: what they predicted is read and matched to cases, scored, summed up with intervals and
//! tests, drawn and written down as one page.

pub mod agree;
pub mod dashboard;
pub mod decide;
pub mod decide_row;
pub mod differ;
pub mod folder;
pub mod judged;
pub mod judged_page;
pub mod layers;
pub mod opened;
pub mod page;
pub mod plot;
pub mod rating;
pub mod records;
pub mod said;
pub mod soft;
pub mod study;
pub mod study_plots;
pub mod summary;
pub mod table;
pub mod together;
pub mod together_boxes;

pub use folder::{Maps, maps_in};
pub use study::{Faults, Report, Row, Rules, Study, compare};
pub use summary::{Figure, ModelSummary, PairTest, Summary, summarise};
