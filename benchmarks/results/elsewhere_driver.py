"""Ask a package what its spellings of ReLU answer; another interpreter runs this file.

On standard input comes a probe as JSON: what a file of ``elsewhere_probes`` says, and how many
questions to skip.  A JSON line for each answer goes to standard output, at once, so that it is
known which question ended the process.  Beside what the package needs, this needs NumPy only.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import numpy as np

_SPECIAL: Final = ("nan", "-nan", "-0.0", "inf", "-inf", "max", "-1.5", "1.5")
INPUTS: Final = {
    "float32": _SPECIAL,
    "float64": _SPECIAL,
    "float16": _SPECIAL,
    "bfloat16": _SPECIAL,
    "float8_e4m3fn": _SPECIAL,
    "float8_e5m2": _SPECIAL,
    "int8": ("-128", "-1", "0", "1", "127"),
    "uint8": ("0", "1", "128", "255"),
    "int32": ("-2147483648", "-1", "0", "1", "2147483647"),
    "int64": ("-9223372036854775808", "-1", "0", "9007199254740993", "9223372036854775807"),
    "bool": ("False", "True"),
}
"""What goes in, by dtype."""
_LARGEST: Final = {
    "bfloat16": "3.3895313892515355e38",
    "float8_e4m3fn": "448",
    "float8_e5m2": "57344",
}
"""Of the dtypes that NumPy lacks: a probe says how an array of float32 becomes one of them."""

SLOPES: Final = ("-1.5", "-0.0", "0", "1.5", "nan", "inf", "-inf")
"""Where the gradient is asked for, in float32."""
UPSTREAMS: Final = ("1", "inf", "nan")
"""Each goes in as the gradient from above, at every place of `SLOPES`."""
TAILS: Final = ("nan", "-nan", "-0.0")
"""Each fills arrays of 1 to `LONGEST` float32 numbers."""
LONGEST: Final = 67

Answer = list[str] | str
"""Dtype, container and numbers of a result; or the name of what was raised."""

_EAGER: Final = {"eager": "f"}


def questions(probe: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return spelling, variant, and what is asked, for all that a probe is asked."""
    parts = [part for part in INPUTS if part not in _LARGEST or part in probe]
    parts += [f"tail {text}" for text in TAILS]
    parts += [f"slope {text}" for text in UPSTREAMS if "gradient" in probe]
    variants = probe.get("variants", _EAGER)
    return [(s, v, part) for s in probe["spellings"] for v in variants for part in parts]


def array(dtype: str, texts: tuple[str, ...]) -> Any:
    """Return numbers as an array; those of a dtype that NumPy lacks as float32."""
    largest = _LARGEST.get(dtype)
    kind = np.dtype("float32" if largest else dtype)
    if kind.kind == "f":
        largest = largest or str(np.finfo(kind).max)
        found = np.array([largest if text == "max" else text for text in texts], np.float64)
        signs = [text.startswith("-") for text in texts]
        return np.copysign(found, np.where(signs, -1.0, 1.0)).astype(kind)
    if kind.kind == "b":
        return np.array([text == "True" for text in texts])
    return np.array([int(text) for text in texts], kind)


def shown(value: Any) -> str:
    """Return a number in a few characters, with the sign of NaN and of zero."""
    if value is None:
        return "null"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    number = float(value)
    if np.isnan(number):
        return "-nan" if np.signbit(number) else "nan"
    if number and abs(number) <= 2**63 and number.is_integer():
        return str(int(number))
    return f"{number:.6g}"


class Package:
    """The names that a probe defines, and its expressions as functions of them."""

    def __init__(self, probe: dict[str, Any]) -> None:
        self.probe = probe
        self.names: dict[str, Any] = {"np": np}
        self.made: dict[tuple[str, str], Callable[[Any], Any]] = {}
        exec(probe.get("setup", ""), self.names)  # noqa: S102 - a file of this folder

    def value(self, key: str, default: str, **given: Any) -> Any:
        """Return the value of an expression of the probe."""
        return eval(self.probe.get(key, default), self.names | given)  # noqa: S307 - as above

    def function(self, spelling: str, variant: str) -> Callable[[Any], Any]:
        """Return a spelling as a function of ``x``, in a variant: as it is, compiled, ..."""
        how = self.probe.get("variants", _EAGER)[variant]
        try:
            compile(spelling, "spelling", "eval")
            body = f"return {spelling}"
        except SyntaxError:  # statements, which change x
            body = f"{spelling}\n    return x"
        exec(f"def f(x):\n    {body}", self.names)  # noqa: S102 - as above
        return eval(how, self.names)  # type: ignore[no-any-return]  # noqa: S307 - as above

    def answer(self, f: Callable[[Any], Any], dtype: str, texts: tuple[str, ...]) -> list[str]:
        """Return what comes out, after its dtype and container."""
        # What would warn is NumPy's cast of the numbers that go in or come out.
        with np.errstate(all="ignore"):
            a = array(dtype, texts)
            x = self.value(dtype if dtype in _LARGEST else "array", "a.copy()", a=a)
            before = type(x)
            y = f(x)
            kind = str(self.value("dtype", "y.dtype", y=y)).lower().rpartition(".")[2]
            container = "kept" if type(y) is before else type(y).__name__
            numbers = self.value("numpy", "np.asarray(y)", y=y)
            return [kind, container, *(shown(each) for each in list(np.ravel(numbers)))]

    def tail(self, f: Callable[[Any], Any], text: str) -> list[str]:
        """Return each answer to arrays full of a number, and where it was seen first."""
        found: dict[str, str] = {}
        for size in self.probe.get("lengths", range(1, LONGEST + 1)):
            for place, each in enumerate(self.answer(f, "float32", (text,) * size)[2:]):
                found.setdefault(each, f"place {place} of {size}")
        return [f"{each}: {where}" for each, where in found.items()]

    def slope(self, f: Callable[[Any], Any], text: str) -> list[str]:
        """Return the gradient at `SLOPES` for a gradient from above."""
        with np.errstate(all="ignore"):
            x = self.value("array", "a.copy()", a=array("float32", SLOPES))
            upstream = array("float32", (text,) * len(SLOPES))
            g = self.value("array", "a.copy()", a=upstream)
            y = self.value("gradient", "", f=f, x=x, g=g)
            numbers = self.value("gradient_numpy", self.probe.get("numpy", "np.asarray(y)"), y=y)
            return [shown(each) for each in list(np.ravel(numbers))]

    def ask(self, spelling: str, variant: str, part: str) -> Answer:
        """Return the answer to a question; what is raised is one, too."""
        kind, _, text = part.partition(" ")
        try:
            if (spelling, variant) not in self.made:
                self.made[spelling, variant] = self.function(spelling, variant)
            f = self.made[spelling, variant]
            if kind == "tail":
                return self.tail(f, text)
            return self.slope(f, text) if kind == "slope" else self.answer(f, part, INPUTS[part])
        except Exception as error:  # noqa: BLE001 - whatever a package refuses with
            return type(error).__name__


def main() -> None:
    """Answer the questions that are left."""
    asked = json.load(sys.stdin)
    probe, skip = asked["probe"], asked["skip"]
    # What a package prints, in Python or below it, must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    try:
        package = Package(probe)
        # Where it computes, if not on the CPU: what raises, since it is not there, is a row, too.
        about = {"version": version(probe["distribution"]), "device": package.value("device", "''")}
        print(json.dumps(about), file=lines, flush=True)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises is its row
        words = " ".join(str(error).split())[:150]
        print(json.dumps({"error": f"{type(error).__name__}: {words}"}), file=lines, flush=True)
        return
    for question in questions(probe)[skip:]:
        print(json.dumps(package.ask(*question)), file=lines, flush=True)
    lines.flush()
    os._exit(0)  # what a package does at its end is no answer


if __name__ == "__main__":
    main()
