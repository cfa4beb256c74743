//! A picture with axes: numbers to places, ticks at round numbers.

use std::fmt::Write as _;

#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A name cut to fit, its middle left out: beginnings and ends tell names apart.
#[must_use]
pub fn shortened(text: &str, letters: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= letters {
        return text.to_owned();
    }
    let half = (letters - 1) / 2;
    let (start, end) = (&all[..letters - 1 - half], &all[all.len() - half..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// A range of numbers with its title and ticks.
#[derive(Clone, Debug)]
pub struct Axis {
    pub title: String,
    pub low: f64,
    pub high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// Around all values, out to the next round number; within `limits` where there are some.
    #[must_use]
    pub fn around(title: &str, values: impl Iterator<Item = f64>, limits: Option<[f64; 2]>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            [low, high] = limits.filter(|[_, most]| *most < 1e12).unwrap_or([0.0, 1.0]);
        }
        if high - low < 1e-9 {
            (low, high) = (low - 0.05, high + 0.05);
        }
        let step = round_step((high - low) / 5.0);
        (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        if let Some([least, most]) = limits {
            (low, high) = (low.max(least), high.min(most));
        }
        Self::fixed(title, low, high)
    }

    #[must_use]
    pub fn fixed(title: &str, low: f64, high: f64) -> Self {
        let step = round_step((high - low) / 5.0);
        let first = (low / step - 1e-9).ceil();
        let ticks = (0..12).map(|n| (first + f64::from(n)) * step).take_while(|t| *t <= high + step * 1e-6).collect();
        Self { title: title.to_owned(), low, high, ticks }
    }

    /// The same range without its title, which stands elsewhere.
    #[must_use]
    pub fn untitled(&self) -> Self {
        Self { title: String::new(), ..self.clone() }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// 1, 2 or 5 times a power of ten.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.max(1e-12).log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= wanted * 0.999);
    times.unwrap_or(10.0) * power
}

/// As few places as the steps need.
#[must_use]
pub fn tick_text(value: f64, step: f64) -> String {
    let places = (-step.abs().max(1e-9).log10().floor()).clamp(0.0, 6.0) as usize;
    let value = if value.abs() < step.abs() * 1e-6 { 0.0 } else { value };
    format!("{value:.places$}")
}

const STYLE: &str = "text{font:13px Inter,Helvetica,Arial,sans-serif;fill:#1c2430}.t{font-weight:600}.s{font-size:11px;fill:#5b6675}\
.g{stroke:#e4e8ee}.a{stroke:#8a94a3}";

/// A picture being drawn.
#[derive(Clone, Debug)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    body: String,
    title: String,
}

impl Frame {
    /// `margins` are left, top, right, bottom.
    #[must_use]
    pub fn new(title: &str, [width, height]: [f64; 2], margins: [f64; 4]) -> Self {
        let [left, top, right, bottom] = margins;
        let mut frame = Self {
            width,
            height,
            left,
            top,
            right: width - right,
            bottom: height - bottom,
            body: String::new(),
            title: title.to_owned(),
        };
        frame.text([16.0, 24.0], "start", "t", title);
        frame
    }

    pub fn add(&mut self, svg: &str) {
        self.body.push_str(svg);
    }

    pub fn text(&mut self, [x, y]: [f64; 2], anchor: &str, class: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
            escaped(text)
        );
    }

    pub fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], style: &str) {
        let _ = write!(self.body, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>");
    }

    pub fn rect(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], style: &str, tip: &str) {
        let _ = write!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" {style}><title>{}</title></rect>",
            escaped(tip)
        );
    }

    /// A dot that names its case when pointed at.
    pub fn dot(&mut self, [x, y]: [f64; 2], radius: f64, style: &str, tip: &str) {
        let _ = write!(
            self.body,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" {style}><title>{}</title></circle>",
            escaped(tip)
        );
    }

    pub fn path(&mut self, points: &[[f64; 2]], style: &str) {
        let mut d = String::new();
        for (n, [x, y]) in points.iter().enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
        }
        let _ = write!(self.body, "<path d=\"{d}\" {style}/>");
    }

    #[must_use]
    pub fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.share(value) * (self.right - self.left)
    }

    #[must_use]
    pub fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom - axis.share(value) * (self.bottom - self.top)
    }

    pub fn x_axis(&mut self, axis: &Axis) {
        let step = axis.ticks.get(1).map_or(axis.high - axis.low, |t| t - axis.ticks[0]);
        for tick in axis.ticks.clone() {
            let x = self.x(axis, tick);
            self.line([x, self.top], [x, self.bottom], "class=\"g\"");
            self.text([x, self.bottom + 18.0], "middle", "s", &tick_text(tick, step));
        }
        self.line([self.left, self.bottom], [self.right, self.bottom], "class=\"a\"");
        self.text([f64::midpoint(self.left, self.right), self.height - 8.0], "middle", "", &axis.title.clone());
    }

    pub fn y_axis(&mut self, axis: &Axis) {
        let step = axis.ticks.get(1).map_or(axis.high - axis.low, |t| t - axis.ticks[0]);
        for tick in axis.ticks.clone() {
            let y = self.y(axis, tick);
            self.line([self.left, y], [self.right, y], "class=\"g\"");
            self.text([self.left - 8.0, y + 4.0], "end", "s", &tick_text(tick, step));
        }
        self.line([self.left, self.top], [self.left, self.bottom], "class=\"a\"");
        let (x, y) = (16.0, f64::midpoint(self.top, self.bottom));
        let _ = write!(
            self.body,
            "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escaped(&axis.title)
        );
    }

    /// The whole picture, on white.
    #[must_use]
    pub fn svg(self) -> String {
        let Self { width, height, body, title, .. } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\"><style>{STYLE}</style>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>{body}</svg>\n",
            escaped(&title)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_and_within_their_limits() {
        let axis = Axis::around("", [0.513, 0.987].into_iter(), Some([0.0, 1.0]));
        assert_eq!((axis.low, axis.high), (0.5, 1.0));
        assert_eq!(
            axis.ticks.iter().map(|t| tick_text(*t, 0.1)).collect::<Vec<_>>(),
            ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
        );
        let none = Axis::around("", std::iter::empty(), None);
        assert!(none.low < none.high);
        let same = Axis::around("", [3.0, 3.0].into_iter(), None);
        assert!(same.low < 3.0 && same.high > 3.0);
        assert_eq!((round_step(0.03), round_step(7.0), round_step(100.0)), (0.05, 10.0, 100.0));
        assert_eq!(shortened("a_very_long_model_name", 11), "a_ver…_name");
    }
}
