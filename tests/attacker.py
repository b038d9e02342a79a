"""An attacker of published tables: what the cells that are shown tell of those that are withheld."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.core.programs import Program
from xinzhi.micro.suppression import margins


def attack(table, published, dimensions):
    """Return what is learned of every withheld cell from the published ones: the least and the most it can be.

    `table` has the true cells with their margins, of which the attacker sees only which have no firm; `published` is
    what `protect` returned, of one year.
    """
    seen = published.select(*dimensions, "withheld", shown="value")
    both = table.join(seen, on=list(dimensions), maintain_order="left")
    known = both["withheld"].to_numpy() == ""
    shown, firms = both["shown"].fill_null(0.0).to_numpy(), both["firms"].to_numpy()
    lower, upper = np.where(known, shown, 0.0), np.where(known, shown, np.where(firms > 0, np.inf, 0.0))
    size = max(float(shown.max(initial=0.0)), 1.0)
    program = Program(
        margins(both, list(dimensions)),
        costs=0.0,
        row_lower=0.0,
        row_upper=0.0,
        column_lower=lower / size,
        column_upper=upper / size,
    )
    rows = []
    for cell in np.flatnonzero(~known):
        ends = []
        for sign in (1.0, -1.0):
            program.set_costs(0.0)
            program.set_costs(sign, [int(cell)])
            solved = program.solve()
            ends.append(np.inf if solved.status == "unbounded" else float(solved.primal[cell]) * size)
        rows.append({"least": ends[0], "most": ends[1]})
    named = both.filter(pl.Series(~known)).select(*dimensions, "withheld", "value")
    return named.hstack(pl.DataFrame(rows, schema={"least": pl.Float64, "most": pl.Float64}))
