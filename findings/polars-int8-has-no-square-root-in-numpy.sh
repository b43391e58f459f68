#!/usr/bin/env bash
# Guess: np.sqrt and np.exp take a Series of Int8 as they take one of Int16, and as its own sqrt() does.
# What happens (polars 2.1.0, NumPy 2.4.6): NumPy's result for int8 is float16, for which polars lacks the
# function that it looks for: NotImplementedError.
# Output seen: "Int16: Float32; Int8: could not find `apply_ufunc_Float16`; its own sqrt(): Float64".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet polars==2.1.0 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np
import polars as pl

wide, narrow = (pl.Series([1, 4], dtype=dtype) for dtype in (pl.Int16, pl.Int8))
try:
    answer = np.sqrt(narrow).dtype
except NotImplementedError as error:
    answer = error
print(f"Int16: {np.sqrt(wide).dtype}; Int8: {answer}; its own sqrt(): {narrow.sqrt().dtype}")
PY
)
echo "$found"
[ "$found" = 'Int16: Float32; Int8: could not find `apply_ufunc_Float16`; its own sqrt(): Float64' ]
