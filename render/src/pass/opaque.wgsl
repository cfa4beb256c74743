// The finish of the lowest layer: it covers everything.

fn paint(texel: Texel, pixel: vec2f) -> vec4f {
    return vec4f(shown(layer.tone, texel), 1.0);
}

fn blank(pixel: vec2f) -> vec4f {
    return layer.background;
}
