"""The files that a report is written to, each in a format of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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
    files : mapping of str to tuple of Path and callable
        By the option that asks for it, each file and what turns a report into its text.
    sources : list of Path
        Files that are read, and folders all of whose files are: no report is written there.
    """

    files: Mapping[str, tuple[Path, Callable[[T], str]]]
    sources: list[Path] = field(default_factory=list)

    @classmethod
    def asked_for(
        cls,
        files: Mapping[str, tuple[Path | None, Callable[[T], str]]],
        sources: Sequence[Path] = (),
    ) -> Self:
        """Return those files that have a path."""
        found = {o: (path, render) for o, (path, render) in files.items() if path is not None}
        return cls(found, list(sources))

    def check(self) -> None:
        """Make sure that all files can be written: before a measurement, not after it.

        Raises
        ------
        OSError
            If one cannot.
        CannotJudgeError
            If one is asked for twice, or would take the place of what is read.
        """
        options: dict[Path, str] = {}
        for option, (path, _) in self.files.items():
            self._check_place(path)
            first = options.setdefault(path.resolve(), option)
            if first != option:
                raise CannotJudgeError(
                    f"{path} is asked for by {first} and by {option}; name a file for each"
                )

    def keep_out_of(self, *sources: Path) -> None:
        """Add to the sources what is known only later, and check the files again."""
        self.sources.extend(sources)
        self.check()

    def _check_place(self, path: Path) -> None:
        place = path.resolve()
        for source in self.sources:
            if source.resolve() in (place, *place.parents):
                raise CannotJudgeError(
                    f"{path} is among what is read ({source}); write the report elsewhere"
                )
        check_writable(path)

    def write(self, report: T) -> None:
        """Write the report to every file; the one that stood there before is replaced."""
        for path, render in self.files.values():
            write_atomically(path, render(report))

    @contextmanager
    def even_if_it_fails(self, failed: Callable[[str], T]) -> Iterator[None]:
        """Check the files; if that or the body fails, report this, and let the failure pass.

        Otherwise the report of an earlier run would stand there, and be taken for this one's.

        Parameters
        ----------
        failed : callable
            Takes the reason and returns the report.
        """
        try:
            self.check()
            yield
        except BaseException as error:
            self._write_where_possible(failed, _reason(error))
            raise

    def _write_where_possible(self, failed: Callable[[str], T], why: str) -> None:
        for path, render in self.files.values():
            with suppress(*FAULTS):  # the first error is the one to show
                self._check_place(path)
                write_atomically(path, render(failed(why)))


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, FAULTS) else f"{type(error).__name__}: {error}"
