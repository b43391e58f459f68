"""What ends a command from outside: Ctrl-C, and the signals that a system sends."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""Exit code of a command that someone ended."""

WORDS: Final = "interrupted; nothing was judged or recorded"


def leave_on_ctrl_c() -> None:
    """End on Ctrl-C at once, for the time that a command is loaded: there is nothing to clean.

    Python would show where in its imports it was. Import nothing else before.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def interrupt_on_signals() -> None:
    """Raise KeyboardInterrupt on each of them, so that the command cleans up.

    What is ignored, as nohup does with one, stays so.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{WORDS}\n".encode())
    os._exit(INTERRUPTED)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
