// Adds a number of each of 256 threads, for adapters whose threads cannot hand numbers to each other.

struct Threads {
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
}

var<workgroup> sums: array<vec4<f32>, 256>;

fn total(mine: vec4<f32>, threads: Threads) -> vec4<f32> {
    let local = threads.local;
    sums[local] = mine;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            sums[local] += sums[local + half];
        }
    }
    workgroupBarrier();
    let all = sums[0];
    workgroupBarrier();
    return all;
}
