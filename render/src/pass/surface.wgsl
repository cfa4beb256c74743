// Surfaces of one layer of labels within a ray: where the ray enters another label, smooth at less than a voxel.
// For each further layer the same source stands in the shader once more, under other names (raycast.rs).

@group(0) @binding(7) var label_of_voxel: texture_3d<u32>;
@group(0) @binding(8) var style_of_label: texture_2d<u32>;

const LAYER: u32 = 0u;
const VISIBLE: u32 = 1u;

var<private> label_before: u32 = 0u;

fn style_of(label: u32) -> vec4u {
    return textureLoad(style_of_label, vec2u(label & 255u, label >> 8u), 0);
}

fn has(at: vec3i, label: u32) -> f32 {
    return f32(textureLoad(label_of_voxel, at, 0).r == label);
}

// How much of the neighbourhood carries a label, from 0 to 1.
fn part_of(at: vec3f, label: u32, size: vec3f) -> f32 {
    let p = clamp(at, vec3f(0.0), size - 1.0);
    let base = floor(p);
    let f = p - base;
    let a = vec3i(base);
    let b = vec3i(min(base + 1.0, size - 1.0));
    let x00 = mix(has(a, label), has(vec3i(b.x, a.y, a.z), label), f.x);
    let x10 = mix(has(vec3i(a.x, b.y, a.z), label), has(vec3i(b.x, b.y, a.z), label), f.x);
    let x01 = mix(has(vec3i(a.x, a.y, b.z), label), has(vec3i(b.x, a.y, b.z), label), f.x);
    let x11 = mix(has(vec3i(a.x, b.y, b.z), label), has(b, label), f.x);
    return mix(mix(x00, x10, f.y), mix(x01, x11, f.y), f.z);
}

// The shown label whose smooth body holds a point, 0 for none. One the ray is in already needs no second look.
fn shown_label(at: vec3f, last: u32) -> u32 {
    let label = textureLoad(label_of_voxel, nearest_voxel(at), 0).r;
    if label == last {
        return label;
    }
    if label == 0u || (style_of(label).a & VISIBLE) == 0u || part_of(at, label, view.raster.size.xyz) < 0.5 {
        return 0u;
    }
    return label;
}

// The colour of the surface a ray crosses between two samples, lit.
fn surface(ray: Ray, before: f32, here: f32, label: u32) -> vec3f {
    let size = view.raster.size.xyz;
    var outside = before;
    var inside = here;
    for (var n = 0; n < 4; n++) {
        let middle = 0.5 * (outside + inside);
        if part_of(ray.origin + ray.direction * middle, label, size) >= 0.5 {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    let at = ray.origin + ray.direction * inside;
    var slope = vec3f(0.0);
    for (var axis = 0; axis < 3; axis++) {
        // Wider than a voxel, so that the steps of the label map are smoothed over.
        var reach = vec3f(0.0);
        reach[axis] = 1.4;
        slope[axis] = part_of(at + reach, label, size) - part_of(at - reach, label, size);
    }
    return lit(vec3f(style_of(label).rgb) / 255.0, slope, ray.direction, 1.0);
}

fn meet(light: Light, ray: Ray, before: f32, here: f32) -> Light {
    var after = light;
    let label = shown_label(ray.origin + ray.direction * here, label_before);
    if label != 0u && label != label_before {
        let part = (1.0 - after.covered) * view.surface_opacity[LAYER];
        after.colour += part * surface(ray, before, here, label);
        after.covered += part;
    }
    label_before = label;
    return after;
}
