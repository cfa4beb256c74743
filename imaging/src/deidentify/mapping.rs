//! Stand-ins for names, UIDs and dates. They follow from the key alone, so that all files of a patient, and files
//! cleaned on another day with the same key, still belong together; without the key nobody can go back.

use sha2::{Digest, Sha256};

/// Dates move back by 1 to this many days.
const LARGEST_SHIFT_DAYS: u64 = 3650;

pub struct Mapping<'a> {
    pub key: &'a str,
}

impl Mapping<'_> {
    fn hash(&self, purpose: &str, value: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for part in [self.key.as_bytes(), purpose.as_bytes(), value] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }

    fn number(&self, purpose: &str, value: &[u8]) -> u128 {
        let hash = self.hash(purpose, value);
        hash[..16].iter().fold(0, |n, &b| n << 8 | u128::from(b))
    }

    /// Standard UIDs name classes and syntaxes and stay; others become UUID-derived ones.
    pub fn uid(&self, uid: &str) -> String {
        if uid.starts_with("1.2.840.10008.") {
            uid.to_owned()
        } else {
            format!("2.25.{}", self.number("uid", uid.as_bytes()))
        }
    }

    pub fn pseudonym(&self, patient: &[u8]) -> String {
        format!("ANON-{:08X}", self.number("patient", patient) as u32)
    }

    /// A short name for the copy of a file, from the path of the original.
    pub fn name(&self, path: &[u8]) -> String {
        format!("{:08x}", self.number("path", path) as u32)
    }

    pub fn shift_days(&self, patient: &[u8]) -> i64 {
        1 + (self.number("days", patient) as u64 % LARGEST_SHIFT_DAYS) as i64
    }
}

/// A DICOM date or date and time, moved back by `days`; `None` where it does not start with a whole date.
pub fn moved(text: &str, days: i64) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    // Before 1993 dates were written with dots.
    let digits: String = if text.len() == 10 { text.replace('.', "") } else { text.to_owned() };
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month, day) = civil_of_days(days_of_civil(year, month, day) - days);
    Some(format!("{year:04}{month:02}{day:02}{}", &digits[8..]))
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that start in March.
fn days_of_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let year_of_era = year.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_over_months_and_leap_days() {
        assert_eq!(moved("20240301", 1).unwrap(), "20240229");
        assert_eq!(moved("2000.01.01", 1).unwrap(), "19991231");
        assert_eq!(moved("20230105101530.25", 10).unwrap(), "20221226101530.25");
        assert_eq!(moved("2023", 10), None);
        assert_eq!(moved("", 10), None);
        for days in [-1_000_000, -1, 0, 59, 60, 11_016, 700_000] {
            let (y, m, d) = civil_of_days(days);
            assert_eq!(days_of_civil(y, m, d), days);
        }
    }

    #[test]
    fn stand_ins_depend_on_the_key_and_on_nothing_else() {
        let (a, b) = (Mapping { key: "a" }, Mapping { key: "b" });
        assert_eq!(a.uid("1.2.3"), Mapping { key: "a" }.uid("1.2.3"));
        assert_ne!(a.uid("1.2.3"), b.uid("1.2.3"));
        assert_eq!(a.uid("1.2.840.10008.1.2"), "1.2.840.10008.1.2");
        assert!(a.uid("1.2.3").len() <= 64);
        assert_ne!(a.pseudonym(b"x"), a.pseudonym(b"y"));
        assert!((1..=3650).contains(&a.shift_days(b"x")));
    }
}
