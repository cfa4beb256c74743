//! A plot as a list of marks. One list is written as SVG and painted in the window, each with colours of its own for what
//! is text, ground or grid, so that both show the same.

use super::axes::{Axis, tick_text};
use super::data::Data;

/// What a mark is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    Text,
    /// Text that is not read first, and lines that only guide.
    Weak,
    Grid,
    Axis,
    /// What all else stands on.
    Ground,
    /// Of the n-th model.
    Model(usize),
    /// Of a cell, from the worst at 0 to the best at 1.
    Shade(f64),
    /// On a dark and on a light cell.
    OnDark,
    OnLight,
    /// How many; told by the opacity.
    Count,
    /// A cell without a number.
    Blank,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    pub ink: Ink,
    pub opacity: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    pub ink: Ink,
    pub width: f64,
    pub dashed: bool,
}

impl Pen {
    #[must_use]
    pub const fn new(ink: Ink, width: f64) -> Self {
        Self { ink, width, dashed: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Title,
    Body,
    Small,
}

impl Face {
    /// The height of letters.
    #[must_use]
    pub const fn size(self) -> f64 {
        match self {
            Self::Title | Self::Body => 13.0,
            Self::Small => 11.0,
        }
    }
}

/// What a mark says when it is pointed at, and what it stands for: numbers that the maker of the plot knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    pub text: String,
    pub to: Vec<usize>,
}

impl Tip {
    #[must_use]
    pub fn new(text: impl Into<String>, to: Vec<usize>) -> Self {
        Self { text: text.into(), to }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// `at` is on the line the letters stand on. A turned text is read from below.
    Text {
        at: [f64; 2],
        anchor: Anchor,
        face: Face,
        ink: Ink,
        turned: bool,
        text: String,
    },
    Line {
        ends: [[f64; 2]; 2],
        pen: Pen,
    },
    Path {
        points: Vec<[f64; 2]>,
        pen: Pen,
    },
    /// Between a left and a right edge, from rib to rib.
    Band {
        ribs: Vec<[[f64; 2]; 2]>,
        fill: Paint,
        edge: Pen,
    },
    Rect {
        at: [f64; 2],
        size: [f64; 2],
        fill: Paint,
        edge: Pen,
        tip: Tip,
    },
    Dot {
        at: [f64; 2],
        radius: f64,
        fill: Paint,
        tip: Tip,
    },
}

/// A finished plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    pub title: String,
    pub size: [f64; 2],
    pub marks: Vec<Mark>,
    /// Of models, by their place.
    pub colours: Vec<[u8; 3]>,
    /// The numbers that are shown.
    pub data: Data,
}

impl Drawing {
    /// Every mark that stands for something: its tip, and the corner and size of what it covers.
    pub fn spots(&self) -> impl Iterator<Item = (&Tip, [f64; 2], [f64; 2])> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Dot { at, radius, tip, .. } if !tip.text.is_empty() => {
                Some((tip, at.map(|c| c - radius), [2.0 * radius; 2]))
            }
            Mark::Rect { at, size, tip, .. } if !tip.text.is_empty() => Some((tip, *at, *size)),
            _ => None,
        })
    }

    #[must_use]
    pub fn colour(&self, n: usize) -> [u8; 3] {
        self.colours.get(n).copied().unwrap_or(super::COLOURS[n % super::COLOURS.len()])
    }
}

/// A plot being drawn, and the edges of the room between its axes.
#[derive(Clone, Debug)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    marks: Vec<Mark>,
    title: String,
}

impl Frame {
    /// `margins` are left, top, right, bottom.
    #[must_use]
    pub fn new(title: &str, [width, height]: [f64; 2], margins: [f64; 4]) -> Self {
        let [left, top, right, bottom] = margins;
        let (right, bottom) = (width - right, height - bottom);
        let mut frame = Self { width, height, left, top, right, bottom, marks: Vec::new(), title: title.to_owned() };
        frame.text([16.0, 24.0], Anchor::Start, Face::Title, title);
        frame
    }

    pub fn add(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    pub fn text(&mut self, at: [f64; 2], anchor: Anchor, face: Face, text: &str) {
        let ink = if face == Face::Small { Ink::Weak } else { Ink::Text };
        self.inked_text(at, anchor, face, ink, text);
    }

    pub fn inked_text(&mut self, at: [f64; 2], anchor: Anchor, face: Face, ink: Ink, text: &str) {
        self.add(Mark::Text { at, anchor, face, ink, turned: false, text: text.to_owned() });
    }

    /// Up along the left edge.
    pub fn turned_text(&mut self, middle: f64, text: &str) {
        let (at, anchor, face, ink) = ([16.0, middle], Anchor::Middle, Face::Body, Ink::Text);
        self.add(Mark::Text { at, anchor, face, ink, turned: true, text: text.to_owned() });
    }

    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], pen: Pen) {
        self.add(Mark::Line { ends: [from, to], pen });
    }

    /// A dot that names its case when pointed at.
    pub fn dot(&mut self, at: [f64; 2], radius: f64, ink: Ink, tip: Tip) {
        self.add(Mark::Dot { at, radius, fill: Paint { ink, opacity: 0.75 }, tip });
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
        let step = axis.step();
        for tick in axis.ticks().to_vec() {
            let x = self.x(axis, tick);
            self.line([x, self.top], [x, self.bottom], Pen::new(Ink::Grid, 1.0));
            self.text([x, self.bottom + 18.0], Anchor::Middle, Face::Small, &tick_text(tick, step));
        }
        self.line([self.left, self.bottom], [self.right, self.bottom], Pen::new(Ink::Axis, 1.0));
        let middle = f64::midpoint(self.left, self.right);
        self.text([middle, self.height - 8.0], Anchor::Middle, Face::Body, &axis.title);
    }

    pub fn y_axis(&mut self, axis: &Axis) {
        let step = axis.step();
        for tick in axis.ticks().to_vec() {
            let y = self.y(axis, tick);
            self.line([self.left, y], [self.right, y], Pen::new(Ink::Grid, 1.0));
            self.text([self.left - 8.0, y + 4.0], Anchor::End, Face::Small, &tick_text(tick, step));
        }
        self.line([self.left, self.top], [self.left, self.bottom], Pen::new(Ink::Axis, 1.0));
        self.turned_text(f64::midpoint(self.top, self.bottom), &axis.title);
    }

    /// The whole plot with the numbers it shows.
    #[must_use]
    pub fn finish(self, data: Data) -> Drawing {
        let Self { width, height, marks, title, .. } = self;
        Drawing { title, size: [width, height], marks, colours: Vec::new(), data }
    }
}
