from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from attacker import attack
from scipy.optimize import linprog

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.micro.disclosure import TOTAL, identifying
from xinzhi.micro.suppression import margins

pytest.importorskip("ibis", reason="the extra micro is not installed")
RULES = micro.Rules()
TABLES = 200


def random_cells(seed, dimensions=2):
    """Return a table of two or three dimensions with empty cells, small ones and dominated ones."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 6, dimensions) if dimensions == 2 else rng.integers(2, 4, dimensions)
    names = [f"d{at}" for at in range(dimensions)]
    rows = []
    for place in np.ndindex(*sizes):
        n = int(rng.choice([0, 1, 2, 5, 12, 60], p=[0.1, 0.1, 0.1, 0.15, 0.25, 0.3]))
        if n:
            sales = np.sort(rng.lognormal(0, rng.choice([0.5, 2.0]), n))[::-1]
            tops = {f"top{k + 1}": float(sales[k]) if k < n else 0.0 for k in range(2)}
            rows.append(
                {name: f"{at}" for name, at in zip(names, place, strict=True)}
                | {"firms": n, "value": sales.sum()}
                | tops
            )
    return pl.DataFrame(rows), names


@pytest.mark.parametrize("block", range(10))
def test_no_attacker_gets_a_withheld_cell_back(block):
    attacked = 0
    for seed in range(block, TABLES, 10):
        cells, names = random_cells(seed, 3 if seed % 5 == 0 else 2)
        table = micro.with_margins(cells, names, RULES)
        published = micro.protect(cells, names)
        learned = attack(table, published, names)
        primary = learned.filter(pl.col("withheld") == "primary")
        room = pl.max_horizontal(RULES.protection * pl.col("value"), 0.0) * (1 - 1e-6)
        assert (primary["most"] >= primary.select(pl.col("value") + room).to_series()).all()
        assert (primary["least"] <= primary.select(pl.col("value") - room).to_series()).all()
        attacked += primary.height
        # nothing below the rule is published, margins neither
        shown = published.join(table, on=names, suffix="_true").filter(pl.col("withheld") == "")
        assert not identifying(shown.with_columns(firms=pl.col("firms_true"), value=pl.col("value_true")), RULES).any()
        assert published.filter(pl.col("withheld") != "")["value"].null_count() == (published["withheld"] != "").sum()
    assert attacked > 10


def linked(seed):
    """Return value added and wages of the same cells; wages are a part of value added, as anyone knows."""
    rng = np.random.default_rng(seed)
    output, names = random_cells(seed)
    share = rng.uniform(0.4, 0.9, output.height)
    big = (pl.col("firms") > 9).cast(pl.Float64)  # wages are spread more evenly: they identify fewer
    wages = output.with_columns(pl.col("value") * share)
    wages = wages.with_columns(top1=pl.col("value") * 0.05 * big, top2=pl.col("value") * 0.04 * big)
    return {"output": output, "wages": wages}, names


def told_narrowly(tables, published, names):
    """Return how many withheld amounts an attacker knows within their protection who has both tables and a guess.

    The guess is the share of wages in every cell, a tenth up and down.
    """
    full = {name: micro.with_margins(cells, names, RULES) for name, cells in tables.items()}
    shown = {name: full[name].join(published[name], on=names, suffix="_p", maintain_order="left") for name in full}
    equations = margins(full["output"], names).toarray()
    n, none = equations.shape[1], np.zeros_like(equations)
    output, wages = (full[name]["value"].to_numpy() for name in ("output", "wages"))
    share, rows = wages / output, np.eye(n)
    below = np.vstack([np.hstack([-1.1 * share * rows, rows]), np.hstack([0.9 * share * rows, -rows])])
    bounds = []
    for table in shown.values():
        bounds += [(v, v) if kind == "" else (0, None) for v, kind in table.select("value", "withheld").rows()]
    how = {"A_ub": below, "b_ub": np.full(2 * n, 1e-6), "A_eq": np.block([[equations, none], [none, equations]])}
    narrow = 0
    for at, table in enumerate(shown.values()):
        for cell in np.flatnonzero(table["withheld"].to_numpy() == "primary"):
            cost = np.zeros(2 * n)
            cost[at * n + cell] = 1.0
            low, high = (
                linprog(sign * cost, **how, b_eq=np.zeros(len(equations) * 2), bounds=bounds) for sign in (1, -1)
            )
            ends = [sign * one.fun if one.status == 0 else np.inf for sign, one in ((1, low), (-1, high))]
            true = table["value"][int(cell)]
            narrow += ends[1] < (1 + 0.99 * RULES.protection) * true and ends[0] > (1 - 0.99 * RULES.protection) * true
    return narrow


def test_linked_tables_tell_less_with_one_pattern():
    apart = together = differ = 0
    for seed in range(12):
        tables, names = linked(seed)
        one = micro.protect_together(tables, names)
        assert one["output"]["withheld"].equals(one["wages"]["withheld"])
        for name, cells in tables.items():  # each table is as safe as by itself
            learned = attack(micro.with_margins(cells, names, RULES), one[name], names)
            hidden = learned.filter(pl.col("withheld") == "primary")
            assert (hidden["most"] >= (1 + RULES.protection * (1 - 1e-6)) * hidden["value"]).all()
        several = {name: micro.protect(cells, names) for name, cells in tables.items()}
        differ += (several["output"]["withheld"] != several["wages"]["withheld"]).sum()
        together += told_narrowly(tables, one, names)
        apart += told_narrowly(tables, several, names)
    assert differ > 10  # where one table tells what the other withholds
    assert apart > 5
    assert together < apart / 3  # one, of an attacker whose guess of every share is that good


def test_a_table_of_31_by_31_needs_few_programs(monkeypatch):
    solved = []
    solve = Program.solve
    monkeypatch.setattr(Program, "solve", lambda self: solved.append(1) or solve(self))
    rng = np.random.default_rng(1)
    rows = []
    for i, j in np.ndindex(31, 31):
        n = int(rng.choice([1, 2, 5, 12, 60, 200], p=[0.1, 0.1, 0.1, 0.2, 0.3, 0.2]))
        sales = np.sort(rng.lognormal(0, 1.2, n))[::-1]
        rows.append((f"{i:02}", f"{j:02}", n, sales.sum(), sales[0], sales[1] if n > 1 else 0.0))
    cells = pl.DataFrame(rows, schema=["a", "b", "firms", "value", "top1", "top2"], orient="row")
    made = micro.protect(cells, ["a", "b"])
    primary = made.filter(pl.col("withheld") == "primary").height
    assert primary > 200
    assert len(solved) < primary / 5  # most move in a rectangle with others that are withheld


def test_the_attacker_wins_where_nothing_else_is_withheld():
    cells = pl.DataFrame(
        {
            "d": ["a", "b", "c"],
            "firms": [3, 40, 50],
            "value": [9.0, 40.0, 50.0],
            "top1": [4.0, 2, 2],
            "top2": [3.0, 2, 2],
        }
    )
    table = micro.with_margins(cells, ["d"], RULES)
    naive = table.with_columns(withheld=pl.when(pl.col("d") == "a").then(pl.lit("primary")).otherwise(pl.lit("")))
    learned = attack(table, naive, ["d"])
    assert learned.select("least", "most").row(0) == pytest.approx((9.0, 9.0), rel=1e-6)


@pytest.mark.parametrize(
    ("firms", "top", "kind"),
    [
        (9, (1.0, 1.0), "primary"),
        (10, (10.0, 10.0), ""),
        (50, (80.0, 10.0), "primary"),
        (50, (70.0, 25.0), "primary"),
        (50, (48.0, 47.9), "primary"),
        (50, (40.0, 20.0), ""),
        (0, (0.0, 0.0), ""),
    ],
)
def test_every_rule_is_kept(firms, top, kind):
    cells = pl.DataFrame(
        {"d": ["a"], "firms": [firms], "value": [100.0 if firms else 0.0], "top1": [top[0]], "top2": [top[1]]}
    )
    assert micro.protect(cells, ["d"]).filter(pl.col("d") == "a")["withheld"].item() == kind


def test_counts_are_rounded_and_years_are_tables_of_their_own():
    cells = pl.DataFrame(
        {
            "d": ["a", "b"] * 2,
            "year": [1, 1, 2, 2],
            "firms": [12, 43, 3, 44],
            "value": [100.0] * 4,
            "top1": 9.0,
            "top2": 8.0,
        }
    )
    made = micro.protect(cells, ["d"])
    assert made.filter(pl.col("year") == 1)["firms"].to_list() == [55, 10, 45]
    assert made.filter(pl.col("year") == 2)["withheld"].to_list() == ["", "primary", "secondary"]
    assert TOTAL in made["d"].to_list()


def test_sums_of_cells_come_from_the_engine():
    firms = pl.DataFrame({"firm": range(5), "year": 1, "industry": list("aaabb"), "output": [5.0, 9.0, 1.0, 2.0, 2.0]})
    made = micro.cell_sums(micro.panel(firms), ["industry"], "output", RULES)
    assert made.rows() == [("a", 1, 3, 15.0, 9.0, 5.0), ("b", 1, 2, 4.0, 2.0, 2.0)]
    with pytest.raises(InputError, match="negative amounts"):
        micro.cell_sums(micro.panel(firms.with_columns(output=-pl.col("output"))), ["industry"], "output", RULES)


def test_rules_that_protect_nobody_are_refused():
    for wrong in ({"least": 1}, {"dominance": 1.5}, {"base": 0}):
        with pytest.raises(UsageError):
            micro.Rules(**wrong)
    with pytest.raises(UsageError, match="one to three"):
        micro.protect(random_cells(0)[0], [])
