#!/usr/bin/env bash
# Guess: a column compared with itself is True at each number, whatever its dtype.
# What happens (pandas 3.1.1, pyarrow 26.0.1): two columns of halffloat[pyarrow] are nowhere equal, and no
# error says that Arrow has no such comparison, as it does for <=. Compared with a number, they are.
# Output seen: "halffloat[pyarrow]: [False, False], with 1: [True, False], <=: TypeError", and for
# float[pyarrow] "[True, True], with 1: [True, False], <=: [True, True]".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import pandas as pd

for dtype in ("halffloat[pyarrow]", "float[pyarrow]"):
    s = pd.Series([1, 2], dtype=dtype)
    try:
        ordered = str((s <= s).tolist())
    except TypeError as error:
        ordered = type(error).__name__
    print(f"{dtype}: {(s == s).tolist()}, with 1: {(s == 1).tolist()}, <=: {ordered}")
PY
)
echo "$found"
[ "$found" = 'halffloat[pyarrow]: [False, False], with 1: [True, False], <=: TypeError
float[pyarrow]: [True, True], with 1: [True, False], <=: [True, True]' ]
