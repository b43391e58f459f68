"""The commands: what each reads, does, prints and writes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from pytest_benchmark.utils import get_machine_id

from pytest_against import (
    arguments,
    around,
    baseline,
    command_line,
    compare,
    compare_command,
    files,
    github,
    join,
    json_reports,
    junit,
    marks,
    page,
    recording,
    report,
    saved,
    settling,
    show,
)
from pytest_against.gate import against_revision
from pytest_against.machine import Machine, this_machine
from pytest_against.model import (
    WORKING_TREE,
    CannotJudgeError,
    Limits,
    Result,
    RunsOn,
    Shard,
    count,
    short,
)
from pytest_against.quoting import PAGE, TEXT

Options = argparse.Namespace

_WITH_BASE: Final = ("python", "install", "cores", "shard")


def gate(config: pytest.Config, options: Options) -> int:
    """Judge the working tree against a revision, or against the stored baseline."""
    default = baseline.BASELINE_LIMITS if options.base is None else Limits()

    def refused(why: str, seconds: float) -> Result:
        found = Result(
            rows=(),
            base=options.base or "the stored baseline of this class of machines",
            head=WORKING_TREE,
            limit=options.limit or default.limit,
            seconds=seconds,
            machine=this_machine().as_dict(),
            shard=options.shard or "",
            why=why,
        )
        with suppress(OSError):
            print(github.commands(found), end="", flush=True)  # noqa: T201
        return found

    with around.reports(
        [
            (options.json, report.as_json),
            (options.markdown, report.markdown),
            (options.junit, junit.junit),
            (options.html, lambda found: page.judged([found], show.describer(config))),
        ],
        lambda found: report.text(found) + github.commands(found),
        refused,
    ) as write:
        found = _judged(config, options, default)
        write(found)
    return found.exit_code


def _judged(config: pytest.Config, options: Options, default: Limits) -> Result:
    suite, limits = command_line.suite_of(config), limits_of(default, options)
    if options.base is None:
        if only := [name for name in _WITH_BASE if getattr(options, name)]:
            raise CannotJudgeError(
                f"--{only[0]} is for --base REV; leave it out, or name a revision"
            )
        path = baseline_path(config)
        with around.measuring(limits.budget) as progress:
            stored = load_baseline(path, options.program)
            found = settling.against_baseline(suite, stored, limits, progress)
        return replace(found, allow_new=options.allow_new)
    if options.shard:
        suite = replace(suite, shard=Shard.parse(options.shard))
        limits = replace(limits, error=limits.error / suite.shard.of)
    if options.limit is None and (text := marks.setting(config, "against_limit")):
        try:
            limits = replace(limits, limit=arguments.fraction(text))
        except argparse.ArgumentTypeError as error:
            raise CannotJudgeError(f"the setting against_limit: {error}") from None
    with around.measuring(limits.budget) as progress:
        return against_revision(
            suite,
            options.base,
            limits,
            progress,
            allow_new=options.allow_new,
            runs_on=RunsOn(python=options.python or "", install=options.install),
        )


def _baseline(config: pytest.Config, options: Options) -> int:
    suite, limits = command_line.suite_of(config), limits_of(recording.RECORD_LIMITS, options)
    path, old = baseline_path(config), None
    files.check(path)
    if path.exists():
        try:
            old = load_baseline(path, options.program)
        except CannotJudgeError:
            if not options.accept:
                raise
    if old is not None and not options.accept:
        recording.check_whole(old, suite, path, options.program)
    with around.measuring(limits.budget) as progress:
        recorded = recording.record(suite, options.accept, limits, progress)
    if old is not None:
        found = compare.baselines(old, recorded.baseline, limits.limit)
        print(report.changes(found), end="")  # noqa: T201
        if not options.accept:
            recording.check_kept(old, recorded, found, path)
        if found.exit_code == 1 and not options.accept:
            words = "stays as it was; if that is intended, record it again with --accept"
            print(f'{path} {words} "why it is"')  # noqa: T201
            return 1
    left_out = saved.write_baseline(recorded.baseline, path)
    for node in left_out:
        print(f"{short(node)} is left out: it was timed in fewer than {saved.FEWEST} trials")  # noqa: T201
    print(f"{path}: {count(len(recorded.baseline.rows) - len(left_out))}")  # noqa: T201
    return 0


def _record(config: pytest.Config, options: Options) -> int:
    suite, limits = command_line.suite_of(config), limits_of(recording.RECORD_LIMITS, options)
    if not re.fullmatch(r"\w[\w.+-]*", options.name, re.ASCII):
        name = short(repr(options.name))
        raise CannotJudgeError(f"{name} is no name for a run; use letters, digits and . _ + -")
    machine: str = get_machine_id()  # type: ignore[no-untyped-call]
    folder = options.storage / machine / options.name
    saved.check_new(folder)
    with around.measuring(limits.budget) as progress:
        recorded = recording.record(suite, "", limits, progress)
    trials = saved.write_run(recorded.trials, recorded.baseline, folder)
    print(f"{folder}: {count(trials, 'trial')} of {count(len(recorded.baseline.rows))}")  # noqa: T201
    return 0


def _join(options: Options) -> int:
    def joined(found: show.Loaded) -> join.Joined:
        return join.joined([result for _, results in found for result in results])

    def refused(why: str, seconds: float) -> show.Loaded:
        head, limit = ", ".join(map(str, options.reports)), Limits().limit
        none = Result(rows=(), base="others", head=head, limit=limit, seconds=seconds, why=why)
        return [(Path(), [none])]

    with around.reports(
        [
            (options.markdown, lambda found: join.rendered(joined(found), PAGE)),
            (options.html, lambda found: page.judged(show.named(found))),
        ],
        lambda found: join.rendered(joined(found), TEXT),
        refused,
    ) as write:
        found = [(path, [json_reports.load(path)]) for path in options.reports]
        code = joined(found).exit_code
        write(found)
    return code


def baseline_path(config: pytest.Config) -> Path:
    """Return the file of the baseline of this class of machines."""
    folder = config.rootpath / marks.setting(config, "against_baselines")
    return saved.path_for(this_machine().class_name, folder)


def load_baseline(path: Path, program: str) -> saved.Baseline:
    """Read the baseline of this class of machines; see `saved.load_baseline`."""
    found = saved.load_baseline(path, program)
    there, here = Machine(**found.machine).class_name, this_machine().class_name
    if there != here:
        raise CannotJudgeError(
            f"{short(path)} was recorded on {short(there)}, and this is {here}; record "
            f'this one: {program} baseline --accept "it was of another machine"'
        )
    return found


def limits_of(default: Limits, options: Options) -> Limits:
    """Return the limits with what was asked for in the place of the defaults."""
    names = ("limit", "trials", "budget", "timeout", "cores")
    asked = {n: v for n, v in vars(options).items() if n in names and v is not None}
    return replace(default, **asked)


def _configured(run: Callable[[pytest.Config, Options], int]) -> Callable[[Options], int]:
    """Return a command that is run once pytest has read its configuration."""

    def command(options: Options) -> int:
        codes: list[int] = []

        class InsteadOfTests:
            @pytest.hookimpl(tryfirst=True)
            def pytest_cmdline_main(self, config: pytest.Config) -> int:
                codes.append(run(config, options))
                return codes[0]

        arguments = [*options.paths, *([f"-k={options.rows}"] if options.rows else [])]
        code = pytest.main(arguments, plugins=[InsteadOfTests()])
        if not codes:
            words = f"pytest ended with {int(code)} before it read its configuration; see above"
            raise CannotJudgeError(words)
        return codes[0]

    return command


COMMANDS: Final[Mapping[str, Callable[[Options], int]]] = {
    "gate": _configured(gate),
    "baseline": _configured(_baseline),
    "record": _configured(_record),
    "compare": compare_command.run,
    "join": _join,
    "report": _configured(show.report),
}
