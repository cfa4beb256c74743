// The finish of a second volume seen through: PET on CT, a follow-up on its baseline.
// finish.x is the opacity; finish.y is 1 where what lies at or below the window's low end is not shown at all.

fn paint(texel: Texel, pixel: vec2f) -> vec4f {
    let grey = as_rgb((texel - layer.tone.grey_from_texel.x - layer.tone.grey_from_texel.y)
        * layer.tone.grey_from_texel.z + layer.tone.grey_from_texel.w);
    if layer.finish.y == 1.0 && max(grey.r, max(grey.g, grey.b)) <= 0.0 {
        return vec4f(0.0);
    }
    return vec4f(shown(layer.tone, texel) * layer.finish.x, layer.finish.x);
}

fn blank(pixel: vec2f) -> vec4f {
    return vec4f(0.0);
}
