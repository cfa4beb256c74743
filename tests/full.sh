#!/usr/bin/env bash
# What tests/run.sh --full adds: the same suites with LIMNER_FULL=1, in which slow proofs run at full length.
set -euo pipefail
cd "$(dirname "$0")/.."
LIMNER_FULL=1 cargo test --workspace --locked --no-fail-fast -- --nocapture full_
cargo run --locked -p xtask -- sample --check
