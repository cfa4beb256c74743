//! Case forms that come with Limner, and the reading of a user's own: JSON as `CaseForm` is.

use crate::error::{Error, Result};
use crate::records::CaseForm;
use std::path::Path;

/// Forms that come with Limner: their names in menus and their JSON.
pub const READY: [(&str, &str); 3] = [
    ("Skin photographs", include_str!("../../assets/forms/skin.json")),
    ("Fundus photographs", include_str!("../../assets/forms/fundus.json")),
    ("Chest films", include_str!("../../assets/forms/chest-film.json")),
];

pub fn ready(name: &str) -> Result<CaseForm> {
    let known = READY.iter().find(|(known, _)| *known == name);
    let (_, text) = known.ok_or_else(|| Error::refused(format!("there is no ready form \"{name}\"")))?;
    CaseForm::from_json(text)
}

pub fn read(path: &Path) -> Result<CaseForm> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path, "could not read the form"))?;
    CaseForm::from_json(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_form_is_whole_and_bears_its_name() {
        for (name, _) in READY {
            let form = ready(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(form.name, name);
        }
        assert!(ready("no such form").is_err());
    }
}
