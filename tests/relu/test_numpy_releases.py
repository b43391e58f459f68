"""What upgrading NumPy does: releases are found, judged pair by pair, kept, and put in a table."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.results import numpy_releases
from benchmarks.results.numpy_releases import Facts, environment, key, measured
from pytest_against.checks import Check, Checked
from pytest_against.model import CannotJudgeError, Limits, Result, Suite, Verdict
from pytest_against.timing import Measured
from pytest_against.trials import TrialResult
from pytest_against.workers import Collected, Tree
from tests.against.results import CONTROLS, SLOWER, STEADY, factors, result, row

RELEASES: Final = ("2.0.2", "2.1.3", "2.10.0")
PASSED: Final = Check(outcome="passed", exact={"peak_bytes": 4_000_000})
SIDE: Final = Tree.of(Suite(root=Path()), "head", Path())
UNPROVEN: Final = row("fmax", "inconclusive", factors(1.2, 0.9, 1.5))


def judged(old: str, new: str) -> Result:
    return result(STEADY, base=old, head=new, controls=CONTROLS)


def facts(*checks: Check, **answers: str) -> Facts:
    nodes = {f"t.py::fmax[{n}]": each for n, each in enumerate(checks)}
    return Facts(SIDE, Checked(Collected({node: {} for node in nodes}, {}, {}), nodes), answers)


def test_neighbours_are_judged_in_order_and_what_was_judged_is_kept(tmp_path: Path) -> None:
    def crashes(_: str, new: str) -> Result:
        if new == "2.10.0":
            raise CannotJudgeError("it crashed")
        return result(SLOWER, base="2.0.2", head="2.1.3", notes=["a note"], controls=CONTROLS)

    with pytest.raises(CannotJudgeError, match=r"^NumPy 2\.1\.3 to 2\.10\.0: it crashed$"):
        list(measured(RELEASES, tmp_path, crashes))
    assert [path.name for path in tmp_path.iterdir()] == ["2.0.2-2.1.3.json"]
    found = list(measured(RELEASES, tmp_path, judged))
    assert [(r.base, r.head) for r in found] == [("2.0.2", "2.1.3"), ("2.1.3", "2.10.0")]
    assert (found[0].notes, found[0].verdict) == (["a note"], Verdict.REGRESSED)


@pytest.mark.parametrize("controls", [[], [UNPROVEN]])
def test_a_pair_without_a_time_to_believe_is_judged_again(tmp_path: Path, controls: Any) -> None:
    list(measured(RELEASES, tmp_path, lambda *_: result(STEADY, controls=controls)))
    assert next(measured(RELEASES, tmp_path, judged)) == judged("2.0.2", "2.1.3")


def test_results_are_kept_for_the_code_they_are_of(tmp_path: Path) -> None:
    keys: list[str] = []
    for file in ("relu_impls/a/b.py", "benchmarks/c.py", "benchmarks/c.py", "d.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(f"x = {len(keys)}")
        keys.append(key(tmp_path, "rows"))
    assert (keys[3] == keys[2], len({*keys, key(tmp_path, "other rows")})) == (True, 4)


NEWEST: Final = {
    "numpy": "Collecting numpy\nWould install numpy-2.10.0",
    "numpy<2.10": "numpy==2.9.1",
    "numpy<2.9": "numpy-1.26.4\n",
    "numpy==2.9.*": " + numpy==2.9.1\n",
}


@pytest.mark.parametrize(
    "wanted, found",
    [
        ([], ["1.26.4", "2.9.1", "2.10.0"]),
        (["2.9", "1.0.0", "2.9.1"], ["1.0.0", "2.9.1"]),
        (["2.9", "latest"], "'latest' is no release of NumPy"),
        (["2.9.1", "2.9"], "2.9.1 alone is no upgrade"),
        (["2.9", "9.9"], "no matching distribution"),
    ],
)
def test_releases_are_found_and_ordered_or_refused(
    wanted: list[str], found: list[str] | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dry_run(command: Sequence[str]) -> str:
        if command[-1] not in NEWEST:
            raise CannotJudgeError("no matching distribution")
        return NEWEST[command[-1]]

    monkeypatch.setattr(numpy_releases, "run", dry_run)
    refused = pytest.raises(CannotJudgeError, match=str(found))
    with refused if isinstance(found, str) else nullcontext():
        assert numpy_releases.resolve(wanted) == found


@pytest.mark.parametrize("uv", [None, "/bin/uv"])
def test_an_environment_is_made_once_and_anew_after_a_failure(
    uv: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    place = tmp_path / f"{sys.implementation.cache_tag}-numpy-2.9.1___"

    def run(command: Sequence[str]) -> str:
        commands.append(" ".join(command))
        place.mkdir(exist_ok=len(commands) != 3)  # removed before it is made anew
        if len(commands) == 2:
            raise CannotJudgeError("no network")
        return ""

    monkeypatch.setattr(numpy_releases, "run", run)
    monkeypatch.setattr("shutil.which", lambda _: uv)
    with pytest.raises(CannotJudgeError, match="no network"):
        environment("2.9.1", tmp_path)
    python = environment("2.9.1", tmp_path)
    assert [" numpy==2.9.1 " in each for each in commands] == [False, True, False, True, False]
    assert commands[3].startswith(f"{uv} pip install --python {python} " if uv else f"{python} -m ")
    assert (environment("2.9.1", tmp_path), len(commands)) == (python, 5)


def test_a_command_that_fails_is_named_with_its_last_line() -> None:
    assert numpy_releases.run([sys.executable, "-c", "print(1)"]) == "1\n"
    command = [sys.executable, "-c", "import sys; sys.exit('first\\nlast')"]
    with pytest.raises(CannotJudgeError, match=r"^`.* -c .*` failed: last; check the network"):
        numpy_releases.run(command)
    with pytest.raises(CannotJudgeError, match=r"^`no-such-program` failed: .*No such file"):
        numpy_releases.run(["no-such-program"])


def test_what_methods_return_is_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_releases, "check", lambda side, *_: side.python)
    side = replace(SIDE, root=numpy_releases.ROOT, python="another")
    found = numpy_releases.facts(side, Limits(), np.__version__, sys.executable)
    numbers = "[-0.0, -0.0, 0.0, 1.0, inf, nan, nan]"
    assert found.answers["multiply, float32"] == f"float32 {numbers} RuntimeWarning"
    assert str(found.checked) == found.side.python == sys.executable
    with pytest.raises(CannotJudgeError, match=r"python has NumPy .*, not 1\.0; unset PYTHONPATH"):
        numpy_releases.facts(side, Limits(), "1.0", sys.executable)


def test_a_pair_is_judged_both_ways_with_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_trials(sides: Any, _: Any, _told: Any, *asked: Any) -> list[TrialResult]:
        assert [sides[name].python for name in ("head", "base", "again")] == ["new", "old", "old"]
        head = dict(zip(both["old"].checked.checks, (0.0, -0.5, -0.1), strict=False))
        noisy = [{n: Measured(head[n] + e, 1, 3) for n in asked[1]} for e in (0.02, -0.02)]
        again = dict.fromkeys(asked[2], Measured(0, 1, 3))
        return [TrialResult(each, again, {}) for each in noisy[: asked[0]]]

    monkeypatch.setattr(numpy_releases, "run_trials_of", run_trials)
    monkeypatch.setattr("pytest_against.looks.cores", lambda: 2)
    changed = Check(outcome="passed", exact={"peak_bytes": 1}, digest="d", warnings=("W",))
    both = {
        "old": facts(*[PASSED] * 3, Check(outcome="failed", why="no"), **{"fmax, int8": "int8"}),
        "new": facts(*[changed] * 3, PASSED, **{"fmax, int8": "int16"}),
    }
    both = {name: replace(each, side=replace(SIDE, python=name)) for name, each in both.items()}
    found = numpy_releases.judge_pair(both.__getitem__, numpy_releases.LIMITS, "old", "new")
    assert [r.verdict.value for r in found.rows] == ["steady", "improved", "inconclusive"]
    assert (found.base, found.head, found.noisy) == ("old", "new", [])
    words = ("another result", "other warnings", "less peak_bytes")
    notes = ["fmax, int8: int16, was int8", *(f"fmax, 3 rows: {what}" for what in words)]
    assert found.notes == [*notes, "fmax, 1 row: not timed: passed, was failed: no"]


def test_the_page_has_a_line_for_each_method_and_a_column_for_each_upgrade() -> None:
    rows = [STEADY, SLOWER, row("slow", "regressed", factors(1.2, 1.1, 1.3)), row("slow", "steady")]
    noisy = result(SLOWER, base="2.1", head="2.2", controls=[UNPROVEN], notes=["a | b"])
    found = numpy_releases.page([result(*rows, base="2.0", head="2.1"), noisy])
    assert "\n| method | 2.0 to 2.1 | 2.1 to 2.2 |\n" in found
    assert "| `slow` | **regressed x1.20 to x1.25** 2 of 3; steady 1 of 3 | inconclusive |" in found
    assert "| `even` | steady |  |" in found
    assert "\n* 2.1 to 2.2: `a | b`\n* 2.1 to 2.2: `identical code did not come out" in found


@pytest.mark.parametrize("releases, code", [("2.0.2,2.1.3", 0), ("2.0.2", 2)])
def test_the_command_writes_the_page_or_one_line(
    tmp_path: Path, releases: str, code: int, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr("pytest_against.cli.only_one", nullcontext)
    monkeypatch.setattr("pytest_against.trees.lay_out", lambda *_: None)
    monkeypatch.setattr(
        numpy_releases, "judge_pair", lambda _facts_of, _limits, old, new: judged(old, new)
    )
    asked = ["--releases", releases, "--page", f"{tmp_path / 'page'}", "--cache", f"{tmp_path}"]
    assert numpy_releases.main(asked) == code
    errors = capfd.readouterr().err.splitlines()
    assert ((tmp_path / "page").exists(), len(errors)) == (not code, bool(code))
