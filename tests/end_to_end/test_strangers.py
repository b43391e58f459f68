"""Suites of other people's making, none of which knows of this plugin."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import FEW, Project

STRANGERS = sorted(Path(__file__).with_name("strangers").glob("*.txt"))


@pytest.mark.slow
@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda path: path.stem)
def test_identical_code_of_strangers_is_never_red(
    project: Callable[..., Project], stranger: Path
) -> None:
    first, *parts = re.split(r"^=== (\S+)\n", stranger.read_text(), flags=re.MULTILINE)
    rows = set(first.split())
    it = project(dict(zip(parts[::2], parts[1::2], strict=True)))
    done = it.against(*FEW)
    assert done.code in {0, 3}, done.err
    assert done.rows.keys() == rows
    assert set(done.rows.values()) <= {"steady", "improved", "inconclusive"}
    assert it.left() == []
