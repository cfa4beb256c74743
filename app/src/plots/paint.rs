//! A plot drawn with egui's painter.

use crate::theme::{Colours, strong};
use eframe::egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, epaint::TextShape, vec2,
};
use limner_annotation::review::plot::svg::on_paper;
use limner_annotation::review::plot::{Anchor, Drawing, Face, Ink, Mark, Paint, Pen};

const DASH: f32 = 5.0;
/// The share of a letter's height that stands on its line.
const ABOVE_LINE: f32 = 0.78;

/// What text, lines and ground are drawn with.
#[derive(Clone, Copy, Debug)]
pub enum Inks {
    /// As in a file.
    Paper,
    Theme(&'static Colours),
}

impl Inks {
    fn of(self, ink: Ink, drawing: &Drawing) -> Color32 {
        let paper = || {
            let [r, g, b] = on_paper(ink, drawing);
            Color32::from_rgb(r, g, b)
        };
        let Self::Theme(c) = self else { return paper() };
        match ink {
            Ink::Text => c.text,
            Ink::Weak => c.weak,
            Ink::Grid => c.line,
            Ink::Axis => c.edge,
            Ink::Ground => c.panel,
            Ink::Blank => c.raised,
            // What tells numbers is the same everywhere.
            Ink::Model(_) | Ink::Shade(_) | Ink::OnDark | Ink::OnLight | Ink::Count => paper(),
        }
    }
}

struct Board<'a> {
    painter: &'a Painter,
    corner: Pos2,
    scale: f32,
    inks: Inks,
    drawing: &'a Drawing,
}

/// Draws a plot with its upper left corner at a place, `scale` times as large as it is.
pub fn paint(painter: &Painter, corner: Pos2, scale: f32, drawing: &Drawing, inks: Inks) {
    let board = Board { painter, corner, scale, inks, drawing };
    drawing.marks.iter().for_each(|mark| board.mark(mark));
}

impl Board<'_> {
    fn at(&self, [x, y]: [f64; 2]) -> Pos2 {
        self.corner + vec2(x as f32, y as f32) * self.scale
    }

    fn colour(&self, ink: Ink) -> Color32 {
        self.inks.of(ink, self.drawing)
    }

    fn fill(&self, paint: Paint) -> Color32 {
        self.colour(paint.ink).gamma_multiply(paint.opacity as f32)
    }

    fn stroke(&self, pen: Pen) -> Stroke {
        Stroke::new(pen.width as f32 * self.scale, self.colour(pen.ink))
    }

    fn mark(&self, mark: &Mark) {
        match mark {
            Mark::Text { .. } => self.text(mark),
            Mark::Line { ends, pen } => {
                let ends = ends.map(|end| self.at(end));
                let stroke = self.stroke(*pen);
                if pen.dashed {
                    let dash = DASH * self.scale;
                    self.painter.extend(Shape::dashed_line(&ends, stroke, dash, dash * 0.8));
                } else {
                    self.painter.line_segment(ends, stroke);
                }
            }
            Mark::Path { points, pen } => {
                let points: Vec<Pos2> = points.iter().map(|point| self.at(*point)).collect();
                self.painter.add(Shape::line(points, self.stroke(*pen)));
            }
            Mark::Band { ribs, fill, edge } => self.band(ribs, *fill, *edge),
            Mark::Rect { at, size: [width, height], fill, edge, .. } => {
                let rect = Rect::from_min_size(self.at(*at), vec2(*width as f32, *height as f32) * self.scale);
                self.painter.rect(rect, 0.0, self.fill(*fill), self.stroke(*edge), StrokeKind::Middle);
            }
            Mark::Dot { at, radius, fill, .. } => {
                self.painter.circle_filled(self.at(*at), *radius as f32 * self.scale, self.fill(*fill));
            }
        }
    }

    /// Two triangles from rib to rib, for the outline turns in and out.
    fn band(&self, ribs: &[[[f64; 2]; 2]], fill: Paint, edge: Pen) {
        let mut mesh = Mesh::default();
        let colour = self.fill(fill);
        for [left, right] in ribs {
            mesh.colored_vertex(self.at(*left), colour);
            mesh.colored_vertex(self.at(*right), colour);
        }
        for n in 1..ribs.len() as u32 {
            let first = 2 * (n - 1);
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 3, first + 2);
        }
        self.painter.add(mesh);
        let sides = ribs.iter().map(|[left, _]| left).chain(ribs.iter().rev().map(|[_, right]| right));
        let outline: Vec<Pos2> = sides.map(|point| self.at(*point)).collect();
        self.painter.add(Shape::closed_line(outline, self.stroke(edge)));
    }

    fn text(&self, mark: &Mark) {
        let Mark::Text { at, anchor, face, ink, turned, text } = mark else { return };
        let size = face.size() as f32 * self.scale;
        let font = if *face == Face::Title { strong(size) } else { FontId::proportional(size) };
        let colour = self.colour(*ink);
        let galley = self.painter.layout_no_wrap(text.clone(), font, colour);
        let (width, line) = (galley.size().x, galley.size().y);
        let ahead = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        // From the line the letters stand on to their upper edge.
        let up = f32::midpoint(line, size) - size * (1.0 - ABOVE_LINE);
        let at = self.at(*at);
        if *turned {
            let pos = at + vec2(-up, ahead);
            let angle = -std::f32::consts::FRAC_PI_2;
            self.painter.add(TextShape::new(pos, galley, colour).with_angle_and_anchor(angle, Align2::LEFT_TOP));
        } else {
            self.painter.galley(at - Vec2::new(ahead, up), galley, colour);
        }
    }
}
