//! What could name a patient, wrapped so that it cannot slip into a log, an error or a window title.

/// A value that prints as dots. Whoever shows it asks for it by name, which is easy to find in a review.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Private<T>(T);

impl<T> Private<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for a place a user asked to see it in.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_value_does_not_print() {
        let name = Private::new("Doe^Jane".to_owned());
        assert_eq!(format!("{name:?} {:?}", Some(&name)), "… Some(…)");
        assert_eq!(name.reveal(), "Doe^Jane");
    }
}
