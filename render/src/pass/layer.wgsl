struct Layer {
    raster: Raster,
    tone: Tone,
    background: vec4f,
    // Voxels from the plane to the first sample of a slab, and from sample to sample; w counts the samples.
    slab_start: vec4f,
    slab_step: vec4f,
    // What the finish needs: see fusion.wgsl and compare.wgsl.
    finish: vec4f,
}

@group(0) @binding(0) var<uniform> layer: Layer;
