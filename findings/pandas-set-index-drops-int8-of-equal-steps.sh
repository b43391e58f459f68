#!/usr/bin/env bash
# Guess: a column of int8 that becomes the index keeps its dtype, as pd.Index(column) does.
# What happens (pandas 3.1.1): set_index looks for equal steps, and makes a RangeIndex of int64 of them, so
# that the dtype depends on the values.
# Output seen: "equal steps: set_index int64 RangeIndex, Index int8; others: set_index int8 Index, Index int8".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pandas==3.1.1 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import pandas as pd

said = []
for name, values in (("equal steps", [1, 2]), ("others", [1, 2, 7])):
    column = pd.Series(values, dtype="int8")
    index = column.to_frame(0).set_index(0).index
    said.append(f"{name}: set_index {index.dtype} {type(index).__name__}, Index {pd.Index(column).dtype}")
print("; ".join(said))
PY
)
echo "$found"
[ "$found" = 'equal steps: set_index int64 RangeIndex, Index int8; others: set_index int8 Index, Index int8' ]
