"""Every common way to compute ReLU in NumPy, each with a contract, and a good one to use.

`relu`, `drelu` and `relu_backward` are for people who want the function; `METHODS` is for
people who compare the ways to compute it.
"""

from types import MappingProxyType
from typing import Final

from relu_impls.contract import Contract, Kind, Method
from relu_impls.forward import FORWARD
from relu_impls.gradient import GRADIENTS
from relu_impls.public import PUBLIC, drelu, relu, relu_backward

__all__ = ["METHODS", "Contract", "Kind", "Method", "drelu", "relu", "relu_backward"]

_ALL: Final = (*PUBLIC, *FORWARD, *GRADIENTS)

METHODS: Final = MappingProxyType({method.name: method for method in _ALL})
"""Every method by name, in display order."""
