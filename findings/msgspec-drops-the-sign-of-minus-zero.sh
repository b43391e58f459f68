#!/usr/bin/env bash
# Guess: "-0" read as a float is -0.0, as it is for "-0.0", for float("-0"), and for every reader that
# knows it wants a float.
# What happens (msgspec 0.22.0): a number without a point is read as an integer first, whatever the type,
# so that "-0" as float is 0.0; "-0.0" and "-0e0" keep their sign.  JavaScript's and C's printf("%g")
# write -0 without a point.
# Output seen: "-0 1.0, -0.0 -1.0, -0e0 -1.0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet msgspec==0.22.0
found=$(venv/bin/python - <<'PY'
import math

import msgspec

texts = ("-0", "-0.0", "-0e0")
signs = {t: math.copysign(1, msgspec.json.decode(t, type=float)) for t in texts}
print(*(f"{text} {sign}" for text, sign in signs.items()), sep=", ")
PY
)
echo "$found"
[ "$found" = '-0 1.0, -0.0 -1.0, -0e0 -1.0' ]
