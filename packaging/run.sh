#!/usr/bin/env bash
# Builds Limner and opens its window on the sample study. Without a display it does the same job into a folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/prepare.sh

need_packages $build_packages $window_packages
need_rust
cargo build --release --locked --package limner
limner="${CARGO_TARGET_DIR:-target}/release/limner"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    echo "Opening the window on the sample study. The program is $limner"
    "$limner" --sample
    echo "Limner closed. Your work is kept; start $limner to go on."
else
    out="${1:-limner-demo}"
    "$limner" demo "$out"
    echo "No display was found, so the demo ran without a window. Its results are in $out"
fi
