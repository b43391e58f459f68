"""The fixture hands over what it is given, and then does as the stock one does."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pytest_against.calls import Call, Swap, benchmarks_of

pytest_plugins = ["pytester"]

CONFTEST = """
    import pytest

    @pytest.fixture
    def benchmark(benchmark):
        benchmark.extra_info["wrapped"] = True
        return benchmark
"""

TESTS = """
    import pytest
    from pytest_benchmark.fixture import FixtureAlreadyUsed

    def double(x, more=0):
        return 2 * x + more

    def test_called(benchmark):
        assert benchmark(double, 3, more=1) == 7
        assert benchmark.extra_info["wrapped"]

    def test_prepared(benchmark):
        gone = []
        found = benchmark.pedantic(
            double, setup=lambda: ((4,), {}), teardown=lambda x: gone.append(x), rounds=2
        )
        assert (found, len(gone)) == (8, 1 if ONCE else 2)

    def test_counted(benchmark):
        calls = []
        count = lambda n, base: calls.append(int(n, base))
        benchmark.pedantic(count, ("1",), {"base": 2}, rounds=50, iterations=10, warmup_rounds=3)
        assert (len(calls), benchmark.stats.stats.rounds) == ((1, 1) if ONCE else (531, 50))

    def test_failing(benchmark):
        with pytest.raises(ZeroDivisionError):
            benchmark(lambda: 1 // 0)

    @pytest.mark.parametrize("first", ["__call__", "pedantic"])
    @pytest.mark.parametrize("second", ["__call__", "pedantic"])
    def test_twice(benchmark, first, second):
        getattr(benchmark, first)(list)
        with pytest.raises(FixtureAlreadyUsed):
            getattr(benchmark, second)(list)
        assert benchmark.has_error
"""


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("once", [True, False])
def test_the_fixture_hands_over_each_call_and_does_as_the_stock_one_in_one_round_if_asked(
    pytester: pytest.Pytester, *, once: bool
) -> None:
    met: dict[str, list[Call]] = {}
    results: list[object] = []

    class Plugin:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(Swap(meet, see, once=once))

    def meet(fixture: BenchmarkFixture, asked: Call) -> None:
        met.setdefault(fixture.name, []).append(asked)

    def see(result: object) -> object:
        results.append(result)
        return result

    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS.replace("ONCE", str(once)))
    options = ("--benchmark-max-time=0", "--benchmark-min-rounds=1", "--benchmark-warmup=off")
    run = pytester.inline_run("-p", "no:against", *options, plugins=[Plugin()])
    run.assertoutcome(passed=8)
    called, counted, prepared = (met[f"test_{n}"][0] for n in ("called", "counted", "prepared"))
    assert (called.args, called.kwargs, called.setup) == ((3,), {"more": 1}, None)
    assert (counted.args, counted.kwargs, counted.teardown) == (("1",), {"base": 2}, None)
    assert prepared.setup
    assert prepared.teardown
    assert results.count(8) == 1
    if once:
        assert {len(each) for each in met.values()} == {1}


def test_a_fixture_of_another_kind_stays_as_it_is() -> None:
    other: Any = lambda f: f()  # noqa: E731
    swap = Swap(lambda *_: None, once=True)
    assert Swap.benchmark.__wrapped__(swap, other) is other  # type: ignore[attr-defined]


MARKED = """
    import pytest

    @pytest.fixture
    def given():
        return [2, 1]

    @pytest.mark.benchmark(group="bodies", max_rounds=2)
    @pytest.mark.parametrize("n", [1, 2])
    def test_body(given, n):
        given.append(n)

    def test_named(codspeed_benchmark):
        assert codspeed_benchmark(abs, -1) == 1

    @pytest.mark.codspeed_benchmark(group="named", max_time=1)
    def test_marked(benchmark):
        assert benchmark(abs, -2) == 2

    @pytest.mark.benchmark(1)
    def test_refused():
        pass

    def test_plain():
        pass
"""


@pytest.mark.usefixtures("home")
def test_with_the_mark_alone_the_body_is_handed_over_and_what_codspeed_knows_is_understood(
    pytester: pytest.Pytester,
) -> None:
    met: dict[str, tuple[Call, Any]] = {}

    class Plugin:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(Swap(meet, once=True))

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items.append(Other.from_parent(items[0].session, name="other"))
            assert [item.name for item in benchmarks_of(items)] == names

    class Other(pytest.Item):
        def runtest(self) -> None:
            """Do nothing."""

    def meet(fixture: BenchmarkFixture, asked: Call) -> None:
        met[fixture.name] = asked, fixture.group

    names = ["test_body[1]", "test_body[2]", "test_named", "test_marked", "test_refused"]
    pytester.makepyfile(MARKED)
    unknown = "ignore::pytest.PytestUnknownMarkWarning"
    run = pytester.inline_run("-p", "no:against", "-W", unknown, plugins=[Plugin()])
    run.assertoutcome(passed=6, failed=1)
    assert {name: group for name, (_, group) in met.items()} == {
        **dict.fromkeys(names[:2], "bodies"),
        "test_named": None,
        "test_marked": "named",
    }
    body, _ = met["test_body[2]"]
    assert body.kwargs == {"given": [2, 1, 2], "n": 2}
    body.run(3, 1, 0)
    assert body.kwargs["given"] == [2, 1, 2, 2, 2, 2]
