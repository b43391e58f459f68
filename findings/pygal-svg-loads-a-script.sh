#!/usr/bin/env bash
# Guess: an SVG that a charting library writes to a file is the picture, and shows without a network.
# What happens (pygal 3.1.3): the file has a <script> whose address is
# https://kozea.github.io/pygal.js/2.0.x/pygal-tooltips.min.js.  A browser fetches and runs it for the
# tooltips whenever the picture is opened by itself.  `js=[]` leaves it out.
# Output seen: "1 https://kozea.github.io/pygal.js/2.0.x/pygal-tooltips.min.js", and 0 with js=[].
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pygal==3.1.3
found=$(venv/bin/python - <<'PY'
import re

import pygal

for options in ({}, {"js": []}):
    chart = pygal.Bar(**options)
    chart.add("a", [1, 2])
    addresses = re.findall(r'<script[^>]*(?:xlink:)?href="([^"]*)"', chart.render().decode())
    print(len(addresses), *addresses)
PY
)
echo "$found"
[ "$found" = '1 https://kozea.github.io/pygal.js/2.0.x/pygal-tooltips.min.js
0' ]
