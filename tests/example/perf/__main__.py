"""The gate's commands for this suite."""

import sys

from benchmarks.command import main

if __name__ == "__main__":
    sys.exit(main("perf.suite"))
