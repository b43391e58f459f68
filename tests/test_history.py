"""Upgrades are judged by log ratios within a round; answers by what they are."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.behaviour import DTYPES, Observation, observe, specials, words
from benchmarks.history import (
    Facts,
    History,
    HistoryRow,
    Trial,
    changes,
    differences,
)
from benchmarks.history_findings import Findings, find, span
from benchmarks.history_report import BEGIN, END, as_json, markdown, parts, text, update
from benchmarks.judge import Interval, interval
from benchmarks.known_changes import KNOWN, Aspect, Known
from relu_impls import METHODS

RELEASES: Final = ("1.26.4", "2.0.2", "2.1.3")
ROW: Final = HistoryRow(name="maximum[w]", method="maximum", workload="w", size=1000, digest="d")
OTHER: Final = replace(ROW, name="fmax[w]", method="fmax")
PLUS: Final = Observation((("0.0",) * 15,), "float32", (), "")
MINUS: Final = replace(PLUS, outputs=((*("0.0",) * 5, "-0.0", *("0.0",) * 9),))


def history(
    factors: Mapping[str, float],
    rounds: int = 20,
    drift: float = 0.0,
    behaviour: Mapping[str, Observation] | None = None,
) -> History:
    """Return a history in which each release takes its factor times as long."""
    rng = random.Random(1)
    trials = []
    for number in range(1, rounds + 1):
        machine = math.exp(drift * rng.gauss(0, 1))
        for release in RELEASES:
            noise = math.exp(rng.gauss(0, 0.002))
            seconds = 1e-6 * machine * noise
            both = {ROW.name: seconds * factors.get(release, 1.0), OTHER.name: seconds}
            trials.append(Trial(number, release, both))
    seen = behaviour or {}
    facts = {
        release: Facts(failures={}, behaviour={"maximum": {"float32": seen.get(release, PLUS)}})
        for release in RELEASES
    }
    return History(
        releases=RELEASES,
        rows=(ROW, OTHER),
        facts=facts,
        trials=trials,
        machine={"cpu": "c", "simd": "s", "python": "p"},
        code="c",
    )


def proven(found: History) -> set[tuple[str, str]]:
    return {(c.row.method, c.after) for c in changes(found, found.upgrades, 0.1) if c.proven}


def test_equal_releases_show_no_change() -> None:
    assert proven(history({})) == set()


def test_a_slower_release_is_marked_in_its_row_and_at_its_upgrade_only() -> None:
    assert proven(history({"2.0.2": 1.3, "2.1.3": 1.3})) == {("maximum", "2.0.2")}


def test_a_change_and_its_reversal_are_two_changes() -> None:
    found = history({"2.0.2": 0.5})
    assert proven(found) == {("maximum", "2.0.2"), ("maximum", "2.1.3")}


def test_a_change_within_the_limit_is_not_marked() -> None:
    assert proven(history({"2.0.2": 1.05})) == set()


def test_drift_from_round_to_round_does_not_masquerade_as_history() -> None:
    calm, drifting = (history({"2.0.2": 1.3}, drift=drift) for drift in (0.0, 0.5))
    assert proven(drifting) == proven(calm)
    for one, other in zip(
        changes(calm, calm.upgrades, 0.1), changes(drifting, drifting.upgrades, 0.1), strict=True
    ):
        assert one.interval.mean == pytest.approx(other.interval.mean, abs=0.01)


def test_the_interval_is_that_of_the_judge_over_all_rows_and_upgrades() -> None:
    found = history({})
    wanted = interval(found.log_ratios(ROW.name, "1.26.4", "2.0.2"), 0.01 / (2 * 2 * 2))
    assert changes(found, found.upgrades, 0.1)[0].interval == wanted


def test_one_round_proves_nothing() -> None:
    assert proven(history({"2.0.2": 10.0}, rounds=1)) == set()


@settings(deadline=None, derandomize=True)
@given(missing=st.sets(st.tuples(st.integers(1, 5), st.sampled_from(RELEASES))))
def test_only_rounds_that_have_both_releases_count(missing: set[tuple[int, str]]) -> None:
    found = history({}, rounds=5)
    kept = [t for t in found.trials if (t.round, t.release) not in missing]
    part = replace(found, trials=kept)
    for before, after in part.upgrades:
        both = [n for n in range(1, 6) if not {(n, before), (n, after)} & missing]
        assert len(part.log_ratios(ROW.name, before, after)) == len(both)
    assert part.rounds == sum(not {(n, r) for r in RELEASES} & missing for n in range(1, 6))


def test_a_changed_sign_of_zero_is_a_changed_result() -> None:
    (found,) = differences(
        history({}, behaviour={"2.1.3": MINUS}), [("1.26.4", "2.0.2"), ("2.0.2", "2.1.3")]
    )
    assert (found.method, found.after, found.aspect) == ("maximum", "2.1.3", "result")
    assert (found.dtypes, found.what) == (("float32",), "f(-0.0) is -0.0, was 0.0")


@pytest.mark.parametrize(
    "seen, aspect, what",
    [
        (replace(PLUS, dtype="float64"), "dtype", "float64, was float32"),
        (replace(PLUS, warnings=("W",)), "warning", "W, was none"),
        (Observation(raised="TypeError: no"), "error", "TypeError, was an answer"),
    ],
)
def test_changed_dtypes_warnings_and_errors_are_named(
    seen: Observation, aspect: str, what: str
) -> None:
    (found,) = differences(history({}, behaviour={"2.1.3": seen}), [("2.0.2", "2.1.3")])
    assert (found.aspect, found.what) == (aspect, what)


def test_an_error_in_other_words_is_the_same_error() -> None:
    seen = {r: Observation(raised=f"TypeError: {r}") for r in RELEASES}
    assert differences(history({}, behaviour=seen), [("2.0.2", "2.1.3")]) == []


@pytest.mark.parametrize(
    "aspect, factor, agrees",
    [
        (Aspect.FASTER, 0.5, "yes"),
        (Aspect.FASTER, 2.0, "no"),
        (Aspect.FASTER, 1.0, "not proven"),
        (Aspect.SLOWER, 2.0, "yes"),
        (Aspect.SLOWER, 0.5, "no"),
        (Aspect.UNCHANGED, 1.0, "yes"),
        (Aspect.UNCHANGED, 2.0, "no"),
    ],
)
def test_what_was_known_stands_beside_what_was_measured(
    aspect: Aspect, factor: float, agrees: str
) -> None:
    known = Known(before="2.0", after="2.1", methods=("maximum",), aspect=aspect, source="s")
    (found,) = find(history({"2.1.3": factor}), 0.1, [known]).known
    assert (found.before, found.after, found.agrees) == ("2.0.2", "2.1.3", agrees)


@pytest.mark.parametrize("seen, agrees", [(MINUS, "yes"), (PLUS, "no")])
def test_known_results_are_looked_for(seen: Observation, agrees: str) -> None:
    known = Known(before="2.0", after="2.1", methods=("maximum",), aspect=Aspect.RESULT, source="s")
    (found,) = find(history({}, behaviour={"2.1.3": seen}), 0.1, [known]).known
    assert found.agrees == agrees


@pytest.mark.parametrize(
    "releases, pair",
    [
        (("2.0.2", "2.1.3"), ("2.0.2", "2.1.3")),
        (("2.0.0", "2.0.2", "2.1.0", "2.1.3"), ("2.0.2", "2.1.0")),
        (("1.26.4", "2.0.2", "2.2.0"), None),
        (("2.10.0", "2.1.3"), None),
    ],
)
def test_a_minor_stands_for_its_patches(
    releases: tuple[str, ...], pair: tuple[str, str] | None
) -> None:
    known = Known(before="2.0", after="2.1", aspect=Aspect.FASTER, source="s")
    assert known.pair(releases) == pair


def test_what_is_known_is_about_methods_that_are_there() -> None:
    named = {method for known in KNOWN for method in known.methods}
    assert named - set(METHODS) == {"maximum_strong_zero"}


def test_a_report_has_a_line_for_each_method_and_a_column_for_each_release() -> None:
    found = find(history({"2.0.2": 2.0}), 0.1)
    assert "| method | 1.26.4 | 2.0.2 | 2.1.3 |" in markdown(found)
    line = next(part for part in text(found).splitlines() if part.startswith("  maximum "))
    assert line.split()[:2] == ["maximum", "1"]
    assert "x2.00 (" in line


def test_a_row_that_a_release_cannot_run_says_so() -> None:
    some = history({})
    facts = {**some.facts, "1.26.4": replace(some.facts["1.26.4"], failures={ROW.name: "no"})}
    trials = [
        replace(t, seconds={OTHER.name: 1e-6}) if t.release == "1.26.4" else t for t in some.trials
    ]
    assert "| cannot: no |" in markdown(find(replace(some, facts=facts, trials=trials), 0.1))


def test_the_json_has_every_interval() -> None:
    found = json.loads(as_json(find(history({"2.0.2": 2.0}), 0.1)))
    change = found["rows"][0]["changes"][0]
    assert (change["verdict"], change["rounds"]) == ("regressed", 20)
    assert change["low"] < change["ratio"] < change["high"]
    assert found["rows"][0]["seconds"]["1.26.4"] == pytest.approx(1e-6, rel=0.01)


def test_updating_keeps_what_stands_around_the_history() -> None:
    found = find(history({}), 0.1)
    once = update(f"before\n{BEGIN}\nstale\n{END}\nafter\n", found)
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "stale" not in once
    assert update(once, found) == once


def test_the_readme_has_a_place_for_the_history() -> None:
    readme = Path(__file__).parents[1] / "README.md"
    before, _ = parts(readme.read_text("utf-8"))
    assert "## What does upgrading NumPy do to each method?" in before


@pytest.mark.parametrize("document", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_document_without_both_marks_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="no place for the history"):
        parts(document)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_numbers_have_different_words(dtype: str) -> None:
    found = [word for word in words(specials(dtype)) if word != "nan"]
    assert len(found) == len(set(found))


def test_a_method_is_observed_with_its_warnings_and_zeros() -> None:
    seen = observe(METHODS["multiply"], "float32")
    assert seen.warnings == ("RuntimeWarning",)
    assert seen.dtype == "float32"
    given = words(specials("float32"))
    assert seen.outputs[0][given.index("-2.5")] == "-0.0"
    assert seen.outputs[0][given.index("-inf")] == "nan"


def test_what_a_method_writes_is_observed() -> None:
    returned, mask = observe(METHODS["forward_mask"], "float64").outputs
    assert set(mask) == {"True", "False"}
    assert len(mask) == len(returned)


def test_a_method_that_raises_is_observed() -> None:
    def broken(_: object) -> None:
        raise OverflowError("of\nthe stack")

    method = replace(METHODS["maximum"], function=broken)
    assert observe(method, "int8").raised == "OverflowError: of the stack"


def test_what_was_known_of_rows_that_were_not_timed_is_not_proven() -> None:
    known = Known(before="2.0", after="2.1", methods=("absent",), aspect=Aspect.FASTER, source="s")
    (finding,) = find(history({}), 0.1, [known]).known
    assert (finding.measured, finding.agrees) == ("not timed", "not proven")


@pytest.mark.parametrize("render", [text, markdown])
def test_a_history_of_which_nothing_was_known_has_no_table_of_it(
    render: Callable[[Findings], str],
) -> None:
    assert "What was known" not in render(find(history({}), 0.1, []))


def test_an_interval_without_ends_is_said_to_be_unbounded() -> None:
    assert span(Interval(math.log(2), -math.inf, math.inf, 1)) == "x2.00 (unbounded)"


def test_what_many_rows_show_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.history_findings._SHOWN", 1)
    known = Known(before="2.0", after="2.1", aspect=Aspect.FASTER, source="s")
    (finding,) = find(history({"2.1.3": 0.5}), 0.1, [known]).known
    assert (finding.measured, finding.agrees) == ("1 yes, 1 not proven", "not proven")
