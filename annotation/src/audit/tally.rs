//! Sums over the rows of a node, from which impurity follows: by class, or of values.

/// What a node sums up: rows by class, or rows, sum and sum of squares.
pub(super) trait Tally: Clone + Send + Sync {
    type Label: Copy + Send + Sync;
    fn new(width: usize) -> Self;
    fn clear(&mut self);
    fn add(&mut self, label: Self::Label);
    fn join(&mut self, other: &Self);
    fn rows(&self) -> f64;
    /// Impurity times rows; `self` without `part` in the second.
    fn impurity(&self) -> f64;
    fn rest(&self, part: &Self, rest: &mut Self);
    fn write(&self, out: &mut Vec<f32>);
}

#[derive(Clone)]
pub(super) struct ClassTally {
    counts: Vec<f64>,
    rows: f64,
}

impl Tally for ClassTally {
    type Label = u32;

    fn new(width: usize) -> Self {
        Self { counts: vec![0.0; width], rows: 0.0 }
    }

    fn clear(&mut self) {
        self.counts.fill(0.0);
        self.rows = 0.0;
    }

    fn add(&mut self, label: u32) {
        self.counts[label as usize] += 1.0;
        self.rows += 1.0;
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.rows += other.rows;
    }

    fn rows(&self) -> f64 {
        self.rows
    }

    fn impurity(&self) -> f64 {
        // Gini: rows minus the sum of squares over rows.
        if self.rows == 0.0 { 0.0 } else { self.rows - self.counts.iter().map(|n| n * n).sum::<f64>() / self.rows }
    }

    fn rest(&self, part: &Self, rest: &mut Self) {
        for (n, out) in rest.counts.iter_mut().enumerate() {
            *out = self.counts[n] - part.counts[n];
        }
        rest.rows = self.rows - part.rows;
    }

    fn write(&self, out: &mut Vec<f32>) {
        out.extend(self.counts.iter().map(|n| (n / self.rows.max(1.0)) as f32));
    }
}

#[derive(Clone)]
pub(super) struct ValueTally {
    rows: f64,
    sum: f64,
    squares: f64,
}

impl Tally for ValueTally {
    type Label = f32;

    fn new(_: usize) -> Self {
        Self { rows: 0.0, sum: 0.0, squares: 0.0 }
    }

    fn clear(&mut self) {
        *self = Self::new(0);
    }

    fn add(&mut self, label: f32) {
        let value = f64::from(label);
        self.rows += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    fn rows(&self) -> f64 {
        self.rows
    }

    fn impurity(&self) -> f64 {
        if self.rows == 0.0 { 0.0 } else { (self.squares - self.sum * self.sum / self.rows).max(0.0) }
    }

    fn rest(&self, part: &Self, rest: &mut Self) {
        *rest = Self { rows: self.rows - part.rows, sum: self.sum - part.sum, squares: self.squares - part.squares };
    }

    fn write(&self, out: &mut Vec<f32>) {
        out.push((self.sum / self.rows.max(1.0)) as f32);
    }
}
