"""Every common way to compute ReLU in NumPy, each under its contract, and a good one to use.

`relu`, `drelu` and `relu_backward` are for people who want the function; `METHODS` is for
people who compare the ways to compute it.
"""

from relu_impls import fast, gradient, methods  # noqa: F401 - they register their methods
from relu_impls.contract import METHODS, Contract, Kind, Method
from relu_impls.fast import drelu, relu, relu_backward

__all__ = ["METHODS", "Contract", "Kind", "Method", "drelu", "relu", "relu_backward"]
