"""The verb `production_function`: elasticities of output by any of ten methods, with errors and doubts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import lru_cache, reduce
from typing import Any, Literal, TypedDict, Unpack, get_args

import numpy as np
import polars as pl
from scipy.stats import chi2, norm

from xinzhi.core.arrays import AnyEngine, AnyFrame, FloatArray, Ibis
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.micro.engine import ibis
from xinzhi.micro.production.control_function import ControlFunction, ShareEquation, refuse_proxy
from xinzhi.micro.production.estimator import (
    ANSWERS,
    Fit,
    Method,
    Panel,
    Roles,
    Settings,
    convention,
    draws,
    panel,
    read,
)
from xinzhi.micro.production.linear import CostShares, LeastSquares, Robinson
from xinzhi.micro.production.moments import BlundellBond, Wooldridge
from xinzhi.micro.production.result import ALL, ProductionFunction

Name = Literal["ols", "fe", "cost-shares", "op", "lp", "acf", "wooldridge", "robinson", "gnr", "blundell-bond"]
METHODS: tuple[Name, ...] = get_args(Name)


class Options(TypedDict, total=False):
    """Further keywords of `production_function`."""

    by: str | None
    controls: Sequence[str]
    drivers: Sequence[str]
    share: str | None
    costs: Sequence[str]
    exit: str | None
    attrition: bool
    form: Literal["cobb-douglas", "translog"]
    degree: tuple[int, int]
    share_degree: int
    starts: int
    draws: int
    level: float
    seed: int
    logs: bool
    engine: Any


def production_function(
    frame: AnyFrame,
    output: str,
    free: Sequence[str] = (),
    state: Sequence[str] = (),
    proxy: str | Sequence[str] | None = None,
    firm: str = "firm",
    year: str = "year",
    *,
    method: Name | Sequence[Name] = "lp",
    **options: Unpack[Options],
) -> ProductionFunction:
    """Estimate a production function from firms over years.

    Parameters
    ----------
    frame
        A frame of any kind, or the path of a file: a row for each firm and year, in any order.
    output
        The column of value added or gross output; or a formula ``output ~ free + free | state | proxy | controls``.
    free, state, proxy
        Inputs chosen within the year, inputs set before it, and what tells productivity (materials, energy;
        investment for ``op``). A proxy that is also free makes gross output. For ``gnr`` the proxy is the flexible
        input.
    firm, year
        The columns that name a row.
    method
        ``ols``, ``fe`` (fixed effects), ``cost-shares``, ``op`` (Olley and Pakes 1996), ``lp`` (Levinsohn and Petrin
        2003), ``acf`` (Ackerberg, Caves and Frazer 2015), ``wooldridge`` (2009), ``robinson`` (his single equation with
        instruments), ``gnr`` (Gandhi, Navarro and Rivers 2020) or ``blundell-bond`` (2000); a list compares several.
    **options
        `by` a column of groups (industries), each on its own; `controls` further columns of the first stage; `drivers`
        columns on whose value a year before productivity depends; `share` the share of the flexible input in revenue
        (``gnr``); `costs` a column of costs for each input, free ones first (``cost-shares``); `attrition` to allow for
        exit, which `exit` marks in the last year of a firm (else a firm exits that is not there in the next year);
        `form` ``cobb-douglas`` or ``translog`` (``ols``, ``fe``, ``acf``); `degree` of the polynomials of first stage
        and process; `share_degree`; `starts` of a search; `draws` of a bootstrap over firms (none: analytic errors,
        clustered by firm); `level` of intervals; `seed`; `logs` whether logs are to be taken (False: columns are logs);
        `engine` (see `connect`) to compute all sums where the rows lie, so that only small matrices come home: for
        ``ols, fe, cost-shares, robinson, op, lp, acf`` of the Cobb-Douglas form with analytic errors. ``firms`` of the
        result is then an expression with productivity by firm and year, which `write_firms` writes.

    Returns
    -------
    ProductionFunction
        Coefficients, elasticities, diagnostics, and a table of productivity by firm and year.

    Raises
    ------
    UsageError, InputError
        When an option is unknown or a method lacks what it needs; when a column is missing, a firm has two rows in a
        year, or too few firms are left. Rows with empty, zero or negative figures are left out and counted.

    Examples
    --------
    >>> import numpy as np, polars as pl
    >>> rng = np.random.default_rng(1)
    >>> l, k = rng.normal(size=(2, 300))
    >>> data = {"firm": np.arange(300) // 3, "year": np.arange(300) % 3, "l": l, "k": k}
    >>> data["y"] = 0.6 * l + 0.4 * k + 0.01 * rng.normal(size=300)
    >>> result = production_function(pl.DataFrame(data), "y", ["l"], ["k"], method="ols", logs=False)
    >>> result.coefficients["estimate"].round(2).to_list()
    [0.6, 0.4]
    """
    engine = options.pop("engine", None)
    settings, chosen = _settle(dict(options))
    wanted: list[Name] = [method] if isinstance(method, str) else list(method)
    for name in wanted:
        if name not in METHODS:
            raise UsageError("production.method", method=name, known=list(METHODS))
    roles = _roles(output, (free, state, proxy), (firm, year), chosen)
    # an option that would change nothing with a method is refused: the caller believes that it is at work
    asked = {"attrition": settings.attrition, "drivers": bool(roles.drivers), "controls": bool(roles.controls)}
    for name in wanted:
        takes = {"attrition": name in _STAGED, "drivers": name in {*_STAGED, "gnr"}, "controls": name not in _BARE}
        for option, given in asked.items():
            if given and not takes[option]:
                raise UsageError("production.idle", option=option, method=name)
    call = {**{one.name: getattr(roles, one.name) for one in fields(roles)}, "method": wanted, **asdict(settings)}
    if engine is not None:
        return _in_engine(frame, roles, wanted, settings, engine, call)
    table, rows, dropped = read(frame, roles, "production_function")
    last, keys = int(table.frame[year].max()), table.frame.select(firm, year)  # type: ignore[arg-type] # years are whole
    parts = rows.partition_by(roles.by, as_dict=True) if roles.by else {(ALL,): rows}
    groups = {str(key[0]): part for key, part in parts.items()}

    @lru_cache(maxsize=1)
    def firms(group: str) -> Panel:
        return panel(groups[group], roles, last, keys)

    def estimate(group: str, name: Name) -> dict[str, pl.DataFrame]:
        return _estimated(firms(group), name, settings)

    frames, left_out = _every(sorted(groups), wanted, roles, estimate, lambda group: groups[group].height)
    return _result(frames, dropped, left_out, table.provenance("production_function", **call), kind=table.kind)


Frames = dict[str, list[pl.DataFrame]]


def _every(
    groups: Sequence[str],
    wanted: Sequence[Name],
    roles: Roles,
    estimate: Callable[[str, Name], dict[str, pl.DataFrame]],
    height: Callable[[str], int],
) -> tuple[Frames, list[dict[str, Any]]]:
    """Return the tables of all groups and methods, and which of several groups are left out."""
    frames: Frames = {name: [] for name in ("coefficients", "elasticities", "diagnostics", "minima", "productivity")}
    left_out: list[dict[str, Any]] = []
    for group in groups:
        for name in wanted:
            try:
                made = estimate(group, name)
            except InputError as error:
                if not roles.by:
                    raise
                small = error.code == "production.few-firms"
                why = {"reason": "few-firms" if small else "failed", "column": group if small else f"{group}, {name}"}
                left_out.append({**why, "rows": height(group)})
                if small:
                    break
                continue
            for key, one in made.items():
                frames[key].append(one.with_columns(method=pl.lit(name), group=pl.lit(group)))
    return frames, left_out


def _result(
    frames: Frames,
    dropped: pl.DataFrame,
    left_out: Sequence[Mapping[str, Any]],
    about: Provenance,
    **more: Any,  # noqa: ANN401 - fields of the result
) -> ProductionFunction:
    """Return the result of all methods and groups; refuse one without any estimate."""
    if not frames["diagnostics"]:
        raise InputError("production.few-firms", firms=0, least=convention("fewest_firms"))
    done: dict[str, Any] = {key: pl.concat(found, how="diagonal") for key, found in frames.items() if found}
    done = {key: one.select("method", "group", pl.exclude("method", "group")) for key, one in done.items()}
    every = pl.concat([dropped, pl.DataFrame(left_out, schema=dropped.schema)])
    return ProductionFunction(frame=done.pop("coefficients"), provenance=about, dropped=every, **done, **more)


def _in_engine(
    source: AnyFrame,
    roles: Roles,
    wanted: Sequence[Name],
    settings: Settings,
    engine: AnyEngine,
    call: Mapping[str, Any],
) -> ProductionFunction:
    """Return the result of sums that an engine computes."""
    from xinzhi.data import provenance
    from xinzhi.micro.production import by_engine

    asked = {"draws": settings.draws, "attrition": settings.attrition, "form": settings.form != "cobb-douglas"}
    asked |= {name: getattr(roles, name) for name in ("drivers", "share", "exit")}
    idle = [name for name, given in asked.items() if given]
    idle += [f"method='{name}'" for name in wanted if name not in by_engine.METHODS]
    if idle:
        raise UsageError("production.in-engine", given=idle[0], known=list(by_engine.METHODS))
    for name in wanted:
        refuse_proxy(roles, name)
    own, rows, dropped = by_engine.read(source, roles, engine)
    groups = sorted(own.collect(rows.select("by").distinct())["by"]) if roles.by else [ALL]
    tables = []

    def part(group: str) -> Ibis:
        return rows.filter(rows.by == group) if roles.by else rows

    def estimate(group: str, name: Name) -> dict[str, pl.DataFrame]:
        made = by_engine.estimated(own, part(group), roles, name, settings)
        empty = {} if "noise" in made.firms.columns else {"noise": made.firms.productivity * 0.0}
        table = made.firms.mutate(**empty, method=ibis().literal(name), group=ibis().literal(group))
        tables.append(table.select("method", "group", "firm", "year", "productivity", "noise"))
        inputs = [made.terms.index(one) for one in roles.inputs]
        z, whole = float(norm.ppf((1 + settings.level) / 2)), made.covariance[np.ix_(inputs, inputs)].sum()
        error = np.sqrt(np.diag(made.covariance))
        spreads = [
            (one, values - z * one, values + z * one)
            for one, values in ((error, made.fit.coefficients), (error[inputs], made.fit.mean))
        ]
        how: dict[str, Any] = {
            "terms": made.terms,
            "inputs": roles.inputs,
            "searched": made.searched,
            "counts": made.counts,
        }
        return _tables(made.fit, roles, spreads, float(np.sqrt(whole)), **how)

    frames, left_out = _every(
        groups, wanted, roles, estimate, lambda group: own.collect(part(group).aggregate(n=part(group).count())).item()
    )
    about = provenance("production_function", **call, engine=own.name)
    every = reduce(lambda one, two: one.union(two), tables) if tables else None
    none: dict[str, Any] = dict.fromkeys(("method", "group", "firm"), pl.String) | {"year": pl.Int64}
    none |= dict.fromkeys(("productivity", "noise", "omega"), pl.Float64)
    frames["productivity"] = [pl.DataFrame(schema=none)]
    return _result(frames, dropped, left_out, about, firms=every, engine=own)


Spread = tuple[FloatArray, FloatArray, FloatArray]  # standard errors and ends of the intervals


def _tables(  # noqa: PLR0913 - what an estimate is made of
    fit: Fit,
    roles: Roles,
    spreads: Sequence[Spread],
    scale_error: float,
    *,
    terms: Sequence[str],
    inputs: Sequence[str],
    searched: Sequence[str],
    counts: Mapping[str, int | None],
    drawn: int = 0,
) -> dict[str, pl.DataFrame]:
    """Return the tables of an estimate; linear coefficients of a first stage are not among the minima of a search."""

    def lines(names: Sequence[str], values: FloatArray, spread: Spread) -> pl.DataFrame:
        shown = values if fit.status in ANSWERS else np.full(len(values), np.nan)
        columns = dict(zip(("estimate", "standard_error", "low", "high"), (shown, *spread), strict=True))
        return pl.DataFrame({"term": list(names), **columns}).with_columns(pl.col(*columns).fill_nan(None))

    played = {name: role for role in ("controls", "state", "free") for name in getattr(roles, role)}
    role = [played.get(term, "proxy" if term in roles.proxy else "second-order") for term in terms]
    schema = {"number": pl.Int64, "term": pl.String, "estimate": pl.Float64, "criterion": pl.Float64}
    minima = [
        (number, term, float(value), one.criterion, one.starts)
        for number, one in enumerate(fit.minima, 1)
        for term, value in zip(searched, one.coefficients, strict=True)
    ]
    coefficients = lines(terms, fit.coefficients, spreads[0])
    return {
        "coefficients": coefficients.with_columns(role=pl.Series(role), status=pl.lit(fit.status)),
        "elasticities": lines(inputs, fit.mean, spreads[1]),
        "diagnostics": _diagnostics(counts, fit, drawn, scale_error),
        "minima": pl.DataFrame(minima, schema=schema | {"starts": pl.Int64}, orient="row"),
    }


def _settle(given: dict[str, Any]) -> tuple[Settings, dict[str, Any]]:
    """Return how to estimate, checked, and the options that name columns."""
    names = ("by", "controls", "drivers", "share", "costs", "exit", "logs")
    known = [*names, *(one.name for one in fields(Settings))]
    for name in given:
        if name not in known:
            raise UsageError("production.option", option=name, known=sorted(known))
    chosen = {name: given.pop(name) for name in names if name in given}
    for name in ("controls", "drivers", "costs"):
        listed = chosen.get(name, ())
        chosen[name] = (listed,) if isinstance(listed, str) else tuple(listed)
    settings = Settings(**given)
    if settings.form not in {"cobb-douglas", "translog"}:
        raise UsageError("production.form-unknown", form=settings.form)
    if not 0 < settings.level < 1:
        raise UsageError("production.level", level=settings.level)
    sizes = (("starts", settings.starts, 1), ("share_degree", settings.share_degree, 1), ("draws", settings.draws, 0))
    for name, value, least in (*sizes, ("degree", min(settings.degree), 1)):
        if value < least:
            raise UsageError("production.size", name=name, least=least, given=value)
    return settings, chosen


def _roles(output: str, inputs: tuple[Any, Any, Any], key: tuple[str, str], chosen: dict[str, Any]) -> Roles:
    """Return which column plays which part, from keywords or a formula."""
    free, state, proxy = (() if one is None else ((one,) if isinstance(one, str) else tuple(one)) for one in inputs)
    controls = chosen.pop("controls")
    if "~" in output:
        output, _, right = output.partition("~")
        parts = [tuple(name.strip() for name in part.split("+") if name.strip()) for part in right.split("|")]
        if len(parts) > 4 or any((free, state, proxy)):  # noqa: PLR2004 - free, state, proxy, controls
            raise UsageError("production.formula")
        free, state, proxy, more = (*parts, (), (), ())[:4]
        controls = (*controls, *more)
    if not (free or state):
        raise UsageError("production.no-inputs")
    named: dict[str, Any] = {"output": output.strip(), "firm": key[0], "year": key[1]}
    return Roles(**named, free=free, state=state, proxy=proxy, controls=controls, **chosen)


_STAGED, _BARE = ("op", "lp", "acf"), ("cost-shares", "gnr")
_OTHERS: dict[str, Callable[[Panel, Settings], Method]] = {
    "cost-shares": CostShares,
    "wooldridge": Wooldridge,
    "robinson": Robinson,
    "gnr": ShareEquation,
    "blundell-bond": BlundellBond,
}


def _estimated(firms: Panel, name: Name, settings: Settings) -> dict[str, pl.DataFrame]:
    """Return the tables of one method and group, with productivity by firm and year."""
    method: Method
    if name in _STAGED:
        method = ControlFunction(firms, name, settings)
    elif name in {"ols", "fe"}:
        method = LeastSquares(firms, name, settings)
    elif settings.form != "cobb-douglas":
        raise UsageError("production.form", method=name)
    else:
        method = _OTHERS[name](firms, settings)
    fit = method.fit()
    drawn: tuple[FloatArray, ...] | None = None
    if settings.draws and fit.status in ANSWERS:
        drawn = draws(method, fit, firms.ids, settings.draws, settings.seed)
        drawn = (*drawn, drawn[1].sum(axis=1)[:, None])
    through = fit.mean_influence
    parts = (fit.coefficients, fit.influence), (fit.mean, through)
    whole = fit.mean.sum()[None], None if through is None else through.sum(axis=0)[None]
    *spreads, total = (
        _spread(*part, None if drawn is None else drawn[at], settings.level) for at, part in enumerate((*parts, whole))
    )
    counts = {"firms": firms.firms, "rows": len(firms.firm), "pairs": len(firms.now), "gaps": firms.gaps}
    how: dict[str, Any] = {
        "terms": method.terms,
        "inputs": method.inputs,
        "searched": method.searched,
        "counts": counts,
    }
    made = _tables(fit, firms.roles, spreads, float(total[0][0]), **how, drawn=0 if drawn is None else len(drawn[0]))
    omega = None if fit.productivity is None or fit.noise is None else fit.productivity - fit.noise
    columns: dict[str, Any] = {"productivity": fit.productivity, "noise": fit.noise, "omega": omega}
    if fit.elasticities is not None:  # those that differ by row
        columns |= {f"elasticity:{name}": row for name, row in zip(method.inputs, fit.elasticities, strict=True)}
    empty = pl.lit(None, pl.Float64)
    known = {name: empty if values is None else pl.Series(name, values) for name, values in columns.items()}
    rows = firms.rows.select(firm=pl.col(firms.roles.firm), year=pl.col(firms.roles.year))
    return made | {"productivity": rows.with_columns(**known)}


def _spread(values: FloatArray, influence: FloatArray | None, drawn: FloatArray | None, level: float) -> Spread:
    """Return standard errors and intervals: analytic ones, or those of the draws that found a solution."""
    if influence is None:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing, nothing
    if drawn is None:
        firms, z = influence.shape[1], float(norm.ppf((1 + level) / 2))
        error = np.sqrt((influence**2).sum(axis=1) * firms / (firms - 1))
        return error, values - z * error, values + z * error
    tail = 50 * (1 - level)
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return np.std(drawn, axis=0, ddof=1), low, high


def _diagnostics(counts: Mapping[str, int | None], fit: Fit, drawn: int, error: float) -> pl.DataFrame:
    answer = fit.status in ANSWERS
    low, high = convention("elasticity_range")
    each = fit.mean[:, None] if fit.elasticities is None else fit.elasticities
    row = {
        "status": fit.status,
        **counts,
        "returns_to_scale": float(fit.mean.sum()) if answer else None,
        "returns_error": error if answer else None,
        "out_of_range": float(((each <= low) | (each >= high)).any(axis=0).mean()) if answer else None,
        "criterion": fit.criterion,
        "degrees": fit.degrees,
        "p_value": float(chi2.sf(fit.criterion, fit.degrees)) if fit.degrees and fit.criterion is not None else None,
        "starts": fit.starts,
        "minima": len(fit.minima),
        "leaning": ",".join(fit.leaning),
        "explained": fit.explained,
        "draws": drawn,
    }
    numbers = ("returns_to_scale", "returns_error", "out_of_range", "criterion", "p_value", "explained")
    kinds: dict[str, Any] = dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(("pairs", "gaps"), pl.Int64)
    return pl.DataFrame([row], schema_overrides=kinds)
