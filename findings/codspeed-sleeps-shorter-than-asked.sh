#!/usr/bin/env bash
# Guess: the "Time (best)" of pytest-codspeed's table is a time of one call.
# What happens (pytest-codspeed 5.0.4, pytest 9.2.0, no runner of CodSpeed): the time of a call is divided
# by the iterations of a round once more.  A sleep of 200 us, which cannot take less, is shown with less.
# Output seen: "test_sleep | 68.83us" where pytest-benchmark 5.3.1 shows 254 us.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-codspeed==5.0.4 pytest==9.2.0
cat > test_it.py <<'PY'
import time

def test_sleep(benchmark):
    benchmark(time.sleep, 200e-6)
PY
found=$(COLUMNS=120 venv/bin/python -m pytest -q -p no:cacheprovider --codspeed test_it.py | grep test_sleep)
echo "$found"
python3 - "$found" <<'PY'
import re
import sys

number, unit = re.search(r"([\d.]+) ?(ns|µs|us|ms)", sys.argv[1]).groups()
sys.exit(float(number) * {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3}[unit] >= 200e-6)
PY
