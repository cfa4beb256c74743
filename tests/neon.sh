#!/usr/bin/env bash
# The convolution kernels and whole networks on ARM with NEON: compiled for it here, and run under emulation.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/prepare.sh
need_packages qemu-user g++-aarch64-linux-gnu
need_rust
target=aarch64-unknown-linux-gnu
rustup target add "$target"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-g++
cargo test -p limner-segmentation --locked --target "$target" --lib network::
cargo test -p limner-segmentation --locked --target "$target" --test suite parity::
