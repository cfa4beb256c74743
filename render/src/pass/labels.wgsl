// One layer of labels over a slice: a translucent fill, and an outline whose width is counted in screen pixels so
// that it is as crisp far away as close up. Each voxel belongs to exactly one label: no interpolation.

struct Labels {
    raster: Raster,
    opacity: f32,
    outline_px: f32,
    hatched: f32,
    body_bits: u32,
}

@group(0) @binding(0) var<uniform> labels: Labels;
@group(0) @binding(1) var label_of_voxel: texture_3d<u32>;
@group(0) @binding(2) var style_of_label: texture_2d<u32>;

// 0 fill and outline, 1 the fill alone, 2 the outline alone
override PART: u32 = 0u;

const VISIBLE: u32 = 1u;
const SELECTED: u32 = 2u;
const OUTLINED: u32 = 4u;
const DASHED: u32 = 8u;
// A selected label has an outline this many times as wide.
const SELECTED_WIDTH: f32 = 2.0;
const DIAGONAL: f32 = 0.70710678;

fn label_under(pixel: vec2f) -> u32 {
    let at = voxel_under(labels.raster, pixel);
    if !is_inside(at, labels.raster.size.xyz) {
        return 0u;
    }
    return textureLoad(label_of_voxel, nearest_voxel(at), 0).r;
}

fn body_under(pixel: vec2f) -> u32 {
    return label_under(pixel) & labels.body_bits;
}

// The outline lies inside the body: a pixel belongs to it where another body begins within its width.
fn is_outline(pixel: vec2f, body: u32, width: f32) -> bool {
    let d = max(round(width * DIAGONAL), 1.0);
    return body_under(pixel + vec2f(width, 0.0)) != body
        || body_under(pixel - vec2f(width, 0.0)) != body
        || body_under(pixel + vec2f(0.0, width)) != body
        || body_under(pixel - vec2f(0.0, width)) != body
        || body_under(pixel + vec2f(d, d)) != body
        || body_under(pixel - vec2f(d, d)) != body
        || body_under(pixel + vec2f(d, -d)) != body
        || body_under(pixel + vec2f(-d, d)) != body;
}

// Stripes of 3 in 8 pixels, in one of four directions by label.
fn hatched(fill: f32, label: u32, pixel: vec2u) -> f32 {
    var along = pixel.x;
    switch label % 4u {
        case 0u: { along = pixel.x + pixel.y; }
        case 1u: { along = pixel.x + 8u * (pixel.y / 8u + 1u) - pixel.y; }
        case 2u: { along = pixel.y; }
        default: {}
    }
    return fill * 0.5 + select(0.0, 0.5, along % 8u < 3u);
}

// Dashes of 5 pixels: the colour, and what stands out from it.
fn dashed(colour: vec3u, pixel: vec2u) -> vec3u {
    if (pixel.x + pixel.y) % 10u < 5u {
        return colour;
    }
    let is_pale = 3u * colour.r + 6u * colour.g + colour.b > 1800u;
    return select(vec3u(255u), vec3u(0u), is_pale);
}

@fragment
fn draw(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let pixel = position.xy;
    let label = label_under(pixel);
    if label == 0u {
        return vec4f(0.0);
    }
    let style = textureLoad(style_of_label, vec2u(label & 255u, label >> 8u), 0);
    if (style.a & VISIBLE) == 0u {
        return vec4f(0.0);
    }
    var opacity = 0.0;
    var colour = style.rgb;
    if PART != 2u && (style.a & OUTLINED) == 0u {
        opacity = labels.opacity;
        if labels.hatched == 1.0 {
            opacity = hatched(opacity, label, vec2u(pixel));
        }
    }
    if PART != 1u && labels.outline_px > 0.0 {
        let is_selected = (style.a & SELECTED) != 0u;
        let width = labels.outline_px * select(1.0, SELECTED_WIDTH, is_selected);
        let body = label & labels.body_bits;
        if body != 0u && is_outline(pixel, body, width) {
            opacity = 1.0;
            if (style.a & DASHED) != 0u {
                colour = dashed(colour, vec2u(pixel));
            }
        }
    }
    // Premultiplied, so that a hidden pixel is all zeros.
    return vec4f(vec3f(colour) / 255.0 * opacity, opacity);
}
