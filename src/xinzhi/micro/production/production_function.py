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
from xinzhi.core.result import FrameKind, Provenance
from xinzhi.micro.engine import Engine, ibis
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
_PRODUCTIVITY: Mapping[str, type[pl.DataType]] = {
    **dict.fromkeys(("method", "group", "firm"), pl.String),
    "year": pl.Int64,
    **dict.fromkeys(("productivity", "noise", "omega"), pl.Float64),
}


class ColumnOptions(TypedDict, total=False):
    """The further keywords of `production_function` that name columns, and whether these are taken in logs."""

    by: str | None
    controls: Sequence[str]
    drivers: Sequence[str]
    share: str | None
    costs: Sequence[str]
    exit: str | None
    logs: bool


class Options(ColumnOptions, total=False):
    """Further keywords of `production_function`."""

    attrition: bool
    form: Literal["cobb-douglas", "translog"]
    degree: tuple[int, int]
    share_degree: int
    starts: int
    draws: int
    level: float
    seed: int
    engine: AnyEngine


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
    settings = _settle(dict(options))
    methods: list[Name] = [method] if isinstance(method, str) else list(method)
    for name in methods:
        if name not in METHODS:
            raise UsageError("production.method", method=name, known=list(METHODS))
    roles = _roles(output, (free, state, proxy), (firm, year), options)
    # an option that would change nothing with a method is refused: the caller believes that it is at work
    in_use = {"attrition": settings.attrition, "drivers": bool(roles.drivers), "controls": bool(roles.controls)}
    for name in methods:
        takes = {"attrition": name in _STAGED, "drivers": name in {*_STAGED, "gnr"}, "controls": name not in _BARE}
        for option, value in in_use.items():
            if value and not takes[option]:
                raise UsageError("production.idle", option=option, method=name)
    call = {
        **{field.name: getattr(roles, field.name) for field in fields(roles)},
        "method": methods,
        **asdict(settings),
    }
    if engine is not None:
        return _in_engine(frame, roles, methods, settings, engine, call)
    table, rows, dropped = read(frame, roles, "production_function")
    last, keys = int(table.frame[year].max()), table.frame.select(firm, year)  # type: ignore[arg-type] # years are whole
    parts = rows.partition_by(roles.by, as_dict=True) if roles.by else {(ALL,): rows}
    groups = {str(key[0]): part for key, part in parts.items()}

    @lru_cache(maxsize=1)
    def firms(group: str) -> Panel:
        return panel(groups[group], roles, last, keys)

    def estimate(group: str, name: Name) -> dict[str, pl.DataFrame]:
        return _estimated(firms(group), name, settings)

    frames, left_out = _every(sorted(groups), methods, roles, estimate, lambda group: groups[group].height)
    return _result(frames, dropped, left_out, table.provenance("production_function", **call), kind=table.kind)


Frames = dict[str, list[pl.DataFrame]]
Omission = tuple[str, str, int]  # reason, group (and method), rows


def _every(
    groups: Sequence[str],
    methods: Sequence[Name],
    roles: Roles,
    estimate: Callable[[str, Name], dict[str, pl.DataFrame]],
    height: Callable[[str], int],
) -> tuple[Frames, list[Omission]]:
    """Return the tables of all groups and methods, and which of several groups are left out."""
    frames: Frames = {name: [] for name in ("coefficients", "elasticities", "diagnostics", "minima", "productivity")}
    left_out: list[Omission] = []
    for group in groups:
        for name in methods:
            try:
                tables = estimate(group, name)
            except InputError as error:
                if not roles.by:
                    raise
                small = error.code == "production.few-firms"
                reason, column = ("few-firms", group) if small else ("failed", f"{group}, {name}")
                left_out.append((reason, column, height(group)))
                if small:
                    break
                continue
            for key, table in tables.items():
                frames[key].append(table.with_columns(method=pl.lit(name), group=pl.lit(group)))
    return frames, left_out


def _result(
    frames: Frames,
    dropped: pl.DataFrame,
    left_out: Sequence[Omission],
    about: Provenance,
    *,
    firms: Ibis | None = None,
    engine: Engine | None = None,
    kind: FrameKind = "polars",
) -> ProductionFunction:
    """Return the result of all methods and groups; refuse one without any estimate."""
    if not frames["diagnostics"]:
        raise InputError("production.few-firms", firms=0, least=convention("fewest_firms"))
    done = {
        key: pl.concat(tables, how="diagonal").select("method", "group", pl.exclude("method", "group"))
        for key, tables in frames.items()
    }
    return ProductionFunction(
        frame=done["coefficients"],
        provenance=about,
        kind=kind,
        elasticities=done["elasticities"],
        diagnostics=done["diagnostics"],
        minima=done["minima"],
        dropped=pl.concat([dropped, pl.DataFrame(left_out, schema=dropped.schema, orient="row")]),
        productivity=done["productivity"],
        firms=firms,
        engine=engine,
    )


def _in_engine(
    source: AnyFrame,
    roles: Roles,
    methods: Sequence[Name],
    settings: Settings,
    engine: AnyEngine,
    call: Mapping[str, Any],
) -> ProductionFunction:
    """Return the result of sums that an engine computes."""
    from xinzhi.core.provenance import provenance
    from xinzhi.micro.production import by_engine

    unsupported = {"draws": settings.draws, "attrition": settings.attrition, "form": settings.form != "cobb-douglas"}
    unsupported |= {name: getattr(roles, name) for name in ("drivers", "share", "exit")}
    idle = [name for name, value in unsupported.items() if value]
    idle += [f"method='{name}'" for name in methods if name not in by_engine.METHODS]
    if idle:
        raise UsageError("production.in-engine", given=idle[0], known=list(by_engine.METHODS))
    for name in methods:
        refuse_proxy(roles, name)
    backend, rows, dropped = by_engine.read(source, roles, engine)
    groups = sorted(backend.collect(rows.select("by").distinct())["by"]) if roles.by else [ALL]
    tables = []

    def part(group: str) -> Ibis:
        return rows.filter(rows.by == group) if roles.by else rows

    def estimate(group: str, name: Name) -> dict[str, pl.DataFrame]:
        result = by_engine.estimated(backend, part(group), roles, name, settings)
        empty = {} if "noise" in result.firms.columns else {"noise": result.firms.productivity * 0.0}
        table = result.firms.mutate(**empty, method=ibis().literal(name), group=ibis().literal(group))
        tables.append(table.select("method", "group", "firm", "year", "productivity", "noise"))
        inputs = [result.terms.index(input_name) for input_name in roles.inputs]
        z, scale_variance = float(norm.ppf((1 + settings.level) / 2)), result.covariance[np.ix_(inputs, inputs)].sum()
        error = np.sqrt(np.diag(result.covariance))
        spreads = [
            (errors, values - z * errors, values + z * errors)
            for errors, values in ((error, result.fit.coefficients), (error[inputs], result.fit.mean))
        ]
        return _tables(
            result.fit,
            roles,
            spreads,
            float(np.sqrt(scale_variance)),
            terms=result.terms,
            inputs=roles.inputs,
            searched=result.searched,
            counts=result.counts,
        )

    frames, left_out = _every(
        groups,
        methods,
        roles,
        estimate,
        lambda group: backend.collect(part(group).aggregate(n=part(group).count())).item(),
    )
    about = provenance("production_function", **call, engine=backend.name)
    firms = reduce(lambda merged, part: merged.union(part), tables) if tables else None
    frames["productivity"] = [pl.DataFrame(schema=_PRODUCTIVITY)]
    return _result(frames, dropped, left_out, about, firms=firms, engine=backend)


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
    draw_count: int = 0,
) -> dict[str, pl.DataFrame]:
    """Return the tables of an estimate; linear coefficients of a first stage are not among the minima of a search."""

    def lines(names: Sequence[str], values: FloatArray, spread: Spread) -> pl.DataFrame:
        estimates = values if fit.status in ANSWERS else np.full(len(values), np.nan)
        columns = dict(zip(("estimate", "standard_error", "low", "high"), (estimates, *spread), strict=True))
        return pl.DataFrame({"term": list(names), **columns}).with_columns(pl.col(*columns).fill_nan(None))

    played = {name: role for role in ("controls", "state", "free") for name in getattr(roles, role)}
    role = [played.get(term, "proxy" if term in roles.proxy else "second-order") for term in terms]
    schema = {"number": pl.Int64, "term": pl.String, "estimate": pl.Float64, "criterion": pl.Float64}
    minima = [
        (number, term, float(value), minimum.criterion, minimum.starts)
        for number, minimum in enumerate(fit.minima, 1)
        for term, value in zip(searched, minimum.coefficients, strict=True)
    ]
    coefficients = lines(terms, fit.coefficients, spreads[0])
    return {
        "coefficients": coefficients.with_columns(role=pl.Series(role), status=pl.lit(fit.status)),
        "elasticities": lines(inputs, fit.mean, spreads[1]),
        "diagnostics": _diagnostics(counts, fit, draw_count, scale_error),
        "minima": pl.DataFrame(minima, schema=schema | {"starts": pl.Int64}, orient="row"),
    }


def _settle(options: Mapping[str, Any]) -> Settings:
    """Return how to estimate, checked."""
    choices = [*ColumnOptions.__annotations__, *(field.name for field in fields(Settings))]
    for name in options:
        if name not in choices:
            raise UsageError("production.option", option=name, known=sorted(choices))
    settings = Settings(**{name: value for name, value in options.items() if name not in ColumnOptions.__annotations__})
    if settings.form not in {"cobb-douglas", "translog"}:
        raise UsageError("production.form-unknown", form=settings.form)
    if not 0 < settings.level < 1:
        raise UsageError("production.level", level=settings.level)
    sizes = (("starts", settings.starts, 1), ("share_degree", settings.share_degree, 1), ("draws", settings.draws, 0))
    for name, value, least in (*sizes, ("degree", min(settings.degree), 1)):
        if value < least:
            raise UsageError("production.size", name=name, least=least, given=value)
    return settings


def _column_names(entry: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of an argument that takes none, one or several."""
    if entry is None:
        return ()
    return (entry,) if isinstance(entry, str) else tuple(entry)


def _roles(
    output: str, inputs: Sequence[str | Sequence[str] | None], key: tuple[str, str], columns: ColumnOptions
) -> Roles:
    """Return which column plays which part, from keywords or a formula."""
    free, state, proxy = (_column_names(entry) for entry in inputs)
    controls = _column_names(columns.get("controls"))
    if "~" in output:
        output, _, right = output.partition("~")
        parts = [tuple(name.strip() for name in part.split("+") if name.strip()) for part in right.split("|")]
        if len(parts) > 4 or any((free, state, proxy)):  # noqa: PLR2004 - free, state, proxy, controls
            raise UsageError("production.formula")
        free, state, proxy, more = (*parts, (), (), ())[:4]
        controls = (*controls, *more)
    if not (free or state):
        raise UsageError("production.no-inputs")
    return Roles(
        output=output.strip(),
        free=free,
        state=state,
        firm=key[0],
        year=key[1],
        proxy=proxy,
        controls=controls,
        drivers=_column_names(columns.get("drivers")),
        share=columns.get("share"),
        costs=_column_names(columns.get("costs")),
        by=columns.get("by"),
        exit=columns.get("exit"),
        logs=columns.get("logs", True),
    )


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
    samples: tuple[FloatArray, ...] | None = None
    if settings.draws and fit.status in ANSWERS:
        samples = draws(method, fit, firms.ids, settings.draws, settings.seed)
        samples = (*samples, samples[1].sum(axis=1)[:, None])
    through = fit.mean_influence
    parts = (fit.coefficients, fit.influence), (fit.mean, through)
    scale = fit.mean.sum()[None], None if through is None else through.sum(axis=0)[None]
    *spreads, total = (
        _spread(*part, None if samples is None else samples[at], settings.level)
        for at, part in enumerate((*parts, scale))
    )
    counts = {"firms": firms.firms, "rows": len(firms.firm), "pairs": len(firms.now), "gaps": firms.gaps}
    tables = _tables(
        fit,
        firms.roles,
        spreads,
        float(total[0][0]),
        terms=method.terms,
        inputs=method.inputs,
        searched=method.searched,
        counts=counts,
        draw_count=0 if samples is None else len(samples[0]),
    )
    omega = None if fit.productivity is None or fit.noise is None else fit.productivity - fit.noise
    columns: dict[str, FloatArray | None] = {"productivity": fit.productivity, "noise": fit.noise, "omega": omega}
    if fit.elasticities is not None:  # those that differ by row
        columns |= {f"elasticity:{name}": row for name, row in zip(method.inputs, fit.elasticities, strict=True)}
    empty = pl.lit(None, pl.Float64)
    series = {name: empty if values is None else pl.Series(name, values) for name, values in columns.items()}
    rows = firms.rows.select(firm=pl.col(firms.roles.firm), year=pl.col(firms.roles.year))
    return tables | {"productivity": rows.with_columns(**series)}


def _spread(values: FloatArray, influence: FloatArray | None, samples: FloatArray | None, level: float) -> Spread:
    """Return standard errors and intervals: analytic ones, or those of the draws that found a solution."""
    if influence is None:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing, nothing
    if samples is None:
        firms, z = influence.shape[1], float(norm.ppf((1 + level) / 2))
        error = np.sqrt((influence**2).sum(axis=1) * firms / (firms - 1))
        return error, values - z * error, values + z * error
    tail = 50 * (1 - level)
    low, high = np.percentile(samples, [tail, 100 - tail], axis=0)
    return np.std(samples, axis=0, ddof=1), low, high


def _diagnostics(counts: Mapping[str, int | None], fit: Fit, draw_count: int, error: float) -> pl.DataFrame:
    answer = fit.status in ANSWERS
    low, high = convention("elasticity_range")
    elasticities = fit.mean[:, None] if fit.elasticities is None else fit.elasticities
    row = {
        "status": fit.status,
        **counts,
        "returns_to_scale": float(fit.mean.sum()) if answer else None,
        "returns_error": error if answer else None,
        "out_of_range": float(((elasticities <= low) | (elasticities >= high)).any(axis=0).mean()) if answer else None,
        "criterion": fit.criterion,
        "degrees": fit.degrees,
        "p_value": float(chi2.sf(fit.criterion, fit.degrees)) if fit.degrees and fit.criterion is not None else None,
        "starts": fit.starts,
        "minima": len(fit.minima),
        "leaning": ",".join(fit.leaning),
        "explained": fit.explained,
        "draws": draw_count,
    }
    numbers = ("returns_to_scale", "returns_error", "out_of_range", "criterion", "p_value", "explained")
    kinds: Mapping[str, type[pl.DataType]] = dict.fromkeys(numbers, pl.Float64) | {"pairs": pl.Int64, "gaps": pl.Int64}
    return pl.DataFrame([row], schema_overrides=kinds)
