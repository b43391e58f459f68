#!/usr/bin/env bash
# Guess: the two float8 types that are used most are alike to np.save: both files can be read, or both are
# refused when they are written.
# What happens (ml_dtypes 0.6.0, NumPy 2.4.6): both are written.  float8_e5m2 has the kind "f", so that the file
# says "<f1", which np.load refuses; float8_e4m3fn has "V" and is read as |V1, to be viewed as what it was.
# Output seen: "float8_e4m3fn: read as |V1" and "float8_e5m2: descr is not a valid dtype descriptor: '<f1'".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet ml_dtypes==0.6.0 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import io

import ml_dtypes
import numpy as np

for dtype in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
    file = io.BytesIO()
    np.save(file, np.ones(2, dtype))
    file.seek(0)
    try:
        answer = f"read as {np.load(file).dtype}"
    except ValueError as error:
        answer = error
    print(f"{dtype.__name__}: {answer}")
PY
)
echo "$found"
[ "$found" = "float8_e4m3fn: read as |V1
float8_e5m2: descr is not a valid dtype descriptor: '<f1'" ]
