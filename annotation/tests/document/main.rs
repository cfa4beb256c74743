//! The document and its store, judged from outside: laws over random work, crashes, locks and damage.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lazy;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod play;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod records;
#[cfg(test)]
mod share;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod store;
