// One colour everywhere.

@group(0) @binding(0) var<uniform> ground: vec4f;

@fragment
fn draw(corner: Corner) -> @location(0) vec4f {
    return shown(ground.rgb);
}
