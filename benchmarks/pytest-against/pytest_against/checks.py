"""What tests show without a clock: the same on every run, so that any change is a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pytest_against.marks import of_rows
from pytest_against.model import CannotJudgeError, Mode, OnRow, Suite, count, short
from pytest_against.returned import Returned
from pytest_against.workers import HEAD, Collected, Tree, Worker, started

_MOST_ENDS: Final = 5  # tests that may end their processes, each of which starts another

PEAK_TOLERANCE: Final = 2048
"""Bytes by which the interpreter itself makes peaks of memory differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one run of a test shows without a clock."""

    outcome: str
    """``passed``, ``failed`` or ``skipped``."""
    why: str = ""
    """The reason, if it did not pass."""
    exact: Mapping[str, int] = field(default_factory=dict)
    """Numbers that must not grow: ``peak_bytes``, the peak of traced memory during a call, if it
    made one, and those of the suite's own."""
    inputs: str = ""
    """Digest of the input data, if the suite gives one."""
    group: str = ""
    """That of pytest-benchmark, which a test may choose as it runs; empty for none."""
    result: Returned = Returned()  # noqa: RUF009 - it is frozen
    """What is known of the result where it is plain data or an array."""
    warnings: tuple[str, ...] = ()
    """Names of the warning classes that are raised."""

    @property
    def timed(self) -> bool:
        """Whether it passed and there is a call to time."""
        return self.outcome == "passed" and "peak_bytes" in self.exact


@dataclass(frozen=True, slots=True)
class Checked:
    """What one side showed without a clock."""

    collected: Collected
    checks: Mapping[str, Check]
    """By node id; empty if its benchmarks were collected only."""
    distributions: Mapping[str, str] = field(default_factory=dict)
    """Versions of what its tests import, by the name of the distribution; empty if unknown."""
    files: frozenset[str] = frozenset()
    """Those of the tree that its tests import, relative to its root."""


def absence(check: Check | None) -> str:
    """Return why there is nothing to time; the side that lacks it comes next."""
    if check is None:
        return "not in"
    if check.outcome == "passed":
        return "never calls `benchmark` in"
    return f"{check.outcome} ({short(check.why)}) in"


def increases(now: Mapping[str, int], then: Mapping[str, int], limit: float) -> list[str]:
    """Name the numbers that have `grown`, with both values."""
    return [f"{name} is {now[name]:,}, was {then[name]:,}" for name in grown(now, then, limit)]


def grown(now: Mapping[str, int], then: Mapping[str, int], limit: float) -> list[str]:
    """Name the numbers that need no clock and have grown.

    Only ``peak_bytes``, of memory during a call, may grow, by `limit` and `PEAK_TOLERANCE`.
    """
    allowed: dict[str, float] = {name: value for name, value in then.items() if name in now}
    if "peak_bytes" in allowed:
        allowed["peak_bytes"] += limit * allowed["peak_bytes"] + PEAK_TOLERANCE
    return [name for name, most in allowed.items() if now[name] > most]


def has(arguments: Sequence[str], node: str) -> bool:
    """Return whether some files, folders and node ids have a test in them; none have all."""
    file = PurePosixPath(node.partition("::")[0])
    return not arguments or any(
        node == argument or node.startswith((f"{argument}[", f"{argument}::"))
        if "::" in argument
        else file.is_relative_to(argument)
        for argument in arguments
    )


def of_its_own(suite: Suite, tree: Tree) -> Tree | None:
    """Return a side with those of the arguments that it has; none if it has none of them.

    With one that is not there, or another's settings, pytest would refuse to start.
    """
    files = dict.fromkeys(argument.partition("::")[0] for argument in suite.arguments)
    there = tuple(file for file in files if (tree.root / file).exists())
    if files and not there:
        return None
    options = [
        each
        for each in suite.options
        if not each.startswith("-c=") or (tree.root / each.removeprefix("-c=")).is_file()
    ]
    its = replace(suite, arguments=there, options=tuple(options))
    fewer = Tree.of(its, tree.name, tree.root).request.arguments
    return replace(tree, request=replace(tree.request, arguments=fewer))


def collect(suite: Suite, tree: Tree, timeout: float) -> Checked:
    """Return the benchmarks that a side has of its own; a refusal is among what is broken."""
    found, its = Collected({}, {}, {}), of_its_own(suite, tree)
    if its is not None:
        try:
            with started([its]) as (worker,):
                found = worker.collected(timeout)
        except CannotJudgeError as error:
            found = replace(found, broken={"": str(error)})
    nodes = {node: known for node, known in found.nodes.items() if has(suite.arguments, node)}
    return Checked(replace(found, nodes=nodes), {})


def check(
    tree: Tree,
    timeout: float,
    on_row: OnRow,
    only: Iterable[str] | None = None,
    *,
    imports: bool = False,
) -> Checked:
    """Run benchmarks of one side once, without a clock; refuse if some did not run.

    These are all, or `only` some of them; with `imports`, what they import is known afterwards.  A
    test that ends its process, or hangs, has failed, and another process runs all others again: it
    knows what they import.
    """
    side = replace(tree, request=replace(tree.request, mode=Mode.CHECKS))
    ended: dict[str, Check] = {}
    answer: dict[str, Any] = {}
    while not answer:
        with started([side]) as (worker,):
            collected = worker.collected(timeout)
            _check_collected(tree, collected)
            left = [n for n in only or collected.nodes if n in collected.nodes and n not in ended]
            terms = of_rows(collected.nodes, tree.terms)
            loose = [node for node in left if terms[node].results and terms[node].tolerance]
            off = [node for node in left if not terms[node].results]
            worker.say(tests=left, loose=loose, off=off, imports=imports)
            found, answer = _answered(worker, timeout, on_row, left, ended)
    # A test may import what it measures only when it runs.
    if found:
        _check_origins(tree, answer["origins"])
    files = frozenset(answer.get("files", ()))
    return Checked(collected, {**found, **ended}, answer.get("distributions", {}), files)


def _answered(
    worker: Worker, timeout: float, on_row: OnRow, left: Sequence[str], ended: dict[str, Check]
) -> tuple[dict[str, Check], dict[str, Any]]:
    """Return what each test shows, and the last answer; none if a test has `ended` the process."""
    found: dict[str, Check] = {}
    try:
        while "end" not in (answer := worker.hear(timeout)):
            node = answer.pop("done")
            answer["warnings"] = tuple(answer.get("warnings", ()))
            known = (answer.pop(name, "") for name in ("digest", "floats", "unlike", "looks"))
            answer["result"] = Returned.of(*known)
            found[node] = Check(**answer)
            on_row(node)
        if not (missing := sum(node not in found for node in left)):
            return found, answer
        how = f"pytest ended with {answer['end']} on the {worker.tree.name} at {worker.at}"
        why = f"{how}, and {count(missing, 'test')} did not run; run pytest there to see why"
    except CannotJudgeError as error:
        why = str(error)
    if worker.at in found or worker.at not in left or len(ended) == _MOST_ENDS:
        raise CannotJudgeError(why)
    ended[worker.at] = Check(outcome="failed", why=f"its process ended: {why}")
    return {}, {}


def _check_collected(tree: Tree, collected: Collected) -> None:
    # A file that imports what the base lacks makes its rows new there.
    broken = collected.broken if tree.name == HEAD else {"": collected.broken.get("")}
    where, why = next(iter(broken.items()), ("", None))
    if why is not None and (tree.name == HEAD or not collected.nodes):
        raise CannotJudgeError(
            f"{where or 'a test'} cannot be collected on the {tree.name}: {short(why)}; mend it, "
            "or choose others"
        )
    if not collected.nodes and tree.name == HEAD:
        if tree.shard.of > 1:
            words = f"no row of the {tree.name} is in shard {tree.shard}; make fewer shards"
            raise CannotJudgeError(words)
        raise CannotJudgeError(
            f"no test on the {tree.name} uses the fixture `benchmark` or has its mark; name the "
            "files or folders of the benchmarks, or choose others with -k or -m"
        )


def _check_origins(tree: Tree, origins: Mapping[str, str]) -> None:
    """Refuse to time what is not under test."""
    places = {name: origin for name, origin in origins.items() if origin}
    if not places:
        names = ", ".join(origins) or "none was found"
        raise CannotJudgeError(
            f"no benchmark imports a package under test ({names}); name those that are: "
            "-o against_packages=src/NAME"
        )
    for name, origin in places.items():
        if not Path(origin).resolve().is_relative_to((tree.origin or tree.root).resolve()):
            raise CannotJudgeError(
                f"the {tree.name} imported {name} from {origin}, not from the tree that is judged; "
                "uninstall it there, or name the packages under test: -o against_packages=..."
            )
