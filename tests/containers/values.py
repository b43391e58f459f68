"""The numbers that every container is given, and what the functions must make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import relu_impls

Function = Callable[..., Any]

# Containers that no stub describes are Any to the type checker.
relu: Final[Function] = relu_impls.relu
drelu: Final[Function] = relu_impls.drelu
relu_backward: Final[Function] = relu_impls.relu_backward

EACH: Final[tuple[Function, ...]] = (relu, drelu, lambda x: relu_backward(x, x))

inf, nan = np.inf, np.nan

X: Final = np.array([-1.0, 0.0, 2.0, nan, 5.0, -inf])
GRAD: Final = np.array([inf, nan, 3.0, 4.0, inf, -inf])
RELU: Final = np.array([0, 0, 2, nan, 5, 0])
SLOPE: Final = np.array([0, 0, 1, nan, 1, 0])
BACK: Final = np.array([0, 0, 3, nan, inf, 0])
HIDDEN: Final = np.array([0, 0, 0, 0, 1, 1], dtype=bool)
"""Where `X` is masked or missing, in tests of masks."""

LARGE: Final = 2**53 + 1
"""An integer that no float64 is."""


def answers(grad: Any, x: Any) -> dict[str, Any]:
    """Return what each function makes of a container, by its name."""
    return {"relu": relu(x), "drelu": drelu(x), "relu_backward": relu_backward(grad, x)}


WANTED: Final = {"relu": RELU, "drelu": SLOPE, "relu_backward": BACK}
EXACT: Final = {"relu": [0, LARGE], "drelu": [0, 1], "relu_backward": [0, -LARGE]}
"""For the integers -1 and `LARGE`, and the gradients `LARGE` and minus that."""
