#!/usr/bin/env bash
# Guess: ufuncs of two int4 arrays agree on the dtype of the result.
# What happens (ml_dtypes 0.6.0, NumPy 2.4.6): a sum is int4, though it may leave the range of -8 to 7;
# np.maximum, which cannot, and np.abs give int8.
# Output seen: "int4 int8 int8".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet ml_dtypes==0.6.0 numpy==2.4.6
found=$(venv/bin/python -c '
import ml_dtypes
import numpy as np
a = np.array([1, -1], ml_dtypes.int4)
print((a + a).dtype, np.maximum(a, a).dtype, np.abs(a).dtype)')
echo "$found"
[ "$found" = 'int4 int8 int8' ]
