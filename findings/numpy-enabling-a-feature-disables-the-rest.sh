#!/usr/bin/env bash
# Guess: NPY_ENABLE_CPU_FEATURES=AVX2 has no effect where AVX2 is in use anyway, and
# NPY_DISABLE_CPU_FEATURES=AVX2 switches it off, as both did until NumPy 2.3.
# What happens (NumPy 2.4.6, x86-64 with AVX2): the dispatched groups are called X86_V3 and X86_V4 now.
# Enabling AVX2 disables every one of them, so that loops of the baseline run; disabling AVX2 disables
# nothing.  There is an ImportWarning, which Python does not show, and no error; NumPy reports that the
# processor has AVX2 either way.
# Output seen: "as it is: X86_V3 ...", "enabled AVX2: none", "disabled AVX2: X86_V3 ...".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet numpy==2.4.6
used() {
    env "$@" venv/bin/python -c '
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(*[name for name in __cpu_dispatch__ if __cpu_features__[name]] or ["none"])'
}
plain=$(used A=) enabled=$(used NPY_ENABLE_CPU_FEATURES=AVX2) disabled=$(used NPY_DISABLE_CPU_FEATURES=AVX2)
echo "as it is: $plain; enabled AVX2: $enabled; disabled AVX2: $disabled"
[ "$plain" = "$disabled" ] && [ "$plain" != none ] && [ "$enabled" = none ]
