"""What a gate costs by its rows."""

from pathlib import Path

import pytest

from benchmarks.results import attempts, scale
from benchmarks.results.scale import Cost
from benchmarks.results.study_page import page


@pytest.mark.usefixtures("home")
def test_a_made_up_suite_is_judged_and_logged(tmp_path: Path) -> None:
    log = tmp_path / "scale.jsonl"
    assert scale.main(["4@2/2", "--log", str(log)]) == 0
    (found,) = attempts.load(log, Cost, "cost")
    assert (found.suite, found.shard) == (4, "2/2")
    assert found.exit in {0, 3}  # identical code is never red
    assert 1 <= found.rows <= 3
    assert found.report > 100
    line = f"| {found.rows} of 4, shard 2/2 | {found.exit} | {found.trials} |"
    assert line in page([], [found])


@pytest.mark.parametrize("text", ["many", "0", "10@", "10@1"])
def test_what_is_no_suite_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        scale.main([text])
    assert "is no suite; write a number of rows" in capsys.readouterr().err
