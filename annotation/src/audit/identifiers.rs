//! Texts that look as if they named a patient, a person or a machine. What is found is said by kind and never repeated.

/// What kind of identifier a text holds.
#[must_use]
pub fn kind_in(text: &str) -> Option<&'static str> {
    type Looks = fn(&str) -> bool;
    let kinds: [(&'static str, Looks); 6] = [
        ("a DICOM UID", has_uid),
        ("an e-mail address", has_email),
        ("a date", has_date),
        ("a folder of a person", has_home),
        ("a record number", has_long_number),
        ("a person's name", has_name),
    ];
    kinds.into_iter().find(|(_, holds)| holds(text)).map(|(kind, _)| kind)
}

/// Runs of digits and dots with at least five parts.
fn has_uid(text: &str) -> bool {
    let runs = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    runs.into_iter().any(|run| {
        let run = run.trim_matches('.');
        run.len() >= 12 && run.split('.').filter(|part| !part.is_empty()).count() >= 5
    })
}

fn has_email(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let Some((name, host)) = word.split_once('@') else { return false };
        !name.is_empty() && host.contains('.') && host.chars().next().is_some_and(char::is_alphanumeric)
    })
}

fn has_date(text: &str) -> bool {
    let plausible = |year: u32, month: u32, day: u32| {
        (1900..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    text.split(|c: char| !c.is_ascii_digit() && !"-./".contains(c)).any(|run| {
        let parts: Vec<&str> = run.split(['-', '.', '/']).filter(|part| !part.is_empty()).collect();
        let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
        match numbers[..] {
            [year, month, day] if parts[0].len() == 4 => plausible(year, month, day),
            [a, b, year] if parts[2].len() == 4 => plausible(year, b, a) || plausible(year, a, b),
            [whole] if parts[0].len() == 8 => plausible(whole / 10_000, whole / 100 % 100, whole % 100),
            _ => false,
        }
    })
}

fn has_home(text: &str) -> bool {
    let text = text.replace('\\', "/").to_lowercase();
    ["/home/", "/users/", "c:/"].iter().any(|folder| text.contains(folder))
}

/// Seven digits in a row that are not padded with zeros, as file numbers are, and not a measurement.
fn has_long_number(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let run = &rest[start..];
        let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        let after = run[end..].trim_start();
        let measured = ["mm", "cm", "ml", "voxel", "px", "."].iter().any(|unit| after.starts_with(unit));
        if end >= 7 && !run.starts_with("000") && !measured {
            return true;
        }
        rest = &run[end..];
    }
    false
}

/// Titles before a capital, and the caret of DICOM names.
fn has_name(text: &str) -> bool {
    let caret = text.split_whitespace().any(|word| {
        let parts: Vec<&str> = word.split('^').collect();
        parts.len() > 1 && parts[0].len() > 1 && parts[0].chars().all(|c| c.is_alphabetic() || c == '-')
    });
    let mut words = text.split_whitespace().peekable();
    let mut titled = false;
    while let Some(word) = words.next() {
        let next_is_capital = words.peek().and_then(|next| next.chars().next()).is_some_and(char::is_uppercase);
        titled |= ["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."].contains(&word) && next_is_capital;
    }
    caret || titled
}

#[cfg(test)]
mod tests {
    use super::kind_in;

    #[test]
    fn identifiers_are_known_by_their_shape() {
        let found = [
            ("series 1.2.840.113619.2.55.3", "a DICOM UID"),
            ("ask jane.doe@clinic.org", "an e-mail address"),
            ("seen on 2021-03-05", "a date"),
            ("seen on 05.03.2021", "a date"),
            ("study 20210305", "a date"),
            ("/home/jane/ct.png", "a folder of a person"),
            ("patient 4711007", "a record number"),
            ("DOE^JANE", "a person's name"),
            ("as Dr. House said", "a person's name"),
        ];
        for (text, kind) in found {
            assert_eq!(kind_in(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn plain_findings_are_no_identifiers() {
        for text in [
            "A 12.5 mm nodule at -600 HU in segment 4",
            "images/000012.png",
            "T1 vs. T2, 3.0 T, 512 x 512",
            "case_00001_slice_00012.png",
            "Is the ratio 0.5?",
            "a volume of 1234567 mm³",
            "10^3 cells",
        ] {
            assert_eq!(kind_in(text), None, "{text}");
        }
    }
}
