from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro.disclosure import TOTAL, identifying

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
        learned = micro.attack(table, published, names)
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
    learned = micro.attack(table, naive, ["d"])
    assert learned.select("least", "most").row(0) == pytest.approx((9.0, 9.0), rel=1e-6)


@pytest.mark.parametrize(
    ("firms", "top", "kind"),
    [(9, (1.0, 1.0), "primary"), (10, (10.0, 10.0), ""), (50, (80.0, 10.0), "primary"), (50, (70.0, 25.0), "primary"),
     (50, (48.0, 47.9), "primary"), (50, (40.0, 20.0), ""), (0, (0.0, 0.0), "")],
)  # fmt: skip
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
