#!/usr/bin/env bash
# Guess: `OMP_NUM_THREADS=1 python -m pyperf timeit ...` times with one thread.
# What happens (pyperf 2.11.0, Linux): the workers, which do the timing, get a new environment with a
# few variables only.  OMP_NUM_THREADS is not among them, and nothing says so; --inherit-environ has to
# name it.  What is timed runs on every core.
# Output seen: "a worker has None", and with the option "a worker has 1".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pyperf==2.11.0
export OMP_NUM_THREADS=1
asked() {
    venv/bin/python -m pyperf timeit "$@" --processes 1 --values 1 --warmups 0 --loops 1 --setup '
import os, sys
print("a worker has", os.environ.get("OMP_NUM_THREADS"), file=sys.stderr)' pass 2>&1
}
plain=$(asked | grep 'a worker has') named=$(asked --inherit-environ OMP_NUM_THREADS | grep 'a worker has')
echo "$plain" && echo "$named"
grep --quiet None <<< "$plain" && grep --quiet 'has 1' <<< "$named"
