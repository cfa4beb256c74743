// A small picture stretched over a larger one.

struct Stretch {
    // Pixels of the target per pixel of the picture, then the picture's size.
    factor: vec4f,
}

@group(0) @binding(0) var<uniform> stretch: Stretch;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var picture_sampler: sampler;

@fragment
fn draw(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let at = pixel.xy / stretch.factor.x / stretch.factor.yz;
    return textureSampleLevel(picture, picture_sampler, at, 0.0);
}
