"""Whether relatedness foretells entry better than the plain location quotient, in years that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xinzhi.core.result import Facts
from xinzhi.data.package import Package
from xinzhi.pathways.conventions import conventions, setting
from xinzhi.pathways.entry.backtest import draws, measures, ordered
from xinzhi.pathways.industries import jobs, nearness, years_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Average precision of a model and of the quotient on entries between two years, with the interval between them.

    `beats` is true where the whole interval is above zero. Both rank the same cells as of `start`; neither has seen
    what entered by `end`. `industries` are ranked, of which `services` are sections of services.
    """

    industries: int
    services: int
    start: int
    end: int
    candidates: int
    entries: int
    value: float
    quotient: float
    low: float
    high: float

    @property
    def beats(self) -> bool:
        """Whether the model is better than the quotient beyond chance."""
        return self.low > 0

    def facts(self) -> Facts:
        """Return what the test says, as the first line of a page."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return {"headline.skill": said} if self.beats else {"headline.no_skill": said | {"worse": self.high < 0}}


class Evidence(Protocol):
    """What is told where nothing can be recommended: what plans name, and what evidence shows (`choices`)."""

    def evidence(self) -> Facts:
        """Return what evidence says as a whole."""


def entry_skill(package: Package, last: int, horizon: int | None = None, *, verb: str = "plan") -> Skill | None:
    """Return how relatedness density does on the entries of the years up to `last`, beside the plain location quotient.

    Parameters
    ----------
    package
        With `activity`.
    last
        The year by which activities entered.
    horizon
        Over how many years; None: that of the plan in ``pathways.yaml``.
    verb
        Who asks, for messages.

    Returns
    -------
    Skill or None
        None where the years or the entries are too few to tell.

    Examples
    --------
    >>> import xinzhi
    >>> entry_skill(xinzhi.load("china-provinces"), 2016).beats
    False
    """
    years = years_of(package.require("activity", ["region", "industry", "year", "employment"], verb=verb))
    start = last - (int(setting("plan.horizon")) if horizon is None else horizon)
    if start not in years:
        return None
    before, after = (nearness(jobs(package, year, verb=verb)[0]) for year in (start, last))
    if (before.places, before.industries) != (after.places, after.industries):
        return None
    rows, columns = np.nonzero(~before.present)
    entered = after.present[rows, columns]
    rules = conventions("backtest")
    if min(entered.sum(), (~entered).sum()) < int(rules["fewest"]):
        return None
    n = len(before.places)
    drawn = np.vstack([np.ones(n), draws(n, int(rules["draws"]), 0)])
    model, plain = (
        measures(ordered(entered, score[rows, columns], rows, n), drawn)["average_precision"]
        for score in (before.density, before.quotient)
    )
    edge = (1 - float(rules["level"])) / 2
    low, high = np.quantile((model - plain)[1:], [edge, 1 - edge]).tolist()
    divisions = sum(code.isdigit() for code in before.industries)
    return Skill(
        industries=len(before.industries), services=len(before.industries) - divisions if divisions else 0,
        start=start, end=last, candidates=len(rows), entries=int(entered.sum()), value=float(model[0]),
        quotient=float(plain[0]), low=low, high=high,
    )  # fmt: skip
