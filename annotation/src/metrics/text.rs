//! Words against words. Text is lowered and split at everything that is neither letter nor number.

use std::collections::HashMap;

#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    let lowered = text.to_lowercase();
    lowered.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn counts<'a, T: std::hash::Hash + Eq + 'a>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    items.for_each(|item| *counts.entry(item).or_default() += 1);
    counts
}

/// The harmonic mean of the shares of words that both have. 1 where both are empty, 0 where one is.
#[must_use]
pub fn token_f1(reference: &str, candidate: &str) -> f64 {
    let (a, b) = (tokens(reference), tokens(candidate));
    let theirs = counts(b.iter());
    let shared: usize =
        counts(a.iter()).into_iter().map(|(word, n)| n.min(theirs.get(word).copied().unwrap_or(0))).sum();
    harmonic(shared, a.len(), b.len())
}

fn harmonic(shared: usize, reference: usize, candidate: usize) -> f64 {
    super::share(2.0 * shared as f64, (reference + candidate) as f64).unwrap_or(1.0)
}

/// ROUGE-L: the F measure of the longest common subsequence. Empty texts as in `token_f1`.
#[must_use]
pub fn rouge_l(reference: &str, candidate: &str) -> f64 {
    let (a, b) = (tokens(reference), tokens(candidate));
    let mut longest = vec![0_usize; b.len() + 1];
    for word in &a {
        let mut diagonal = 0;
        for (n, other) in b.iter().enumerate() {
            let here = longest[n + 1];
            longest[n + 1] = if word == other { diagonal + 1 } else { here.max(longest[n]) };
            diagonal = here;
        }
    }
    harmonic(longest[b.len()], a.len(), b.len())
}

/// A candidate text and the references it may agree with.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    pub references: &'a [&'a str],
    pub candidate: &'a str,
}

/// BLEU over a whole set with n-grams up to four, not smoothed: 0 where an order has no match. `None` of no text.
#[must_use]
pub fn bleu(set: &[Compared<'_>]) -> Option<f64> {
    const ORDERS: usize = 4;
    let (mut matches, mut totals) = ([0_usize; ORDERS], [0_usize; ORDERS]);
    let (mut length, mut wanted) = (0_usize, 0_usize);
    for compared in set {
        let candidate = tokens(compared.candidate);
        let references: Vec<Vec<String>> = compared.references.iter().map(|text| tokens(text)).collect();
        let far = |n: usize| (n.abs_diff(candidate.len()), n);
        length += candidate.len();
        wanted += references.iter().map(Vec::len).min_by_key(|n| far(*n)).unwrap_or(0);
        for n in 1..=ORDERS {
            let theirs: Vec<_> = references.iter().map(|words| counts(words.windows(n))).collect();
            for (gram, count) in counts(candidate.windows(n)) {
                let most = theirs.iter().filter_map(|counts| counts.get(gram)).max().copied().unwrap_or(0);
                matches[n - 1] += count.min(most);
                totals[n - 1] += count;
            }
        }
    }
    if set.is_empty() {
        return None;
    }
    if matches.contains(&0) {
        return Some(0.0);
    }
    let logs = matches.iter().zip(totals).map(|(m, t)| (*m as f64 / t as f64).ln()).sum::<f64>() / ORDERS as f64;
    let brevity = (1.0 - wanted as f64 / length as f64).min(0.0);
    Some((logs + brevity).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_the_rules() {
        assert_eq!((token_f1("", ""), token_f1("a", ""), token_f1("The liver.", "liver, the")), (1.0, 0.0, 1.0));
        assert_eq!(rouge_l("the liver is large", "the large liver"), 2.0 * 2.0 / 7.0);
        let same = Compared {
            references: &["a small lesion in the left lobe"],
            candidate: "A small lesion in the left lobe.",
        };
        assert_eq!((bleu(&[same]), bleu(&[])), (Some(1.0), None));
        let other = Compared { candidate: "nothing to see", ..same };
        assert_eq!(bleu(&[other]), Some(0.0));
    }
}
