#!/usr/bin/env bash
# Guess: pytest-benchmark pauses coverage while it times a call, and what a test does after that counts
# as run again.
# What happens (pytest-benchmark 5.3.1, coverage 7.17.5, pytest 9.2.0, Python 3.11): the lines of the
# test below its call of `benchmark` are reported as never run, though they did run and their assertion
# passed: the tracer is put back, but not for the function that is already running.
# Output seen: "test_it.py  6  2  67%  6-7".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pytest-benchmark==5.3.1 coverage==7.17.5 pytest==9.2.0
cat > test_it.py <<'PY'
def twice(x):
    return 2 * x

def test_it(benchmark):
    result = benchmark(twice, 3)
    print("it ran")
    assert result == 6
PY
venv/bin/python -m coverage run --include=test_it.py -m pytest -q -s -p no:cacheprovider test_it.py > log
grep --quiet 'it ran' log
found=$(venv/bin/python -m coverage report --show-missing)
echo "$found"
grep --quiet --extended-regexp 'test_it.py .*\b6-7$' <<< "$found"
