"""The files that a report is written to, each in a format of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Self, TypeVar

from benchmarks.errors import CannotJudgeError
from benchmarks.exact import WrongAnswerError
from benchmarks.files import check_writable, write_atomically

T = TypeVar("T")

FAULTS: Final = (CannotJudgeError, WrongAnswerError, OSError)
"""What keeps a command from its answer; it is said in one line, and the exit code is 2."""


@dataclass(frozen=True, slots=True)
class Outputs(Generic[T]):
    """Where a report goes.

    Attributes
    ----------
    files : sequence of tuple of Path and callable
        Each file, and what turns a report into its text.
    """

    files: Sequence[tuple[Path, Callable[[T], str]]]

    @classmethod
    def checked(cls, *files: tuple[Path | None, Callable[[T], str]]) -> Self:
        """Return those files that were asked for, all of which can be written.

        Raises
        ------
        OSError
            If one cannot.
        """
        found = [(path, render) for path, render in files if path is not None]
        for path, _ in found:
            check_writable(path)
        return cls(found)

    def write(self, report: T) -> None:
        """Write the report to every file; the one that stood there before is replaced."""
        for path, render in self.files:
            write_atomically(path, render(report))

    @contextmanager
    def even_if_it_fails(self, failed: Callable[[str], T]) -> Iterator[None]:
        """Write a report of the failure if there is one, and let it pass.

        Otherwise the report of an earlier run would stand there, and be taken for this one's.

        Parameters
        ----------
        failed : callable
            Takes the reason and returns the report.
        """
        try:
            yield
        except FAULTS as error:
            with suppress(OSError):  # the first error is the one to show
                self.write(failed(str(error)))
            raise
