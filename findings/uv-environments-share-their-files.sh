#!/usr/bin/env bash
# Guess: a line that is added to an installed file, to debug it, is seen in that environment only.
# What happens (uv 0.13.9 on Linux, its cache on the same disk): environments and uv's cache share each
# file as one inode.  The line is in every environment that has the package, and in every one that is
# made later; removing the first environment does not mend it.  `--link-mode=copy` avoids it.
# Output seen: "another: True" and "made later: True".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv tool && tool/bin/pip install --quiet uv==0.13.9
export UV_CACHE_DIR=$folder/cache  # not the one that others use
made() { tool/bin/uv venv --quiet "$1" && tool/bin/uv pip install --quiet --python "$1" six==1.17.0; }
made one && made another
echo 'EDITED = True' >> one/lib/python3*/site-packages/six.py
rm -r one
made later
look='import six; print(hasattr(six, "EDITED"))'
found="another: $(another/bin/python -c "$look"), made later: $(later/bin/python -c "$look")"
echo "$found"
[ "$found" = 'another: True, made later: True' ]
