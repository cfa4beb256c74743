//! Curves over common axes: FROC, reliability and others, one line a model.

use super::axes::{Axis, shortened};
use super::data::Data;
use super::drawing::{Anchor, Drawing, Face, Frame, Ink, Mark, Pen, Tip};

/// A place on a curve, with what is said of it.
#[derive(Clone, Debug)]
pub struct Point {
    pub at: [f64; 2],
    pub tip: Tip,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
    /// Drawn as stairs: nothing happens between two points.
    pub stairs: bool,
}

/// Dots stand on points that have something to say. `diagonal` is where prediction and truth agree.
#[must_use]
pub fn curves(title: &str, x: &Axis, y: &Axis, lines: &[Line], diagonal: bool) -> Drawing {
    let legend = 20.0 * lines.len() as f64;
    let mut frame = Frame::new(title, [520.0, 380.0 + legend], [70.0, 44.0, 24.0, 56.0 + legend]);
    let mut data = Data::new(&["model", "x", "y"]);
    frame.y_axis(y);
    frame.x_axis(&x.untitled());
    let below = [f64::midpoint(frame.left, frame.right), frame.bottom + 38.0];
    frame.text(below, Anchor::Middle, Face::Body, &x.title);
    if diagonal {
        let (low, high) = (x.low.max(y.low), x.high.min(y.high));
        let [from, to] = [low, high].map(|v| [frame.x(x, v), frame.y(y, v)]);
        frame.line(from, to, Pen { dashed: true, ..Pen::new(Ink::Axis, 1.0) });
    }
    for (n, line) in lines.iter().enumerate() {
        line.points.iter().for_each(|p| data.push([line.name.as_str().into(), p.at[0].into(), p.at[1].into()]));
        curve(&mut frame, (x, y), (n, line));
        let row = frame.bottom + 60.0 + 20.0 * n as f64;
        let ends = [[frame.left, row - 4.0], [frame.left + 22.0, row - 4.0]];
        frame.line(ends[0], ends[1], Pen::new(Ink::Model(n), 3.0));
        frame.text([frame.left + 30.0, row], Anchor::Start, Face::Body, &shortened(&line.name, 56));
    }
    frame.finish(data)
}

fn curve(frame: &mut Frame, (x, y): (&Axis, &Axis), (n, line): (usize, &Line)) {
    let inside = |p: &&Point| p.at[0] <= x.high * (1.0 + 1e-9);
    let mut path: Vec<[f64; 2]> = Vec::new();
    let mut dots: Vec<([f64; 2], &Tip)> = Vec::new();
    for point in line.points.iter().filter(inside) {
        let at = [frame.x(x, point.at[0]), frame.y(y, point.at[1])];
        if let Some(&[_, before]) = path.last().filter(|_| line.stairs) {
            path.push([at[0], before]);
        }
        path.push(at);
        dots.extend((!point.tip.text.is_empty()).then_some((at, &point.tip)));
    }
    if let Some(&[_, last]) = path.last().filter(|_| line.stairs) {
        path.push([frame.right, last]);
    }
    frame.add(Mark::Path { points: path, pen: Pen::new(Ink::Model(n), 2.0) });
    for (at, tip) in dots {
        frame.dot(at, 3.5, Ink::Model(n), tip.clone());
    }
}
