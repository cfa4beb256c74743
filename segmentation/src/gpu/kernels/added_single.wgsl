// Four products added to four sums.

fn added(sums: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>, p: vec4<f32>) -> vec4<f32> {
    return fma(w3, p.wwww, fma(w2, p.zzzz, fma(w1, p.yyyy, fma(w0, p.xxxx, sums))));
}
