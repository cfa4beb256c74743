// In 3D the adapter's own weights will do: nobody reads a value off a shaded surface.
@group(0) @binding(6) var soft_sampler: sampler;
fn soft(at: vec3f, size: vec3f) -> f32 {
    return textureSampleLevel(volume, soft_sampler, (at + 0.5) / size, 0.0).r;
}
