"""Every common way to compute ReLU in NumPy, each under its contract, and a good one to use.

`relu`, `drelu` and `relu_backward` are for people who want the function; `METHODS` is for
people who compare the ways to compute it.
"""

import typing

from relu_impls import fast, gradient, methods, signatures  # noqa: F401 - two register their methods
from relu_impls.contract import METHODS, Contract, Kind, Method

# To a type checker, these give what they are given.
relu = typing.cast("signatures.Forward", fast.relu)
drelu = typing.cast("signatures.Forward", fast.drelu)
relu_backward = typing.cast("signatures.Backward", fast.relu_backward)

__all__ = ["METHODS", "Contract", "Kind", "Method", "drelu", "relu", "relu_backward"]
