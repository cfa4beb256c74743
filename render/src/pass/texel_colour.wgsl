@group(0) @binding(1) var volume: texture_3d<f32>;
alias Texel = vec3f;
fn load(at: vec3i) -> Texel { return textureLoad(volume, at, 0).rgb; }
fn as_rgb(colour: Texel) -> vec3f { return colour; }
