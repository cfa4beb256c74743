//! An opened series: its headers are read, its samples come when they are asked for.

use crate::error::Result;
use crate::sequence::Clock;
use crate::task::Task;
use crate::volume::{Facts, Volume};

/// What a format hands out for one of its series. Several threads may ask at once.
pub trait Reader: Send + Sync {
    /// The whole picture at one time, counted from 0.
    fn volume(&self, time: usize, task: &Task) -> Result<Volume>;

    /// One picture of the stack at time 0, where it lies. Formats that can find it without reading the rest do so.
    fn picture(&self, n: usize, task: &Task) -> Result<Volume> {
        self.volume(0, task)?.slice(n)
    }

    /// Statistics and the hash of the samples as stored, all times included.
    fn facts(&self, task: &Task) -> Result<Facts>;

    /// The first time and the facts; formats that can make both of one reading do so.
    fn volume_and_facts(&self, task: &Task) -> Result<(Volume, Facts)> {
        Ok((self.volume(0, task)?, self.facts(task)?))
    }

    /// How long each frame (or time) stays, where the file says so.
    fn clock(&self) -> Option<Clock> {
        None
    }

    /// Which of so many pictures to show first: one that says something and is there soon.
    fn first_of(&self, pictures: usize) -> usize {
        pictures / 2
    }
}
