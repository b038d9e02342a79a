"""What may be asked of a stochastic frontier, and what goes together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from xinzhi.core.errors import UsageError
from xinzhi.frontier.stochastic.conventions import conventions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Covariance = Literal["information", "robust", "cluster"]

CROSS = ("half-normal", "truncated-normal", "exponential", "gamma", "rayleigh", "uniform")
IN_STEP = ("pitt-lee", "battese-coelli-1992", "kumbhakar-1990")
EFFECTS = ("true-fixed", "true-random", "four-component")
MODELS = (*CROSS, *IN_STEP, "battese-coelli-1995", *EFFECTS)
ALIASES = {
    "bc92": "battese-coelli-1992",
    "bc95": "battese-coelli-1995",
    "k90": "kumbhakar-1990",
    "tfe": "true-fixed",
    "tre": "true-random",
    "gtre": "four-component",
    "hn": "half-normal",
    "tn": "truncated-normal",
}
_DISTRIBUTIONS = {
    "true-fixed": ("half-normal", "truncated-normal", "exponential"),
    "true-random": ("half-normal", "exponential"),
    "pitt-lee": ("half-normal", "truncated-normal"),
    "battese-coelli-1992": ("half-normal", "truncated-normal"),
    "kumbhakar-1990": ("half-normal", "truncated-normal"),
}


class Options(TypedDict, total=False):
    """Further keywords of `sfa`; `Settings` says what each is and its default."""

    distribution: str
    form: Literal["cobb-douglas", "translog"]
    cost: bool
    prices: Sequence[str]
    trend: bool
    controls: Sequence[str]
    determinants: Sequence[str]
    determinants_constant: bool
    covariance: Covariance
    cluster: str
    level: float
    draws: int | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The further keywords of `sfa`.

    Parameters
    ----------
    distribution
        Of the inefficiency in a panel model: ``half-normal``, ``truncated-normal`` or ``exponential``.
    form
        ``cobb-douglas`` or ``translog``.
    cost, prices
        Whether the frontier is one of least cost, and which inputs are prices (for the curvature check).
    trend
        Whether the period is a regressor (neutral in a Cobb-Douglas, with products in a translog).
    controls
        Columns that shift the frontier as they are, without logs.
    determinants, determinants_constant
        Columns that shift the location of inefficiency (Battese and Coelli 1995), and whether a constant joins them.
    covariance, cluster
        ``information`` (inverse Hessian), ``robust`` (sandwich) or ``cluster`` (by `cluster`, else by unit).
    level
        Of confidence intervals.
    draws
        Halton draws for each row in the gamma model; None integrates exactly.
    """

    distribution: str = "half-normal"
    form: str = "cobb-douglas"
    cost: bool = False
    prices: tuple[str, ...] = ()
    trend: bool = False
    controls: tuple[str, ...] = ()
    determinants: tuple[str, ...] = ()
    determinants_constant: bool = True
    covariance: str = "information"
    cluster: str | None = None
    level: float = 0.95
    draws: int | None = 100


def settle(model: str, options: Mapping[str, Any]) -> tuple[str, Settings]:
    """Return the model by its full name and the settings, checked.

    Raises
    ------
    UsageError
        When a name is unknown or options do not go together.

    Examples
    --------
    >>> settle("bc92", {})[0]
    'battese-coelli-1992'
    """
    model = ALIASES.get(str(model).lower(), str(model).lower())
    _among("model", model, MODELS)
    known = [field.name for field in fields(Settings)]
    for name in options:
        _among("option", name, known)
    rules = conventions()
    given = {"level": rules["level"], "draws": rules["halton"]["draws"]} | dict(options)
    for name in ("prices", "controls", "determinants"):
        if isinstance(given.get(name), str):
            message = f"{name}= is a list of column names; write {name}=['{given[name]}']."
            raise UsageError(message)
        given[name] = tuple(given.get(name, ()))
    settings = Settings(**given)
    _check(model, settings, "distribution" in options)
    return model, settings


def _check(model: str, settings: Settings, chosen: bool) -> None:  # noqa: FBT001 - whether a distribution was named
    _among("form", settings.form, ("cobb-douglas", "translog"))
    _among("covariance", settings.covariance, ("information", "robust", "cluster"))
    if chosen and settings.distribution not in _DISTRIBUTIONS.get(model, ()):
        allowed = _DISTRIBUTIONS.get(model)
        cure = f"it has {', '.join(allowed)}." if allowed else "the model says its distribution itself: leave it out."
        message = f"distribution='{settings.distribution}' does not go with model='{model}': {cure}"
        raise UsageError(message)
    if bool(settings.determinants) != (model == "battese-coelli-1995"):
        message = "determinants= and model='battese-coelli-1995' go together: give both or neither."
        raise UsageError(message)
    if not 0 < settings.level < 1:
        message = f"level={settings.level}: a confidence level lies between 0 and 1, such as 0.95."
        raise UsageError(message)
    if settings.draws is not None and (not isinstance(settings.draws, int) or settings.draws < 2):  # noqa: PLR2004 - a mean needs two
        message = f"draws={settings.draws}: simulation needs a whole number of draws from 2, or None to integrate."
        raise UsageError(message)


def _among(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        message = f"unknown {what} '{name}'; choose among {', '.join(known)}."
        raise UsageError(message)
