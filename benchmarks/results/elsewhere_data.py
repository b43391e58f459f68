"""What packages answered, as JSON lines; how answers differ from NumPy's, and from others."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from benchmarks.results.elsewhere_driver import INPUTS, SLOPES, Answer
from pytest_against.model import CannotJudgeError

REFERENCE: Final = "numpy"
"""The package that has the spellings which all others are compared with."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a spelling answered; or why a package said nothing."""

    package: str
    version: str = ""
    spelling: str = ""
    variant: str = ""
    error: str = ""
    measured: str = ""
    """On which device and when, if not on a CPU."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By what was asked: a dtype, ``tail`` and a number, ``slope`` and a gradient from above."""

    @property
    def name(self) -> str:
        """The row in words, without its release."""
        return " ".join(filter(None, (self.package, self.spelling, self.variant)))


def load(path: Path) -> list[Row]:
    """Read rows; CannotJudgeError names the line that is none."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            found.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise CannotJudgeError(
                f"{path}, line {number} is no answer of a package ({error}); "
                "run python benchmarks/results/elsewhere.py"
            ) from None
    return found


def dump(rows: Iterable[Row]) -> str:
    """Return rows as JSON lines."""
    lines = ({k: v for k, v in asdict(row).items() if v} for row in rows)
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def unsigned(answer: Answer) -> Answer:
    """Return an answer without the signs of NaN and of zero, which depend on the processor."""
    if isinstance(answer, str):
        return answer
    return (
        list(dict.fromkeys(_unsigned(each) for each in answer))
        if _is_tail(answer)
        else [_unsigned(each) for each in answer]
    )


def _is_tail(answer: Sequence[str]) -> bool:
    return any(": place" in each for each in answer)


def _unsigned(text: str) -> str:
    return re.sub(r"^-(nan|0)$", r"\1", text.partition(": place")[0])


def differences(stored: Sequence[Row], found: Sequence[Row]) -> list[str]:
    """Return in a line each what changed, of the packages that were found."""
    packages = {row.package for row in found}
    old = {row.name: row for row in stored if row.package in packages}
    new = {row.name: row for row in found}
    lines = [f"{name}: is gone" for name in old if name not in new]
    for name, row in new.items():
        was = old.get(name)
        if was is None:
            lines.append(f"{name}: is new{': ' * bool(row.error)}{row.error}")
            continue
        if bool(was.error) != bool(row.error):
            lines.append(f"{name}: was {was.error or 'fine'}, is {row.error or 'fine'}")
        for part in dict.fromkeys([*was.answers, *row.answers]):
            before, after = (unsigned(r.answers.get(part, "not asked")) for r in (was, row))
            if before != after:
                lines.append(f"{name}, {part}: was {_words(before)}, is {_words(after)}")
    return lines


def _words(answer: Answer) -> str:
    return answer if isinstance(answer, str) else " ".join(answer)


class Hurt(Enum):
    """Kinds of deviation, the worst first."""

    NUMBER = "a number became another, though the dtype is the expected one"
    NAN_LOST = "a NaN became something else"
    NAN_MADE = "a number became NaN"
    INFINITY = "an infinity became something else"
    SLOPE = "the gradient is another"
    TAIL = "the answer depends on the length, or on the place in the array"
    ROUNDED = "a number became another, in another dtype"
    DTYPE = "the dtype is another"
    CONTAINER = "the container is another"
    SIGN = "the sign of a NaN is another, or depends on the length, as that of a zero may"
    REFUSED = "an error is raised"


@dataclass(frozen=True, slots=True)
class Deviation:
    """An answer that is not that of a reference."""

    hurt: Hurt
    part: str
    given: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return it in words."""
        found, expected = _unsigned(self.found), _unsigned(self.expected)
        match self.hurt:
            case Hurt.DTYPE:
                verb = "stays" if self.part == self.found else "becomes"
                return f"{self.part} {verb} {self.found}"
            case Hurt.CONTAINER:
                return f"the container becomes {self.found}"
            case Hurt.REFUSED:
                return f"{self.part} raises {self.found}"
            case Hurt.TAIL:
                return f"arrays full of {self.given} become {self.found}"
            case Hurt.SLOPE:
                upstream = self.part.removeprefix("slope ")
                above = "" if upstream == "1" else f" under a gradient of {upstream} from above"
                return f"the gradient at {self.given}{above} is {found}, not {expected}"
            case Hurt.SIGN:
                found, expected = self.found, self.expected
        return f"{self.part} {self.given} becomes {found}, not {expected}"


def deviations(row: Row, reference: Row) -> list[Deviation]:
    """Return where a row answers otherwise than another."""
    return [
        each
        for part, answer in row.answers.items()
        for each in _of_part(part, answer, reference.answers[part])
    ]


def _of_part(part: str, answer: Answer, expected: Answer) -> Iterator[Deviation]:
    kind, _, given = part.partition(" ")
    if isinstance(answer, str):
        yield Deviation(Hurt.REFUSED, part, "", "", answer)
    elif kind == "tail":
        numbers = {_unsigned(_number(each.partition(":")[0])) for each in answer}
        if len(answer) > 1:
            hurt = Hurt.TAIL if len(numbers) > 1 else Hurt.SIGN
            yield Deviation(hurt, part, given, expected[0], "; ".join(answer))
    elif kind == "slope":
        for text, was, found in zip(SLOPES, expected, answer, strict=True):
            if _unsigned(found) != _unsigned(was):
                yield Deviation(Hurt.SLOPE, part, text, was, found)
    else:
        yield from _of_dtype(part, answer, list(expected))


def _of_dtype(part: str, answer: Sequence[str], expected: Sequence[str]) -> Iterator[Deviation]:
    dtype, container, *numbers = answer
    if dtype != expected[0]:
        yield Deviation(Hurt.DTYPE, part, "", expected[0], dtype)
    if container != expected[1]:
        yield Deviation(Hurt.CONTAINER, part, "", expected[1], container)
    for text, was, found in zip(INPUTS[part], expected[2:], numbers, strict=True):
        hurt = _hurt(text, _number(was), _number(found))
        if hurt is Hurt.NUMBER and dtype != expected[0]:
            hurt = Hurt.ROUNDED
        if hurt is not None:
            yield Deviation(hurt, part, text, was, found)


def _number(text: str) -> str:
    return {"True": "1", "False": "0", "-0": "0"}.get(text, text)


def _hurt(given: str, expected: str, found: str) -> Hurt | None:
    """Return what kind of deviation a number is; zeros of either sign are equal."""
    if found == expected:
        return None
    if _unsigned(found) == _unsigned(expected):
        return Hurt.SIGN
    if "nan" in expected:
        return Hurt.NAN_LOST
    if "nan" in found:
        return Hurt.NAN_MADE
    return Hurt.INFINITY if "inf" in given else Hurt.NUMBER
