#!/usr/bin/env bash
# Guess: np.sign of a duration that is missing (NaT) is NaT, as np.sign(nan) is nan, and as np.abs, np.maximum
# and + of NaT are NaT.
# What happens (NumPy 2.4.6): it is -1, since NaT is the smallest integer inside, so that what is missing
# counts as negative.  A Series of pandas 3.1.1 gives the same.
# Output seen: "-1 seconds, 1 seconds; NaT, 5 seconds; NaT, 5 seconds" for np.sign, np.abs and np.maximum.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np

x = np.array(["NaT", 5], "m8[s]")
results = np.sign(x), np.abs(x), np.maximum(x, np.timedelta64(0, "s"))
print(*(f"{result[0]}, {result[1]}" for result in results), sep="; ")
PY
)
echo "$found"
[ "$found" = '-1 seconds, 1 seconds; NaT, 5 seconds; NaT, 5 seconds' ]
