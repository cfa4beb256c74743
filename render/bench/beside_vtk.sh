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
cargo build --release --locked -q -p limner-render --example bench
target/release/examples/bench "$slices" "$job" | tee "$job/ours.txt"
"$home/pins/bin/python" render/bench/vtk_peer.py "$job" | tee "$job/theirs.txt"
"$home/pins/bin/python" - "$job" <<'PYTHON'
import pathlib, sys

def figures(name):
    lines = pathlib.Path(sys.argv[1], name).read_text().splitlines()
    return dict(line.split("\t") for line in lines if "\t" in line)

ours, theirs = figures("ours.txt"), figures("theirs.txt")
print(f"\n{'':34}{'ours, ms':>10}{'VTK, ms':>10}{'times as fast':>15}")
for name, theirs_ms in theirs.items():
    mine = name.split(" (")[0]
    if mine in ours:
        ratio = float(theirs_ms) / float(ours[mine])
        print(f"{name:34}{float(ours[mine]):10.1f}{float(theirs_ms):10.1f}{ratio:15.2f}")
PYTHON
