#!/usr/bin/env bash
# Guess: s.mask(s < 0, 0) of a nullable Series keeps NA, since NA < 0 is not true, as s[s < 0] = 0 and
# s.clip(lower=0) keep it; and inplace=True makes no difference to the numbers.
# What happens (pandas 3.1.1): where the condition is NA, both `mask` and `where` replace: what is missing
# becomes a 0.  With inplace=True both keep it.
# Output seen: "mask [0.0, 2.0, 0.0], where [0.0, 2.0, 0.0]", and "[0.0, 2.0, <NA>]" four times.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pandas==3.1.1 numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import pandas as pd

s = pd.Series([-1, 2, None], dtype="Float64")
masked, chosen, assigned = s.copy(), s.copy(), s.copy()
masked.mask(s < 0, 0, inplace=True)
chosen.where(s >= 0, 0, inplace=True)
assigned[s < 0] = 0
print(f"mask {s.mask(s < 0, 0).tolist()}, where {s.where(s >= 0, 0).tolist()}")
print(*(each.tolist() for each in (masked, chosen, assigned, s.clip(lower=0))))
PY
)
echo "$found"
[ "$found" = 'mask [0.0, 2.0, 0.0], where [0.0, 2.0, 0.0]
[0.0, 2.0, <NA>] [0.0, 2.0, <NA>] [0.0, 2.0, <NA>] [0.0, 2.0, <NA>]' ]
