#!/usr/bin/env bash
# Guess: a KeyboardInterrupt that is caught leaves no trace, and sys.exit(3) ends a process with exit code 3.
# What happens (CPython 3.8 to 3.13): if it was raised within an exec of text, as dataclasses and namedtuples are
# made by, a module that is run with -m ends by SIGINT instead, whatever its exit code.  Run as a file, or with a
# subclass of KeyboardInterrupt, it ends with 3.
# Output seen (CPython 3.11.7): "as a module: -2; as a file: 3; a subclass: 3".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
cat > caught.py <<'PY'
import sys


class Mine(KeyboardInterrupt):
    pass


try:
    exec(f"raise {sys.argv[1]}")
except KeyboardInterrupt:
    pass
sys.exit(3)
PY
found=$(python3 - <<'PY'
import subprocess
import sys


def code(*words):
    return subprocess.run([sys.executable, *words]).returncode


ways = {
    "as a module": ("-m", "caught", "KeyboardInterrupt"),
    "as a file": ("caught.py", "KeyboardInterrupt"),
    "a subclass": ("-m", "caught", "Mine"),
}
print("; ".join(f"{name}: {code(*words)}" for name, words in ways.items()))
PY
)
echo "$found"
[ "$found" = 'as a module: -2; as a file: 3; a subclass: 3' ]
