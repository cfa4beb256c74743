//! Grounded questions: what must hold of them, how they are made, audited and written.

#[cfg(test)]
mod anatomy;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod boxes;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod forest;
#[cfg(test)]
mod frame;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod recomputed;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod validity;
#[cfg(test)]
mod wording;
