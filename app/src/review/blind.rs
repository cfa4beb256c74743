//! Whose versions are whose while nobody is to know: models are numbers, in an order that the protocol's seed, the reader and
//! the picture decide, so that neither name, place nor colour tells them apart from case to case.

use super::{Alias, OWN, Review, Source, SourceId};
use crate::theme::LABEL_COLOURS;
use limner_annotation::ImageId;
use limner_annotation::audit::Random;

impl Review {
    /// The models that are rated: file sources but for the reference, in the order they are shown in.
    pub fn models(&self) -> Vec<SourceId> {
        let is_model = |source: &&Source| source.is_file() && !source.is_truth() && Some(source.id) != self.reference;
        let models = self.sources.iter().filter(is_model);
        models.map(|source| source.id).collect()
    }

    /// Whether names are hidden now.
    pub fn is_blind(&self) -> bool {
        self.sources.iter().any(|source| source.alias.is_some())
    }

    /// Gives every model a number, a colour and a place by the seed; without one all have their own again.
    pub fn hide(&mut self, seed: Option<(u64, bool)>, reader: &str, image: Option<ImageId>) {
        self.sources.iter_mut().for_each(|source| source.alias = None);
        self.sources.sort_by_key(|source| source.id);
        let Some((seed, shuffled)) = seed else { return };
        let mut models = self.models();
        // Not the order they were opened in: another reader may open them in another one.
        models.sort_by_key(|id| self.get(*id).map(|source| source.name.clone()));
        if shuffled {
            let image = image.map(|image| image.to_string()).unwrap_or_default();
            Random::of_text(seed, &format!("{reader} {image}")).shuffle(&mut models);
        }
        for (n, id) in models.iter().enumerate() {
            let alias = Alias { name: format!("Model {}", n + 1), colour: LABEL_COLOURS[n % LABEL_COLOURS.len()] };
            if let Some(source) = self.get_mut(*id) {
                source.alias = Some(alias);
            }
        }
        let place = |source: &Source| match models.iter().position(|id| *id == source.id) {
            _ if source.id == OWN => (0, 0),
            None => (1, source.id.0 as usize),
            Some(place) => (2, place),
        };
        self.sources.sort_by_key(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Speaker;
    use limner_annotation::review::opened::ModelFiles;
    use std::sync::Arc;

    #[test]
    fn numbers_tell_nothing_and_are_the_same_again() {
        let mut review = Review::default();
        let names = ["alpha", "beta", "gamma"];
        let ids = names.map(|name| review.add(name, Speaker::Files(Arc::new(ModelFiles::default()))));
        let shown = |review: &Review| -> Vec<(SourceId, Alias)> {
            review.sources.iter().filter_map(|source| Some((source.id, source.alias.clone()?))).collect()
        };
        let mut orders = std::collections::BTreeSet::new();
        // Always the same pictures: of random ones now and then forty do not bring up all orders.
        for image in (1..=40).map(|n| ImageId(uuid::Uuid::from_u128(n))) {
            review.hide(Some((7, true)), "reader", Some(image));
            let first = shown(&review);
            assert!(first.iter().zip(1..).all(|((_, alias), n)| alias.name == format!("Model {n}")));
            assert!(first.iter().zip(LABEL_COLOURS).all(|((_, alias), colour)| alias.colour == colour));
            review.hide(Some((7, true)), "reader", Some(image));
            assert_eq!(shown(&review), first, "the same case looks the same again");
            orders.insert(first.into_iter().map(|(id, _)| id).collect::<Vec<_>>());
        }
        assert_eq!(orders.len(), 6, "every order comes up");
        review.reference = Some(ids[0]);
        review.hide(Some((7, true)), "reader", None);
        assert_eq!((shown(&review).len(), review.models().len()), (2, 2), "the reference is no riddle");
        review.hide(None, "", None);
        assert!(!review.is_blind() && review.sources[1].id == ids[0]);
    }
}
