#!/usr/bin/env bash
# What tests/run.sh --full adds: the slow proofs at full length. About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

# 100,000 random commands against the laws of history, 1,000 kills while drawing, five minutes of spoiled files.
export LIMNER_LAW_SEQUENCES="${LIMNER_LAW_SEQUENCES:-1800}"
export LIMNER_CRASH_KILLS="${LIMNER_CRASH_KILLS:-1000}"
export LIMNER_HOSTILE_SECONDS="${LIMNER_HOSTILE_SECONDS:-300}"
cargo test --workspace --locked --test document --test hostile

# The kernels of the networks on ARM.
tests/neon.sh

# What the networks are trained to see is what the engine shows them.
home="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}"
"$home/nninteractive/bin/python" segmentation/tests/data/similarity.py --check

# The same seed trains the same network: the first steps twice, loss by loss.
"$home/nninteractive/bin/python" segmentation/training/reproducible.py --threads 1 --steps 60

# An object in a volume of twelve thousand million voxels, with memory for a few patches.
cargo run --locked -p limner-segmentation --example vast_volume

# The committed sample study is what the generator makes.
cargo run --locked -p xtask -- sample --check
