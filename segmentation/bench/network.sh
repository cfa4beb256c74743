#!/usr/bin/env bash
# Times our network engine beside PyTorch, ONNX Runtime and OpenVINO in one run, with two threads each, on the same
# network, and prints how many times slower than ours each peer is.
#   segmentation/bench/network.sh [REPEATS]
set -euo pipefail
cd "$(dirname "$0")/../.."
# The peers live in the large environment of the judge of sessions.
LIMNER_FULL=1 tests/judges/prepare.sh
home="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}"
cargo build --release --workspace --locked -q --example network_speed
"$home/nninteractive/bin/python" segmentation/bench/network_peers.py target/release/examples/network_speed 2 "${1:-5}"
