// Values between voxels. Weights are computed here and not by the sampler, whose weights have only 8 bits on most
// hardware: in a narrow window that is several grey levels.

fn nearest(at: vec3f) -> Texel {
    return load(nearest_voxel(at));
}

// Unlike `mix` this gives the other end exactly, even beside a value beyond all windows.
fn blend(a: Texel, b: Texel, f: f32) -> Texel {
    return a * (1.0 - f) + b * f;
}

// At the outer half voxel the edge value goes on.
fn linear(at: vec3f, size: vec3f) -> Texel {
    let p = clamp(at, vec3f(0.0), size - 1.0);
    let base = floor(p);
    let f = p - base;
    let a = vec3i(base);
    let b = vec3i(min(base + 1.0, size - 1.0));
    let x00 = blend(load(a), load(vec3i(b.x, a.y, a.z)), f.x);
    let x10 = blend(load(vec3i(a.x, b.y, a.z)), load(vec3i(b.x, b.y, a.z)), f.x);
    let x01 = blend(load(vec3i(a.x, a.y, b.z)), load(vec3i(b.x, a.y, b.z)), f.x);
    let x11 = blend(load(vec3i(a.x, b.y, b.z)), load(b), f.x);
    return blend(blend(x00, x10, f.y), blend(x01, x11, f.y), f.z);
}
