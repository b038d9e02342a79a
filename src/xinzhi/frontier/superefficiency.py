"""Super-efficiency: each unit against the technology of all others (Andersen and Petersen 1993).

Off constant returns a unit may have no counterpart among the others at all; its programme is then infeasible, and the
status says so. No number stands in for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.frontier.radial import score, solution

if TYPE_CHECKING:
    from xinzhi.frontier.data import Data, Options, Solved


def solve(data: Data, options: Options) -> Solved:
    """Score every unit against the others.

    Parameters
    ----------
    data
        The units.
    options
        As for the radial model; ``orientation="directional"`` gives the directional super-efficiency.
    """
    options.take()
    if options.direction == "endogenous":
        message = "super-efficiency needs a direction that is given; direction='endogenous' is chosen by the programme."
        raise UsageError(message)
    found, moves = score(data, options, exclude_self=True)
    solved = solution(data, found, options.orientation, moves, looked=False)
    best = found.score <= 0 if options.orientation == "directional" else found.score >= 1
    if options.orientation == "output":
        best = found.score <= 1
    lost = [unit for unit, status in zip(data.units, found.status, strict=True) if status == "infeasible"]
    notes = (f"No counterpart among the others (infeasible): {', '.join(lost)}.",) if lost else ()
    return replace(solved, efficient=best | (found.status == "infeasible"), notes=notes)
