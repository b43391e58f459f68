"""Copies of a package side by side: each sees itself, and nothing else notices."""

from __future__ import annotations

import importlib
import os
import py_compile
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from benchmarks.arms import Arm

NAME: Final = "copied_package"

SOURCES: Final = {
    "__init__.py": """
        from . import leaf
        from copied_package.deep.inner import INNER
        WHO = "{who}"
        def lazily_absolute():
            import copied_package.late
            return copied_package.late.WHO
        def lazily_relative():
            from .late import WHO
            return WHO
        def lazily_renamed():
            import copied_package.late as late
            return late.WHO
        def lazily_from():
            from copied_package import late
            return late.WHO
        def lazily_known():
            from copied_package import leaf
            import copied_package.deep.inner
            return leaf, copied_package.deep.inner
        def lazily_deep():
            from .deep import later
            return later.up()
    """,
    "leaf.py": "WHO = '{who}'\ndef who(): return WHO",
    "late.py": "WHO = '{who}'",
    "absolute.py": "import copied_package.leaf\nWHO = copied_package.leaf.who()",
    "relative.py": "from .leaf import who\nWHO = who()",
    "renamed.py": "import copied_package.leaf as other\nWHO = other.WHO",
    "from_package.py": "from copied_package import leaf\nWHO = leaf.WHO",
    "circular.py": "from . import circular_too\nWHO = '{who}'",
    "circular_too.py": "import copied_package.circular as c\ndef who(): return c.WHO",
    "deep/__init__.py": "",
    "deep/inner.py": "from ..leaf import WHO as INNER",
    "deep/later.py": "from ..late import WHO\ndef up():\n from .. import WHO as who\n return who",
    "foreign.py": "import json, numpy as np, email.mime.text\nfrom numpy import linalg",
    "broken.py": "from . import late\nimport no_such_module",
}


def _write(folder: Path, **changed: str) -> Path:
    sources = SOURCES | {f"{name}.py": text for name, text in changed.items()}
    for name, text in sources.items():
        file = folder / NAME / name
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (line.removeprefix(" " * 8) for line in text.splitlines())
        file.write_text("\n".join(lines).replace("{who}", folder.name))
    return folder


@pytest.fixture
def arms(tmp_path: Path) -> dict[str, Arm]:
    return {who: Arm(_write(tmp_path / who), NAME) for who in ("head", "base", "copy")}


def _state() -> tuple[Mapping[str, object], list[object], list[str]]:
    return dict(sys.modules), list(sys.meta_path), list(sys.path)


LAZY: Final = ("absolute", "relative", "renamed", "from", "deep")


def test_copies_are_distinct(arms: dict[str, Arm], tmp_path: Path) -> None:
    modules = {who: arm.module for who, arm in arms.items()}
    assert len({id(module) for module in modules.values()}) == 3
    assert len({id(module.leaf) for module in modules.values()}) == 3
    for who, module in modules.items():
        assert module.__file__ == str(tmp_path / who / NAME / "__init__.py")
        found = (module.WHO, module.INNER, module.leaf.who())
        assert found == (who, who, who)


@pytest.mark.parametrize("module", ["absolute", "relative", "renamed", "from_package"])
def test_import_of_a_module_resolves_to_its_own_copy(module: str, tmp_path: Path) -> None:
    line = f"from copied_package.{module} import WHO"
    for who in ("head", "base"):
        found = Arm(_write(tmp_path / who, __init__=line), NAME).module.WHO
        assert found == who


def test_modules_that_import_each_other_resolve_to_their_own_copy(tmp_path: Path) -> None:
    line = "from copied_package.circular_too import who"
    for who in ("head", "base"):
        assert Arm(_write(tmp_path / who, __init__=line), NAME).module.who() == who


@pytest.mark.parametrize("kind", LAZY)
def test_import_in_a_later_call_resolves_to_its_own_copy(kind: str, arms: dict[str, Arm]) -> None:
    for _ in range(2):
        for who in ("base", "head", "copy"):
            assert getattr(arms[who].module, f"lazily_{kind}")() == who


def test_import_in_a_later_call_gives_the_module_that_is_there(arms: dict[str, Arm]) -> None:
    for arm in arms.values():
        leaf, inner = arm.module.lazily_known()
        assert leaf is arm.module.leaf
        assert arm.module.lazily_known()[1] is inner
        assert sys.modules.keys().isdisjoint({NAME, f"{NAME}.leaf"})
        inner.mark = "first"
        assert arm.module.lazily_known()[1].mark == "first"


def test_nothing_is_left_in_the_import_system(tmp_path: Path) -> None:
    before = _state()
    arm = Arm(_write(tmp_path / "head"), NAME)
    assert _state() == before
    for kind in LAZY:
        getattr(arm.module, f"lazily_{kind}")()
    assert _state() == before


def test_package_that_was_imported_before_stays_what_import_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(_write(tmp_path / "installed"))
    try:
        installed = importlib.import_module(NAME)
        before = {name: module for name, module in sys.modules.items() if name.startswith(NAME)}
        arm = Arm(_write(tmp_path / "head"), NAME)
        assert arm.module.lazily_absolute() == "head"
        assert before == {n: m for n, m in sys.modules.items() if n.startswith(NAME)}
        assert importlib.import_module(NAME) is installed
        assert (installed.WHO, installed.leaf.WHO) == ("installed", "installed")
        assert installed.lazily_absolute() == "installed"
    finally:
        for name in [name for name in sys.modules if name.startswith(NAME)]:
            del sys.modules[name]


def test_source_is_compiled_although_a_stale_cache_lies_there_and_none_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    leaf = _write(tmp_path / "head") / NAME / "leaf.py"
    before = leaf.stat()
    right = leaf.read_text()
    leaf.write_text(right.replace("head", "dead"))
    os.utime(leaf, ns=(before.st_atime_ns, before.st_mtime_ns))
    cached = Path(str(py_compile.compile(str(leaf), doraise=True)))
    leaf.write_text(right)
    os.utime(leaf, ns=(before.st_atime_ns, before.st_mtime_ns))
    stale = cached.read_bytes()
    # By the import system's own rule, size and time, the cache is current.
    script = "import copied_package.leaf as leaf; print(leaf.WHO)"
    stock = subprocess.check_output([sys.executable, "-B", "-c", script], cwd=tmp_path / "head")
    assert stock.decode().strip() == "dead"
    assert Arm(tmp_path / "head", NAME).module.leaf.WHO == "head"
    assert list(tmp_path.rglob("*.pyc")) == [cached]
    assert cached.read_bytes() == stale


def test_failed_import_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = _write(tmp_path / "head", __init__="from . import broken")
    before = _state()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        Arm(folder, NAME)
    assert _state() == before


def test_failed_import_in_a_later_call_leaves_nothing_behind(tmp_path: Path) -> None:
    text = "def fail():\n from . import broken\ndef then():\n from . import late\n return late"
    arm = Arm(_write(tmp_path / "head", __init__=text), NAME)
    before = _state()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        arm.module.fail()
    assert _state() == before
    assert arm.module.then().WHO == "head"


def test_other_packages_are_shared(tmp_path: Path) -> None:
    line = "from . import foreign"
    first, second = (Arm(_write(tmp_path / who, __init__=line), NAME).module for who in "ab")
    assert first.foreign is not second.foreign
    assert first.foreign.np is second.foreign.np is np
    assert first.foreign.linalg is np.linalg
    assert first.foreign.email.mime.text is sys.modules["email.mime.text"]


@pytest.mark.parametrize("line", ["import copied_package.missing", "from .missing import x"])
def test_missing_module_is_named_with_the_folder_that_lacks_it(line: str, tmp_path: Path) -> None:
    folder = _write(tmp_path / "head", __init__=line)
    with pytest.raises(ModuleNotFoundError) as caught:
        Arm(folder, NAME)
    assert str(caught.value) == f"no module {NAME}.missing in {folder}"
    assert caught.value.name == f"{NAME}.missing"


def test_missing_package_is_named_with_the_folder_that_lacks_it(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=f"no module {NAME} in {tmp_path}"):
        Arm(tmp_path, NAME)


def test_optional_module_may_be_missing(tmp_path: Path) -> None:
    text = "try:\n    from . import missing\nexcept ImportError:\n    missing = None"
    assert Arm(_write(tmp_path / "head", __init__=text), NAME).module.missing is None
