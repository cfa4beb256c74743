// The finish of a second volume shown instead of the first in a part of the picture.
// finish.x: PATTERN 0 its share everywhere, 1 side of a square in pixels, 2 and 3 the pixel where it begins.

// 0 blend, 1 checkerboard, 2 swipe from left to right, 3 swipe from top to bottom
override PATTERN: u32 = 0u;

fn share(pixel: vec2f) -> f32 {
    if PATTERN == 0u {
        return layer.finish.x;
    }
    if PATTERN == 1u {
        let square = vec2u(pixel / layer.finish.x);
        return f32((square.x + square.y) & 1u);
    }
    if PATTERN == 2u {
        return f32(pixel.x >= layer.finish.x);
    }
    return f32(pixel.y >= layer.finish.x);
}

fn paint(texel: Texel, pixel: vec2f) -> vec4f {
    let part = share(pixel);
    return vec4f(shown(layer.tone, texel) * part, part);
}

// Where the second volume does not reach its part of the picture says so.
fn blank(pixel: vec2f) -> vec4f {
    return layer.background * share(pixel);
}
