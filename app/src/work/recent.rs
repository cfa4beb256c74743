//! Nine places for the labels used last, one a digit key. A label keeps its place while it is in use, so that the hand
//! can learn it; one that comes back by an undo has its place again.

use limner_annotation::LabelId;

#[derive(Clone, Debug, Default)]
pub struct Recent {
    places: [Option<LabelId>; 9],
    /// The label used last comes last.
    order: Vec<LabelId>,
    /// Labels that are gone, and the places they had: each at most once.
    gone: Vec<(LabelId, usize)>,
}

impl Recent {
    pub fn used(&mut self, label: LabelId) {
        self.order.retain(|known| *known != label);
        self.order.push(label);
        if self.places.contains(&Some(label)) {
            return;
        }
        self.gone.retain(|(known, _)| *known != label);
        let free = self.places.iter().position(Option::is_none);
        let rank =
            |place: &Option<LabelId>| place.and_then(|label| self.order.iter().position(|known| *known == label));
        let oldest = (0..9).min_by_key(|n| rank(&self.places[*n]));
        if let Some(n) = free.or(oldest) {
            self.places[n] = Some(label);
        }
    }

    pub fn get(&self, place: usize) -> Option<LabelId> {
        *self.places.get(place)?
    }

    /// Which digit picks a label.
    pub fn digit(&self, label: LabelId) -> Option<usize> {
        self.places.iter().position(|place| *place == Some(label)).map(|n| n + 1)
    }

    /// Takes places from labels that are gone, and gives them back to those that are there again, where they are still
    /// free.
    pub fn keep(&mut self, exists: impl Fn(LabelId) -> bool) {
        self.order.retain(|label| exists(*label));
        for (n, place) in self.places.iter_mut().enumerate() {
            self.gone.extend(place.take_if(|label| !exists(*label)).map(|label| (label, n)));
        }
        let (places, order) = (&mut self.places, &mut self.order);
        self.gone.retain(|(label, n)| {
            let returns = exists(*label) && places[*n].is_none();
            if returns {
                places[*n] = Some(*label);
                // Of all places it was used the longest time ago.
                order.insert(0, *label);
            }
            !returns
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_keeps_its_digit_until_nine_others_were_used_since() {
        let labels: Vec<LabelId> = (0..10).map(|_| LabelId::new()).collect();
        let mut recent = Recent::default();
        labels[..9].iter().for_each(|label| recent.used(*label));
        recent.used(labels[0]);
        assert_eq!(recent.digit(labels[0]), Some(1));
        recent.used(labels[9]);
        assert_eq!((recent.digit(labels[9]), recent.digit(labels[1])), (Some(2), None), "the one unused longest goes");
        recent.keep(|label| label != labels[4]);
        assert_eq!((recent.get(4), recent.get(5)), (None, Some(labels[5])));
    }

    #[test]
    fn a_label_that_comes_back_has_its_digit_again_while_no_other_has_it() {
        let labels: Vec<LabelId> = (0..4).map(|_| LabelId::new()).collect();
        let mut recent = Recent::default();
        labels[..3].iter().for_each(|label| recent.used(*label));
        let without = |gone: &[usize]| {
            let gone: Vec<LabelId> = gone.iter().map(|n| labels[*n]).collect();
            move |label: LabelId| !gone.contains(&label)
        };
        recent.keep(without(&[0, 1]));
        assert_eq!((recent.get(0), recent.get(1)), (None, None));
        recent.keep(without(&[0]));
        assert_eq!((recent.digit(labels[1]), recent.digit(labels[0])), (Some(2), None), "only one of them is back");
        // Another label takes the digit meanwhile: the one that had it does not push it off.
        recent.used(labels[3]);
        recent.keep(without(&[]));
        assert_eq!((recent.digit(labels[3]), recent.digit(labels[0])), (Some(1), None));
        // It is free again as soon as that one is gone.
        recent.keep(without(&[3]));
        assert_eq!(recent.digit(labels[0]), Some(1));
        recent.keep(without(&[]));
        assert_eq!((recent.digit(labels[0]), recent.digit(labels[3])), (Some(1), None));
    }
}
