//! The crate from outside: engines on pictures whose answer is known, and the laws of sessions.

#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod common;
#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod gpu;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod nninteractive;
#[cfg(test)]
mod official;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod phantoms;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod scenario;
#[cfg(test)]
mod served;
#[cfg(test)]
mod sessions;
