#!/usr/bin/env bash
# Times our drawing and VTK's in one run, on the same CT-like volume, with two threads each, and prints the ratio.
#   render/bench/beside_vtk.sh [slices]
set -euo pipefail
cd "$(dirname "$0")/../.."
slices=${1:-300}
export RAYON_NUM_THREADS=2
LIMNER_PINS=render/bench tests/judges/prepare.sh
home="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}"
job=$(mktemp -d)
trap 'rm -rf "$job"' EXIT
cargo build --release --workspace --locked -q --example bench
target/release/examples/bench "$slices" "$job" | tee "$job/ours.txt"
"$home/pins/bin/python" render/bench/vtk_peer.py "$job" | tee "$job/theirs.txt"
"$home/pins/bin/python" - "$job" <<'PYTHON'
import pathlib, sys

def figures(name):
    lines = pathlib.Path(sys.argv[1], name).read_text().splitlines()
    fields = (line.split("\t") for line in lines if line.count("\t") == 2)
    return {name: (float(wall), float(processors)) for name, wall, processors in fields}

ours, theirs = figures("ours.txt"), figures("theirs.txt")
print(f"\n{'':34}{'wall clock, ms':>28}{'time of processors, ms':>28}")
print(f"{'':34}" + f"{'ours':>9}{'VTK':>9}{'ratio':>10}" * 2)
for name, theirs_ms in theirs.items():
    mine = ours.get(name.split(" (")[0])
    if mine:
        print(f"{name:34}" + "".join(f"{a:9.1f}{b:9.1f}{b / a:10.2f}" for a, b in zip(mine, theirs_ms)))
PYTHON
