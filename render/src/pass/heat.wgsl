// Probability, disagreement or any other field over a slice: the field's own value decides both colour and opacity.
// finish.x is the opacity of the highest value.

fn paint(texel: Texel, pixel: vec2f) -> vec4f {
    let opacity = layer.finish.x * grey_of(layer.tone, texel).x;
    return vec4f(shown(layer.tone, texel) * opacity, opacity);
}

fn blank(pixel: vec2f) -> vec4f {
    return vec4f(0.0);
}
