// Adds a number of each of 256 threads, within subgroups first.

struct Threads {
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
}

var<workgroup> sums: array<vec4<f32>, 256>;

fn total(mine: vec4<f32>, threads: Threads) -> vec4<f32> {
    let part = subgroupAdd(mine);
    sums[threads.subgroup] = part;
    workgroupBarrier();
    var all = vec4<f32>();
    for (var n = 0u; n < threads.subgroups; n++) {
        all += sums[n];
    }
    workgroupBarrier();
    return all;
}
