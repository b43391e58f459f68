#!/usr/bin/env bash
# Guess: a ufunc with out=table[0] leaves the table as table[0][...] = result does: what the result masks is
# masked in the table.
# What happens (NumPy 2.4.6, numpy.ma): the mask stays with the row, which is thrown away, and the number
# under it goes into the table, where it counts from then on.  The same with table[:] of one dimension.
# Output seen: "assigned: sum 11.0, out=: sum 10010.0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numpy as np

new = np.ma.array([5.0, 6.0, 9999.0], mask=[False, False, True])

def table():
    return np.ma.array(np.zeros((2, 3)), mask=np.zeros((2, 3), bool))

assigned, written = table(), table()
assigned[0][...] = new + 0
np.add(new, 0, out=written[0])
print(f"assigned: sum {assigned.sum()}, out=: sum {written.sum()}")
PY
)
echo "$found"
[ "$found" = 'assigned: sum 11.0, out=: sum 10010.0' ]
