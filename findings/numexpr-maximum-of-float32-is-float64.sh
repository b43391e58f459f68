#!/usr/bin/env bash
# Guess: an expression of float32 arrays alone is float32, as NumPy's is, and as numexpr's are for x + x,
# where(x < x, x, x) and arctan2(x, x).
# What happens (numexpr 2.14.2, NumPy 2.4.6): maximum(x, x) and minimum(x, x) are float64, with twice the
# memory to be written, though numexpr is used to save it.
# Output seen: "x + x: float32, where(x < x, x, x): float32, maximum(x, x): float64, minimum(x, x): float64".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet numexpr==2.14.2 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import numexpr
import numpy as np

x = np.array([-1, 2], np.float32)
texts = ("x + x", "where(x < x, x, x)", "maximum(x, x)", "minimum(x, x)")
print(*(f"{text}: {numexpr.evaluate(text).dtype}" for text in texts), sep=", ")
PY
)
echo "$found"
[ "$found" = 'x + x: float32, where(x < x, x, x): float32, maximum(x, x): float64, minimum(x, x): float64' ]
