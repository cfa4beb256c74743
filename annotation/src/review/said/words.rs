//! Two texts word by word: what one has more than the other. Words are alike by the rule that texts are scored with.

use crate::metrics::text::tokens;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    /// Only the reference has it.
    Gone,
    /// Only what was said has it.
    New,
}

/// Longer texts are compared as wholes.
const MOST_WORDS: usize = 3000;

/// Runs of words in reading order, as they are written.
#[must_use]
pub fn diff(reference: &str, said: &str) -> Vec<(Change, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (reference.split_whitespace().collect(), said.split_whitespace().collect());
    let mut runs = Vec::new();
    if old.len() > MOST_WORDS || new.len() > MOST_WORDS {
        old.iter().for_each(|word| push(&mut runs, Change::Gone, word));
        new.iter().for_each(|word| push(&mut runs, Change::New, word));
        return runs;
    }
    let (a, b): (Vec<String>, Vec<String>) = (old.iter().map(bare).collect(), new.iter().map(bare).collect());
    let longest = longest(&a, &b);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let gone = |i: usize, j: usize| i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]);
        if i < a.len() && j < b.len() && a[i] == b[j] {
            push(&mut runs, Change::Same, new[j]);
            (i, j) = (i + 1, j + 1);
        } else if gone(i, j) {
            push(&mut runs, Change::Gone, old[i]);
            i += 1;
        } else {
            push(&mut runs, Change::New, new[j]);
            j += 1;
        }
    }
    runs
}

/// A word without its signs; one of signs alone is itself.
fn bare(word: &&str) -> String {
    let tokens = tokens(word);
    if tokens.is_empty() { (*word).to_owned() } else { tokens.join(" ") }
}

/// For every pair of places: how many words in order both have from there on.
fn longest(a: &[String], b: &[String]) -> Vec<Vec<u16>> {
    let mut table = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i][j] = if a[i] == b[j] { table[i + 1][j + 1] + 1 } else { table[i + 1][j].max(table[i][j + 1]) };
        }
    }
    table
}

fn push(runs: &mut Vec<(Change, String)>, change: Change, word: &str) {
    match runs.last_mut().filter(|(last, _)| *last == change) {
        Some((_, run)) => {
            run.push(' ');
            run.push_str(word);
        }
        None => runs.push((change, word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_and_what_is_gone_stands_where_it_was() {
        let runs = diff("A small lesion in the left lobe.", "A large lesion, in the left lobe of the liver.");
        let told: Vec<(Change, &str)> = runs.iter().map(|(change, run)| (*change, run.as_str())).collect();
        assert_eq!(
            told,
            [
                (Change::Same, "A"),
                (Change::Gone, "small"),
                (Change::New, "large"),
                (Change::Same, "lesion, in the left lobe"),
                (Change::New, "of the liver."),
            ]
        );
        assert!(diff("", "").is_empty());
        assert_eq!(diff("same words", "Same words."), [(Change::Same, "Same words.".to_owned())]);
    }

    /// Both texts come back from the runs, whatever they are.
    #[test]
    fn the_runs_hold_both_texts() {
        let texts = ["", "a", "a b c", "c b a", "a a a b", "no mass, no effusion", "x a y b z", ". , ."];
        for old in texts {
            for new in texts {
                let runs = diff(old, new);
                let of = |without: Change| {
                    let words: Vec<&str> =
                        runs.iter().filter(|(c, _)| *c != without).map(|(_, r)| r.as_str()).collect();
                    words.join(" ")
                };
                assert_eq!(of(Change::Gone), new.split_whitespace().collect::<Vec<_>>().join(" "));
                let words = |text: &str| text.split_whitespace().count();
                assert_eq!(words(&of(Change::New)), words(old), "{old} and {new}");
            }
        }
    }
}
