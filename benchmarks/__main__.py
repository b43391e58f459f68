"""The commands of this project."""

import sys

from benchmarks.command import main
from benchmarks.commands import COMMANDS, history

if __name__ == "__main__":
    sys.exit(main("benchmarks.suite", commands=(*COMMANDS, history.COMMAND)))
