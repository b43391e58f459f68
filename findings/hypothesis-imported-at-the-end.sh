#!/usr/bin/env bash
# Guess: Hypothesis that is merely installed costs a run of pytest nothing, since its plugin is careful
# to import it only if a test does.
# What happens (hypothesis 6.170.17, pytest 9.2.0, Python 3.11): before the summary `hypothesis` is not
# in sys.modules, and after it is: the plugin's pytest_terminal_summary imports it in every run, also if
# no test used it and nothing is to be said.  For one empty test that is most of the time that passes.
# Output seen: "before the summary: False" and "at the end: True".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet hypothesis==6.170.17 pytest==9.2.0
echo 'def test_one(): pass' > test_one.py
cat > conftest.py <<'PY'
import sys

def pytest_sessionfinish():
    print("before the summary:", "hypothesis" in sys.modules)

def pytest_unconfigure():
    print("at the end:", "hypothesis" in sys.modules)
PY
found=$(venv/bin/python -m pytest -q -s -p no:cacheprovider)
echo "$found"
grep --quiet 'before the summary: False' <<< "$found" && grep --quiet 'at the end: True' <<< "$found"
