"""Files of any size are read: what is small at once, what is large piece by piece, alike."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import formats, pieces
from pytest_against.formats import read
from pytest_against.pieces import Pieces
from tests.against.stores import JOIN, SPLIT, run, side

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)


def same(one: Any, other: Any) -> bool:
    return json.dumps(one) == json.dumps(other)  # in which NaN equals NaN


@given(
    before=st.dictionaries(st.text(), JSON, max_size=3),
    values=st.lists(JSON, max_size=5),
    indent=st.none() | st.integers(0, 2),
    escaped=st.sampled_from(["", "yes"]),
    size=st.integers(1, 9),
)
def test_what_is_read_in_pieces_is_what_is_read_as_a_whole(
    before: dict[str, Any], values: list[Any], indent: int | None, escaped: str, size: int
) -> None:  # fmt: skip
    before.pop("many", None)
    text = json.dumps({**before, "many": values, "z": 1}, indent=indent, ensure_ascii=bool(escaped))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_PIECE", size)
        found = {
            key: list(value) if key == "many" else value
            for key, value in Pieces(io.StringIO(f" {text}\n")).members("many")
        }
    assert same(found, json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "{}", '{"a"}', '{"a": 1', '{"a": 1,}', '{"a": 1} x', '{"many": 1}'),
        *('{"many": [1', '{"many": [1 2]}', '{"many": [,]}', '{"a": tru}', '{"a": "', "nul"),
        '{"a": [1, x, ' + "1, " * 9000 + "1]}",
    ],
)
def test_what_is_no_such_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instead of|Expecting|Unterminated|Extra|more after"):
        [list(v) if k == "many" else v for k, v in Pieces(io.StringIO(text)).members("many")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_large_files_are_read_as_small_ones(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    content = run({SPLIT: 1e-5, JOIN: 2e-5})
    path.write_text(json.dumps(content), encoding)
    small = read(path)
    monkeypatch.setattr(formats, "_AT_ONCE", 0)
    large = read(path)
    assert large == small
    assert large.digest == small.digest
    content["benchmarks"][1]["stats"]["mean"] = math.nan  # which only Python takes for JSON
    path.write_text(json.dumps(content))
    assert read(path).benchmarks == small.benchmarks


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="asks Linux for the memory: getrusage counts what the parent had when it started this",
)
def test_a_large_file_needs_little_memory(tmp_path: Path) -> None:
    data = json.dumps({"data": [f"word {k:06}" for k in range(1000)]})
    head = json.dumps({**run({}), "benchmarks": []})[:-1].partition('"benchmarks": []')
    with (tmp_path / "big.json").open("w") as file:
        file.write(f'{head[0]}"benchmarks": [')
        for k in range(5_000):  # 76 MB
            row = {**run({f"t.py::test[{k}]": 1e-5})["benchmarks"][0], "params": "DATA"}
            file.write("," * (k > 0) + json.dumps(row).replace('"DATA"', data))
        file.write(f"]{head[2]}}}")
    small = side(tmp_path / "small", [1.0], ["t.py::test[0]"])
    code = (
        "from pathlib import Path; from pytest_against import cli; cli.main();"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", small, str(tmp_path / "big.json")],
        capture_output=True,
        check=True,
        text=True,
    )
    most = 1024 * int(done.stdout.split()[-1])
    assert (tmp_path / "big.json").stat().st_size > 64 << 20  # what is read at once
    assert most < 120e6, done.stdout[:300]
