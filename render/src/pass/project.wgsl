// The brightest or darkest value along a ray through the whole volume, or their mean.

// 0 largest texel, 1 smallest texel, 2 mean
override PROJECTION: u32 = 0u;

// True where no sample of a brick can change the result any more.
fn is_beaten(brick: vec3i, best: f32) -> bool {
    let range = textureLoad(brick_ranges, brick, 0);
    if PROJECTION == 0u {
        return range.g <= best;
    }
    return range.r >= best;
}

@fragment
fn draw(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let ray = ray_of(position.xy);
    let size = view.raster.size.xyz;
    var t = first_step(ray, position.xy);
    if t >= ray.far {
        return view.background;
    }
    var result = soft(ray.origin + ray.direction * t, size);
    if PROJECTION == 2u {
        result = 0.0;
    }
    var count = 0.0;
    while t < ray.far {
        let brick = brick_at(ray.origin + ray.direction * t);
        let end = min(leaves(ray, brick, 0.0), ray.far);
        if PROJECTION != 2u && is_beaten(brick, result) {
            t = next_step(t, end);
            continue;
        }
        loop {
            let texel = soft(ray.origin + ray.direction * t, size);
            if PROJECTION == 0u {
                result = max(result, texel);
            } else if PROJECTION == 1u {
                result = min(result, texel);
            } else {
                result += texel;
            }
            count += 1.0;
            t += view.forward.w;
            if t >= end {
                break;
            }
        }
    }
    if PROJECTION == 2u {
        result /= max(count, 1.0);
    }
    return vec4f(shown(view.tone, Texel(result)), 1.0);
}
