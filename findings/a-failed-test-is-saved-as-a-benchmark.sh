#!/usr/bin/env bash
# Guess: if a test checks what it has timed, and the check fails, its time is not saved; or the saved row
# says that it failed.
# What happens (pytest-benchmark 5.3.1, pytest 9.2.0): the row is saved like any other, without a word on
# the outcome, so that a wrong but fast function is an improvement in every later comparison.
# Output seen: "1 failed", then "saved: test_wrong, which says of its outcome: nothing".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
cat > test_it.py <<'PY'
def test_wrong(benchmark):
    assert benchmark.pedantic(int, rounds=3) == 1
PY
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json test_it.py > log && exit 1
found=$(tail -1 log; python3 -c '
import json
text = open("saved.json").read()
[row] = json.loads(text)["benchmarks"]
words = "something" if "fail" in text or "outcome" in text else "nothing"
print("saved:", row["name"] + ", which says of its outcome:", words)')
echo "$found"
grep --quiet 'saved: test_wrong, which says of its outcome: nothing' <<< "$found"
