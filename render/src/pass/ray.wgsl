// A ray for each pixel, cut to what is shown of the volume, and how far it may leap.

struct View {
    raster: Raster,
    tone: Tone,
    background: vec4f,
    // Voxels per mm into the picture; w is the step in mm.
    forward: vec4f,
    // The eye as a voxel position; w is its distance to the raster's plane in mm.
    eye: vec4f,
    // Half the picture in pixels, then mm per pixel.
    screen: vec4f,
    // What is shown, as voxel positions.
    box_min: vec4f,
    box_max: vec4f,
    // Shown is where dot(xyz, at) >= w.
    plane: vec4f,
    // entry = (texel - x - y) * z
    entry_from_texel: vec4f,
    // From a gradient per voxel to one per mm.
    mm_gradient_x: vec4f,
    mm_gradient_y: vec4f,
    mm_gradient_z: vec4f,
    // Of each layer of labels.
    surface_opacity: vec4f,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(3) var free_space: texture_3d<u32>;
@group(0) @binding(4) var brick_ranges: texture_3d<f32>;

override PERSPECTIVE: bool = false;

const BRICK: f32 = 8.0;

struct Ray {
    // Voxel position at 0 mm, and voxels per mm.
    origin: vec3f,
    direction: vec3f,
    // Shown from here to there, in mm.
    near: f32,
    far: f32,
}

fn ray_of(pixel: vec2f) -> Ray {
    var ray: Ray;
    let on_plane = voxel_under(view.raster, pixel);
    ray.near = -1e30;
    if PERSPECTIVE {
        let across = (pixel - view.screen.xy) * view.screen.z;
        ray.origin = view.eye.xyz;
        ray.direction = (on_plane - view.eye.xyz) / length(vec3f(across, view.eye.w));
        ray.near = 0.0;
    } else {
        ray.origin = on_plane;
        ray.direction = view.forward.xyz;
    }
    // A ray along a face must not divide by zero.
    let tiny = abs(ray.direction) < vec3f(1e-7);
    ray.direction = select(ray.direction, vec3f(1e-7), tiny);
    let a = (view.box_min.xyz - ray.origin) / ray.direction;
    let b = (view.box_max.xyz - ray.origin) / ray.direction;
    let first = min(a, b);
    let last = max(a, b);
    ray.near = max(ray.near, max(first.x, max(first.y, first.z)));
    ray.far = min(last.x, min(last.y, last.z));
    let above = dot(view.plane.xyz, ray.origin) - view.plane.w;
    let rise = dot(view.plane.xyz, ray.direction);
    if rise > 0.0 {
        ray.near = max(ray.near, -above / rise);
    } else if rise < 0.0 {
        ray.far = min(ray.far, -above / rise);
    } else if above < 0.0 {
        ray.far = ray.near;
    }
    return ray;
}

fn brick_at(at: vec3f) -> vec3i {
    return vec3i(floor((at + 0.5) / BRICK));
}

// Where a ray leaves the cube that reaches `reach` bricks around `brick` on every side.
fn leaves(ray: Ray, brick: vec3i, reach: f32) -> f32 {
    let low = (vec3f(brick) - reach) * BRICK - 0.5;
    let high = (vec3f(brick) + reach + 1.0) * BRICK - 0.5;
    let out = (select(low, high, ray.direction > vec3f(0.0)) - ray.origin) / ray.direction;
    return min(out.x, min(out.y, out.z));
}

// The first sample at or beyond `far` that lies on the steps of this ray.
fn next_step(t: f32, far: f32) -> f32 {
    return t + max(ceil((far - t) / view.forward.w), 1.0) * view.forward.w;
}

// Neighbouring rays start a part of a step apart, so that steps do not show as rings.
fn first_step(ray: Ray, pixel: vec2f) -> f32 {
    let part = fract(52.9829189 * fract(dot(pixel, vec2f(0.06711056, 0.00583715))));
    return ray.near + part * view.forward.w;
}
