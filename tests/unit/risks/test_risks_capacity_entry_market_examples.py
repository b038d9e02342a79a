from __future__ import annotations

import numpy as np

from xinzhi.risks.capacity.entry_market import (
    Market,
    break_even_capacity,
    break_even_ratio,
    offsetting_spillover,
    outcome,
    pressure,
    profit,
    threshold_ratio,
)


def test_pressure() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    assert pressure(flat, np.array([1.2]), np.array([0.5])).round(6).tolist() == [0.8]


def test_outcome() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    assert [part.round(4).tolist() for part in outcome(flat, 0.8, np.array([1.0]), np.array([0.44]))] == [
        [0.6667],
        [0.8333],
    ]


def test_profit() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    assert profit(flat, 0.8, np.array([0.8]), np.array([1.0])).round(6).tolist() == [0.1]


def test_break_even_ratio() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=0.0, variable_cost=0.8, margin=0.1)
    assert round(break_even_ratio(flat), 6) == 0.9


def test_threshold_ratio() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=1.0, variable_cost=0.8, margin=0.1)
    assert round(threshold_ratio(flat, 0.8, 0.75), 6) == 0.878906


def test_break_even_capacity() -> None:
    flat = Market(demand_elasticity=1.0, supply_elasticity=0.0, variable_cost=0.8, margin=0.1)
    assert break_even_capacity(flat, np.array([1.26]), 0.9).round(6).tolist() == [0.4]


def test_offsetting_spillover() -> None:
    assert round(offsetting_spillover(1.2, 0.44), 6) == 0.5
