//! A plot as pixels, on white, drawn without a graphics device: egui makes triangles of it, and these are filled here.

use super::paint::{Inks, paint};
use crate::theme::{self, Theme};
use eframe::egui::epaint::{ImageData, Mesh, Primitive, Vertex};
use eframe::egui::{ColorImage, Context, LayerId, Pos2, RawInput, Rect, TextureId, vec2};
use image::{Rgba, RgbaImage};
use limner_annotation::review::plot::Drawing;
use std::collections::HashMap;

/// `scale` pixels for each unit of the drawing.
pub fn png_picture(drawing: &Drawing, scale: f32) -> RgbaImage {
    let size = vec2(drawing.size[0] as f32, drawing.size[1] as f32);
    let ctx = Context::default();
    theme::apply(&ctx, Theme::Light);
    let mut textures = Textures::default();
    let mut shapes = Vec::new();
    // Letters come into the texture in the first pass and are known in the second.
    for _ in 0..2 {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, size));
        let mut input = RawInput { screen_rect, ..RawInput::default() };
        if let Some(viewport) = input.viewports.get_mut(&input.viewport_id) {
            viewport.native_pixels_per_point = Some(scale);
        }
        let mut output = ctx.run_ui(input, |ui| {
            let painter = ui.ctx().layer_painter(LayerId::debug());
            paint(&painter, Pos2::ZERO, 1.0, drawing, Inks::Paper);
        });
        for (id, deltas) in output.textures_delta.set.drain() {
            deltas.iter().for_each(|delta| textures.set(id, &delta.image, delta.pos));
        }
        // Nothing is kept of this context, so nothing has to be freed.
        output.textures_delta.clear();
        shapes = std::mem::take(&mut output.shapes);
    }
    let wanted = size * scale;
    let mut picture = RgbaImage::from_pixel(wanted.x.round() as u32, wanted.y.round() as u32, Rgba([255; 4]));
    for primitive in ctx.tessellate(shapes, scale) {
        if let Primitive::Mesh(mesh) = primitive.primitive {
            fill(&mut picture, &mesh, textures.of(mesh.texture_id), scale);
        }
    }
    picture
}

#[derive(Default)]
struct Textures(HashMap<TextureId, ColorImage>);

impl Textures {
    fn set(&mut self, id: TextureId, ImageData::Color(image): &ImageData, pos: Option<[usize; 2]>) {
        match (pos, self.0.get_mut(&id)) {
            (Some([left, top]), Some(known)) => {
                for row in 0..image.size[1] {
                    let from = (top + row) * known.size[0] + left;
                    let line = &image.pixels[row * image.size[0]..(row + 1) * image.size[0]];
                    known.pixels[from..from + line.len()].copy_from_slice(line);
                }
            }
            _ => drop(self.0.insert(id, ColorImage::clone(image))),
        }
    }

    fn of(&self, id: TextureId) -> Option<&ColorImage> {
        self.0.get(&id)
    }
}

fn fill(picture: &mut RgbaImage, mesh: &Mesh, texture: Option<&ColorImage>, scale: f32) {
    for corners in mesh.indices.chunks_exact(3) {
        let corners = [0, 1, 2].map(|n| mesh.vertices[corners[n] as usize]);
        triangle(picture, corners.map(|v| Vertex { pos: v.pos * scale, ..v }), texture);
    }
}

/// Every pixel whose middle is inside; one on an edge belongs to one of the two triangles there.
fn triangle(picture: &mut RgbaImage, mut corners: [Vertex; 3], texture: Option<&ColorImage>) {
    let mut area = cross(corners[0].pos, corners[1].pos, corners[2].pos);
    if area < 0.0 {
        corners.swap(1, 2);
        area = -area;
    }
    if area <= 0.0 {
        return;
    }
    let [a, b, c] = corners.map(|corner| corner.pos);
    let around = Rect::from_points(&[a, b, c]);
    let range = |low: f32, high: f32, most: u32| (low.floor().max(0.0) as u32)..(high.ceil().max(0.0) as u32).min(most);
    for y in range(around.top(), around.bottom(), picture.height()) {
        for x in range(around.left(), around.right(), picture.width()) {
            let middle = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let sides = [(b, c), (c, a), (a, b)];
            let shares = sides.map(|(from, to)| cross(from, to, middle));
            let inside = sides.iter().zip(shares).all(|(side, share)| share > 0.0 || share == 0.0 && is_owned(*side));
            if inside {
                let ink = ink_at(&corners, shares.map(|share| share / area), texture);
                blend(picture.get_pixel_mut(x, y), ink);
            }
        }
    }
}

fn cross(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Upper and left edges, of corners in the order of the clock.
fn is_owned((from, to): (Pos2, Pos2)) -> bool {
    to.y < from.y || to.y == from.y && to.x > from.x
}

/// Premultiplied, from 0 to 1.
fn ink_at(corners: &[Vertex; 3], shares: [f32; 3], texture: Option<&ColorImage>) -> [f32; 4] {
    let mut ink = [0.0; 4];
    let mut place = vec2(0.0, 0.0);
    for (corner, share) in corners.iter().zip(shares) {
        place += corner.uv.to_vec2() * share;
        for (sum, part) in ink.iter_mut().zip(corner.color.to_array()) {
            *sum += f32::from(part) / 255.0 * share;
        }
    }
    let texel = texture.map_or([1.0; 4], |texture| texel_at(texture, place.x, place.y));
    std::array::from_fn(|n| ink[n] * texel[n])
}

/// Between the four texels around a place.
fn texel_at(texture: &ColorImage, u: f32, v: f32) -> [f32; 4] {
    let [width, height] = texture.size;
    let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
    let within = |at: f32, most: usize| at.clamp(0.0, most as f32 - 1.0) as usize;
    let mut sum = [0.0; 4];
    for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let (left, top) = (x.floor() + dx, y.floor() + dy);
        let share = (1.0 - (x - left).abs()) * (1.0 - (y - top).abs());
        let texel = texture.pixels[within(top, height) * width + within(left, width)].to_array();
        for (sum, part) in sum.iter_mut().zip(texel) {
            *sum += f32::from(part) / 255.0 * share;
        }
    }
    sum
}

fn blend(pixel: &mut Rgba<u8>, ink: [f32; 4]) {
    for (n, part) in pixel.0.iter_mut().enumerate().take(3) {
        let mixed = ink[n] * 255.0 + f32::from(*part) * (1.0 - ink[3]);
        *part = mixed.round().clamp(0.0, 255.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::review::plot::{Column, Valued, spread};

    #[test]
    fn a_plot_becomes_pixels_with_its_dots_and_letters_where_they_are() {
        let values = [0.2, 0.9].map(|value| Valued { of: "case".into(), value, to: 0 });
        let columns = [Column { name: "model".into(), values: values.to_vec() }];
        let mut drawing = spread("Dice", "Dice", &columns, Some([0.0, 1.0]));
        drawing.colours = vec![[200, 0, 0]];
        let picture = png_picture(&drawing, 2.0);
        assert_eq!(picture.dimensions(), (drawing.size[0] as u32 * 2, drawing.size[1] as u32 * 2));
        assert_eq!(picture.get_pixel(2, 2).0, [255; 4]);
        for (_, [left, top], [width, height]) in drawing.spots().filter(|(tip, ..)| !tip.to.is_empty()) {
            let middle = [left + width / 2.0, top + height / 2.0].map(|at| (at * 2.0) as u32);
            let [r, g, b, _] = picture.get_pixel(middle[0], middle[1]).0;
            assert!(r > 180 && g < 110 && b < 110, "a dot is red: {r} {g} {b}");
        }
        // The title stands at the upper left.
        let dark = |x: u32, y: u32| picture.get_pixel(x, y).0[0] < 120;
        let letters = (24..100).flat_map(|x| (20..50).map(move |y| (x, y))).filter(|(x, y)| dark(*x, *y)).count();
        assert!(letters > 60, "{letters} dark pixels");
    }

    #[test]
    fn neighbours_share_no_pixel() {
        let corner = |x: f32, y: f32| {
            let color = eframe::egui::Color32::from_black_alpha(128);
            Vertex { pos: Pos2::new(x, y), uv: Pos2::ZERO, color }
        };
        let mut picture = RgbaImage::from_pixel(8, 8, Rgba([255; 4]));
        let [a, b, c, d] = [corner(0.5, 0.5), corner(6.5, 0.5), corner(6.5, 6.5), corner(0.5, 6.5)];
        triangle(&mut picture, [a, b, c], None);
        triangle(&mut picture, [c, d, a], None);
        let inks: std::collections::BTreeSet<u8> = picture.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(inks.into_iter().collect::<Vec<_>>(), [127, 255], "no pixel is painted twice");
        assert_eq!(picture.pixels().filter(|pixel| pixel.0[0] == 127).count(), 36);
    }
}
