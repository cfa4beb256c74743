// A finished picture, stretched over the rectangle.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var picture_sampler: sampler;

@fragment
fn draw(corner: Corner) -> @location(0) vec4f {
    return shown(textureSampleLevel(picture, picture_sampler, corner.at, 0.0).rgb);
}
