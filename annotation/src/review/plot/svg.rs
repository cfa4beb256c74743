//! A plot as SVG: it stands alone, on white.

use super::axes::escaped;
use super::drawing::{Anchor, Drawing, Face, Ink, Mark, Paint, Pen, Tip};
use super::heat;
use std::fmt::Write as _;

const STYLE: &str = "text{font:13px Inter,Helvetica,Arial,sans-serif}.t{font-weight:600}.s{font-size:11px}";

/// Colours on paper.
#[must_use]
pub fn on_paper(ink: Ink, drawing: &Drawing) -> [u8; 3] {
    match ink {
        Ink::Text | Ink::OnLight => [28, 36, 48],
        Ink::Weak => [91, 102, 117],
        Ink::Grid => [228, 232, 238],
        Ink::Axis => [138, 148, 163],
        Ink::Ground | Ink::OnDark => [255; 3],
        Ink::Model(n) => drawing.colour(n),
        Ink::Shade(share) => heat::shade(share),
        Ink::Count => super::COLOURS[0],
        Ink::Blank => [242, 243, 245],
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

impl Drawing {
    /// The whole picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let [width, height] = self.size;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\"><style>{STYLE}</style>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>",
            escaped(&self.title)
        );
        self.marks.iter().for_each(|mark| self.write(mark, &mut out));
        out + "</svg>\n"
    }

    fn write(&self, mark: &Mark, out: &mut String) {
        let _ = match mark {
            Mark::Text { .. } => self.write_text(mark, out),
            Mark::Line { ends: [[x1, y1], [x2, y2]], pen } => {
                let pen = self.pen(*pen);
                write!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"{pen}/>")
            }
            Mark::Path { points, pen } => {
                write!(out, "<path d=\"{}\" fill=\"none\"{}/>", way(points.iter()), self.pen(*pen))
            }
            Mark::Band { ribs, fill, edge } => {
                let left = ribs.iter().map(|[left, _]| left);
                let outline = left.chain(ribs.iter().rev().map(|[_, right]| right));
                write!(out, "<path d=\"{}Z\"{}{}/>", way(outline), self.fill(*fill), self.pen(*edge))
            }
            Mark::Rect { at: [x, y], size: [w, h], fill, edge, tip } => {
                let style = format!("{}{}", self.fill(*fill), self.pen(*edge));
                let shape = format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"{style}");
                write!(out, "{}", told(&shape, "rect", tip))
            }
            Mark::Dot { at: [x, y], radius, fill, tip } => {
                let shape = format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"{}", self.fill(*fill));
                write!(out, "{}", told(&shape, "circle", tip))
            }
        };
    }

    fn write_text(&self, mark: &Mark, out: &mut String) -> std::fmt::Result {
        let Mark::Text { at: [x, y], anchor, face, ink, turned, text } = mark else { return Ok(()) };
        let place = if *turned {
            format!("transform=\"translate({x:.1} {y:.1}) rotate(-90)\"")
        } else {
            format!("x=\"{x:.1}\" y=\"{y:.1}\"")
        };
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let class = match face {
            Face::Title => " class=\"t\"",
            Face::Body => "",
            Face::Small => " class=\"s\"",
        };
        let colour = hex(on_paper(*ink, self));
        write!(out, "<text {place} text-anchor=\"{anchor}\"{class} fill=\"{colour}\">{}</text>", escaped(text))
    }

    fn pen(&self, Pen { ink, width, dashed }: Pen) -> String {
        let dashes = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        format!(" stroke=\"{}\" stroke-width=\"{width}\"{dashes}", hex(on_paper(ink, self)))
    }

    fn fill(&self, Paint { ink, opacity }: Paint) -> String {
        let colour = hex(on_paper(ink, self));
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity:.3}\"") } else { String::new() };
        format!(" fill=\"{colour}\"{opacity}")
    }
}

fn told(shape: &str, name: &str, tip: &Tip) -> String {
    if tip.text.is_empty() {
        format!("{shape}/>")
    } else {
        format!("{shape}><title>{}</title></{name}>", escaped(&tip.text))
    }
}

fn way<'a>(points: impl Iterator<Item = &'a [f64; 2]>) -> String {
    let mut d = String::new();
    for (n, [x, y]) in points.enumerate() {
        let _ = write!(d, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
    }
    d
}
