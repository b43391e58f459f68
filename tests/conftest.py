"""What tests of commands share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("tests", deadline=None)  # no test depends on how long it takes
settings.load_profile("tests")


def pytest_configure() -> None:
    """Have signals do what they do by default, also if the tests run in the background."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and so a lock, of the test's own; nothing else of the surroundings reaches it."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    for name in [*os.environ]:  # pytest-benchmark is off where pytest-xdist is on
        if name.startswith(("GITHUB_ACTIONS", "PYTEST_ADDOPTS", "PYTEST_XDIST_")):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def signals() -> Iterator[None]:
    """Put the handlers of signals back in the end."""
    numbers = [
        signal.SIGINT,
        signal.SIGTERM,
        *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []),
    ]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
