#!/usr/bin/env bash
# Makes the Python environments in which the field's own tools judge our output. Outside the tree, pinned, made once.
# LIMNER_PINS names another folder of pins: the benchmarks' peers.
# Those in full/ are large and made only for the full run (LIMNER_FULL=1).
set -euo pipefail
cd "${LIMNER_PINS:-$(dirname "$0")}"
home="${LIMNER_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/limner/judges}"
mkdir -p "$home"
lists=(*.txt)
[ "${LIMNER_FULL:-0}" != 1 ] || [ ! -d full ] || lists+=(full/*.txt)
for pins in "${lists[@]}"; do
    name=$(basename "$pins" .txt)
    made="$home/$name"
    if ! cmp -s "$pins" "$made/made-from.txt"; then
        echo "Making the environment $name"
        rm -rf "$made"
        python3 -m venv "$made"
        "$made/bin/pip" install --quiet --disable-pip-version-check -r "$pins"
        cp "$pins" "$made/made-from.txt"
    fi
done
echo "The judges are ready."
