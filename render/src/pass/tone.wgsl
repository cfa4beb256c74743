// From texels to what is seen: window, inversion, gamma, colour map.

struct Tone {
    // grey = (texel - x - y) * z + w
    grey_from_texel: vec4f,
    // Exponent of the grey, then unused.
    gamma: vec4f,
}

@group(0) @binding(2) var colour_of_grey: texture_2d<f32>;

override INVERTED: bool = false;
override BENT: bool = false;
override MAPPED: bool = false;

fn grey_of(tone: Tone, texel: Texel) -> vec3f {
    let w = tone.grey_from_texel;
    var grey = clamp(as_rgb((texel - w.x - w.y) * w.z + w.w), vec3f(0.0), vec3f(1.0));
    if INVERTED {
        grey = 1.0 - grey;
    }
    if BENT {
        grey = pow(grey, vec3f(tone.gamma.x));
    }
    return grey;
}

fn shown(tone: Tone, texel: Texel) -> vec3f {
    let grey = grey_of(tone, texel);
    if MAPPED {
        return textureLoad(colour_of_grey, vec2u(u32(grey.x * 255.0 + 0.5), 0u), 0).rgb;
    }
    return grey;
}
