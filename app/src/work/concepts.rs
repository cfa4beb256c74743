//! Names from the ontologies that come with Limner, offered while a label is typed: with their codes, so that what is
//! exported says what it means.

use limner_annotation::records::{Node, Ontology};
use limner_annotation::{Label, ontology_file};
use std::sync::LazyLock;

static READY: LazyLock<Vec<Ontology>> = LazyLock::new(|| {
    // A test holds every one of them to be whole.
    ontology_file::READY.iter().filter_map(|(name, _)| ontology_file::ready(name).ok()).collect()
});

/// A name to choose, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Suggestion {
    pub ontology: &'static Ontology,
    pub node: &'static Node,
}

impl Suggestion {
    /// A label that means this.
    pub fn dressed(&self, label: Label) -> Label {
        let node = self.node;
        Label {
            name: node.name.clone(),
            colour: node.colour.or(label.colour),
            codes: node.codes.clone(),
            synonyms: node.synonyms.clone(),
            definition: node.definition.clone(),
            ..label
        }
    }
}

/// Concepts that have the words in their name or in a synonym, those that begin with them first.
pub fn suggestions(wanted: &str, most: usize) -> Vec<Suggestion> {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let all = READY.iter().flat_map(|ontology| ontology.nodes.iter().map(move |node| Suggestion { ontology, node }));
    let rank = |suggestion: &Suggestion| {
        let name = suggestion.node.name.to_lowercase();
        let synonym = suggestion.node.synonyms.iter().any(|word| word.to_lowercase().contains(&wanted));
        match name.find(&wanted) {
            Some(0) => Some(name.len()),
            Some(_) => Some(1000 + name.len()),
            None => synonym.then_some(2000),
        }
    };
    let mut found: Vec<(usize, Suggestion)> = all.filter_map(|s| Some((rank(&s)?, s))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(most).map(|(_, suggestion)| suggestion).collect()
}

/// The concept of exactly this name.
pub fn named(name: &str) -> Option<Suggestion> {
    suggestions(name, 20).into_iter().find(|suggestion| suggestion.node.name.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_finds_names_that_begin_with_it_first_and_brings_their_codes() {
        let found = suggestions("sple", 5);
        assert_eq!(found[0].node.name, "Spleen");
        let label = named("spleen").unwrap().dressed(Label::new(3, "x"));
        assert_eq!((label.value, label.name.as_str()), (3, "Spleen"));
        assert!(label.codes.iter().any(|code| code.scheme == "SCT"));
        assert!(suggestions("  ", 5).is_empty() && named("no such thing").is_none());
    }
}
