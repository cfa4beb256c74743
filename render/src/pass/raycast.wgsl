// A shaded volume: colour and opacity by value, light by slope, from the eye inwards until nothing more shows through.

@group(0) @binding(5) var transfer: texture_2d<f32>;

const LAST_ENTRY: f32 = 1023.0;
// A slope of this many table entries per voxel is a surface.
const SURFACE_SLOPE: f32 = 40.0;
const OPAQUE: f32 = 0.985;

fn entry_of(texel: f32) -> f32 {
    return (texel - view.entry_from_texel.x - view.entry_from_texel.y) * view.entry_from_texel.z;
}

fn slope_at(at: vec3f) -> vec3f {
    let size = view.raster.size.xyz;
    return vec3f(
        soft(at + vec3f(1.0, 0.0, 0.0), size) - soft(at - vec3f(1.0, 0.0, 0.0), size),
        soft(at + vec3f(0.0, 1.0, 0.0), size) - soft(at - vec3f(0.0, 1.0, 0.0), size),
        soft(at + vec3f(0.0, 0.0, 1.0), size) - soft(at - vec3f(0.0, 0.0, 1.0), size),
    );
}

@fragment
fn draw(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let ray = ray_of(position.xy);
    let size = view.raster.size.xyz;
    let step_mm = view.forward.w;
    var light = Light(vec3f(0.0), 0.0);
    var t = first_step(ray, position.xy);
    while t < ray.far && light.covered < OPAQUE {
        var at = ray.origin + ray.direction * t;
        let brick = brick_at(at);
        let free = textureLoad(free_space, brick, 0).r;
        if free > 0u {
            forget_labels();
            t = next_step(t, leaves(ray, brick, f32(free) - 1.0));
            continue;
        }
        let end = min(leaves(ray, brick, 0.0), ray.far);
        loop {
            light = meet_labels(light, ray, t - step_mm, t);
            let texel = soft(at, size);
            let entry = clamp(entry_of(texel), 0.0, LAST_ENTRY);
            let kind = textureLoad(transfer, vec2u(u32(entry + 0.5), 0u), 0);
            if kind.a > 0.0 {
                let slope = slope_at(at);
                let weight = clamp(length(slope) * abs(view.entry_from_texel.z) * 0.5 / SURFACE_SLOPE, 0.0, 1.0);
                let part = (1.0 - light.covered) * (1.0 - exp(-kind.a * step_mm));
                light.colour += part * lit(kind.rgb, slope, ray.direction, weight);
                light.covered += part;
            }
            t += step_mm;
            at = ray.origin + ray.direction * t;
            if t >= end || light.covered >= OPAQUE {
                break;
            }
        }
    }
    return vec4f(light.colour + (1.0 - light.covered) * view.background.rgb, 1.0);
}
