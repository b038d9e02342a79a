"""The verb `efficiency`: read the data, find the model, return the result."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.frontier.data import Options
from xinzhi.frontier.models import MODELS
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.result import efficiency_result
from xinzhi.frontier.technology.technology import RTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.frontier.result import Efficiency

_SHARED = ("direction", "disposability", "slacks", "bounds")


def efficiency(
    x: Any,  # noqa: ANN401 - an array or a frame
    y: Any,  # noqa: ANN401 - an array or a frame
    bad: Any = None,  # noqa: ANN401 - an array or a frame
    *,
    rts: str = "vrs",
    orientation: str = "input",
    model: str = "radial",
    units: str | Sequence[Any] | None = None,
    **options: Any,  # noqa: ANN401 - options of the model
) -> Efficiency:
    """Score every unit against the technology that all units span.

    Parameters
    ----------
    x, y, bad
        Inputs, outputs and bad outputs: arrays `(n, k)` or frames of any kind, in any units of measurement. A text
        column (or a pandas index) holds the names of the units.
    rts
        ``crs, vrs, nirs`` (``drs``), ``ndrs`` (``irs``), ``grs`` (with ``bounds=(L, U)``), ``fdh``, ``replication``,
        ``scaling``.
    orientation
        ``input``, ``output``, ``hyperbolic`` or ``directional``; a model says which it knows.
    model
        ``radial``, ``directional``, ``hyperbolic``, ``additive``, ``super``, ``cross``, and every other name in
        `xinzhi.frontier.models.MODELS`.
    units
        Names of the units, or the name of the column that holds them.
    options
        ``slacks`` (True: a second phase finds the largest slacks), ``disposability`` of bad outputs (``weak``,
        ``kuosmanen``, ``equality``, ``strong``), ``direction`` (``own``, ``mean``, ``unit``, ``range``,
        ``endogenous``, or arrays ``(gx, gy[, gb])``), ``bounds``; then the model's own, such as ``scale=True`` of the
        radial model, ``weights="ram"`` of the additive and ``method="aggressive"`` of cross-efficiency.

    Returns
    -------
    Efficiency
        ``.frame`` with a row for each unit, ``.scores``, ``.status``, ``.slacks``, ``.targets``, ``.peers``,
        ``.duals``, ``.programs``.

    Raises
    ------
    UsageError
        When an option is unknown or options do not go together.
    InputError
        When a value is missing, or one that the model cannot take.

    Examples
    --------
    >>> import xinzhi.frontier
    >>> result = xinzhi.frontier.efficiency([[2.0], [4.0], [4.0]], [[1.0], [3.0], [1.0]], units=["a", "b", "c"])
    >>> result.scores.round(6).tolist(), result.status.tolist()
    ([1.0, 1.0, 0.5], ['optimal', 'optimal', 'optimal'])
    >>> result.peers.row(2)
    ('c', 'a', 1.0)
    """
    if model not in MODELS:
        message = f"unknown model '{model}'; choose one of {', '.join(MODELS)}."
        raise UsageError(message)
    if rts not in RTS:
        message = f"unknown rts '{rts}'; choose one of {', '.join(RTS)}."
        raise UsageError(message)
    data = read_data(x, y, bad, units)
    shared = {name: options.pop(name) for name in _SHARED if name in options}
    asked = Options(model=model, rts=rts, orientation=orientation, extra=options, **shared)
    solved = importlib.import_module(MODELS[model]).solve(data, asked)
    given = {"model": model, "rts": rts, "orientation": orientation, **shared, **options}
    return efficiency_result(data, asked, solved, {name: _plain(value) for name, value in given.items()})


def _plain(value: Any) -> Any:  # noqa: ANN401 - an option of any kind
    """Return an option as a certificate can hold it."""
    if isinstance(value, str | bool | int | float | None):
        return value
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else str(value)
