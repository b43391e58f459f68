"""Gates that are ready to run, in either lane."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lanes import Lane, store_baseline
from tests.plants import Repository


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start, also where a shell told this process to ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def hangup() -> Iterator[None]:
    """Let SIGHUP end what a test starts, also under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return today's code in a repository of its own."""
    return Repository(tmp_path)


@pytest.fixture
def beside(repository: Repository) -> Lane:
    """Return a gate against the last commit."""
    return Lane(repository, ("--base", "HEAD"))


@pytest.fixture
def stored(repository: Repository) -> Lane:
    """Return a gate against a stored baseline."""
    lane = Lane(repository, ())
    store_baseline(lane)
    return lane


@pytest.fixture(params=["beside", "stored"])
def lane(request: pytest.FixtureRequest) -> Lane:
    """Return a gate in each lane."""
    found: Lane = request.getfixturevalue(request.param)
    return found
