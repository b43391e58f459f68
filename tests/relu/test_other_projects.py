"""Answers that other projects' tests demand of a ReLU; the numbers are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest

from relu_impls import METHODS, drelu, relu, relu_backward
from tests.relu.calls import call

inf, nan = np.inf, np.nan


@dataclass(frozen=True)
class Fact:
    """An input, the answer to it, and the dtypes that the test named `source` states it for."""

    source: str
    x: Any
    answer: Any
    dtypes: tuple[str, ...] = ("float32",)


FIVE: Final = ("int32", "int64", "float16", "float32", "float64")
TF: Final = "TensorFlow relu_op_test.ReluTest"

FORWARD: Final = (
    Fact("Keras layers relu_test, normal", [-3, -1, 0, 1, 3], [0, 0, 0, 1, 3]),
    Fact("Keras layers relu_test, large", [-10, -5, 0, 5, 10], [0, 0, 0, 5, 10]),
    Fact("Keras activations_test, near zero", [-1e-7, 1e-7], [0, 1e-7]),
    Fact("Keras activations_test, large", [-1e5, 1e5], [0, 1e5]),
    Fact(
        f"{TF}.testNpRelu",
        [[-0.9, 0.7, -0.5, 0.3, -0.1], [0.1, -0.3, 0.5, -0.7, 0.9]],
        [[0.0, 0.7, 0.0, 0.3, 0.0], [0.1, 0.0, 0.5, 0.0, 0.9]],
        ("float64",),
    ),
    Fact(
        f"{TF}.testNumbersCPU",
        [[-9, 7, -5, 3, -1], [1, -3, 5, -7, 9]],
        [[0, 7, 0, 3, 0], [1, 0, 5, 0, 9]],
        FIVE,
    ),
    Fact(f"{TF}.testNaNPropagation", [-1, nan, 1, nan], [0, nan, 1, nan], FIVE[2:]),
    Fact(f"{TF}.testNoElement", [[], []], [[], []]),
    Fact("PyTorch test_nn.test_nonlinearity_propagate_nan", [nan], [nan]),
    Fact("JAX nn_test.testDtypeMatchesInput", [1.0], [1.0], FIVE[2:]),
)

GRADIENT: Final = (
    Fact("JAX nn_test.testReluGrad", [-1.0, 1.0], [0.0, 1.0]),
    Fact("JAX nn_test.testReluGradAtZero", [0.0], [0.0]),
    Fact(
        f"{TF}.testGradient",
        np.array([[-0.9, -0.7, -0.5, -0.3, -0.1], [0.1, 0.3, 0.5, 0.7, 0.9]], order="F"),
        [[0, 0, 0, 0, 0], [1, 1, 1, 1, 1]],
        FIVE[2:],
    ),
)


@pytest.mark.parametrize("fact", FORWARD, ids=lambda fact: fact.source)
def test_relu_agrees(fact: Fact) -> None:
    for dtype in fact.dtypes:
        x, answer = (np.array(v, dtype=dtype) for v in (fact.x, fact.answer))
        np.testing.assert_array_equal(relu(x), answer, strict=True)
        assert relu(x, out=x) is x
        np.testing.assert_array_equal(x, answer, strict=True)


@pytest.mark.parametrize("fact", GRADIENT, ids=lambda fact: fact.source)
def test_gradients_agree(fact: Fact) -> None:
    for dtype in fact.dtypes:
        x, answer = (np.array(v, dtype=dtype) for v in (fact.x, fact.answer))
        np.testing.assert_array_equal(drelu(x), answer, strict=True)
        np.testing.assert_array_equal(relu_backward(np.ones_like(x), x), answer, strict=True)


@pytest.mark.parametrize(
    "name, grad, x, answer",
    [
        pytest.param("backward_multiply", inf, -1.0, nan, id="TensorFlow ReluGrad, inf * 0"),
        pytest.param("backward_multiply", 3.0, nan, 0.0, id="TensorFlow ReluGrad, NaN"),
        pytest.param("backward_where", inf, -1.0, 0.0, id="JAX select, inf"),
        pytest.param("backward_where", 3.0, nan, 0.0, id="JAX select, NaN"),
        pytest.param("backward_mask_assign", inf, -1.0, 0.0, id="PyTorch threshold_backward, inf"),
        pytest.param("backward_mask_assign", 3.0, nan, 3.0, id="PyTorch threshold_backward, NaN"),
        pytest.param("backward_mask_assign", 3.0, 0.0, 0.0, id="PyTorch threshold_backward, zero"),
    ],
)
def test_backward_pass_does_as_its_source(name: str, grad: float, x: float, answer: float) -> None:
    given = {"grad": np.array([grad]), "x": np.array([x])}
    np.testing.assert_array_equal(call(METHODS[name], given), [answer])
