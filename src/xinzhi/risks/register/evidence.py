"""Evidence for the register: what other verbs found, brought to regions and planned categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any, TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.schema import NO_TEXT
from xinzhi.core.text import LANGUAGES, Text, Values, chance_text, join_names
from xinzhi.data import Field, Package, tidy
from xinzhi.risks.capacity.capacity import survey_names
from xinzhi.risks.capacity.herd_entry import HerdEntry
from xinzhi.risks.debt.debt import Debt
from xinzhi.risks.debt.debt_dynamics import debt_dynamics
from xinzhi.risks.debt.debt_stress import debt_stress
from xinzhi.risks.inputs import setting
from xinzhi.risks.projects.screening import NOTICES
from xinzhi.risks.register.rules import rank_words, rules, spoken

_PROVINCE = 2


def plan_mentions(package: Package, year: int | None) -> tuple[pl.DataFrame, int]:
    """Return who names what: ``region, item, kind``, and the year of the plans; umbrella terms are left out."""
    plans = package.require("plans", ["region", "year", "category", "named"], verb="register")
    years = sorted(int(plan_year) for plan_year in plans["year"].unique())
    plan_year = years[-1] if year is None else year
    if plan_year not in years:
        raise UsageError("register.no-plans", year=plan_year, known=years)
    rows = plans.filter(pl.col("year") == plan_year, pl.col("named") > 0)
    kinds = package.require("plan_categories", ["category"], verb="register")
    if "informative" in kinds.columns:
        rows = rows.join(kinds.filter(pl.col("informative") == 0), on="category", how="anti")
    return rows.select("region", item="category", kind=pl.lit("category")).sort("region", "item"), plan_year


def ability(able: AnyFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Return the output over size of every planned category that a region is not able in; unknown is not checked."""
    # `able` has ``region, category, able``, and ``output, output_year`` where they are known.
    fields = [Field("region", "code"), Field("category", "code"), Field("able", "text")]
    fields += [Field("output", required=False), Field("output_year", "year", required=False)]
    source_table = tidy(able, fields, verb="register", table="able")
    frame = source_table.frame
    if frame.select("region", "category").is_duplicated().any():
        raise InputError("register.evidence-twice", column="able", item="category")
    lacking = [
        pl.lit(None, pl.Float64).alias(column) for column in ("output", "output_year") if column not in frame.columns
    ]
    evidence = frame.with_columns(lacking).rename({"category": "item"})
    joined = plan.join(evidence, on=["region", "item"], how="left")
    unable, settled = pl.col("able") == "not able", pl.col("able").is_in(["able", "by proxy"])
    year = pl.col("output_year").cast(pl.Int64).cast(pl.String).fill_null("-")
    return joined.with_columns(
        *_reasons((settled, "has_evidence"), (~unable.fill_null(value=False), "no_evidence")),
        value=pl.when(unable).then(pl.col("output").fill_null(0.0)),
        settled=settled.fill_null(value=False),
        said_zh=year,
        said_en=year,
    )


def _reasons(*cases: tuple[pl.Expr, str]) -> list[pl.Expr]:
    """Return ``reason_zh, reason_en`` of the first case that holds; null where none does."""
    columns = []
    for language in LANGUAGES:
        reason: pl.Expr = pl.lit(None, dtype=pl.String)
        for holds, key in reversed(cases):
            reason = pl.when(holds).then(pl.lit(words.register.reason_of(key).lang(language))).otherwise(reason)
        columns.append(reason.alias(f"reason_{language}"))
    return columns


def capacity_outlook(wave: HerdEntry, plan: pl.DataFrame, package: Package) -> dict[str, pl.DataFrame]:
    """Return what capacity looks like for every planned category, by rule."""
    options = wave.provenance.options
    rows = (
        wave.frame.filter(entry="all", demand="base")
        .select(
            "regions",
            "utilisation",
            "break_even",
            "chance_below",
            "base_utilisation",
            "base_place",
            "survey",
            "growth",
            item="category",
            few="entrants_at_threshold",
            needed="growth_at_threshold",
            zh="status_zh",
            en="status_en",
        )
        .join(wave.ranges().rename({"category": "item"}), on="item", how="left")
    )
    series = {code for cell in rows["survey"].drop_nulls() for code in cell.split(";")}
    names = survey_names(package, sorted(series))
    phrases = [_outlook_words(row, names) for row in rows.iter_rows(named=True)]
    needed = ["-" if value is None else f"{value:.1%}" for value in rows["needed"]]
    rows = rows.with_columns(
        pl.Series("needed", needed, dtype=pl.String),
        *(column for name in _SAID for column in spoken(name, (phrase[name] for phrase in phrases))),
    )
    planned_rows = plan.join(rows, on="item", how="left").with_columns(
        edge=pl.lit(float(options["threshold"])), horizon=pl.lit(int(options["horizon"]))
    )
    return {
        "idle-if-all-build": planned_rows.with_columns(
            _with_reasons("chance_below", "not_computed"), value="chance_below", held="least"
        ),
        "idle-now": planned_rows.with_columns(
            *_reasons(
                (pl.col("base_utilisation").is_null(), "not_surveyed"), (pl.col("base_place").is_null(), "section_only")
            ),
            value="base_place",
            used=100 * pl.col("base_utilisation"),
        ),
    }


_SAID = ("chance", "holds", "few", "survey")


def _outlook_words(row: Mapping[str, Any], names: Names) -> dict[str, Text]:
    """Return in words the chance over the paths of demand, how many may build, and the series of the survey."""
    if row["base_utilisation"] is None:
        return dict.fromkeys(_SAID, NO_TEXT)
    series = join_names([names.text("series", code) for code in (row["survey"] or "").split(";")])
    if row["chance_below"] is None:
        return dict.fromkeys(_SAID, NO_TEXT) | {"survey": series}
    chances: Values = {
        name: chance_text(float(row[key]))
        for name, key in (("least", "least"), ("most", "most"), ("middle", "chance_below"))
    }
    growth: Values = {name: row[name] for name in ("slow", "growth", "fast")}
    chance = (
        words.register.part_chance_range(**chances, **growth)
        if row["slow"] < row["fast"]
        else words.register.part_chance_one(**chances, **growth)
    )
    edge = float(rules()["idle-if-all-build"]["above"])
    holds = words.register.part_holds_slow(fast=row["fast"]) if row["least"] < edge else words.register.part_holds_all()
    return {
        "chance": chance,
        "few": _few(row["few"]),
        "survey": series,
        "holds": holds if row["slow"] < row["fast"] else NO_TEXT,
    }


def _few(few: float | None) -> Text:
    """Return how many regions may build."""
    if few is None:
        return words.register.part_few_any()
    if few < 1:
        return words.register.part_few_retire() if few < 0 else words.register.part_few_none()
    return words.register.part_few(n=floor(few))


def _with_reasons(value: str, key: str) -> list[pl.Expr]:
    """Return ``reason_zh, reason_en``: where the value is null what ``zh, en`` say, else a reason of the catalogue."""
    missing = words.register.reason_of(key)
    return [
        pl.when(pl.col(value).is_null())
        .then(pl.col(language).fill_null(missing.lang(language)))
        .alias(f"reason_{language}")
        for language in LANGUAGES
    ]


def herding(plan: pl.DataFrame, year: int, regions: int, likeness: AnyFrame) -> pl.DataFrame:
    """Return the share of regions that name each planned category; from `likeness` where it is given."""
    # `likeness` has ``category, named, regions`` (`pathways.choices` returns it), and ``year`` where there are several.
    if likeness is None:
        counts = plan.group_by("item").agg(count=pl.len()).with_columns(regions=pl.lit(regions))
    else:
        fields = [Field("category", "code"), Field("named", "whole"), Field("regions", "whole")]
        source_table = tidy(
            likeness, [*fields, Field("year", "year", required=False)], verb="register", table="likeness"
        )
        frame = source_table.frame
        frame = frame.filter(pl.col("year") == year) if "year" in frame.columns else frame
        counts = frame.select(item="category", count="named", regions="regions")
    edge = float(rules()["named-by-most"]["above"])
    few = pl.col("regions") < int(rules()["named-by-most"]["least_regions"])
    # the most that may name it: one fewer than reach the threshold
    joined = plan.join(counts, on="item", how="left").with_columns(
        year=pl.lit(year), limit=(pl.col("regions") * edge).ceil().cast(pl.Int64) - 1
    )
    absent, only = words.register.reason_not_counted(), words.by_key("register.reason.few_plans", n="{}")
    return joined.with_columns(
        *(
            pl.when(pl.col("count").is_null())
            .then(pl.lit(absent.lang(language)))
            .when(few)
            .then(pl.format(only.lang(language), pl.col("regions").cast(pl.String)))
            .alias(f"reason_{language}")
            for language in LANGUAGES
        ),
        value=pl.when(~few).then(pl.col("count") / pl.col("regions")),
    )


def burden(balances: Debt, regions: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return what debt looks like for every region, by rule: borrowing, what a loss of land adds, and bands."""
    all_regions = pl.DataFrame({"region": list(regions)}, schema={"region": pl.String}).with_columns(
        kind=pl.lit("region"), item=pl.col("region")
    )
    stressed = debt_stress(balances)
    land = stressed.frame.filter(scenario="land").group_by("region", maintain_order=True).last()
    land = land.select("region", value="over_baseline", zh="status_zh", en="status_en").join(
        stressed.inputs.select("region", "fund_year", fund="fund_ratio"), on="region", how="left"
    )
    borrowing = all_regions.join(_borrowing(stressed.inputs, debt_dynamics(balances).frame), on="region", how="left")
    to_output, to_revenue = (
        all_regions.join(_level(balances, ratio), on="region", how="left") for ratio in ("to_output", "to_revenue")
    )
    light = to_output["value"] < float(rules()["land-revenue"]["least_debt"])
    return {
        "debt-to-output": to_output.with_columns(_reasons((pl.col("value").is_null(), "no_debt"))),
        "debt-to-revenue": to_revenue.with_columns(_reasons((pl.col("value").is_null(), "no_revenue"))),
        "borrowing-beyond-stable": borrowing.with_columns(_reasons((pl.col("value").is_null(), "no_pair"))),
        "land-revenue": all_regions.join(land, on="region", how="left").with_columns(
            *_with_reasons("value", "no_debt"),
            settled=light.fill_null(value=False) & pl.col("value").is_not_null(),
            fall=pl.lit(float(setting("public_debt", "stress.land"))),
            years=pl.lit(int(stressed.provenance.options["horizon"])),
            points=100 * pl.col("value"),
            # the path is linear in what is lost
            limit=pl.col("fund") * float(rules()["land-revenue"]["above"]) / pl.col("value"),
        ),
        "debt-band": _latest_grades(balances, all_regions),
    }


def _level(balances: Debt, ratio: str) -> pl.DataFrame:
    """Return the last known ratio of every region's explicit debt, its year, and its place among the others."""
    rows = balances.frame.drop_nulls(ratio).sort("region", "year").group_by("region", maintain_order=True).last()
    rows = rows.select("region", "year", value=ratio)
    return rows.with_columns(*rank_words(rows, rows["year"]))


def _borrowing(inputs: pl.DataFrame, dynamics: pl.DataFrame) -> pl.DataFrame:
    """Return by how much net borrowing beyond interest exceeds what holds the ratio, its place, and what clears it."""
    # `dynamics` has ``region, year, growth, net_borrowing``: the best stretch of growth, and whether one year decides
    window = int(setting("public_debt", "stress.window"))
    lent = pl.col("net_borrowing").tail(window)
    pasts = (
        dynamics.sort("region", "year")
        .group_by("region")
        .agg(
            first=pl.col("year").min(),
            best=pl.coalesce(pl.col("growth").rolling_mean(window).max(), pl.col("growth").mean()),
            most=lent.max(),
            most_year=pl.col("year").tail(window).get(lent.arg_max()),
            without=pl.when(lent.len() > 1).then((lent.sum() - lent.max()) / (lent.len() - 1)),
        )
    )
    inputs = inputs.join(pasts, on="region", how="left", maintain_order="left").with_columns(window=pl.lit(window))
    edge = float(rules()["borrowing-beyond-stable"]["above"])
    spare = pl.col("net_borrowing") - edge
    # the growth at which so much borrowing leaves the ratio rising by the threshold
    needed = (spare + pl.col("rate") * pl.col("start")) / (pl.col("start") - spare)
    rows = inputs.with_columns(
        value=pl.col("net_borrowing") - pl.col("stabilising_borrowing"),
        allowed=pl.col("stabilising_borrowing") + edge,
        net=pl.col("net_borrowing"),
        points=100 * (pl.col("net_borrowing") - pl.col("stabilising_borrowing")),
        needed=pl.when(pl.col("start") > spare).then(needed),
    )
    grown = [growth_words(row["needed"], cast("Past", row)) for row in rows.iter_rows(named=True)]
    one_year_texts = [_one_year(row, rows["value"]) for row in rows.iter_rows(named=True)]
    rows = rows.with_columns(
        *spoken("grow", grown), *spoken("alone", one_year_texts), *rank_words(rows, rows["start_year"])
    )
    return rows.select(
        "region",
        "value",
        "points",
        "start",
        "net",
        "allowed",
        "grow_zh",
        "grow_en",
        "alone_zh",
        "alone_en",
        "place_zh",
        "place_en",
    )


class Past(TypedDict):
    """How nominal output grew: mean of the last years, and best of the stretches of `window` years since `first`."""

    growth: float
    best: float
    window: int
    first: int


def growth_words(needed: float | None, past: Past) -> Text:
    """Return the growth of nominal output that would clear borrowing; that none would, or none so far had, is said."""
    if needed is None:
        return words.register.part_no_growth()
    if needed <= past["best"]:
        return words.register.part_growth(needed=needed, usual=past["growth"])
    return words.register.part_growth_beyond(needed=needed, best=past["best"], n=past["window"], first=past["first"])


def _one_year(row: Mapping[str, Any], values: pl.Series) -> Text:
    """Return that the flag or its severity rests on one year of borrowing; nothing where it does not."""
    rule = rules()["borrowing-beyond-stable"]
    edges = [float(rule["above"]), float(rule["alert"])]
    if row["without"] is None:
        return NO_TEXT
    value_without = row["value"] - row["net"] + row["without"]
    now, then = (sum(value >= edge for edge in edges) for value in (row["value"], value_without))
    if now == then:
        return NO_TEXT
    details = {name: row[name] for name in ("most", "most_year", "without")}
    place = (
        1 + int((values > value_without).sum()) - int(row["value"] > value_without)
    )  # its own figure is not another's
    return words.register.part_one_year(left="none" if then == 0 else "warning", place=place, **details)


def _latest_grades(balances: Debt, all_regions: pl.DataFrame) -> pl.DataFrame:
    """Return the last grade of every region: 0 or more where it is in the upper half of the grades, else below."""
    name, steps = balances.bands["name"], balances.bands["grades"]
    order = {grade["name"]: place - len(steps) // 2 for place, grade in enumerate(steps)}
    graded = balances.frame.drop_nulls("explicit").sort("region", "year")
    # the last year that is graded; where none is, why the last year is not
    last = pl.concat([graded.drop_nulls("band"), graded.filter(pl.col("band").is_null().all().over("region"))])
    rows = last.group_by("region", maintain_order=True).last()
    value = pl.col("band").replace_strict(order, default=None, return_dtype=pl.Float64)
    joined = all_regions.join(
        rows.select("region", "band", value=value, ratio="band_ratio", zh="band_status_zh", en="band_status_en"),
        on="region",
        how="left",
    )
    return joined.with_columns(
        *_with_reasons("value", "no_debt"),
        bands=pl.lit(name),
        bands_zh=pl.lit(balances.bands.get("zh") or name),
        band_zh=pl.col("band").replace_strict(
            {grade["name"]: grade.get("zh", grade["name"]) for grade in steps}, default=None
        ),
        edge=pl.lit(float(steps[len(steps) // 2]["from"])),
    )


def old_wine(screening: AnyFrame, projects: AnyFrame, regions: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Return every screened project of a region (or of a city in it), and projects of none."""
    # The value is the probability where the verdict is ``repackaged``.
    texts = ("region", "archive_id", "evidence", "evidence_zh", "basis")
    fields = [Field("id", "text"), Field("verdict", "text"), Field("probability")]
    fields += [Field(column, "text", required=False) for column in texts]
    frame = tidy(screening, fields, verb="register", table="screening", empty=True).frame
    if "region" not in frame.columns:
        if projects is None:
            raise InputError("register.no-places")
        where = [Field("id", "text"), Field("region", "text")]
        places = tidy(projects, where, verb="register", table="projects", empty=True).frame
        frame = frame.join(places.unique("id", keep="first", maintain_order=True), on="id", how="left")
    home = {code: _home(code, regions) for code in frame["region"].drop_nulls().unique()}
    rows = frame.with_columns(pl.col("region").replace_strict(home, default=None, return_dtype=pl.String))
    unplaced = rows.filter(pl.col("region").is_null())["id"].to_list()
    rows = rows.drop_nulls("region").with_columns(
        pl.lit(None, dtype=pl.String).alias(column) for column in texts if column not in rows.columns
    )
    # one notice after another is the course of a purchase
    notices = pl.col("basis").is_in(NOTICES).fill_null(value=False)
    judged, unclear = (pl.col("verdict") == "repackaged") & ~notices, pl.col("verdict") == "cannot tell"
    chance = pl.max_horizontal(pl.col("probability"), pl.lit(float(rules()["repackaged"]["above"])))
    screened = rows.select(
        "region",
        pl.col("archive_id").fill_null("-"),
        pl.col("evidence").fill_null("-").alias("evidence_en"),
        pl.col("evidence_zh").fill_null("-"),
        *_reasons((unclear, "cannot_tell"), (~judged, "not_repackaged")),
        kind=pl.lit("project"),
        item=pl.col("id"),
        value=pl.when(judged).then(chance),
        settled=~judged & ~unclear,
    )
    chances = (None if chance is None else chance_text(chance) for chance in screened["value"].to_list())
    return screened.with_columns(spoken("chance", chances)), unplaced


def bubble(evidence: AnyFrame, regions: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Return every tested series of a region (1 while an episode that counts goes on, else -1), and series of none."""
    # `evidence` is a result of `bubbles`, or its ``episodes``: ``series, start, ongoing``, and where they are there
    # ``rejects, signal, convention``. A series belongs to the region of its name, or of the province of its six-digit
    # code.
    fields = [Field("series", "text"), Field("start", "any"), Field("ongoing", "any")]
    fields += [Field(column, "any", required=False) for column in ("rejects", "signal", "convention")]
    frame = tidy(getattr(evidence, "episodes", evidence), fields, verb="register", table="bubbles", empty=True).frame
    ongoing = pl.col("ongoing")
    if "rejects" in frame.columns:
        ongoing = ongoing & pl.col("rejects")
    if "signal" in frame.columns:
        ongoing = ongoing & (pl.col("signal") == "positive")
    convention = pl.col("convention").cast(pl.String) if "convention" in frame.columns else pl.lit("-")
    now = frame.filter(ongoing).select(
        item="series", start=pl.col("start").cast(pl.String), convention=convention, value=1.0
    )
    tested = getattr(evidence, "statistics", frame)
    if "survives" in tested.columns:  # once all series are allowed for
        ruled_out = tested.filter(pl.col("survives").fill_null(value=False).not_())["series"]
        now = now.filter(~pl.col("item").is_in(ruled_out.implode()))
    usable = tested.filter(status="tested") if "status" in tested.columns else tested
    tested_series = usable.select(item=pl.col("series").cast(pl.String)).unique(maintain_order=True)
    home = {code: _home(code, regions) for code in tested_series["item"]}
    rows = tested_series.with_columns(
        region=pl.col("item").replace_strict(home, default=None, return_dtype=pl.String), kind=pl.lit("series")
    ).join(now.unique("item", keep="last"), on="item", how="left")
    unplaced = rows.filter(pl.col("region").is_null())["item"].to_list()
    return rows.drop_nulls("region").with_columns(pl.col("value").fill_null(-1.0)), unplaced


def _home(series: str, regions: Sequence[str]) -> str | None:
    """Return the region of a series, by its code or that of its province."""
    if series in regions:
        return series
    province = series[:_PROVINCE] + "0000"
    return province if series.isdigit() and province in regions else None
