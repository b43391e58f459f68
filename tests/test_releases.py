"""Releases of NumPy are found with pip's help, and ordered as numbers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.releases import every_minor, resolve, version_key

WHEELS = ("1.25.0", "1.25.2", "1.26.4", "2.0.0", "2.0.2", "2.10.0")


def pip(*options: str) -> subprocess.CompletedProcess[str]:
    """Answer as pip does when there are only those wheels."""
    requirement = options[-1].removeprefix("numpy")
    found = [release for release in WHEELS if _meets(release, requirement)]
    if not found:
        errors = f"ERROR: No version (from versions: {', '.join(WHEELS)})\n"
        return _done(1, "", errors + f"ERROR: No matching distribution found for {options[-1]}")
    report = {"install": [{"metadata": {"version": max(found, key=version_key)}}]}
    return _done(0, json.dumps(report), "")


def _meets(release: str, requirement: str) -> bool:
    if requirement.startswith("<"):
        return version_key(release) < version_key(requirement[1:])
    return not requirement or release.startswith(requirement[2:-1])


def _done(code: int, output: str, errors: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, output, errors)


def offline(*_: str) -> subprocess.CompletedProcess[str]:
    errors = "ERROR: (from versions: none)\nERROR: No matching distribution found for numpy"
    return _done(1, "", errors)


def test_every_minor_release_stands_in_its_newest_patch_oldest_first() -> None:
    assert every_minor(pip) == ["1.25.2", "1.26.4", "2.0.2", "2.10.0"]


@pytest.mark.parametrize(
    "wanted, found",
    [
        (["2.0", "1.26"], ["1.26.4", "2.0.2"]),
        (["2.10", "2.0.0"], ["2.0.0", "2.10.0"]),
        (["2.0", "2.0.2"], ["2.0.2"]),
    ],
)
def test_releases_are_resolved_and_ordered(wanted: Sequence[str], found: list[str]) -> None:
    assert resolve(wanted, pip) == found


def test_a_full_number_needs_no_network() -> None:
    assert resolve(["2.0.2"], offline) == ["2.0.2"]


def test_a_release_without_wheels_is_named() -> None:
    with pytest.raises(CannotJudgeError, match=r"NumPy 1\.22 has no wheels"):
        resolve(["1.22"], pip)


def test_no_network_is_not_taken_for_the_end_of_the_list() -> None:
    with pytest.raises(CannotJudgeError, match="check the network"):
        every_minor(offline)


@pytest.mark.parametrize("release", ["", "2", "x", "2.x", "2.1rc1", "1.2.3.4", "-1.2"])
def test_what_is_no_release_is_refused(release: str) -> None:
    with pytest.raises(CannotJudgeError, match="is no release of NumPy"):
        resolve([release], pip)
