@group(0) @binding(1) var volume: texture_3d<i32>;
alias Texel = f32;
fn load(at: vec3i) -> Texel { return f32(textureLoad(volume, at, 0).r); }
fn as_rgb(grey: Texel) -> vec3f { return vec3f(grey); }
