// Values between voxels. Weights are computed here and not by the sampler, whose weights have only 8 bits on most
// hardware: in a narrow window that is several grey levels.

// 0 nearest, 1 linear, 2 cubic
override INTERPOLATION: u32 = 1u;

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

// Catmull-Rom: the weights of the voxels from one before to two after.
fn cubic_weights(f: f32) -> vec4f {
    let f2 = f * f;
    let f3 = f2 * f;
    return vec4f(
        -0.5 * f3 + f2 - 0.5 * f,
        1.5 * f3 - 2.5 * f2 + 1.0,
        -1.5 * f3 + 2.0 * f2 + 0.5 * f,
        0.5 * f3 - 0.5 * f2,
    );
}

fn cubic(at: vec3f, size: vec3f) -> Texel {
    let p = clamp(at, vec3f(0.0), size - 1.0);
    let base = floor(p);
    let wx = cubic_weights(p.x - base.x);
    let wy = cubic_weights(p.y - base.y);
    let wz = cubic_weights(p.z - base.z);
    let first = vec3i(base) - 1;
    let top = vec3i(size) - 1;
    var sum = Texel();
    for (var k = 0; k < 4; k++) {
        for (var j = 0; j < 4; j++) {
            var row = Texel();
            for (var i = 0; i < 4; i++) {
                row += load(clamp(first + vec3i(i, j, k), vec3i(0), top)) * wx[i];
            }
            sum += row * (wy[j] * wz[k]);
        }
    }
    return sum;
}

fn sampled(at: vec3f, size: vec3f) -> Texel {
    if INTERPOLATION == 0u {
        return nearest(at);
    }
    if INTERPOLATION == 1u {
        return linear(at, size);
    }
    return cubic(at, size);
}
