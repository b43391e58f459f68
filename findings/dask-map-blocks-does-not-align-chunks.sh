#!/usr/bin/env bash
# Guess: `map_blocks` of two Dask arrays of one shape brings their chunks in line first, as `a + b` does.
# What happens (dask 2026.8.0): the function is given the blocks as they lie: two of 2 numbers meet one of 4.
# The sum of the same two arrays by `a + b` is right, as is `map_blocks` once one of them is rechunked.
# Output seen: "a + b: [2. 2. 2. 2.]; map_blocks: ValueError; rechunked: [2. 2. 2. 2.]".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet "dask[array]==2026.8.0" numpy==2.4.6
found=$(venv/bin/python - <<'PY'
import dask.array as da

a, b = da.ones(4, chunks=2), da.ones(4, chunks=4)
try:
    found = a.map_blocks(lambda p, q: p + q, b).compute()
except ValueError as error:
    found = type(error).__name__
aligned = a.map_blocks(lambda p, q: p + q, b.rechunk(2)).compute()
print(f"a + b: {(a + b).compute()}; map_blocks: {found}; rechunked: {aligned}")
PY
)
echo "$found"
[ "$found" = "a + b: [2. 2. 2. 2.]; map_blocks: ValueError; rechunked: [2. 2. 2. 2.]" ]
