"""Evidence for the register: what other verbs and rooms found, brought to regions and planned categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.risks.inputs import shorten
from xinzhi.risks.register.evidence_words import OUTLOOK_WORDS, chance_words, outlook_words
from xinzhi.risks.register.rules import rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.text import Language, Text
    from xinzhi.data import Package
    from xinzhi.risks.capacity.herd_entry import HerdEntry

_PLACES, _ITEMS = ("region", "place"), ("category", "activity", "industry")
_PROVINCE = 2


def planned(package: Package, year: int | None) -> tuple[pl.DataFrame, int]:
    """Return who names what: ``region, item, kind``, and the year of the plans; umbrella terms are left out.

    Raises
    ------
    UsageError
        When there are no plans of the year.
    """
    plans = package.require("plans", ["region", "year", "category", "named"], verb="register")
    years = sorted(int(one) for one in plans["year"].unique())
    chosen = years[-1] if year is None else year
    if chosen not in years:
        message = f"register: there are no plans of {chosen}; there are {shorten([str(one) for one in years])}."
        raise UsageError(message)
    rows = plans.filter(pl.col("year") == chosen, pl.col("named") > 0)
    kinds = package.require("plan_categories", ["category"], verb="register")
    if "informative" in kinds.columns:
        rows = rows.join(kinds.filter(pl.col("informative") == 0), on="category", how="anti")
    return rows.select("region", item="category", kind=pl.lit("category")).sort("region", "item"), chosen


def divisions(package: Package) -> pl.DataFrame:
    """Return ``item, division``: the divisions of every category that has any."""
    kinds = package.require("plan_categories", ["category", "divisions"], verb="register")
    split = kinds.drop_nulls("divisions").with_columns(pl.col("divisions").str.split(";"))
    return split.explode("divisions").select(item="category", division="divisions")


def ranked(
    given: Any,  # noqa: ANN401 - a frame or result
    column: str,
    plan: pl.DataFrame,
    parts: pl.DataFrame,
    names: Mapping[str, Text],
) -> pl.DataFrame:
    """Return the rank (0-1 within the region) of a figure for every planned category: that of its nearest division.

    Parameters
    ----------
    given
        A frame or result with ``region`` or ``place``; ``category``, ``activity`` or ``industry``; `column`, and
        ``{column}_rank`` where it is ranked already (`opportunities` is).
    column
        ``density`` or ``fit``.
    plan, parts
        What `planned` and `divisions` return.
    names
        Of divisions and categories.

    Notes
    -----
    A division that others lack and the region does not is one that it has already: the rule has nothing to say.

    Examples
    --------
    >>> given = pl.DataFrame({"region": ["a", "a", "b"], "industry": ["38", "39", "38"], "density": [0.1, 0.4, 0.2]})
    >>> plan = pl.DataFrame({"region": ["a"], "item": ["pv"], "kind": ["category"]})
    >>> parts = pl.DataFrame({"item": ["pv"], "division": ["38"]})
    >>> ranked(given, "density", plan, parts, {}).row(0, named=True)["value"]
    0.5
    """
    frame, item = _keyed(given, column)
    rank = f"{column}_rank"
    if rank not in frame.columns:
        share = pl.col(column).rank("average").over("region") / pl.col(column).count().over("region")
        frame = frame.with_columns(share.alias(rank))
    figures = frame.select("region", pl.col("item").alias("division"), pl.col(rank).cast(pl.Float64).alias("value"))
    pairs = plan.join(parts, on="item", how="left")
    if item == "category":
        pairs = plan.with_columns(division=pl.col("item"))
    known = figures["division"].unique()
    joined = pairs.join(figures, on=["region", "division"], how="left").with_columns(
        has=pl.col("division").is_in(known.implode())
        & pl.col("value").is_null()
        & (item != "category")
        # of a region that is not there nothing follows
        & pl.col("region").is_in(figures["region"].unique().implode())
    )
    best = (
        joined.sort("value", descending=True, nulls_last=True)
        .group_by("region", "item", "kind")
        .agg(
            pl.col("value").first(),
            nearest_zh=_named(names, "zh"),
            nearest_en=_named(names, "en"),
            settled=pl.col("has").fill_null(False).any(),  # noqa: FBT003 - a literal value
        )
    )
    return best.with_columns(
        value=pl.when(~pl.col("settled")).then(pl.col("value")),
        reason_zh=_why("已有该行业大类", "没有可比的行业大类"),
        reason_en=_why("the region has the division already", "no division to compare with"),
    ).sort("region", "item")


def _named(names: Mapping[str, Text], language: Language) -> pl.Expr:
    """Return the name of the first division of a group."""
    known = {code: name.lang(language) for code, name in names.items()}
    first = pl.col("division").first()
    return first.replace_strict(known, default=first, return_dtype=pl.String).fill_null("-")


def _why(there: str, absent: str) -> pl.Expr:
    return pl.when("settled").then(pl.lit(there)).when(pl.col("value").is_null()).then(pl.lit(absent))


def _cells(name: str, given: Any) -> pl.DataFrame:  # noqa: ANN401 - a frame or result
    """Return any kind of frame, or that of a result."""
    from xinzhi.data.frames import read_frames  # a package needs no narwhals

    return read_frames({name: given.frame if isinstance(given, Result) else given})[0][0].cells


def _keyed(given: Any, column: str) -> tuple[pl.DataFrame, str]:  # noqa: ANN401 - a frame or result
    """Return a frame with ``region, item``, and the name that the latter had."""
    frame = _cells(column, given)
    place = next((one for one in _PLACES if one in frame.columns), None)
    item = next((one for one in _ITEMS if one in frame.columns), None)
    if place is None or item is None or column not in frame.columns:
        message = (
            f"register({column}=): it needs region (or place), category, activity or industry, and {column}; the frame "
            f"has {', '.join(frame.columns)}."
        )
        raise InputError(message)
    if "year" in frame.columns:
        frame = frame.filter(pl.col("year") == pl.col("year").max())
    figures = [one for one in (column, f"{column}_rank") if one in frame.columns]
    try:
        frame = frame.with_columns(pl.col(one).cast(pl.Float64).fill_nan(None) for one in figures)
    except pl.exceptions.PolarsError as error:
        message = f"register({column}=): {' and '.join(figures)} must be numbers ({str(error).splitlines()[0]})."
        raise InputError(message) from error
    named = frame.rename({place: "region", item: "item"}).with_columns(pl.col("region", "item").cast(pl.String))
    if named.select("region", "item").is_duplicated().any():
        message = f"register({column}=): a region and {item} has more than one row; keep one of them."
        raise InputError(message)
    return named, item


def outlook(found: HerdEntry, plan: pl.DataFrame, names: Mapping[str, Text]) -> dict[str, pl.DataFrame]:
    """Return what capacity looks like for every planned category, by rule; `names` are those of the survey's series."""
    options = found.provenance.options
    rows = found.frame.filter(entry="all", demand="base").select(
        "regions", "utilisation", "break_even", "chance_below", "base_utilisation", "survey", "growth", item="category",
        few="entrants_at_threshold", needed="growth_at_threshold", zh="status_zh", en="status_en",
    )  # fmt: skip
    words = [outlook_words(row, names) for row in rows.iter_rows(named=True)]
    rows = rows.drop("needed").with_columns(
        pl.Series(name, [one[name] for one in words], dtype=pl.String) for name in OUTLOOK_WORDS
    )
    shares, percent = found.sizes.rename({"category": "item"}), (100 * pl.col("share")).round(1)
    both = (
        plan.join(rows, on="item", how="left")
        .join(shares, on=["region", "item"], how="left")
        .with_columns(
            edge=pl.lit(float(options["threshold"])),
            horizon=pl.lit(int(options["horizon"])),
            share_zh=pl.format(" {}%", percent).fill_null("比重不详"),
            share_en=pl.format("{}%", percent).fill_null("an unknown share"),
        )
    )
    absent = pl.col("chance_below").is_null()
    reasons = {
        "reason_zh": pl.when(absent).then(pl.col("zh").fill_null("未计算该类别")),
        "reason_en": pl.when(absent).then(pl.col("en").fill_null("the category was not computed")),
    }
    told = both.with_columns(**reasons)
    return {
        "idle-if-all-build": told.with_columns(value="chance_below"),
        "idle-now": told.with_columns(value=pl.col("base_utilisation") * 100),
    }


def herding(plan: pl.DataFrame, year: int, regions: int, likeness: Any) -> pl.DataFrame:  # noqa: ANN401 - a frame or result
    """Return the share of regions that name each planned category; from `likeness` where it is given.

    `likeness` has ``category, named, regions`` (`pathways.choices` returns it), and ``year`` where there are several.
    """
    if likeness is None:
        counts = plan.group_by("item").agg(count=pl.len()).with_columns(regions=pl.lit(regions))
    else:
        frame = _cells("likeness", likeness)
        if missing := [one for one in ("category", "named", "regions") if one not in frame.columns]:
            message = f"register(likeness=): it lacks {', '.join(missing)}; `choices` returns them."
            raise InputError(message)
        frame = frame.filter(pl.col("year") == year) if "year" in frame.columns else frame
        counts = frame.select(item=pl.col("category").cast(pl.String), count="named", regions="regions")
    edge = float(rules()["named-by-most"]["above"])
    # the most that may name it: one fewer than reach the threshold
    joined = plan.join(counts, on="item", how="left").with_columns(
        year=pl.lit(year), limit=(pl.col("regions") * edge).ceil().cast(pl.Int64) - 1
    )
    absent, few = pl.col("count").is_null(), pl.col("regions") < int(rules()["named-by-most"]["least_regions"])
    said = pl.col("regions").cast(pl.String)
    return joined.with_columns(
        value=pl.when(~few).then(pl.col("count") / pl.col("regions")),
        reason_zh=pl.when(absent)
        .then(pl.lit("likeness 中没有该类别"))
        .when(few)
        .then(pl.format("只有 {} 个地区的规划", said)),
        reason_en=pl.when(absent)
        .then(pl.lit("likeness has no such category"))
        .when(few)
        .then(pl.format("there are plans of {} regions only", said)),
    )


def old_wine(
    screening: Any,  # noqa: ANN401 - a frame or result
    projects: Any,  # noqa: ANN401 - a frame or result
    regions: Sequence[str],
) -> tuple[pl.DataFrame, list[str]]:
    """Return every screened project of a region (or of a city in it), and projects of none.

    The value is the probability where the verdict is ``repackaged``.

    Raises
    ------
    InputError
        When a column is missing.
    """
    frame = _cells("screening", screening)
    needed = ("id", "verdict", "probability")
    if missing := [one for one in needed if one not in frame.columns]:
        message = f"register(screening=): it lacks {', '.join(missing)}; `screen` returns them."
        raise InputError(message)
    if "region" not in frame.columns:
        if projects is None:
            message = "register(screening=): say where the projects are: projects= with id and region."
            raise InputError(message)
        where = _cells("projects", projects)
        if not {"id", "region"} <= set(where.columns):
            message = f"register(projects=): it needs id and region; the frame has {', '.join(where.columns)}."
            raise InputError(message)
        places = where.select(pl.col("id").cast(pl.String), "region").unique("id", keep="first", maintain_order=True)
        frame = frame.with_columns(pl.col("id").cast(pl.String)).join(places, on="id", how="left")
    stated = frame.with_columns(pl.col("region").cast(pl.String))
    home = {one: _home(one, regions) for one in stated["region"].drop_nulls().unique()}
    rows = stated.with_columns(pl.col("region").replace_strict(home, default=None, return_dtype=pl.String))
    lost = rows.filter(pl.col("region").is_null())["id"].cast(pl.String).to_list()
    rows = rows.drop_nulls("region")
    absent = pl.lit(None, dtype=pl.String)
    words = {
        new: (pl.col(old) if old in rows.columns else absent).fill_null("-")
        for new, old in (("archive_id", "archive_id"), ("evidence_en", "evidence"), ("evidence_zh", "evidence_zh"))
    }
    judged = pl.col("verdict") == "repackaged"
    unclear = pl.col("verdict") == "cannot tell"
    told = rows.with_columns(**words).select(
        "region", "archive_id", "evidence_en", "evidence_zh",
        kind=pl.lit("project"), item=pl.col("id").cast(pl.String),
        value=pl.when(judged).then(pl.max_horizontal(pl.col("probability").cast(pl.Float64), pl.lit(0.5))),
        settled=~judged & ~unclear,
        reason_zh=pl.when(unclear).then(pl.lit("无法判断")).when(~judged).then(pl.lit("不是翻新项目")),
        reason_en=pl.when(unclear).then(pl.lit("cannot tell")).when(~judged).then(pl.lit("not repackaged")),
    )  # fmt: skip
    chances = [None if one is None else chance_words(one) for one in told["value"].to_list()]
    said = {f"chance_{name}": [None if one is None else one.lang(name) for one in chances] for name in ("zh", "en")}
    return told.with_columns(pl.Series(name, words, dtype=pl.String) for name, words in said.items()), lost


def bubble(found: Any, regions: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:  # noqa: ANN401 - a result or a frame
    """Return every tested series of a region (1 while an episode that counts goes on, else -1), and series of none.

    Parameters
    ----------
    found
        A result of `bubbles`, or its ``episodes``: ``series, start, ongoing``, and where they are there ``rejects``,
        ``signal``, ``convention``.
    regions
        Codes of regions. A series belongs to the region of its name, or of the province of its six-digit code.
    """
    frame = _cells("bubbles", getattr(found, "episodes", found))
    if missing := [one for one in ("series", "start", "ongoing") if one not in frame.columns]:
        message = f"register(bubbles=): it lacks {', '.join(missing)}; `bubbles(...).episodes` has them."
        raise InputError(message)
    ongoing = pl.col("ongoing")
    if "rejects" in frame.columns:
        ongoing = ongoing & pl.col("rejects")
    if "signal" in frame.columns:
        ongoing = ongoing & (pl.col("signal") == "positive")
    named = pl.col("convention").cast(pl.String) if "convention" in frame.columns else pl.lit("-")
    now = frame.filter(ongoing).select(
        item=pl.col("series").cast(pl.String), start=pl.col("start").cast(pl.String), convention=named, value=1.0
    )
    tested = getattr(found, "statistics", frame)
    usable = tested.filter(status="tested") if "status" in tested.columns else tested
    every = usable.select(item=pl.col("series").cast(pl.String)).unique(maintain_order=True)
    home = {one: _home(one, regions) for one in every["item"]}
    rows = every.with_columns(
        region=pl.col("item").replace_strict(home, default=None, return_dtype=pl.String), kind=pl.lit("series")
    ).join(now.unique("item", keep="last"), on="item", how="left")
    lost = rows.filter(pl.col("region").is_null())["item"].to_list()
    return rows.drop_nulls("region").with_columns(pl.col("value").fill_null(-1.0)), lost


def _home(series: str, regions: Sequence[str]) -> str | None:
    """Return the region of a series, by its code or that of its province."""
    if series in regions:
        return series
    province = series[:_PROVINCE] + "0000"
    return province if series.isdigit() and province in regions else None
