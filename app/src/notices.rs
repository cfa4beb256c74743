//! What the user is told: a headline, the cause, and what to do about it. Each leaves when there was time to read it, but
//! for what has to be answered and for work that is not saved.

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
    /// Whether it stays until it is dismissed.
    pub stays: bool,
}

/// What can be done about it, on a button.
#[derive(Clone, Debug)]
pub struct Offer {
    pub title: &'static str,
    pub request: Request,
}

impl Severity {
    /// Good news leaves soon, the rest when it has been read.
    const fn shown_for(self) -> Duration {
        Duration::from_secs(match self {
            Self::Done => 5,
            Self::Warning => 20,
            Self::Error => 30,
        })
    }
}

/// Of more than this the oldest goes.
const MOST: usize = 20;

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
            (notice.offer, notice.stays) = (Some(offer), true);
        }
    }

    pub fn error(&mut self, headline: impl Into<String>, error: &anyhow::Error) {
        let headline = headline.into();
        log::warn!("{headline}: {error}");
        self.push(Severity::Error, headline, error.chain().map(ToString::to_string).collect());
    }

    /// An error that nobody may miss: it stays until it is dismissed.
    pub fn fault(&mut self, headline: impl Into<String>, error: &anyhow::Error) {
        self.error(headline, error);
        if let Some(notice) = self.shown.last_mut() {
            notice.stays = true;
        }
    }

    /// What had failed has been done since.
    pub fn mended(&mut self, headline: &str) {
        self.shown.retain(|n| n.stays || n.severity != Severity::Error || n.headline != headline);
    }

    fn push(&mut self, severity: Severity, headline: String, causes: Vec<String>) {
        self.shown.retain(|n| n.headline != headline || n.causes != causes);
        if self.shown.len() == MOST {
            self.shown.remove(0);
        }
        self.shown.push(Notice { severity, headline, causes, since: Instant::now(), offer: None, stays: false });
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

    /// Drops what has been read by now; the answer is when the next one goes. While somebody reads nothing goes, and there is
    /// as much time again after that.
    pub fn expire(&mut self, is_read: bool) -> Option<Duration> {
        if is_read {
            self.shown.iter_mut().for_each(|notice| notice.since = Instant::now());
        }
        let left = |n: &Notice| (!n.stays).then(|| n.severity.shown_for().saturating_sub(n.since.elapsed()));
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
    }

    #[test]
    fn an_error_leaves_when_it_was_read_and_lost_work_does_not() {
        let mut notices = Notices::default();
        let error = anyhow::anyhow!("the disk is full");
        notices.error("Opening failed", &error);
        notices.fault("Your work is no longer being saved", &error);
        let long_ago = Instant::now().checked_sub(Duration::from_secs(31)).unwrap();
        notices.shown.iter_mut().for_each(|notice| notice.since = long_ago);
        notices.expire(true);
        assert_eq!(notices.shown().len(), 2, "what is being read stays");
        notices.shown.iter_mut().for_each(|notice| notice.since = long_ago);
        assert_eq!(notices.expire(false), None);
        assert_eq!(notices.shown().len(), 1);
        assert!(notices.shown()[0].headline.contains("saved"));
    }

    #[test]
    fn what_works_at_last_takes_its_error_away() {
        let mut notices = Notices::default();
        notices.error("Opening failed", &anyhow::anyhow!("no such file"));
        notices.error("Exporting failed", &anyhow::anyhow!("no room"));
        notices.mended("Opening failed");
        let left: Vec<&str> = notices.shown().iter().map(|notice| notice.headline.as_str()).collect();
        assert_eq!(left, ["Exporting failed"]);
    }

    #[test]
    fn what_can_be_answered_stays_until_it_is() {
        let mut notices = Notices::default();
        let offer = Offer { title: "Open it", request: Request::CloseDialog };
        notices.offer("There is work from last time", Vec::new(), offer);
        assert_eq!(notices.expire(false), None);
        assert_eq!(notices.shown()[0].offer.as_ref().unwrap().title, "Open it");
    }
}
