"""What is known of NumPy's history, as data: `history` prints it beside what it measures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Aspect(Enum):
    """What a release changed, or is known to have left alone."""

    FASTER = "faster"
    SLOWER = "slower"
    UNCHANGED = "no change of time"
    RESULT = "result"
    DTYPE = "dtype"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A change from one release to another.

    Attributes
    ----------
    before, after : str
        The releases; a minor stands for any patch of it.
    methods : tuple of str
        The methods; empty for all of them.
    workloads : str
        The workloads, as ``pytest -k``; empty for all of them.
    aspect : Aspect
        What is expected.
    source : str
        Where that is said.
    """

    before: str
    after: str
    methods: tuple[str, ...] = ()
    workloads: str = ""
    aspect: Aspect
    source: str

    def pair(self, releases: tuple[str, ...]) -> tuple[str, str] | None:
        """Return the measured releases that it is about, None if they were not measured.

        Parameters
        ----------
        releases : tuple of str
            What was measured, oldest first.
        """
        before = [release for release in releases if _is(release, self.before)]
        after = [release for release in releases if _is(release, self.after)]
        return (before[-1], after[0]) if before and after else None


def _is(release: str, wanted: str) -> bool:
    return release == wanted or release.startswith(f"{wanted}.")


_CLIP: Final = ("clip_inf", "clip_out", "clip_inplace")
_CLIP_PULL: Final = "numpy/numpy#26280: a float clip of its own"

KNOWN: Final = (
    Known(
        before="1.23",
        after="1.24",
        methods=("mask_astype",),
        workloads="3e4 and not float16",
        aspect=Aspect.FASTER,
        source="numpy/numpy#21483: comparisons vectorised, up to 1.65 times as fast",
    ),
    Known(
        before="1.24",
        after="1.25",
        methods=("clip_none",),
        workloads="1e3",
        aspect=Aspect.FASTER,
        source="numpy/numpy#14281: the overhead of np.clip gone",
    ),
    Known(
        before="1.24",
        after="1.25",
        methods=("multiply", "half_sum"),
        workloads="not float16",
        aspect=Aspect.UNCHANGED,
        source="numpy/numpy#21056: AVX-512 arithmetic dropped, as it gained nothing",
    ),
    Known(
        before="1.26",
        after="2.0",
        methods=("maximum_strong_zero",),
        aspect=Aspect.DTYPE,
        source="NEP 50: np.maximum(x, np.float64(0)) is float64 for any x",
    ),
    Known(
        before="2.0",
        after="2.1",
        methods=_CLIP,
        workloads="not float16",
        aspect=Aspect.FASTER,
        source=_CLIP_PULL,
    ),
    Known(before="2.0", after="2.1", methods=_CLIP, aspect=Aspect.RESULT, source=_CLIP_PULL),
    Known(
        before="2.3",
        after="2.4",
        methods=("maximum_positional",),
        aspect=Aspect.WARNING,
        source="numpy/numpy#29052: positional out deprecated",
    ),
    Known(
        before="2.3",
        after="2.4",
        methods=("maximum_positional",),
        workloads="1e3",
        aspect=Aspect.SLOWER,
        source="numpy/numpy#29052: each call warns, even where the warning is ignored",
    ),
    Known(
        before="2.3",
        after="2.4",
        methods=("mask_assign",),
        workloads="fortran",
        aspect=Aspect.FASTER,
        source="numpy/numpy#30201: Boolean assignment keeps the order, 1.20 ms to 0.98 ms",
    ),
    Known(
        before="2.4.5",
        after="2.4.6",
        aspect=Aspect.UNCHANGED,
        source="the release notes name no change that ReLU could see",
    ),
)
"""Every change, oldest first; those without a change are there to catch a false alarm."""
