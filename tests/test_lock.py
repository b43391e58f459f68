"""Only one measurement runs on a machine, and none that ended keeps the others out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from filelock import BaseFileLock

from benchmarks.errors import CannotJudgeError
from benchmarks.lock import only_one

ROOT: Final = Path(__file__).parents[1]
HOLD: Final = """
from benchmarks.lock import only_one
with only_one():
    print("held", flush=True)
    input()
"""
TRY: Final = """
from benchmarks.errors import CannotJudgeError
from benchmarks.lock import only_one
try:
    with only_one():
        print("free")
except CannotJudgeError as error:
    print(error)
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep out of the way of measurements that run on this machine."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, str(tmp_path))


def _process(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def _holder() -> Iterator[subprocess.Popen[str]]:
    with _process(HOLD) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def _refused() -> None:
    with pytest.raises(CannotJudgeError, match="another gate is measuring"), only_one():
        pytest.fail("two hold the lock")


def test_second_holder_is_refused_at_once() -> None:
    with only_one():
        start = time.monotonic()
        _refused()
        assert time.monotonic() - start < 1


def test_refusal_leaves_the_holder_alone() -> None:
    with only_one():
        _refused()
        _refused()


def test_lock_is_free_afterwards() -> None:
    for _ in range(3):
        with only_one():
            pass


def test_lock_is_given_back_and_not_left_to_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BaseFileLock, "__del__", lambda _: None)
    with only_one():
        pass
    with only_one():
        pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_lock_is_free_after_an_error(error: type[BaseException]) -> None:
    with pytest.raises(error), only_one():
        raise error
    with only_one():
        pass


def test_a_lock_of_another_user_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(BaseFileLock, "acquire", denied)
    with pytest.raises(CannotJudgeError) as caught, only_one():
        pytest.fail("it was not locked")
    assert str(caught.value).startswith(f"the lock {tmp_path / 'relu-impls-gate.lock'} cannot be ")
    assert str(caught.value).endswith("or name a folder of your own in TMPDIR")


def test_another_process_is_refused() -> None:
    with only_one(), _process(TRY) as process:
        assert "another gate is measuring on this machine" in process.communicate(timeout=30)[0]
    with _process(TRY) as process:
        assert process.communicate(timeout=30)[0] == "free\n"


def test_another_process_holds_the_lock_until_it_ends() -> None:
    with _holder() as process:
        _refused()
        process.communicate("\n", timeout=30)
        with only_one():
            pass


def test_process_that_is_killed_holds_nothing() -> None:
    with _holder() as process:
        _refused()
        process.kill()
        process.wait(timeout=30)
        with only_one():
            pass
