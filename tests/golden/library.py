"""The verbs of the library that no call of the command line reaches, on the packages that are frozen."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = {"place": "region", "activity": "industry", "value": "employment"}
SERIES = {"unit": "region", "time": "year", "value": "output_per_head"}


def _tables() -> dict[str, pl.DataFrame]:
    import xinzhi

    return xinzhi.load("china-provinces").tables


def _per_head() -> pl.DataFrame:
    accounts = _tables()["accounts"].filter(pl.col("year").is_between(2000, 2019))
    return accounts.select("region", "year", output_per_head=pl.col("output_real") / pl.col("population"))


def _even(rows: int, columns: int, seed: int) -> np.ndarray:
    """Return figures between 1 and 9 from a generator whose sequence Python promises to keep."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    return np.array([[1.0 + 8.0 * dice.random() for _ in range(columns)] for _ in range(rows)])


def dynamics() -> None:
    """Run the verbs on the movement of a distribution."""
    from xinzhi import pathways, sectors
    from xinzhi.pathways import internal

    frame = _per_head()
    near = sectors.contiguity(sea=True)
    pathways.distribution_dynamics(frame, **SERIES)
    pathways.log_t_test(frame, **SERIES)
    pathways.transitions(frame, **SERIES, neighbours=near)
    pathways.sigma_convergence(frame, **SERIES)
    pathways.beta_convergence(frame, **SERIES)
    internal.merge_clubs(pathways.clubs(frame, **SERIES))
    pathways.lead_changes(frame, **SERIES)
    last = frame.filter(pl.col("year") == 2019)
    sectors.markov(frame, "output_per_head", classes=4, neighbours=near)
    sectors.moran(last, "output_per_head", neighbours=near, draws=99, seed=3)
    sectors.inequality(frame, "output_per_head")
    sectors.ridgelines(frame, "output_per_head", years=[2000, 2010, 2019])


def capabilities() -> None:
    """Run the verbs on what regions could enter."""
    from xinzhi import pathways
    from xinzhi.pathways import internal

    jobs = _tables()["activity"]
    pathways.forecast(jobs, **JOBS, period="year", train=(2006, 2011), at=2016, model="additive_logit")
    pathways.validated_proximity(jobs.filter(pl.col("year") == 2016), **JOBS)
    levels = _per_head().filter(pl.col("year") == 2016)
    anchor = dict(levels.select("region", "output_per_head").iter_rows())
    found = pathways.complexity(jobs.filter(pl.col("year") == 2016), "region", "industry", "employment", anchor=anchor)
    pathways.opportunities(found)
    internal.northeast()


def systems() -> None:
    """Run the verbs on sectors: coupling, obstacles, decoupling, drivers, centres, returns to schooling."""
    from xinzhi import sectors

    years = list(range(2005, 2015))
    for pressure in ("energy_consumption", "so2_emissions"):
        sectors.decoupling("china-provinces", pressure, "output_real", span=3)
    sectors.kaya("china-provinces", span=None)
    made = _even(60, 4, 1)
    names = [f"r{number}" for number in range(6)]
    rows = pl.DataFrame({"region": np.repeat(names, 10), "year": np.tile(years, 6)}).with_columns(
        *(pl.Series(name, made[:, place] / 10) for place, name in enumerate(("economy", "green", "school", "wage")))
    )
    sectors.coupling(rows, ["economy", "green", "school"])
    sectors.lmdi(rows, ["economy", "green"], span=1)
    sectors.schooling_return(rows, "wage", schooling="school", controls=["green"])
    sectors.schooling_return(rows, "wage", schooling="school", effects="two-way")
    groups = pl.DataFrame({"region": ["a"] * 8, "year": [1, 1, 2, 2, 3, 3, 4, 4], "level": ["low", "high"] * 4})
    sectors.composition(
        groups.with_columns(persons=_even(8, 1, 4)[:, 0], wage=_even(8, 1, 5)[:, 0]), "level", "persons", "wage"
    )


def envelopes() -> None:
    """Run models of envelopment on made-up units, some with prices and bad outputs."""
    from xinzhi import frontier, risks

    x, y, bad = _even(25, 2, 6), _even(25, 2, 7), _even(25, 1, 8)
    for model in frontier_models():
        for rts in ("crs", "vrs"):
            try:
                frontier.efficiency(
                    x, y, bad if model in {"environmental", "by-production"} else None, rts=rts, model=model
                )
            except Exception:  # noqa: BLE001, S112 - not every model knows every returns to scale
                continue
    for rts in ("crs", "vrs", "nirs", "ndrs", "fdh"):
        for orientation in ("input", "output"):
            frontier.efficiency(x, y, rts=rts, orientation=orientation)
    frontier.cost_efficiency(x, y, np.array([4.0, 2.0]))
    frontier.revenue_efficiency(x, y, np.array([4.0, 2.0]), rts="crs")
    frontier.profit_efficiency(x, y, np.array([1.0, 2.0]), np.array([2.0, 1.0]))
    frontier.bootstrap(x, y, draws=30, seed=1)
    frontier.metafrontier(x, y, ["a", "b", "c", "d", "e"] * 5)
    risks.plant_capacity(x[:, :1], x[:, 1:], y, units=[f"u{number}" for number in range(25)])


def frontier_models() -> tuple[str, ...]:
    """Return the models of envelopment that were there when the numbers were frozen."""
    return (
        "radial",
        "sbm",
        "super",
        "super-sbm",
        "russell",
        "ebm",
        "additive",
        "cross",
        "range-directional",
        "seiford-zhu",
        "environmental",
        "non-radial",
        "congestion",
    )


def panels() -> None:
    """Run indices of productivity change and stochastic frontiers on a made-up panel."""
    from xinzhi import frontier

    goods = _even(48, 4, 9)
    frame = pl.DataFrame(
        {"u": np.repeat([f"u{number}" for number in range(12)], 4), "t": np.tile(range(2000, 2004), 12)}
    )
    frame = frame.with_columns(*(pl.Series(name, goods[:, place]) for place, name in enumerate(("k", "l", "y", "b"))))
    change = {"unit": "u", "period": "t", "inputs": ["k", "l"], "outputs": ["y"]}
    for index in ("malmquist", "luenberger", "hicks-moorsteen", "fare-primont"):
        frontier.productivity_change(frame, **change, index=index)
    for reference in ("sequential", "global", "biennial"):
        frontier.productivity_change(frame, **change, reference=reference)
    frontier.productivity_change(frame, **change, rts="vrs", decomposition="ray-desli")
    frontier.productivity_change(frame, **change, bad=["b"], index="malmquist-luenberger", reference="global")
    # noise and inefficiency that the likelihood tells apart: where it is flat, the last digits are those of the machine
    noise, shortfall = _even(48, 3, 15).mean(axis=1) / 9.0, abs(_even(48, 3, 16).mean(axis=1) - 5.0)
    output = np.exp(0.5 * np.log(goods[:, 0]) + 0.3 * np.log(goods[:, 1]) + 0.8 * noise - 0.5 * shortfall)
    frontier.sfa(frame.with_columns(y=pl.Series(output)), "y", ["k", "l"], model="exponential")


def prices_and_firms() -> None:
    """Run the tests of exuberance, plants from peak to peak, and firms that are kept alive."""
    from xinzhi import risks

    walks = _even(80, 3, 10) - 5.0
    steps = walks.cumsum(axis=0)
    rows = pl.DataFrame({"s": ["a", "b", "c"] * 80, "t": [t for t in range(80) for _ in "abc"], "v": steps.ravel()})
    risks.bubbles(rows, "s", "t", "v", critical="stored")
    simulated = risks.BubbleRules(draws=100)
    risks.bubbles(rows, "s", "t", "v", lag=1, critical="simulated", rules=simulated)
    risks.panel_bubbles(rows, "s", "t", "v", rules=simulated)
    made = _even(40, 1, 11)[:, 0]
    years = list(range(2000, 2010))
    risks.peak_to_peak(pl.DataFrame({"industry": np.repeat(list("abcd"), 10), "year": years * 4, "output": made}))
    firms = _even(40, 4, 12)
    frame = pl.DataFrame({"firm": np.repeat(list("abcd"), 10), "year": years * 4, "profit": firms[:, 0] - 5.0})
    risks.zombies(frame)
    risks.cost_capacity(lambda output, capital: output**2 / capital, firms[:, 1], firms[:, 2], 1.0)


def vintages_and_eras() -> None:
    """Run the comparison of vintages, the history of energy and the dependence on digital industries."""
    import xinzhi
    from xinzhi import scope

    tables = dict(_tables())
    later = tables["accounts"].with_columns(output_real=pl.col("output_real") * (1 + (pl.col("year") - 1996) / 500))
    xinzhi.compare_vintages({**tables}, {**tables, "accounts": later})
    xinzhi.vintage_history("china-provinces")
    xinzhi.breaks("china-provinces")
    carriers = ("Human muscle", "Animal muscle", "Coal", "Primary electricity")
    energy = _even(10, 4, 13)
    scope.history(
        pl.DataFrame({"Entity": ["X"] * 10, "Year": list(range(1800, 2000, 20))}).with_columns(
            *(pl.Series(name, energy[:, place]) for place, name in enumerate(carriers))
        )
    )
    flows = [
        {"from": one, "to": other, "value": 1.0 + place}
        for place, (one, other) in enumerate((a, b) for a in ("39", "17", "65") for b in ("39", "17", "65", "output"))
    ]
    frame = pl.DataFrame(flows).with_columns(
        value=pl.when(pl.col("to") == "output").then(60.0).otherwise(pl.col("value"))
    )
    scope.digital_dependence(scope.read_input_output(frame)[None], digital=["39", "65"])


LIBRARY: dict[str, Callable[[], Any]] = {
    f"library-{run.__name__.replace('_', '-')}": run
    for run in (dynamics, capabilities, systems, envelopes, panels, prices_and_firms, vintages_and_eras)
}
