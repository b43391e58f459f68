#!/usr/bin/env bash
# Guess: the options of a `benchmark` mark at a test are added to those of its module's mark.
# What happens (pytest-benchmark 5.3.1, pytest 9.2.0): the nearest mark replaces the others.  A test that
# only switches its warmup off is no longer in the group that the module names, and is compared with
# what it does not belong to.
# Output seen: "test_plain: mine, test_marked: None".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
cat > test_it.py <<'PY'
import pytest

pytestmark = pytest.mark.benchmark(group="mine")

def test_plain(benchmark):
    benchmark.pedantic(int)

@pytest.mark.benchmark(warmup=False)
def test_marked(benchmark):
    benchmark.pedantic(int)
PY
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json test_it.py > log
found=$(python3 -c 'import json
rows = json.load(open("saved.json"))["benchmarks"]
print(", ".join(row["name"] + ": " + str(row["group"]) for row in rows))')
echo "$found"
[ "$found" = 'test_plain: mine, test_marked: None' ]
