#!/usr/bin/env bash
# Guess: a hook that a project's conftest.py has for a plugin is passed over, or warned of, where that plugin
# is switched off with `-p no:plugin`.
# What happens (pytest 9.2.0, pluggy 1.7.0): pytest ends with INTERNALERROR and exit code 3 before it
# collects anything: "unknown hook".  @pytest.hookimpl(optionalhook=True) mends it.
# Output seen: "with: exit 0, without: exit 3, optional: exit 0".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest==9.2.0 pluggy==1.7.0 pytest-html==4.1.1
echo 'def test_one(): pass' > test_one.py
run() { code=0 && venv/bin/python -m pytest -q -p no:cacheprovider "$@" > log 2>&1 || code=$?; }
echo 'def pytest_html_report_title(report): pass' > conftest.py
run && found="with: exit $code"
run -p no:html && found="$found, without: exit $code"
printf 'import pytest\n@pytest.hookimpl(optionalhook=True)\ndef pytest_html_report_title(report): pass\n' > conftest.py
run -p no:html && found="$found, optional: exit $code"
echo "$found"
[ "$found" = 'with: exit 0, without: exit 3, optional: exit 0' ]
