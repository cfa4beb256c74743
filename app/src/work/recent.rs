//! Nine places for the labels used last, one a digit key. A label keeps its place while it is in use, so that the hand
//! can learn it.

use limner_annotation::LabelId;

#[derive(Clone, Debug, Default)]
pub struct Recent {
    places: [Option<LabelId>; 9],
    /// The label used last comes last.
    order: Vec<LabelId>,
}

impl Recent {
    pub fn used(&mut self, label: LabelId) {
        self.order.retain(|known| *known != label);
        self.order.push(label);
        if self.places.contains(&Some(label)) {
            return;
        }
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

    /// Forgets labels that are gone.
    pub fn keep(&mut self, exists: impl Fn(LabelId) -> bool) {
        self.order.retain(|label| exists(*label));
        for place in &mut self.places {
            *place = place.filter(|label| exists(*label));
        }
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
}
