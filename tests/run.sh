#!/usr/bin/env bash
# All tests. Under an hour from cold on two cores; --full adds the slow judges, soak, long fuzzing and kill tests.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/prepare.sh

full=0
for argument in "$@"; do
    case "$argument" in
        --full) full=1 ;;
        *) echo "usage: tests/run.sh [--full]" >&2; exit 2 ;;
    esac
done

need_packages $build_packages $window_packages xvfb xdotool imagemagick x11-utils python3 python3-venv dicom3tools
need_rust

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export LIMNER_FULL=$full
export LIMNER_TEST_DATA="${LIMNER_TEST_DATA:-$(cd .. && pwd)/shared/data}"
# The suites draw on the software rasteriser, which these packages install: without it they would test nothing.
export LIMNER_REQUIRE_GPU=1
failed=0

# step TITLE COMMAND...: runs it, keeps its output for the count, goes on when it fails.
step() {
    local title=$1
    shift
    echo "== $title"
    if ! "$@" 2>&1 | tee -a "$log"; then
        echo "== $title FAILED"
        failed=$((failed + 1))
    fi
}

step "format" cargo fmt --all --check
step "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
step "judges" tests/judges/prepare.sh
step "tests" cargo test --workspace --locked --no-fail-fast
if command -v cargo-deny >/dev/null; then
    step "licences" cargo deny --all-features check licenses bans sources
fi
if [ "$full" -eq 1 ]; then
    step "full" tests/full.sh
fi

passed=$(sed -n 's/^test result: .* \([0-9]*\) passed; .*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
broken=$(sed -n 's/^test result: .* \([0-9]*\) failed; .*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
without_data=$({ grep -o 'real-data suites not run: [0-9]*' "$log" || true; } | awk '{n += $NF} END {print n + 0}')
[ "$without_data" -eq 0 ] || echo "real-data suites not run: $without_data"
echo
if [ "$failed" -eq 0 ] && [ "$broken" -eq 0 ]; then
    echo "All tests passed."
else
    echo "Tests failed: $failed step(s), $broken test(s). Look above for FAILED."
    [ "$broken" -gt 0 ] || broken=$failed
fi
echo "$passed passed, $broken failed"
[ "$broken" -eq 0 ]
