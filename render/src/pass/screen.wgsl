// A rectangle of a host's window, filled without a question per pixel.

// Set where the host's frame takes linear light and bends it itself.
override LINEAR: bool = false;

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) at: vec2f,
}

@vertex
fn cover(@builtin(vertex_index) n: u32) -> Corner {
    let at = vec2f(f32(n & 1u), f32(n >> 1u)) * 2.0;
    return Corner(vec4f(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0), at);
}

fn shown(colour: vec3f) -> vec4f {
    if LINEAR {
        let low = colour / 12.92;
        let high = pow((colour + 0.055) / 1.055, vec3f(2.4));
        return vec4f(select(high, low, colour < vec3f(0.04045)), 1.0);
    }
    return vec4f(colour, 1.0);
}
