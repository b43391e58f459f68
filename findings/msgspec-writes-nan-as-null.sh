#!/usr/bin/env bash
# Guess: a fast replacement of `json` either writes NaN as `json` does, or refuses it; what it writes of
# a Struct of floats it reads again.
# What happens (msgspec 0.22.0): NaN and both infinities become null without a word, and the reader then
# refuses what the writer wrote, since null is no float.  Which of the three it was is lost.
# Output seen: {"seconds":[null,null,null]}, then "Expected `float`, got `null` - at `$.seconds[0]`".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet msgspec==0.22.0
found=$(venv/bin/python - <<'PY'
import math

import msgspec

class Row(msgspec.Struct):
    seconds: list[float]

written = msgspec.json.encode(Row([math.nan, math.inf, -math.inf]))
print(written.decode())
try:
    print(msgspec.json.decode(written, type=Row))
except msgspec.ValidationError as error:
    print(error)
PY
)
echo "$found"
grep --quiet --fixed-strings '{"seconds":[null,null,null]}' <<< "$found"
grep --quiet --fixed-strings 'Expected `float`, got `null`' <<< "$found"
