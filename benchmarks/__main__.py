"""The engine's commands on this project, and ``history`` and ``peers``."""

import sys

from pytest_against.cli import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["history"]:
        from benchmarks.results import numpy_releases

        sys.exit(numpy_releases.main(sys.argv[2:]))
    if sys.argv[1:2] == ["peers"]:
        from benchmarks.results import peers

        sys.exit(peers.main(sys.argv[2:]))
    sys.exit(main(program="python -m benchmarks", paths=("benchmarks",)))
