#!/usr/bin/env bash
# Guess: s.clip(0) keeps a NaN, whatever the dtype of the column, as np.maximum(s, 0) and NumPy's clip do.
# What happens (pandas 3.1.1): in columns of Arrow and of Float64, where NaN is a number beside NA, a NaN
# becomes the bound; in a column of NumPy's float64 it stays.
# Output seen: "double[pyarrow]: clip [0.0, 0.0], maximum [nan, 0.0]", the same of Float64, and for float64
# "clip [nan, 0.0]".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np
import pandas as pd
import pyarrow as pa

x = np.array([np.nan, -1.0])
columns = [
    pd.Series(pd.arrays.ArrowExtensionArray(pa.array(x))),
    pd.Series(pd.arrays.FloatingArray(x.copy(), np.zeros(2, bool))),
    pd.Series(x),
]
for s in columns:
    clip, maximum = (each.to_numpy(float).tolist() for each in (s.clip(0), np.maximum(s, 0)))
    print(f"{s.dtype}: clip {clip}, maximum {maximum}")
PY
)
echo "$found"
[ "$found" = 'double[pyarrow]: clip [0.0, 0.0], maximum [nan, 0.0]
Float64: clip [0.0, 0.0], maximum [nan, 0.0]
float64: clip [nan, 0.0], maximum [nan, 0.0]' ]
