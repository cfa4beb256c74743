//! COCO's run-length masks: column after column, first those outside, and the compressed text of the counts.

use std::collections::BTreeMap;

/// A mask of one picture as COCO stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rle {
    pub width: usize,
    pub height: usize,
    /// Outside and inside in turns, columns first.
    pub counts: Vec<u32>,
}

impl Rle {
    /// One mask per value of a picture stored row after row; 0 is nobody's.
    #[must_use]
    pub fn of_values(values: &[u16], width: usize, height: usize) -> BTreeMap<u16, Self> {
        let changes = Changes::of(values, width, height);
        let most = changes.all.iter().map(|change| change.value).max().unwrap_or(0);
        if changes.all.iter().all(|change| change.value == 0 || change.value == most) {
            return changes
                .one_value(most, height)
                .map(|counts| (most, Self { width, height, counts }))
                .into_iter()
                .collect();
        }
        // Where the builder of a value is; looked up for each run, so it must cost nothing.
        let mut places = vec![usize::MAX; usize::from(most) + 1];
        let mut all: Vec<(u16, Builder)> = Vec::new();
        let mut run = |value: u16, start: usize, end: usize| {
            if value != 0 {
                let place = &mut places[usize::from(value)];
                if *place == usize::MAX {
                    *place = all.len();
                    all.push((value, Builder::default()));
                }
                all[*place].1.run(start, end);
            }
        };
        let (mut start, mut value) = (0, 0);
        for (at, next) in changes.down_the_columns(height) {
            run(value, start, at);
            (start, value) = (at, next);
        }
        run(value, start, width * height);
        all.into_iter().map(|(value, builder)| (value, builder.finish(width, height))).collect()
    }

    /// From runs of columns per row, as a filled outline gives them.
    #[must_use]
    pub fn of_rows(rows: impl Iterator<Item = (usize, std::ops::Range<usize>)>, width: usize, height: usize) -> Self {
        let mut values = vec![0; width * height];
        for (row, columns) in rows {
            values[row * width + columns.start..row * width + columns.end].fill(1);
        }
        let empty = || Builder::default().finish(width, height);
        Self::of_values(&values, width, height).remove(&1).unwrap_or_else(empty)
    }

    /// Inside runs as positions, column after column.
    fn inside(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut at = 0;
        self.counts.iter().enumerate().filter_map(move |(n, count)| {
            let start = at;
            at += *count as usize;
            (n % 2 == 1 && *count > 0).then_some(start..at)
        })
    }

    #[must_use]
    pub fn area(&self) -> u64 {
        self.inside().map(|run| run.len() as u64).sum()
    }

    /// x, y, width, height; all 0 where the mask is empty.
    #[must_use]
    pub fn bbox(&self) -> [usize; 4] {
        let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
        for run in self.inside() {
            let (first, last) = (run.start, run.end - 1);
            let (x0, x1) = (first / self.height, last / self.height);
            let (y0, y1) = if x0 == x1 { (first % self.height, last % self.height) } else { (0, self.height - 1) };
            low = [low[0].min(x0), low[1].min(y0)];
            high = [high[0].max(x1 + 1), high[1].max(y1 + 1)];
        }
        if low[0] == usize::MAX { [0; 4] } else { [low[0], low[1], high[0] - low[0], high[1] - low[1]] }
    }

    /// The pixels inside as one flag each, row after row.
    #[must_use]
    pub fn pixels(&self) -> Vec<bool> {
        let mut pixels = vec![false; self.width * self.height];
        for run in self.inside() {
            for at in run {
                pixels[at % self.height * self.width + at / self.height] = true;
            }
        }
        pixels
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (a, b) = (self.pixels(), other.pixels());
        let values: Vec<u16> = a.iter().zip(&b).map(|(a, b)| u16::from(*a || *b)).collect();
        Self::of_values(&values, self.width, self.height).remove(&1).unwrap_or_else(|| self.clone())
    }

    /// What is inside here and not there.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let (a, b) = (self.pixels(), other.pixels());
        let values: Vec<u16> = a.iter().zip(&b).map(|(a, b)| u16::from(*a && !*b)).collect();
        let empty = || Builder::default().finish(self.width, self.height);
        Self::of_values(&values, self.width, self.height).remove(&1).unwrap_or_else(empty)
    }

    /// The compressed counts: each but the first three as a difference to the one two before, five bits a letter.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = Vec::with_capacity(self.counts.len() * 2);
        for (n, count) in self.counts.iter().enumerate() {
            let mut rest = i64::from(*count) - if n > 2 { i64::from(self.counts[n - 2]) } else { 0 };
            loop {
                let bits = (rest & 0x1f) as u8;
                rest >>= 5;
                let more = if bits & 0x10 == 0 { rest != 0 } else { rest != -1 };
                text.push(48 + bits + if more { 0x20 } else { 0 });
                if !more {
                    break;
                }
            }
        }
        // All letters lie between 48 and 111.
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Reads compressed counts; `None` where they are not, or do not fill the picture.
    #[must_use]
    pub fn from_text(text: &str, width: usize, height: usize) -> Option<Self> {
        let mut counts: Vec<u32> = Vec::new();
        let mut letters = text.bytes();
        let mut total = 0_u64;
        while let Some(letter) = letters.next() {
            let (mut value, mut shift, mut letter) = (0_i64, 0_u32, letter);
            loop {
                let bits = letter.checked_sub(48).filter(|bits| *bits < 64)?;
                value |= i64::from(bits & 0x1f) << shift;
                shift += 5;
                if bits & 0x20 == 0 {
                    if bits & 0x10 != 0 {
                        value |= -1 << shift;
                    }
                    break;
                }
                // A count has 32 bits; more letters than that are no count.
                letter = letters.next().filter(|_| shift <= 35)?;
            }
            let before = if counts.len() > 2 { i64::from(counts[counts.len() - 2]) } else { 0 };
            let count = u32::try_from(value + before).ok()?;
            total += u64::from(count);
            counts.push(count);
        }
        let pixels = (width as u64).checked_mul(height as u64)?;
        (total == pixels && pixels > 0).then_some(Self { width, height, counts })
    }

    /// From plain counts; `None` where they do not fill the picture.
    #[must_use]
    pub fn from_counts(counts: Vec<u32>, width: usize, height: usize) -> Option<Self> {
        let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let pixels = (width as u64).checked_mul(height as u64)?;
        (total == pixels && pixels > 0).then_some(Self { width, height, counts })
    }
}

/// Where the value changes on the way down the columns, one column after the other. The picture is read row by row as it
/// is stored: turning it first would cost more than everything else.
struct Changes {
    /// Column by column, downwards.
    all: Vec<Change>,
    /// Where the changes of each column begin, and where those of the last end.
    begins: Vec<usize>,
}

#[derive(Clone, Copy, Default)]
struct Change {
    row: u32,
    value: u16,
}

impl Changes {
    fn of(values: &[u16], width: usize, height: usize) -> Self {
        if width == 0 || height == 0 {
            return Self { all: Vec::new(), begins: vec![0; width + 1] };
        }
        // What stands above the topmost row is the foot of the column before.
        let mut foot = Vec::with_capacity(width);
        foot.push(0);
        foot.extend_from_slice(&values[width * (height - 1)..width * height - 1]);
        let mut counts = vec![0_u32; width];
        let mut above = foot.as_slice();
        for row in values.chunks_exact(width) {
            for ((count, a), b) in counts.iter_mut().zip(above).zip(row) {
                *count += u32::from(a != b);
            }
            above = row;
        }
        let mut begins = Vec::with_capacity(width + 1);
        begins.push(0);
        begins.extend(counts.iter().scan(0, |total, count| {
            *total += *count as usize;
            Some(*total)
        }));
        let mut changes = Self { all: vec![Change::default(); begins[width]], begins };
        changes.fill(values, &foot);
        changes
    }

    fn fill(&mut self, values: &[u16], foot: &[u16]) {
        /// So many pixels are passed over at once where nothing changes.
        const STEP: usize = 16;
        let width = foot.len();
        let mut next = self.begins[..width].to_vec();
        let mut above = foot;
        for (y, row) in values.chunks_exact(width).enumerate() {
            for ((above, row), next) in above.chunks(STEP).zip(row.chunks(STEP)).zip(next.chunks_mut(STEP)) {
                if above == row {
                    continue;
                }
                for ((a, b), next) in above.iter().zip(row).zip(next) {
                    if a != b {
                        self.all[*next] = Change { row: y as u32, value: *b };
                        *next += 1;
                    }
                }
            }
            above = row;
        }
    }

    /// Every change as a position, column after column, and what begins there.
    fn down_the_columns(&self, height: usize) -> impl Iterator<Item = (usize, u16)> + '_ {
        self.begins.windows(2).enumerate().flat_map(move |(x, ends)| {
            self.all[ends[0]..ends[1]].iter().map(move |change| (x * height + change.row as usize, change.value))
        })
    }

    /// The counts of a picture with one value beside 0: every change is the end of a run. `None` where there is none.
    fn one_value(&self, value: u16, height: usize) -> Option<Vec<u32>> {
        let pixels = (self.begins.len() - 1) * height;
        let mut counts = Vec::with_capacity(self.all.len() + 1);
        let mut last = 0;
        for (x, ends) in self.begins.windows(2).enumerate() {
            for change in &self.all[ends[0]..ends[1]] {
                let at = x * height + change.row as usize;
                counts.push((at - last) as u32);
                last = at;
            }
        }
        if last < pixels {
            counts.push((pixels - last) as u32);
        }
        (value != 0).then_some(counts)
    }
}

#[derive(Default)]
struct Builder {
    counts: Vec<u32>,
    end: usize,
}

impl Builder {
    fn run(&mut self, start: usize, end: usize) {
        self.counts.push((start - self.end) as u32);
        self.counts.push((end - start) as u32);
        self.end = end;
    }

    fn finish(mut self, width: usize, height: usize) -> Rle {
        if self.end < width * height {
            self.counts.push((width * height - self.end) as u32);
        }
        Rle { width, height, counts: self.counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only(values: &[u16], width: usize) -> Rle {
        Rle::of_values(values, width, values.len() / width).remove(&1).unwrap()
    }

    #[test]
    fn golden_masks_of_the_reference_library() {
        // FORMATS F, from pycocotools.
        let mask = only(&[0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1], 5);
        assert_eq!(mask.counts, [5, 1, 2, 3, 1, 2, 5, 1]);
        assert_eq!(mask.text(), "5122OO4O");
        assert_eq!((mask.area(), mask.bbox()), (7, [1, 0, 4, 4]));
        let starts_inside = only(&[1, 0, 1, 1], 2);
        assert_eq!(starts_inside.counts, [0, 2, 1, 1]);
        assert_eq!(starts_inside.text(), "021O");
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for bad in ["5122OO4", "zzzzzzzzzzzzzz", "5122OO4O1", "\u{7f}", "ééé", "oooooooooooooooooooo0"] {
            assert_eq!(Rle::from_text(bad, 5, 4), None, "{bad}");
        }
        assert_eq!(Rle::from_text("", 0, 0), None);
    }

    proptest! {
        #[test]
        fn every_value_comes_back_where_it_was(width in 1_usize..20, height in 1_usize..20, seed: u64) {
            let values: Vec<u16> = (0..width * height).map(|n| ((seed >> (n * 7 % 61)) & 3) as u16).collect();
            for (value, mask) in Rle::of_values(&values, width, height) {
                let back = Rle::from_text(&mask.text(), width, height).unwrap();
                prop_assert_eq!(&back, &mask);
                let expected: Vec<bool> = values.iter().map(|v| *v == value).collect();
                prop_assert_eq!(mask.area(), expected.iter().filter(|p| **p).count() as u64);
                let [x, y, w, h] = mask.bbox();
                let inside = |n: usize| (x..x + w).contains(&(n % width)) && (y..y + h).contains(&(n / width));
                prop_assert!((0..expected.len()).all(|n| !expected[n] || inside(n)));
                prop_assert_eq!(back.pixels(), expected);
            }
        }

        #[test]
        fn any_text_gives_an_answer(text in ".{0,40}") {
            let _ = Rle::from_text(&text, 7, 9);
        }
    }
}
