//! Curves over common axes: FROC, reliability and others, one line a model.

use super::axes::{Axis, Frame, shortened};
use super::colour;

#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub points: Vec<[f64; 2]>,
    /// Drawn as stairs: nothing happens between two points.
    pub stairs: bool,
    /// Dots on the points.
    pub dots: bool,
}

/// `diagonal` is where prediction and truth agree.
#[must_use]
pub fn curves(title: &str, x: &Axis, y: &Axis, lines: &[Line], diagonal: bool) -> String {
    let legend = 20.0 * lines.len() as f64;
    let mut frame = Frame::new(title, [520.0, 380.0 + legend], [70.0, 44.0, 24.0, 56.0 + legend]);
    frame.y_axis(y);
    frame.x_axis(&x.untitled());
    frame.text([f64::midpoint(frame.left, frame.right), frame.bottom + 38.0], "middle", "", &x.title);
    if diagonal {
        let (low, high) = (x.low.max(y.low), x.high.min(y.high));
        let ends = [low, high].map(|v| [frame.x(x, v), frame.y(y, v)]);
        frame.line(ends[0], ends[1], "stroke=\"#8a94a3\" stroke-dasharray=\"5 4\"");
    }
    for (n, line) in lines.iter().enumerate() {
        let inside = |p: &&[f64; 2]| p[0] <= x.high * (1.0 + 1e-9);
        let mut path: Vec<[f64; 2]> = Vec::new();
        for [px, py] in line.points.iter().filter(inside) {
            let at = [frame.x(x, *px), frame.y(y, *py)];
            if let Some(&[_, before]) = path.last().filter(|_| line.stairs) {
                path.push([at[0], before]);
            }
            path.push(at);
        }
        if let Some(&[_, last]) = path.last().filter(|_| line.stairs) {
            path.push([frame.right, last]);
        }
        if line.dots {
            let style = format!("fill=\"{}\"", colour(n));
            path.clone().into_iter().for_each(|at| frame.dot(at, 3.5, &style, &line.name));
        }
        frame.path(&path, &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"2\"", colour(n)));
        let row = frame.bottom + 60.0 + 20.0 * n as f64;
        frame.line(
            [frame.left, row - 4.0],
            [frame.left + 22.0, row - 4.0],
            &format!("stroke=\"{}\" stroke-width=\"3\"", colour(n)),
        );
        frame.text([frame.left + 30.0, row], "start", "", &shortened(&line.name, 56));
    }
    frame.svg()
}
