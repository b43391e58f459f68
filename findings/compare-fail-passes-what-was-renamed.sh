#!/usr/bin/env bash
# Guess: `--benchmark-compare --benchmark-compare-fail=min:1%` fails, or at least says so, if there is
# nothing to compare a benchmark with.
# What happens (pytest-benchmark 5.3.1, pytest 9.2.0): rows that the saved run lacks are passed over.  If a
# benchmark is renamed, or its parameter is spelled otherwise, while it becomes 1000 times as slow, the
# gate is green: exit 0, no warning.
# Output seen: "the same name: exit 1; renamed: exit 0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
run() {
    echo "def test_$1(benchmark): benchmark.pedantic(sum, (range($2),), rounds=20)" > test_it.py
    code=0
    venv/bin/python -W error::UserWarning -m pytest -q -p no:cacheprovider "${@:3}" test_it.py > log || code=$?
}
run it 1000 --benchmark-save=before
compare=(--benchmark-compare --benchmark-compare-fail=min:1%)
run it 1000000 "${compare[@]}" && found="the same name: exit $code"
run renamed 1000000 "${compare[@]}" && found="$found; renamed: exit $code"
echo "$found"
[ "$found" = 'the same name: exit 1; renamed: exit 0' ]
