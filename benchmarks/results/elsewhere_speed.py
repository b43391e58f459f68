"""Time ReLU on a GPU, beside a copy there: ``python3 benchmarks/results/elsewhere_speed.py FILE``.

All spellings work on the same numbers, in one process, in turns, and a batch of calls is over when
the GPU has nothing left to do.  What is not installed, refuses a dtype or gives another answer is
a line that says why.  Beside the packages this needs NumPy, and of ours this folder only.
"""

import importlib
import json
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final

sys.path.append(str(Path(__file__).resolve().parents[2]))  # as a script it knows its folder only

from benchmarks.results.turns import Call, timed

COPY: Final = "y.copy_(x)"
DTYPES: Final = ("float16", "float32", "float64")
SIZES: Final = (30_000, 5_000_000, 100_000_000)
ROUNDS: Final = 11
SECONDS: Final = 2e-3
"""Of a batch, at least."""

Makes = Callable[[Any, Any], Mapping[str, Call]]
"""Return calls by their spelling, given torch's tensor of numbers and another one for results."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How long a call takes, in multiples of a copy: the median over rounds, and its quartiles."""

    package: str
    spelling: str
    dtype: str
    size: int
    ratio: float = 0.0
    low: float = 0.0
    high: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Speeds:
    """All that was timed on a device."""

    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    found: Sequence[Speed] = ()


def load(path: Path) -> Speeds:
    """Read what was written; nothing, if there is no file."""
    if not path.exists():
        return Speeds()
    first, *lines = map(json.loads, path.read_text("utf-8").splitlines())
    return Speeds(**first, found=tuple(Speed(**line) for line in lines))


class Device:
    """What computes, and a clock that waits for it."""

    def __init__(self, torch: Any, name: str) -> None:
        self.torch, self.name = torch, name
        self.last: Any = None

    def clock(self) -> float:
        """Return the time once all that was begun is done."""
        if hasattr(self.last, "block_until_ready"):  # another library may begin it a little later
            self.last.block_until_ready()
        if self.name != "cpu":
            self.torch.cuda.synchronize()
        return perf_counter()

    def kept(self, call: Call) -> Call:
        """Return a call whose result is waited for."""

        def keeping() -> Any:
            self.last = call()
            return self.last

        return keeping


def _torch(torch: Any) -> Makes:
    # Beyond so many dtypes and sizes it would run uncompiled, without a word.
    torch._dynamo.config.recompile_limit = 64  # noqa: SLF001 - it has no other name

    def relu(x: Any) -> Any:
        return torch.relu(x)

    def relu_of_fixed_size(x: Any) -> Any:
        return torch.relu(x)

    compiled, fixed = torch.compile(relu), torch.compile(relu_of_fixed_size, dynamic=False)

    def makes(x: Any, y: Any) -> Mapping[str, Call]:
        own, zero = x.clone(), torch.zeros((), dtype=x.dtype, device=x.device)
        return {
            "torch.relu(x)": lambda: torch.relu(x),
            "torch.relu_(x)": lambda: torch.relu_(own),
            "torch.clamp_min(x, 0)": lambda: torch.clamp_min(x, 0),
            "torch.clamp_min(x, 0, out=y)": lambda: torch.clamp_min(x, 0, out=y),
            "torch.maximum(x, zero)": lambda: torch.maximum(x, zero),
            "torch.where(x > 0, x, 0)": lambda: torch.where(x > 0, x, 0),
            "x * (x > 0)": lambda: x * (x > 0),
            "torch.relu(x), compiled": lambda: compiled(x),
            "torch.relu(x), compiled with dynamic=False": lambda: fixed(x),
        }

    return makes


def _cupy(_: Any) -> Makes:
    cp = importlib.import_module("cupy")

    def makes(x: Any, y: Any) -> Mapping[str, Call]:
        a, out = cp.from_dlpack(x), cp.from_dlpack(y)
        return {
            "cp.maximum(x, 0)": lambda: cp.maximum(a, 0),
            "cp.maximum(x, 0, out=y)": lambda: cp.maximum(a, 0, out=out),
            "cp.where(x > 0, x, 0)": lambda: cp.where(a > 0, a, 0),
        }

    return makes


def _jax(_: Any) -> Makes:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - its own signature
    relu = jax.jit(jax.nn.relu)
    product = jax.jit(lambda x: x * (x > 0))

    def makes(x: Any, _: Any) -> Mapping[str, Call]:
        a = jax.dlpack.from_dlpack(x)
        return {
            "x * (x > 0), compiled": lambda: product(a),
            "jax.nn.relu(x), compiled": lambda: relu(a),
            "jax.nn.relu(x)": lambda: jax.nn.relu(a),
        }

    return makes


_KERNEL: Final = """
import triton
import triton.language as tl

@triton.jit
def relu(x_pointer, y_pointer, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_pointer + i, mask=i < n)
    y = tl.maximum(x, 0, propagate_nan=tl.PropagateNan.ALL)
    tl.store(y_pointer + i, y, mask=i < n)
"""
_BLOCK: Final = 1024


def _triton(_: Any) -> Makes:
    with tempfile.TemporaryDirectory() as folder:  # Triton reads a kernel from its file
        path = Path(folder, "kernel_of_triton.py")
        path.write_text(_KERNEL, "utf-8")
        relu = runpy.run_path(str(path))["relu"]

    def makes(x: Any, y: Any) -> Mapping[str, Call]:
        grid = (-(-x.numel() // _BLOCK),)

        def run() -> Any:
            relu[grid](x, y, x.numel(), BLOCK=_BLOCK)
            return y

        return {"tl.maximum(x, 0), stored in y": run}

    return makes


PACKAGES: Final = {"torch": _torch, "cupy-cuda13x": _cupy, "jax": _jax, "triton": _triton}


def speeds(torch: Any, device: Device) -> Iterator[Speed]:
    """Return a line for every call, and for every package that has none."""
    prepared: dict[str, Makes] = {}
    for name, prepare in PACKAGES.items():
        try:
            prepared[name] = prepare(torch)
        except Exception as error:  # noqa: BLE001 - whatever keeps a package from it is its line
            yield Speed(name, "", "", 0, error=_words(error))
    for size in SIZES if device.name != "cpu" else SIZES[:1]:
        for dtype in DTYPES:
            yield from _cell(torch, device, prepared, dtype, size)


def _cell(
    torch: Any, device: Device, prepared: Mapping[str, Makes], dtype: str, size: int
) -> Iterator[Speed]:
    generator = torch.Generator(device.name).manual_seed(size)
    x = torch.randn(size, generator=generator, device=device.name).to(getattr(torch, dtype))
    y = torch.empty_like(x)
    copy = Speed("torch", COPY, dtype, size)
    calls: dict[str, Call] = {COPY: lambda: y.copy_(x)}
    right = {COPY: copy}
    for name, makes in prepared.items():
        try:
            made = makes(x, y)
        except Exception as error:  # noqa: BLE001 - as above
            yield Speed(name, "", dtype, size, error=_words(error))
            continue
        for spelling, call in made.items():
            one, key = Speed(name, spelling, dtype, size), f"{name}: {spelling}"
            if why := _fault(torch, call, torch.where(x < 0, 0, x)):
                yield replace(one, error=why)
            else:
                calls[key], right[key] = device.kept(call), one
    found = timed(calls, ROUNDS, SECONDS, device.clock)
    for key, one in right.items():
        ratios = [a / b for a, b in zip(found[key], found[COPY], strict=True)]
        low, _, high = (round(number, 3) for number in quantiles(ratios, n=4))
        yield replace(one, ratio=round(median(ratios), 3), low=low, high=high)


def _fault(torch: Any, call: Call, expected: Any) -> str:
    """Return why a call is not timed; nothing if it gives the right answer."""
    try:
        found = call()
        found = found if isinstance(found, torch.Tensor) else torch.from_dlpack(found)
    except Exception as error:  # noqa: BLE001 - as above
        return _words(error)
    if found.dtype != expected.dtype:
        return f"gives {found.dtype}"
    return "" if torch.equal(found, expected) else "gives another answer"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"


def main(argv: Sequence[str]) -> int:
    """Time all, and write a JSON line for each as soon as it is known."""
    if len(argv) != 1:
        print("name one file: python3 benchmarks/results/elsewhere_speed.py FILE", file=sys.stderr)
        return 2
    torch = importlib.import_module("torch")
    device = Device(torch, "cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.name != "cpu" else "cpu"
    with Path(argv[0]).open("w", encoding="utf-8") as lines:
        print(json.dumps({"device": name, "versions": _versions()}), file=lines, flush=True)
        for each in speeds(torch, device):
            print(json.dumps(asdict(each)), file=lines, flush=True)
            print(each, file=sys.stderr, flush=True)
    return 0


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
