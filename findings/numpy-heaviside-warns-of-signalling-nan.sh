#!/usr/bin/env bash
# Guess: np.heaviside is as silent about a NaN as np.maximum and np.sign are, since it only passes it on.
# What happens (NumPy 2.4.6): a signalling NaN, which a file or a device may hold, makes it warn of an invalid
# value, and raise under errstate(all="raise"); a quiet NaN does not.  maximum and sign take both in silence.
# Output seen: "maximum: 0, 0; sign: 0, 0; heaviside: 0, 1" warnings about a quiet and a signalling float64.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import warnings

import numpy as np

zero = np.zeros(())
calls = {
    "maximum": lambda x: np.maximum(x, zero),
    "sign": np.sign,
    "heaviside": lambda x: np.heaviside(x, zero),
}
told = []
for name, call in calls.items():
    numbers = []
    for bits in (0x7FF8 << 48, 0x7FF4 << 48):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            call(np.array([bits], "u8").view("f8"))
        numbers.append(len(seen))
    told.append(f"{name}: {numbers[0]}, {numbers[1]}")
print("; ".join(told))
PY
)
echo "$found"
[ "$found" = 'maximum: 0, 0; sign: 0, 0; heaviside: 0, 1' ]
