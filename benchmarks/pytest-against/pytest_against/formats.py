"""Pytest-benchmark's JSON, of any release and with what we add to it, as typed records.

What we add stands under ``extra_info``, of the file and of each benchmark.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert, structs, to_builtins
from pytest_benchmark.stats import Stats

from pytest_against.model import Row

SCHEMA: Final = 5
"""Counts up when what is stored changes, or how it is timed; the one before is read, too."""

PLACE: Final = ("system", "machine", "cpu", "simd")
SOFTWARE: Final = ("python", "numpy", "pytest_benchmark")
SETTINGS: Final = "settings"
"""What is stored of a machine, of software and settings; ``unknown`` where a file lacks it."""

# Characters that no name has: they would break a line, or cannot be printed.
_UNPRINTABLE: Final = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_TEXT: Final = rf"\A[^{_UNPRINTABLE}]*\Z"
_Text = Annotated[str, Meta(pattern=_TEXT)]
_Name = Annotated[str, Meta(pattern=_TEXT, min_length=1)]
_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
# Numbers beyond these are mistakes, and would overflow.
_Seconds = Annotated[float, Meta(ge=1e-15, le=1e9)]
_LogRatio = Annotated[float, Meta(ge=-55.3, le=55.3)]


class _Exact(Struct):
    exact: dict[_Name, _Whole] = {}
    inputs: _Text = ""


class _Measures(Struct):
    peak_bytes: _Count
    passes: _Count


class Times(_Exact, kw_only=True):
    """What we store of a row: log ratios by recording and trial, seconds, and what is exact."""

    recordings: tuple[tuple[_LogRatio, ...], ...]
    seconds: tuple[_Seconds, ...]
    # Schema 4 has these instead of what is exact.
    workload_digest: _Text = ""
    measures: _Measures | None = None


class _Stats(Struct):
    median: _Seconds


class Benchmark(Struct, kw_only=True):
    """One row of a file that plain pytest-benchmark saved."""

    fullname: _Name
    stats: _Stats
    group: Any = None
    params: Any = None
    extra_info: Any = None
    """Becomes `Times`."""

    def __post_init__(self) -> None:
        try:
            known = convert(self.extra_info, _Exact)
        except ValidationError:  # others may use our words for other things
            known = _Exact()
        median = (self.stats.median,)
        self.extra_info = Times(**structs.asdict(known), recordings=(), seconds=median)

    def known(self) -> dict[str, str]:
        """Return what `model.rows_of` takes."""
        found = {"file": self.fullname.partition("::")[0] if "::" in self.fullname else ""}
        params = self.params if isinstance(self.params, dict) else {}
        names = {key: line(params.get(key)) for key in ("method", "workload")}
        return found | names if all(names.values()) else found


class _OurBenchmark(Benchmark, kw_only=True):
    extra_info: Times

    def __post_init__(self) -> None:
        found = self.extra_info
        ratios, times = sum(map(len, found.recordings)), len(found.seconds)
        if ratios != times or not times:
            raise ValueError(f"{ratios} ratios and {times} times")
        if found.measures is not None:
            found.exact = structs.asdict(found.measures)
            found.inputs = found.workload_digest


class _Commit(Struct):
    id: _Text | None = None
    dirty: Any = False


class Extra(Struct):
    """What we store of a file."""

    schema: int = SCHEMA
    accepted: _Text = ""
    trial: _Count = 0
    recording: _Count = 0


class Run(Struct, kw_only=True):
    """What a file holds."""

    machine_info: dict[str, Any]
    benchmarks: Annotated[list[Benchmark], Meta(min_length=1)]
    commit_info: _Commit | None = None
    datetime: _Text = ""
    version: _Text = "unknown"
    extra_info: Any = None
    """Becomes `Extra`."""

    def __post_init__(self) -> None:
        (name, often), *_ = Counter(each.fullname for each in self.benchmarks).most_common(1)
        if often > 1:
            raise ValueError(f"{name} is in it twice")
        if not isinstance(self.extra_info, Extra):  # we did not save it
            self.extra_info = Extra()

    @property
    def commit(self) -> str:
        """That of `saved.Baseline`."""
        found = self.commit_info or _Commit()
        return (found.id or "unknown") + "+" * (found.dirty is True)

    @property
    def host(self) -> str:
        """Name of the machine; empty if we describe it, for it changes on the same machine."""
        return "" if "simd" in self.machine_info else line(self.machine_info.get("node"))

    @property
    def machine(self) -> dict[str, str]:
        """The machine, as far as it is described; its keys are those of `machine.Machine`."""
        info, cpu = self.machine_info, self.machine_info.get("cpu")
        python = _joined(info, "python_implementation", "python_version")
        said = {"python": python, "pytest_benchmark": self.version, **info}
        if isinstance(cpu, dict):
            # On virtual machines, whose names hide the CPU, the family and model tell it.
            said["cpu"] = _joined(
                cpu, "brand_raw" if "brand_raw" in cpu else "brand", "family", "model"
            )
        known = {key: line(value) for key, value in said.items() if isinstance(value, str)}
        return {key: known.get(key, "unknown") for key in (*PLACE, *SOFTWARE, SETTINGS)}


class _OurRun(Run, kw_only=True):
    benchmarks: Annotated[list[_OurBenchmark], Meta(min_length=1)]  # type: ignore[assignment]
    extra_info: Extra


def parse(content: bytes) -> Run:
    """Return what a file holds; ValueError or RecursionError says where it cannot be believed."""
    found = json.loads(content)  # which knows byte-order marks
    extra = found.get("extra_info") if isinstance(found, dict) else None
    schema = extra.get("schema") if isinstance(extra, dict) else None
    if schema not in (None, SCHEMA - 1, SCHEMA):
        raise ValueError(f"schema {schema!r} instead of {SCHEMA} - at `$.extra_info.schema`")
    try:
        return convert(found, Run if schema is None else _OurRun)
    except ValidationError as error:
        what = f"`str` matching regex {_TEXT!r}"
        raise ValueError(str(error).replace(what, "printable text")) from None


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
    text = re.sub(f"[{_UNPRINTABLE}]", " ", value) if isinstance(value, str) else ""
    return " ".join(text.split())


def _joined(info: Mapping[str, Any], *keys: str) -> str:
    return " ".join(str(info[key]) for key in keys if info.get(key) is not None) or "unknown"
