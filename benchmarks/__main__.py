"""The commands of this project."""

import sys

from benchmarks.interrupts import leave_on_ctrl_c

if __name__ == "__main__":
    leave_on_ctrl_c()
    from benchmarks.command import main
    from benchmarks.commands import COMMANDS, history

    sys.exit(main("benchmarks.suite", commands=(*COMMANDS, history.COMMAND)))
