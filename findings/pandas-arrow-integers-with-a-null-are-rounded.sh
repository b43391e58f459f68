#!/usr/bin/env bash
# Guess: np.maximum(s, 0) of a Series of int64[pyarrow] is int64[pyarrow], whether or not a value is
# missing: that the dtype holds nulls is what it is for.
# What happens (pandas 3.1.1, pyarrow 26.0.1, NumPy 2.4.6): one null anywhere, and the result is
# double[pyarrow], in which integers above 2**53 are rounded.  np.add, s.clip(lower=0) and Int64 stay exact.
# Output seen: "int64[pyarrow] 9007199254740993", then "double[pyarrow] 9007199254740992.0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np
import pandas as pd

for values in ([2**53 + 1], [2**53 + 1, None]):
    s = pd.Series(values, dtype="int64[pyarrow]")
    result = np.maximum(s, 0)
    print(result.dtype, result[0], "clip:", s.clip(lower=0).dtype, s.clip(lower=0)[0])
PY
)
echo "$found"
[ "$found" = 'int64[pyarrow] 9007199254740993 clip: int64[pyarrow] 9007199254740993
double[pyarrow] 9007199254740992.0 clip: int64[pyarrow] 9007199254740993' ]
