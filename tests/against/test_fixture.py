"""The fixture hands over what it is given, and then does as the stock one does."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pytest_against.calls import Call, Handing, Swap

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

TESTS = """
    import pytest

    def double(x, more=0):
        return 2 * x + more

    def test_called(benchmark):
        assert benchmark(double, 3, more=1) == 7

    def test_pedantic(benchmark):
        assert benchmark.pedantic(double, (3,), {"more": 2}, rounds=4, iterations=2) == 8

    def test_prepared(benchmark):
        gone = []
        found = benchmark.pedantic(
            double, setup=lambda: ((4,), {}), teardown=lambda x: gone.append(x), rounds=2
        )
        assert (found, len(gone)) == (8, ROUNDS)

    def test_failing(benchmark):
        with pytest.raises(ZeroDivisionError):
            benchmark(lambda: 1 // 0)

    @pytest.mark.parametrize("first", ["benchmark", "pedantic"])
    @pytest.mark.parametrize("second", ["benchmark", "pedantic"])
    def test_twice(benchmark, first, second):
        ways = {"benchmark": benchmark, "pedantic": benchmark.pedantic}
        ways[first](double, 1) if first == "benchmark" else ways[first](double, (1,))
        ways[second](double, (1,))
"""


class Met:
    """What a swap was told."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = {}
        self.results: list[object] = []

    def meet(self, fixture: BenchmarkFixture, asked: Call) -> None:
        self.calls.setdefault(fixture.name, []).append(asked)

    def plugin(self, *, once: bool) -> Any:
        class Plugin:
            def pytest_configure(plugin, config: pytest.Config) -> None:  # noqa: N805
                config.pluginmanager.register(Swap(self.meet, self.results.append, once=once))

        return Plugin()


def outcomes(pytester: pytest.Pytester, text: str, *plugins: object, name: str) -> dict[str, str]:
    pytester.makepyfile(**{name: text})
    options = ("--benchmark-max-time=0", "--benchmark-min-rounds=1", "--benchmark-warmup=off")
    found = pytester.inline_run(f"{name}.py", "-p", "no:against", *options, plugins=plugins)
    calls = [each for each in found.getreports("pytest_runtest_logreport") if each.when == "call"]
    return {each.nodeid.partition("::")[2]: each.outcome for each in calls}


@pytest.mark.parametrize("once", [True, False])
def test_calls_are_handed_over_and_results_returned(
    pytester: pytest.Pytester, *, once: bool
) -> None:
    met = Met()
    text = TESTS.replace("ROUNDS", "1" if once else "2")
    found = outcomes(pytester, text, met.plugin(once=once), name=f"test_handing_{once}")
    twice = {name: found.pop(name) for name in list(found) if "twice" in name}
    assert set(found.values()) == {"passed"}
    assert set(twice.values()) == {"failed"}
    assert len(twice) == 4
    (called,), (pedantic,) = met.calls["test_called"], met.calls["test_pedantic"]
    assert (called.args, called.kwargs, called.setup) == ((3,), {"more": 1}, None)
    assert (pedantic.args, pedantic.kwargs) == ((3,), {"more": 2})
    (prepared,) = met.calls["test_prepared"]
    assert prepared.setup is not None
    assert prepared.teardown is not None
    assert 8 in met.results


def test_one_round_only_where_the_referee_times(pytester: pytest.Pytester) -> None:
    text = """
    def test_counted(benchmark):
        calls = []
        benchmark.pedantic(calls.append, (1,), rounds=50, iterations=10, warmup_rounds=3)
        assert len(calls) == COUNT
        assert benchmark.stats.stats.rounds == ROUNDS
    """
    for once, count, rounds in ((True, "1", "1"), (False, "531", "50")):
        wanted = text.replace("COUNT", count).replace("ROUNDS", rounds)
        found = outcomes(pytester, wanted, Met().plugin(once=once), name=f"test_rounds_{once}")
        assert found == {"test_counted": "passed"}


def test_a_wrapper_of_the_project_still_stands_before_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def benchmark(benchmark):
            benchmark.extra_info["wrapped"] = True
            return benchmark
        """
    )
    met = Met()
    text = """
    def test_wrapped(benchmark):
        assert (benchmark(abs, -1), benchmark.extra_info["wrapped"]) == (1, True)
    """
    assert set(outcomes(pytester, text, met.plugin(once=True), name="test_wrap").values()) == {
        "passed"
    }
    assert [call.args for call in met.calls["test_wrapped"]] == [(-1,)]


def test_a_fixture_of_another_kind_stays_as_it_is() -> None:
    other: Any = lambda f: f()  # noqa: E731
    swap = Swap(lambda *_: None, once=True)
    assert Swap.benchmark.__wrapped__(swap, other) is other  # type: ignore[attr-defined]
    assert not isinstance(other, Handing)
