"""Evidence for the register: what other verbs and rooms found, brought to regions and planned categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.data.frames import read_frames
from xinzhi.risks.inputs import shorten
from xinzhi.risks.stressing import debt_stress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.data import Package
    from xinzhi.risks.balances import Debt
    from xinzhi.risks.waves import HerdEntry

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
        rows = rows.join(kinds.filter(pl.col("informative") != 0), on="category", how="semi")
    return rows.select("region", item="category", kind=pl.lit("category")).sort("region", "item"), chosen


def divisions(package: Package) -> pl.DataFrame:
    """Return ``item, division``: the divisions of every category that has any."""
    kinds = package.require("plan_categories", ["category", "divisions"], verb="register")
    split = kinds.drop_nulls("divisions").with_columns(pl.col("divisions").str.split(";"))
    return split.explode("divisions").select(item="category", division="divisions")


def ranked(given: Any, column: str, plan: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:  # noqa: ANN401 - a frame or result
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

    Notes
    -----
    A division that others lack and the region does not is one that it has already: the rule has nothing to say.

    Examples
    --------
    >>> given = pl.DataFrame({"region": ["a", "a", "b"], "industry": ["38", "39", "38"], "density": [0.1, 0.4, 0.2]})
    >>> plan = pl.DataFrame({"region": ["a"], "item": ["pv"], "kind": ["category"]})
    >>> ranked(given, "density", plan, pl.DataFrame({"item": ["pv"], "division": ["38"]})).row(0, named=True)["value"]
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
        has=pl.col("division").is_in(known.implode()) & pl.col("value").is_null() & (item != "category")
    )
    best = (
        joined.sort("value", descending=True, nulls_last=True)
        .group_by("region", "item", "kind")
        .agg(
            pl.col("value").first(),
            nearest=pl.col("division").first().fill_null("-"),
            settled=pl.col("has").fill_null(False).any(),  # noqa: FBT003 - a literal value
        )
    )
    return best.with_columns(
        value=pl.when(~pl.col("settled")).then(pl.col("value")),
        reason_zh=_why("已有该行业大类", "没有可比的行业大类"),
        reason_en=_why("the region has the division already", "no division to compare with"),
    ).sort("region", "item")


def _why(there: str, absent: str) -> pl.Expr:
    return pl.when("settled").then(pl.lit(there)).when(pl.col("value").is_null()).then(pl.lit(absent))


def _keyed(given: Any, column: str) -> tuple[pl.DataFrame, str]:  # noqa: ANN401 - a frame or result
    """Return a frame with ``region, item``, and the name that the latter had."""
    frame = read_frames({column: given.frame if isinstance(given, Result) else given})[0][0].cells
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
    named = frame.rename({place: "region", item: "item"}).with_columns(pl.col("region", "item").cast(pl.String))
    if named.select("region", "item").is_duplicated().any():
        message = f"register({column}=): a region and {item} has more than one row; keep one of them."
        raise InputError(message)
    return named, item


def outlook(found: HerdEntry, plan: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return what capacity looks like for every planned category, by rule."""
    rows = found.frame.filter(entry="all", demand="base").select(
        "regions", "utilisation", "break_even", "chance_below", "base_utilisation", "survey", item="category",
        edge=pl.lit(float(found.provenance.options["threshold"])), zh="status_zh", en="status_en",
    )  # fmt: skip
    both = plan.join(rows, on="item", how="left")
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
        frame = read_frames({"likeness": likeness.frame if isinstance(likeness, Result) else likeness})[0][0].cells
        if missing := [one for one in ("category", "named", "regions") if one not in frame.columns]:
            message = f"register(likeness=): it lacks {', '.join(missing)}; `choices` returns them."
            raise InputError(message)
        frame = frame.filter(pl.col("year") == year) if "year" in frame.columns else frame
        counts = frame.select(item=pl.col("category").cast(pl.String), count="named", regions="regions")
    joined = plan.join(counts, on="item", how="left").with_columns(year=pl.lit(year))
    absent = pl.col("count").is_null()
    return joined.with_columns(
        value=pl.col("count") / pl.col("regions"),
        reason_zh=pl.when(absent).then(pl.lit("likeness 中没有该类别")),
        reason_en=pl.when(absent).then(pl.lit("likeness has no such category")),
    )


def burden(found: Debt, regions: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return what debt looks like for every region, by rule."""
    every = pl.DataFrame({"region": list(regions)}, schema={"region": pl.String}).with_columns(
        kind=pl.lit("region"), item=pl.col("region")
    )
    stressed = debt_stress(found)
    inputs = stressed.inputs.with_columns(
        value=pl.col("net_borrowing") - pl.col("stabilising_borrowing"), stable="stabilising_borrowing"
    ).select("region", "value", "start", "stable")
    land = stressed.frame.filter(scenario="land").group_by("region", maintain_order=True).last()
    land = land.select("region", value="over_baseline", zh="status_zh", en="status_en")
    return {
        "borrowing-beyond-stable": _told(
            every.join(inputs, on="region", how="left"), "没有连续两年的债务", "no debt in two years in a row"
        ),
        "land-revenue": every.join(land, on="region", how="left").with_columns(
            reason_zh=pl.when(pl.col("value").is_null()).then(pl.col("zh").fill_null("没有债务数据")),
            reason_en=pl.when(pl.col("value").is_null()).then(pl.col("en").fill_null("no debt given")),
        ),
        "debt-band": _graded(found, every),
    }  # fmt: skip


def _graded(found: Debt, every: pl.DataFrame) -> pl.DataFrame:
    """Return the last grade of every region: 0 or more where it is in the upper half of the grades, else below."""
    name, steps = found.bands["name"], found.bands["grades"]
    order = {one["name"]: place - len(steps) // 2 for place, one in enumerate(steps)}
    graded = found.frame.sort("region", "year")
    # the last year that is graded; where none is, why the last year is not
    last = pl.concat([graded.drop_nulls("band"), graded.filter(pl.col("band").is_null().all().over("region"))])
    rows = last.group_by("region", maintain_order=True).last()
    value = pl.col("band").replace_strict(order, default=None, return_dtype=pl.Float64)
    return every.join(
        rows.select("region", "band", value=value, ratio="band_ratio", zh="band_status_zh", en="band_status_en"),
        on="region",
        how="left",
    ).with_columns(
        bands=pl.lit(name),
        reason_zh=pl.when(pl.col("value").is_null()).then(pl.col("zh").fill_null("没有债务数据")),
        reason_en=pl.when(pl.col("value").is_null()).then(pl.col("en").fill_null("no debt given")),
    )


def _told(rows: pl.DataFrame, zh: str, en: str) -> pl.DataFrame:
    absent = pl.col("value").is_null()
    return rows.with_columns(reason_zh=pl.when(absent).then(pl.lit(zh)), reason_en=pl.when(absent).then(pl.lit(en)))


def old_wine(screening: Any, projects: Any, regions: Sequence[str]) -> pl.DataFrame:  # noqa: ANN401 - frames or results
    """Return every screened project of a region: its probability where the verdict is ``repackaged``.

    Raises
    ------
    InputError
        When a column is missing or a project has no region.
    """
    frame = read_frames({"screening": screening.frame if isinstance(screening, Result) else screening})[0][0].cells
    needed = ("id", "verdict", "probability")
    if missing := [one for one in needed if one not in frame.columns]:
        message = f"register(screening=): it lacks {', '.join(missing)}; `screen` returns them."
        raise InputError(message)
    if "region" not in frame.columns:
        if projects is None:
            message = "register(screening=): say where the projects are: projects= with id and region."
            raise InputError(message)
        where = read_frames({"projects": projects})[0][0].cells
        if not {"id", "region"} <= set(where.columns):
            message = f"register(projects=): it needs id and region; the frame has {', '.join(where.columns)}."
            raise InputError(message)
        frame = frame.join(where.select(pl.col("id").cast(pl.String), "region"), on="id", how="left")
    rows = frame.with_columns(pl.col("region").cast(pl.String))
    strange = rows.filter(pl.col("region").is_null() | ~pl.col("region").is_in(list(regions)))
    if strange.height:
        count, first = strange.height, strange["id"][0]
        message = f"register(screening=): project {first} has no region that the package knows ({count} such)."
        raise InputError(message)
    absent = pl.lit(None, dtype=pl.String)
    words = {
        new: (pl.col(old) if old in rows.columns else absent).fill_null("-")
        for new, old in (("archive_id", "archive_id"), ("evidence_en", "evidence"), ("evidence_zh", "evidence_zh"))
    }
    judged = pl.col("verdict") == "repackaged"
    unclear = pl.col("verdict") == "cannot tell"
    return rows.with_columns(**words).select(
        "region", "archive_id", "evidence_en", "evidence_zh",
        kind=pl.lit("project"), item=pl.col("id").cast(pl.String),
        value=pl.when(judged).then(pl.max_horizontal(pl.col("probability").cast(pl.Float64), pl.lit(0.5))),
        settled=~judged & ~unclear,
        reason_zh=pl.when(unclear).then(pl.lit("无法判断")).when(~judged).then(pl.lit("不是翻新项目")),
        reason_en=pl.when(unclear).then(pl.lit("cannot tell")).when(~judged).then(pl.lit("not repackaged")),
    )  # fmt: skip


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
    episodes = getattr(found, "episodes", found)
    frame = read_frames({"bubbles": episodes})[0][0].cells
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
