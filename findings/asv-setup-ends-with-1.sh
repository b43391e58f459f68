#!/usr/bin/env bash
# Guess: `asv setup` ends with 0 when it has made all environments, so that a CI step of it passes.
# What happens (asv 0.6.6): it hands the list of its environments to sys.exit, which prints the list and
# ends with 1, whatever came of it.  `asv run`, which needs no such step, ends with 0.
# Output seen: "asv setup: exit 1, its environment has numpy 2.4.6; asv run: exit 0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder" && export HOME="$folder"
python3 -m venv venv && venv/bin/pip install --quiet asv==0.6.6 virtualenv==21.15.11
python=$(venv/bin/python -c 'import sys; print("{}.{}".format(*sys.version_info))')
mkdir project && cd project
printf 'from setuptools import setup\nsetup(name="it", version="1", py_modules=["it"])\n' > setup.py
printf '[build-system]\nrequires = ["setuptools"]\n' > pyproject.toml
touch it.py && mkdir benchmarks && touch benchmarks/__init__.py
printf 'def time_sum():\n    sum(range(100))\n' > benchmarks/sums.py
cat > asv.conf.json <<JSON
{"version": 1, "project": "it", "repo": ".", "branches": ["main"], "environment_type": "virtualenv",
 "pythons": ["$python"], "matrix": {"req": {"numpy": ["2.4.6"]}},
 "build_command": ["python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"]}
JSON
git init --quiet --initial-branch=main && git add . && git -c user.name=A -c user.email=a@example.org commit --quiet -m one
asv=../venv/bin/asv
$asv machine --yes --machine here > ../log 2>&1
setup=0 && $asv setup > ../log 2>&1 || setup=$?
has=$(find env -maxdepth 6 -name 'numpy-*.dist-info' | sed 's/.*numpy-\(.*\).dist-info/\1/')
run=0 && $asv run --quick --machine here 'main^!' > ../log 2>&1 || run=$?
echo "asv setup: exit $setup, its environment has numpy $has; asv run: exit $run"
[ "$setup" = 1 ] && [ "$has" = 2.4.6 ] && [ "$run" = 0 ]
