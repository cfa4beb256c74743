#!/usr/bin/env bash
# Times our networks on the graphics adapter beside PyTorch (cuDNN where it finds CUDA, else the processor) in one run,
# and prints how many times slower than ours PyTorch is; then prompt to mask with the model that comes with the program.
#   segmentation/bench/gpu.sh [REPEATS] [SIDE...]
# Sides are 96 and 192 unless others are given. LIMNER_TORCH_PYTHON names a Python with PyTorch for CUDA,
# dynamic-network-architectures and safetensors; without it the judges' own is made and used, whose PyTorch computes on
# the processor. To try the script on a software adapter: LIMNER_TRY=1 LIMNER_PROFILE=debug segmentation/bench/gpu.sh 1 16
set -euo pipefail
cd "$(dirname "$0")/../.."
repeats="${1:-10}"
shift || true
if [ -z "${LIMNER_TORCH_PYTHON:-}" ]; then
    LIMNER_FULL=1 tests/judges/prepare.sh
    LIMNER_TORCH_PYTHON="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}/nninteractive/bin/python"
fi
profile="${LIMNER_PROFILE:-release}"
if [ "$profile" = release ]; then
    cargo build --release --workspace --locked -q --example gpu_speed --example engine_speed
else
    cargo build --workspace --locked -q --example gpu_speed --example engine_speed
fi
programs="target/$profile/examples"
"$LIMNER_TORCH_PYTHON" segmentation/bench/gpu_peers.py "$programs/gpu_speed" "$repeats" "${@:-96 192}"
echo "Prompt to mask:"
for device in cpu auto; do
    echo "  --device $device"
    "$programs/engine_speed" "$repeats" "$device" | sed 's/^/    /'
done
