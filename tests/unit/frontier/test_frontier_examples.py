"""Small examples of what is inside the package, worked by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.frontier.models.slacks_based import affinity_parameters
from xinzhi.frontier.stochastic.cnls import concave_fit
from xinzhi.frontier.stochastic.densities import truncated_quantile, truncated_terms
from xinzhi.frontier.stochastic.design import settle
from xinzhi.frontier.stochastic.inference import mixed_tail
from xinzhi.frontier.stochastic.likelihoods import halton
from xinzhi.frontier.stochastic.problem import concave, quasi_concave
from xinzhi.frontier.stochastic.stoned import moments, pseudo_likelihood
from xinzhi.frontier.technology.distance import single_peer
from xinzhi.frontier.technology.starts import frame


def test_affinity_parameters() -> None:
    import numpy as np

    epsilon, weights = affinity_parameters(np.array([[1.0, 2.0], [3.0, 6.0], [2.0, 4.0]]))
    assert (epsilon, weights.round(12).tolist()) == (0.0, [0.5, 0.5])


def test_concave_fit() -> None:
    x = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert concave_fit(np.array([1.0, 3.0, 2.0, 4.0]), x).fitted.round(6).tolist() == [1.0, 2.5, 3.0, 3.5]


def test_truncated_quantile() -> None:
    assert float(truncated_quantile(np.array([0.0]), np.array([1.0]), 0.95)[0].round(6)) == 1.959964


def test_truncated_terms() -> None:
    assert float(truncated_terms(np.array([0.0]), (0.0, 0.0)).value[0].round(6)) == -1.265512


def test_settle() -> None:
    assert settle("bc92", {})[0] == "battese-coelli-1992"


def test_mixed_tail() -> None:
    assert round(mixed_tail(2.705543, 0, 1), 6) == 0.05


def test_halton() -> None:
    assert halton(4, 2, 0).tolist() == [0.5, 0.25, 0.75, 0.125]


def test_concave() -> None:
    assert concave(np.array([[0.3, 0.6], [0.8, 0.7]]), np.zeros((2, 2))).tolist() == [True, False]


def test_quasi_concave() -> None:
    assert quasi_concave(np.array([[0.8, 0.7], [0.5, -0.2]]), np.zeros((2, 2))).tolist() == [True, False]
    assert quasi_concave(np.array([[0.5, 0.5]]), np.array([[1.0, -1.0], [-1.0, 1.0]])).tolist() == [False]


def test_moments() -> None:
    assert moments(np.array([-4.0] + 8 * [0.5]))[2] == ["no-noise"]


def test_pseudo_likelihood() -> None:
    assert pseudo_likelihood(np.array([1.0, -0.5, -0.5]))[2] == ["wrong-skewness"]


def test_frame() -> None:
    columns = np.array([[-1.0, -2.0, -2.0, -3.0], [1.0, 2.0, 1.0, 2.5], [1.0, 1.0, 1.0, 1.0]])
    assert sorted(frame(columns, np.array([False, False, True]), points=True)[0].tolist()) == [0, 1, 3]


def test_single_peer() -> None:
    reference = np.array([[-2.0, -4.0], [1.0, 2.0]])
    assert repr(single_peer(np.array([[-4.0, 1.0]]), np.array([[4.0, 0.0]]), reference)) == (
        "(array([0.5]), array([0]))"
    )


def test_truth_values_are_no_goods() -> None:
    rows = [(f"r{at % 5}", 2000 + at // 5, 1.0 + at, 2.0 + at % 3, at % 2 == 0) for at in range(20)]
    frame = pl.DataFrame(rows, schema=["u", "t", "k", "y", "b"], orient="row")
    for native in (frame, frame.to_pandas()):
        for goods in ((["k", "b"], ["y"]), (["k"], ["b"])):
            with pytest.raises(InputError, match="is not a number"):
                xinzhi.frontier.productivity_change(native, "u", "t", *goods)
        with pytest.raises(InputError, match="is not a number"):
            xinzhi.frontier.sfa(native, "y", ["k", "b"])
        with pytest.raises(InputError, match="is not a number"):
            xinzhi.frontier.sfa(native, "b", ["k"])
