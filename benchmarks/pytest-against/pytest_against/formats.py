"""Pytest-benchmark's JSON, of any release and with what we add to it, as typed records.

What we add stands under ``extra_info``, of the file and of each benchmark.  An entry that is not
what it should be costs that row; anything else that is not, costs the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, ValidationError, convert, structs, to_builtins
from pytest_benchmark.stats import Stats

from pytest_against.extra_info import LARGEST
from pytest_against.model import Row
from pytest_against.pieces import Pieces

SCHEMA: Final = 5
"""Counts up when what is stored changes, or how it is timed; the one before is read, too."""

UNKNOWN: Final = "unknown"
FASTEST: Final = 1e-15
SLOWEST: Final = 1e9
"""Seconds beyond which a time is a mistake, and would overflow."""

_AT_ONCE: Final = 64 << 20  # bytes of a file that is read at once, which is faster

# Characters that no name has: they would break a line, or cannot be printed.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_Count = Annotated[int, Meta(ge=0, le=LARGEST)]
_Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
_Seconds = Annotated[float, Meta(ge=FASTEST, le=SLOWEST)]
# As pip takes them, and no option of its.
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=200)]
_Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.!+_-]+\Z", max_length=200)]
_LogRatio = Annotated[float, Meta(ge=-55.3, le=55.3)]


class Exact(Struct):
    """What a test says of itself."""

    exact: dict[str, _Whole] = {}
    inputs: str = ""


class _Measures(Struct):
    peak_bytes: _Count
    passes: _Count


class Times(Exact, kw_only=True):
    """What we store of a row: log ratios by recording and trial, seconds, and what is exact."""

    recordings: tuple[tuple[_LogRatio, ...], ...]
    seconds: tuple[_Seconds, ...]
    # Schema 4 has these instead of what is exact.
    workload_digest: str = ""
    measures: _Measures | None = None

    def __post_init__(self) -> None:
        ratios, times = sum(map(len, self.recordings)), len(self.seconds)
        if ratios != times or not times:
            raise ValueError(f"{ratios} ratios and {times} times")
        if self.measures is not None:
            self.exact = structs.asdict(self.measures)
            self.inputs = self.workload_digest


class _Stats(Struct, gc=False):
    median: float


class _Params(Struct, gc=False):
    method: Any = None
    workload: Any = None


class Benchmark(Struct, kw_only=True, gc=False):
    """One row of a file; what else there is, such as data in parameters, is passed over."""

    fullname: str
    stats: _Stats
    group: Any = None
    params: _Params | None = None
    options: dict[str, Any] | None = None
    extra_info: Any = None
    outcome: Any = None
    """What the test ended with, where something has saved it."""
    times: Any = None
    """`Times` if we saved it."""

    def __post_init__(self) -> None:
        self.times = None
        name = self.fullname
        if not name or (not name.isprintable() and _UNPRINTABLE.search(name)):
            raise ValueError(f"{self.fullname[:60]!r} is no name")

    def known(self) -> dict[str, str]:
        """Return what `model.rows_of` takes."""
        found = {"file": self.fullname.partition("::")[0] if "::" in self.fullname else ""}
        params = self.params or _Params()
        names = {"method": line(params.method), "workload": line(params.workload)}
        return found | names if all(names.values()) else found


class _Commit(Struct):
    id: str | None = None
    dirty: Any = None


class Extra(Struct):
    """What we store of a file."""

    distributions: dict[_Name, _Version] = {}

    schema: int = SCHEMA
    accepted: str = ""
    trial: _Count = 0
    recording: _Count = 0
    marks: str = ""
    keyword: str = ""


class _File(Struct, kw_only=True):
    machine_info: dict[str, Any] | None
    benchmarks: list[Benchmark]
    commit_info: _Commit | None = None
    datetime: str = ""
    version: str = UNKNOWN
    extra_info: Any = None
    """`Extra` if we saved it."""


class Run(_File, kw_only=True):
    """What a file holds."""

    odd: dict[str, str] = {}
    """Why an entry could not be read, by its name or its place."""

    @property
    def ours(self) -> bool:
        """Whether we saved it."""
        return isinstance(self.extra_info, Extra)

    @property
    def commit(self) -> str:
        """That of `saved.Baseline`; `UNKNOWN` if none was recorded."""
        found = self.commit_info or _Commit()
        name = line(found.id)
        return UNKNOWN if name in _NO_COMMIT else name + "+" * (found.dirty is True)

    @property
    def digest(self) -> bytes:
        """The same for all copies of a run, however they are formatted: its times, and when."""
        trial = self.extra_info.trial if self.ours else 0
        ours = [row.times for row in self.benchmarks if row.times]
        words = repr((self.datetime, trial, [row.fullname for row in self.benchmarks], ours))
        found = hashlib.blake2b(words.encode("utf-8", "backslashreplace"))
        found.update(array("d", (row.stats.median for row in self.benchmarks)))
        return found.digest()


_OUR_OPTIONS: Final = dict.fromkeys(("timer", "disable_gc"), "as pytest-against has it")
_NO_COMMIT: Final = ("", UNKNOWN, "unversioned")  # pytest-benchmark's words
_FILE: Final = msgspec.json.Decoder(_File)


def read(path: Path) -> Run:
    """Return what a file holds; ValueError or RecursionError says why it cannot be believed."""
    if not path.is_file():  # a pipe would wait, and a device never end
        raise ValueError("it is no regular file")
    run = _at_once(path) or _piece_by_piece(path)
    if not run.benchmarks and not run.odd:
        raise ValueError("Expected `array` of length >= 1 - at `$.benchmarks`")
    extra = run.extra_info
    schema = extra.get("schema") if isinstance(extra, dict) else None
    if schema is None:
        run.extra_info = None
    elif schema in (SCHEMA - 1, SCHEMA):
        run.extra_info = convert(extra, Extra)
        for entry in run.benchmarks:
            try:
                entry.times = convert(entry.extra_info, Times)
                entry.options = _OUR_OPTIONS
            except ValidationError as error:
                run.odd[entry.fullname] = f"{error} of its extra_info"
        run.benchmarks = [entry for entry in run.benchmarks if entry.times]
    else:
        raise ValueError(f"schema {schema!r} instead of {SCHEMA} - at `$.extra_info.schema`")
    return run


def _at_once(path: Path) -> Run | None:
    """Read a small file; None if an entry is odd, or it is what Python alone takes for JSON."""
    if path.stat().st_size > _AT_ONCE:
        return None
    try:
        return Run(**structs.asdict(_FILE.decode(path.read_bytes())), odd={})
    except msgspec.DecodeError:
        return None


def _piece_by_piece(path: Path) -> Run:
    """Read a file in little memory, and its entries one by one."""
    head: dict[str, Any] = {}
    rows: list[Benchmark] = []
    odd: dict[str, str] = {}
    with path.open("rb") as start:
        encoding = json.detect_encoding(start.read(4))  # which knows byte-order marks
    with path.open(encoding=encoding) as stream:
        for key, value in Pieces(stream).members("benchmarks"):
            head |= {key: value} if key in _File.__struct_fields__ else {}
            for place, entry in enumerate(value if key == "benchmarks" else ()):
                try:
                    rows.append(convert(entry, Benchmark))
                except ValidationError as error:
                    name = line(entry.get("fullname")) if isinstance(entry, dict) else ""
                    odd[name or f"benchmarks[{place}]"] = str(error)
    head |= {"benchmarks": []} if "benchmarks" in head else {}
    found = structs.asdict(convert(head, _File))
    return Run(**found | {"benchmarks": rows, "odd": odd})


def dump(head: Mapping[str, Any], extra: Extra, benchmarks: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of a file, with a line per row, so that a review shows what changed."""
    start = json.dumps({**head, "extra_info": to_builtins(extra)})
    rows = ",\n".join(json.dumps(each, allow_nan=False) for each in benchmarks)
    return f'{start[:-1]},\n"benchmarks": [\n{rows}\n]}}\n'


def benchmark(row: Row, group: str, times: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as pytest-benchmark's own tools read it, with what `Times` reads of it."""
    stats: Any = Stats()  # type: ignore[no-untyped-call]
    for value in times["seconds"]:
        stats.update(value)
    shown = {key: rounded(value) for key, value in stats.as_dict().items()}
    name = row.node.split("::", 1)[-1]
    return {
        "group": group or None,
        "name": name,
        "fullname": row.node,
        "params": {"method": row.method, "workload": row.workload},
        "param": name.partition("[")[2].removesuffix("]") or None,
        "stats": {**shown, "iterations": 1},
        "extra_info": times,
    }


def rounded(value: Any) -> Any:
    """Return a number with six digits."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def line(value: object) -> str:
    """Return text as one printable line; empty for what is no text."""
    text = _UNPRINTABLE.sub(" ", value) if isinstance(value, str) else ""
    return " ".join(text.split())
