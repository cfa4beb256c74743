#!/usr/bin/env bash
# What the document costs, in one run: brush, undo, commits, mask operations, region statistics beside scikit-image, and a
# project of 100,000 images and 1,000,000 regions (LIMNER_BENCH_IMAGES sets fewer; LIMNER_BENCH_PROJECT=FILE only opens and
# asks one that is there).
#   annotation/bench/document.sh [profile]
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${1:-release}
LIMNER_PINS=annotation/bench tests/judges/prepare.sh
home="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}"
cargo build --workspace --locked -q --profile "$profile" --example document_bench
[ "$profile" = dev ] && built=debug || built=$profile
"target/$built/examples/document_bench" "$home/document/bin/python"
