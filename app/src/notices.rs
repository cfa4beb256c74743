//! What the user is told: a headline, the cause, and what to do about it. Errors stay until they are dismissed.

use crate::outbox::Request;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Done,
    Warning,
    Error,
}

#[derive(Clone, Debug)]
pub struct Notice {
    pub severity: Severity,
    pub headline: String,
    pub causes: Vec<String>,
    pub since: Instant,
    pub offer: Option<Offer>,
}

/// What can be done about it, on a button.
#[derive(Clone, Debug)]
pub struct Offer {
    pub title: &'static str,
    pub request: Request,
}

impl Severity {
    /// Good news leaves soon, a warning when it has been read, an error when it is dismissed.
    const fn shown_for(self) -> Option<Duration> {
        match self {
            Self::Done => Some(Duration::from_secs(5)),
            Self::Warning => Some(Duration::from_secs(20)),
            Self::Error => None,
        }
    }
}

/// More than this at once is a wall, not a message: the oldest goes.
const MOST: usize = 4;

#[derive(Default)]
pub struct Notices {
    shown: Vec<Notice>,
}

impl Notices {
    pub fn done(&mut self, headline: impl Into<String>) {
        self.push(Severity::Done, headline.into(), Vec::new());
    }

    pub fn warning(&mut self, headline: impl Into<String>, causes: Vec<String>) {
        self.push(Severity::Warning, headline.into(), causes);
    }

    /// A warning that stays until it is answered.
    pub fn offer(&mut self, headline: impl Into<String>, causes: Vec<String>, offer: Offer) {
        self.push(Severity::Warning, headline.into(), causes);
        if let Some(notice) = self.shown.last_mut() {
            notice.offer = Some(offer);
        }
    }

    pub fn error(&mut self, headline: impl Into<String>, error: &anyhow::Error) {
        let headline = headline.into();
        log::warn!("{headline}: {error}");
        self.push(Severity::Error, headline, error.chain().map(ToString::to_string).collect());
    }

    fn push(&mut self, severity: Severity, headline: String, causes: Vec<String>) {
        self.shown.retain(|n| n.headline != headline || n.causes != causes);
        if self.shown.len() == MOST {
            self.shown.remove(0);
        }
        self.shown.push(Notice { severity, headline, causes, since: Instant::now(), offer: None });
    }

    pub fn dismiss(&mut self, index: usize) {
        if index < self.shown.len() {
            self.shown.remove(index);
        }
    }

    pub fn dismiss_all(&mut self) {
        self.shown.clear();
    }

    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    /// Drops what has been read by now; the answer is when the next one goes.
    pub fn expire(&mut self) -> Option<Duration> {
        let left = |n: &Notice| {
            let time = n.severity.shown_for().filter(|_| n.offer.is_none())?;
            Some(time.saturating_sub(n.since.elapsed()))
        };
        self.shown.retain(|n| left(n).is_none_or(|left| !left.is_zero()));
        self.shown.iter().filter_map(left).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_error_twice_is_shown_once_with_its_causes() {
        let mut notices = Notices::default();
        let error = anyhow::anyhow!("the file ends early").context("could not read the series");
        notices.error("Opening failed", &error);
        notices.error("Opening failed", &error);
        assert_eq!(notices.shown().len(), 1);
        assert_eq!(notices.shown()[0].causes, ["could not read the series", "the file ends early"]);
        assert_eq!(notices.expire(), None);
    }

    #[test]
    fn what_can_be_answered_stays_until_it_is() {
        let mut notices = Notices::default();
        let offer = Offer { title: "Open it", request: Request::CloseDialog };
        notices.offer("There is work from last time", Vec::new(), offer);
        assert_eq!(notices.expire(), None);
        assert_eq!(notices.shown()[0].offer.as_ref().unwrap().title, "Open it");
    }
}
