"""From the solution of a model to what `xinzhi.frontier.efficiency` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.data import Solved
from xinzhi.frontier.technology.distance import Programs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options
    from xinzhi.frontier.models.units import ModelSolution

ON_FRONTIER = 1e-9  # a score this close to the best is the best


def hand_over(
    found: ModelSolution,
    data: Data,
    *,
    best: float = 1.0,
    beyond: bool = False,
    columns: dict[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> Solved:
    """Return the solution with the factors as columns named after the goods.

    Parameters
    ----------
    found
        The solution of a model.
    data
        The units.
    best
        The score of an efficient unit.
    beyond
        Whether scores above `best` are efficient too (super-efficiency).
    columns
        Further columns of the result.
    notes
        Sentences for the reader.
    """
    from scipy.sparse import csr_array

    efficient = found.score >= best - ON_FRONTIER if beyond else np.abs(found.score - best) <= ON_FRONTIER
    duals = found.duals or (None, None, None, None)
    bads = data.b is not None
    return Solved(
        score=found.score,
        status=np.array(found.status),
        programs=Programs(count=found.programs, rows=found.size[0], columns=found.size[1]),
        efficient=efficient,
        intensity=csr_array(np.nan_to_num(found.intensities)),  # a unit that is not optimal has no peers
        slack_x=found.slack_x,
        slack_y=found.slack_y,
        slack_b=found.slack_b if bads else None,
        target_x=found.target_x,
        target_y=found.target_y,
        target_b=found.target_b if bads else None,
        dual_x=duals[0],
        dual_y=duals[1],
        dual_b=duals[2] if bads else None,
        dual_scale=duals[3],
        columns={**named(found.factors, data), **(columns or {})},
        notes=tuple(notes),
    )


def named(factors: dict[str, FloatArray], data: Data) -> dict[str, FloatArray]:
    """Return factors of goods as one column a good: `theta_x` of two inputs becomes theta_capital, theta_labour."""
    goods = {"x": data.inputs, "y": data.outputs, "b": data.bads}
    count = len(data.units)
    columns: dict[str, FloatArray] = {}
    for name, values in factors.items():
        stem, _, side = name.rpartition("_")
        if values.ndim == 1 and len(values) == count:
            columns[name] = values + 0.0  # no -0.0
        elif side in goods and values.shape == (count, len(goods[side])):
            columns |= {f"{stem}_{good}": values[:, at] + 0.0 for at, good in enumerate(goods[side])}
    return columns


def bad_outputs(data: Data, options: Options) -> FloatArray:
    """Return the bad outputs, which the model cannot do without.

    Raises
    ------
    UsageError
        When there are none.
    """
    if data.b is None:
        message = f"model='{options.model}' is about bad outputs: hand them in as bad=..."
        raise UsageError(message)
    return data.b


def no_bad_outputs(data: Data, options: Options) -> None:
    """Refuse bad outputs in a model that has no place for them.

    Raises
    ------
    UsageError
        When there are some.
    """
    if data.b is not None:
        message = f"model='{options.model}' has no place for bad outputs; take 'sbm', 'non-radial' or 'by-production'."
        raise UsageError(message)


def oriented(options: Options, known: dict[str, str]) -> str:
    """Return the orientation as the model calls it.

    Raises
    ------
    UsageError
        When the model does not have it.
    """
    if options.orientation not in known:
        message = f"model='{options.model}' knows the orientations {', '.join(known)}; got '{options.orientation}'."
        raise UsageError(message)
    return known[options.orientation]
