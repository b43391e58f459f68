#!/usr/bin/env bash
# Guess: a float32 array with a unit stays float32 if it is multiplied by 2, or compared with 0 by np.maximum,
# as an array without a unit does under the rules of NumPy 2.
# What happens (unyt 3.2.0, NumPy 2.4.6): a Python number becomes an array of float64 first, and the result
# is float64: twice the memory, and another dtype from there on.  np.float32(2) keeps float32.
# Output seen: "plain float32, with a unit float64 float64, by np.float32(2) float32".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet unyt==3.2.0 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np
import unyt

plain = np.ones(2, np.float32)
x = unyt.unyt_array(plain, "m")
print(f"plain {(plain * 2).dtype}, with a unit {(x * 2).dtype} {np.maximum(x, 0).dtype}, "
      f"by np.float32(2) {(x * np.float32(2)).dtype}")
PY
)
echo "$found"
[ "$found" = 'plain float32, with a unit float64 float64, by np.float32(2) float32' ]
