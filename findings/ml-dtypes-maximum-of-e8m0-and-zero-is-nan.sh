#!/usr/bin/env bash
# Guess: np.maximum(x, 0) of a float8_e8m0fnu array is x, since all numbers of that type are positive; or it
# is refused, since the type has no zero.
# What happens (ml_dtypes 0.6.0, NumPy 2.4.6): the 0 becomes NaN, and with it the whole result, without an
# error.  np.zeros makes no NaN, but the smallest number.
# Output seen: "[nan nan] [5.87747e-39 5.87747e-39]".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet ml_dtypes==0.6.0 numpy==2.4.6
found=$(venv/bin/python -W ignore -c '
import ml_dtypes
import numpy as np
x = np.array([1, 2], ml_dtypes.float8_e8m0fnu)
print(np.maximum(x, 0), np.zeros(2, x.dtype))')
echo "$found"
[ "$found" = '[nan nan] [5.87747e-39 5.87747e-39]' ]
