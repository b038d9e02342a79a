"""The verb `production_function`: elasticities of output by any of ten methods, with errors and doubts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, get_args

import numpy as np
import polars as pl
from scipy.stats import chi2, norm

from xinzhi.core.arrays import AnyEngine, AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.micro.engine import ibis
from xinzhi.micro.production.columns import Panel, Roles, convention, panel, read
from xinzhi.micro.production.control_function import ControlFunction, ShareEquation, refuse_proxy
from xinzhi.micro.production.fit import ANSWERS, Fit, Method, Settings, draws
from xinzhi.micro.production.linear import CostShares, LeastSquares, Robinson
from xinzhi.micro.production.moments import BlundellBond, Wooldridge
from xinzhi.micro.production.result import ALL, ProductionFunction

if TYPE_CHECKING:
    from xinzhi.micro.production.by_engine import Estimate

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
    settings, chosen = _settle(options)
    wanted: list[Name] = [method] if isinstance(method, str) else list(method)
    for name in wanted:
        if name not in METHODS:
            raise UsageError("production.method", method=name, known=list(METHODS))
    roles = _roles(output, (free, state, proxy), (firm, year), chosen)
    _refuse_idle(wanted, roles, settings)
    if engine is not None:
        return _in_engine(frame, roles, wanted, settings, engine)
    table, rows, dropped = read(frame, roles, "production_function")
    last, keys = int(table.frame[year].max()), table.frame.select(firm, year)  # type: ignore[arg-type] # years are whole
    parts = rows.partition_by(roles.by, as_dict=True) if roles.by else {(ALL,): rows}
    frames: dict[str, list[pl.DataFrame]] = {name: [] for name in _FRAMES}
    left_out: list[dict[str, Any]] = []
    for group in sorted(parts, key=lambda one: str(one[0])):
        called, height = str(group[0]), parts[group].height
        firms = None
        for name in wanted:
            try:
                firms = firms or panel(parts[group], roles, last, keys)
                made = _estimated(firms, name, settings)
            except InputError as error:
                if not roles.by:
                    raise
                small = error.code == "production.few-firms"
                why = {"reason": "few-firms" if small else "failed", "column": called if small else f"{called}, {name}"}
                left_out += [{**why, "rows": height}]
                if small:
                    break
                continue
            for key, one in made.items():
                frames[key].append(one.with_columns(method=pl.lit(name), group=pl.lit(called)))
    about = table.provenance("production_function", **_call(roles, wanted, settings))
    return _result(frames, dropped, left_out, about, kind=table.kind)


def _call(roles: Roles, wanted: Sequence[str], settings: Settings) -> dict[str, Any]:
    """Return what was asked, for the provenance."""
    return {**{one.name: getattr(roles, one.name) for one in fields(roles)}, "method": wanted, **asdict(settings)}


def _result(
    frames: Mapping[str, list[pl.DataFrame]],
    dropped: pl.DataFrame,
    left_out: Sequence[Mapping[str, Any]],
    about: Provenance,
    **more: Any,  # noqa: ANN401 - fields of the result
) -> ProductionFunction:
    """Return the result of all methods and groups; refuse one without any estimate."""
    if not frames["diagnostics"]:
        raise InputError("production.few-firms", firms=0, least=convention("fewest_firms"))
    done = {key: pl.concat(found, how="diagonal") for key, found in frames.items() if found}
    done = {key: one.select("method", "group", pl.exclude("method", "group")) for key, one in done.items()}
    return ProductionFunction(
        frame=done["coefficients"],
        provenance=about,
        elasticities=done["elasticities"],
        diagnostics=done["diagnostics"],
        minima=done["minima"],
        dropped=pl.concat([dropped, pl.DataFrame(left_out, schema=dropped.schema)]),
        productivity=done["productivity"],
        **more,
    )


def _in_engine(
    source: AnyFrame, roles: Roles, wanted: Sequence[Name], settings: Settings, engine: AnyEngine
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
    frames: dict[str, list[pl.DataFrame]] = {name: [] for name in _FRAMES}
    left_out: list[dict[str, Any]] = []
    tables = []
    for group in groups:
        part = rows.filter(rows.by == group) if roles.by else rows
        for name in wanted:
            try:
                made = by_engine.estimated(own, part, roles, name, settings)
            except InputError as error:
                if not roles.by:
                    raise
                small = error.code == "production.few-firms"
                height = own.collect(part.aggregate(n=part.count())).item()
                why = {"reason": "few-firms" if small else "failed", "column": group if small else f"{group}, {name}"}
                left_out += [{**why, "rows": height}]
                if small:
                    break
                continue
            for key, one in _of_sums(made, roles, settings).items():
                frames[key].append(one.with_columns(method=pl.lit(name), group=pl.lit(group)))
            empty = {} if "noise" in made.firms.columns else {"noise": made.firms.productivity * 0.0}
            table = made.firms.mutate(**empty, method=ibis().literal(name), group=ibis().literal(group))
            tables.append(table.select("method", "group", "firm", "year", "productivity", "noise"))
    about = provenance("production_function", **_call(roles, wanted, settings), engine=own.name)
    whole = reduce(lambda one, two: one.union(two), tables) if tables else None
    none: dict[str, Any] = dict.fromkeys(("method", "group", "firm"), pl.String) | {"year": pl.Int64}
    none |= dict.fromkeys(("productivity", "noise", "omega"), pl.Float64)
    frames["productivity"] = [pl.DataFrame(schema=none)]
    return _result(frames, dropped, left_out, about, firms=whole, engine=own)


def _of_sums(made: Estimate, roles: Roles, settings: Settings) -> dict[str, pl.DataFrame]:
    """Return the tables of an estimate whose covariance is known."""
    fit, answer = made.fit, made.fit.status in ANSWERS
    z = float(norm.ppf((1 + settings.level) / 2))

    def lines(terms: Sequence[str]) -> pl.DataFrame:
        at = [made.terms.index(term) for term in terms]
        error = np.sqrt(np.diag(made.covariance))[at]
        shown = fit.coefficients[at] if answer else np.full(len(at), np.nan)
        columns = {"estimate": shown, "standard_error": error, "low": shown - z * error, "high": shown + z * error}
        return pl.DataFrame({"term": list(terms), **columns}).with_columns(pl.col(*columns).fill_nan(None))

    inputs = [made.terms.index(name) for name in roles.inputs]
    scale_error = float(np.sqrt(made.covariance[np.ix_(inputs, inputs)].sum()))
    coefficients = lines(made.terms).with_columns(
        role=pl.Series(_parts_played(roles, made.terms)), status=pl.lit(fit.status)
    )
    return {
        "coefficients": coefficients,
        "elasticities": lines(roles.inputs),
        "diagnostics": _diagnostics(made.counts, fit, 0, scale_error),
        "minima": _minima(made.searched, fit),
    }


def _parts_played(roles: Roles, terms: Sequence[str]) -> list[str]:
    played = {name: role for role in ("controls", "state", "free") for name in getattr(roles, role)}
    return [played.get(term, "proxy" if term in roles.proxy else "second-order") for term in terms]


_FRAMES = ("coefficients", "elasticities", "diagnostics", "minima", "productivity")


def _settle(options: Options) -> tuple[Settings, dict[str, Any]]:
    """Return how to estimate, checked, and the options that name columns."""
    names = ("by", "controls", "drivers", "share", "costs", "exit", "logs")
    known = [*names, *(one.name for one in fields(Settings))]
    given: dict[str, Any] = dict(options)
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
    return Roles(
        output=output.strip(),
        free=free,
        state=state,
        proxy=proxy,
        firm=key[0],
        year=key[1],
        controls=controls,
        **chosen,
    )


def _refuse_idle(wanted: Sequence[Name], roles: Roles, settings: Settings) -> None:
    """Refuse an option that would change nothing with a method, and that the caller believes to be at work."""
    asked = {"attrition": settings.attrition, "drivers": bool(roles.drivers), "controls": bool(roles.controls)}
    for name in wanted:
        takes = {"attrition": name in _STAGED, "drivers": name in {*_STAGED, "gnr"}, "controls": name not in _BARE}
        for option, given in asked.items():
            if given and not takes[option]:
                raise UsageError("production.idle", option=option, method=name)


_STAGED, _BARE = ("op", "lp", "acf"), ("cost-shares", "gnr")


def _method(firms: Panel, name: Name, settings: Settings) -> Method:
    """Return an estimator with its columns ready."""
    if name in _STAGED:
        return ControlFunction(firms, name, settings)
    if name in {"ols", "fe"}:
        return LeastSquares(firms, name, settings)
    if settings.form != "cobb-douglas":
        raise UsageError("production.form", method=name)
    return _OTHERS[name](firms, settings)


_OTHERS: dict[str, Callable[[Panel, Settings], Method]] = {
    "cost-shares": CostShares,
    "wooldridge": Wooldridge,
    "robinson": Robinson,
    "gnr": ShareEquation,
    "blundell-bond": BlundellBond,
}


def _estimated(firms: Panel, name: Name, settings: Settings) -> dict[str, pl.DataFrame]:
    """Return the tables of one method and group."""
    method = _method(firms, name, settings)
    fit = method.fit()
    answer = fit.status in ANSWERS
    drawn = draws(method, fit, firms.ids, settings.draws, settings.seed) if settings.draws and answer else None
    z = float(norm.ppf((1 + settings.level) / 2))

    def lines(terms: Sequence[str], at: int, values: FloatArray, influence: FloatArray | None) -> pl.DataFrame:
        error, low, high = _spread(values, influence, None if drawn is None else drawn[at], z, settings.level)
        shown = values if answer else np.full(len(values), np.nan)
        columns = {"estimate": shown, "standard_error": error, "low": low, "high": high}
        return pl.DataFrame({"term": list(terms), **columns}).with_columns(pl.col(*columns).fill_nan(None))

    coefficients = lines(method.terms, 0, fit.coefficients, fit.influence)
    elasticities = lines(method.inputs, 1, fit.mean, fit.mean_influence)
    total, influence = fit.mean.sum()[None], fit.mean_influence
    summed = None if drawn is None else drawn[1].sum(axis=1)[:, None]
    through = None if influence is None else influence.sum(axis=0)[None]
    scale_error = float(_spread(total, through, summed, z, settings.level)[0][0])
    role = _parts_played(firms.roles, method.terms)
    counts = {"firms": firms.firms, "rows": len(firms.firm), "pairs": len(firms.now), "gaps": firms.gaps}
    return {
        "coefficients": coefficients.with_columns(role=pl.Series(role), status=pl.lit(fit.status)),
        "elasticities": elasticities,
        "diagnostics": _diagnostics(counts, fit, 0 if drawn is None else len(drawn[0]), scale_error),
        "minima": _minima(method.searched, fit),
        "productivity": _productivity(firms, method, fit),
    }


def _spread(
    values: FloatArray, influence: FloatArray | None, drawn: FloatArray | None, z: float, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return standard errors and intervals: analytic ones, or those of the draws that found a solution."""
    if influence is None:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing, nothing
    if drawn is None:
        firms = influence.shape[1]
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
    kinds: dict[str, Any] = {"returns_to_scale": pl.Float64, "returns_error": pl.Float64, "out_of_range": pl.Float64}
    kinds |= {"criterion": pl.Float64, "p_value": pl.Float64, "explained": pl.Float64}
    kinds |= {"pairs": pl.Int64, "gaps": pl.Int64}
    return pl.DataFrame([row], schema_overrides=kinds)


def _minima(searched: Sequence[str], fit: Fit) -> pl.DataFrame:
    """Return every distinct solution of the search; linear coefficients of the first stage are not searched for."""
    schema = {
        "number": pl.Int64,
        "term": pl.String,
        "estimate": pl.Float64,
        "criterion": pl.Float64,
        "starts": pl.Int64,
    }
    rows = []
    for number, one in enumerate(fit.minima, 1):
        for term, value in zip(searched, one.coefficients, strict=True):
            rows.append((number, term, float(value), one.criterion, one.starts))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _productivity(firms: Panel, method: Method, fit: Fit) -> pl.DataFrame:
    """Return productivity by firm and year, the elasticities that differ by row beside it."""
    omega = None if fit.productivity is None or fit.noise is None else fit.productivity - fit.noise
    columns: dict[str, Any] = {"productivity": fit.productivity, "noise": fit.noise, "omega": omega}
    if fit.elasticities is not None:
        columns |= {f"elasticity:{name}": row for name, row in zip(method.inputs, fit.elasticities, strict=True)}
    empty = pl.lit(None, pl.Float64)
    known = {name: empty if values is None else pl.Series(name, values) for name, values in columns.items()}
    return firms.rows.select(firm=pl.col(firms.roles.firm), year=pl.col(firms.roles.year)).with_columns(**known)
