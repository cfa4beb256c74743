#!/bin/sh
# Times our slices and volumes and VTK's on the same data, one after the other on the same machine.
#
#   tests/bench/beside_vtk.sh VENV [SLICES]
#
# VENV is a Python environment outside the project; it is made where it does not exist.
set -eu
venv=$1
slices=${2:-300}
here=$(dirname "$0")
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet vtk numpy
fi
"$venv/bin/python" "$here/vtk_bench.py" "$slices"
cargo run --manifest-path "$here/../../Cargo.toml" --release -p limner-render --example bench "$slices"
