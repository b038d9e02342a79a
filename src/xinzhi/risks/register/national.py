"""What is the nation's is said once: rules that most regions meet, and the quarter of regions that they still flag."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Any

import polars as pl

from xinzhi.core.names import Names
from xinzhi.core.schema import describe
from xinzhi.core.text import Language, names_joined, words
from xinzhi.risks.inputs import setting
from xinzhi.risks.register.rules import FLAGS, judge, rules

NATIONAL: dict[str, Any] = {
    **{one: FLAGS[one] for one in ("pitfall", "rule", "kind", "item", "severity")},
    "hit": pl.Int64, "among": pl.Int64, "base_rate": pl.Float64,
    **{one: FLAGS[one] for one in FLAGS if one not in {"region", "pitfall", "rule", "kind", "item", "severity"}},
}  # fmt: skip
_KNOWN = pl.col("status") != "not checked"
_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def settle(checks: pl.DataFrame, flags: pl.DataFrame, names: Names) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return checks and flags with what is national taken out of the regions, and a row for each national statement.

    A rule with `scope: nation` is taken out whole and a rule `of` it flags the worst quarter of regions instead; of any
    other rule that more than a share of the regions meet, the flags of the worst quarter stay.
    """
    raised = _raised(checks)
    whole = {name for name, rule in rules().items() if rule.get("scope") == "nation"}
    common = raised.filter(pl.col("base_rate") > float(setting("register", "common")))
    often = [name for name in common["rule"].to_list() if name not in whole]
    told = [_items(flags.filter(rule=name), checks.filter(rule=name)) for name in sorted(whole)]
    told += [_rule(name, raised) for name in sorted(often)]
    made = [judge(name, *rows) for name, rule in rules().items() if (rows := _leaning(rule, checks, flags, names))]
    kept = pl.concat([
        pl.DataFrame(schema={"region": pl.String, "rule": pl.String}),
        flags.filter(~pl.col("rule").is_in([*whole, *often])).select("region", "rule").unique(),
        *(_worst_quarter(checks.filter(rule=name)).select("region", rule=pl.lit(name)) for name in often),
    ])  # fmt: skip
    own = flags.join(kept, on=["region", "rule"], how="semi")
    stays = pl.struct("region", "rule").is_in(kept.select(pl.struct("region", "rule")).to_series().implode())
    settled = checks.with_columns(
        status=pl.when((pl.col("status") == "flagged") & ~stays).then(pl.lit("national")).otherwise("status")
    )
    order = ["region", "pitfall", "rule", "item"]
    every = pl.concat([settled, *(one[0] for one in made)]).sort(order)
    rates = _raised(every).select("rule", "base_rate")
    left = pl.concat([own, *(one[1] for one in made)]).drop("base_rate").join(rates, on="rule", how="left")
    return every, left.select(list(FLAGS)).sort(order), pl.concat([pl.DataFrame(schema=NATIONAL), *told])


def _raised(checks: pl.DataFrame) -> pl.DataFrame:
    """Return by rule how many regions were checked, how many have a flag, and their share: the base rate."""
    here = pl.col("region")
    return (
        checks.group_by("rule")
        .agg(
            hit=here.filter(pl.col("status") == "flagged").n_unique().cast(pl.Int64),
            among=here.filter(_KNOWN).n_unique().cast(pl.Int64),
        )
        .filter(pl.col("among") > 1)
        .with_columns(base_rate=pl.col("hit") / pl.col("among"))
        .sort("rule")
    )


def _items(flags: pl.DataFrame, checks: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each item of which the same holds in all regions that name it."""
    counts = checks.filter(status="flagged").group_by("item").agg(hit=pl.col("region").n_unique().cast(pl.Int64))
    among = checks.filter(_KNOWN)["region"].n_unique()
    rows = flags.unique("item", keep="first", maintain_order=True).drop("base_rate").join(counts, on="item")
    told = rows.with_columns(among=pl.lit(among, pl.Int64), base_rate=pl.col("hit") / max(among, 1))
    grave = pl.col("severity") == "alert"
    return told.sort(grave, "hit", "item", descending=[True, True, False]).select(list(NATIONAL))


def _rule(name: str, raised: pl.DataFrame) -> pl.DataFrame:
    """Return the row of a rule that most regions meet."""
    rule, row = rules()[name], raised.row(by_predicate=pl.col("rule") == name, named=True)
    edge = float(rule["above"] if "above" in rule else rule["below"])
    said = words("register.part.raised", rule=describe("register", "rule").values[name], k=row["hit"], n=row["among"])
    cure = words("register.part.raised_clears", share=float(setting("register", "worst")))
    texts = {f"evidence_{one}": said.lang(one) for one in _LANGUAGES}
    texts |= {f"clears_{one}": cure.lang(one) for one in _LANGUAGES}
    head = {"pitfall": rule["pitfall"], "rule": name, "kind": "rule", "item": name, "severity": rule["severity"]}
    more = {"threshold": edge, "source": "register", "reference": " ".join(str(rule["reference"]).split())}
    return pl.DataFrame([head | row | more | texts], schema=NATIONAL)


def _shares(checks: pl.DataFrame) -> pl.DataFrame:
    """Return by region the share of its checks under a rule that are flagged, where they are enough for a share."""
    enough = (pl.col("known") >= int(setting("register", "least_checks"))) | (pl.col("kind") == "region")
    return checks.filter(_KNOWN).group_by("region").agg(
        hit=(pl.col("status") == "flagged").sum().cast(pl.Int64),
        known=pl.len().cast(pl.Int64),
        value=(pl.col("status") == "flagged").mean(),
        kind=pl.col("kind").first(),
    ).filter(enough).drop("kind").sort("region")  # fmt: skip


def _worst_quarter(checks: pl.DataFrame) -> pl.DataFrame:
    """Return the regions that are worst under a rule, with their figures, but no part of a tie."""
    own = checks.filter(kind="region", status="flagged")
    rows = _shares(checks)
    if own.height:  # the figure is the region's
        sign = 1.0 if "above" in rules()[str(own["rule"][0])] else -1.0
        figures = checks.drop_nulls("value").select("region", value=sign * pl.col("value"))
        rows = rows.drop("value").join(figures, on="region")
    most = floor(float(setting("register", "worst")) * rows.height)
    return rows.filter(pl.col("value").rank("max", descending=True) <= most, pl.col("hit") > 0)


def _leaning(
    rule: Mapping[str, Any], checks: pl.DataFrame, flags: pl.DataFrame, names: Names
) -> tuple[pl.DataFrame, str, float] | None:
    """Return the evidence of a rule `of` another: what share of a region's plan the nation's flags touch, by region."""
    if "of" not in rule:
        return None
    under = checks.filter(rule=rule["of"])
    worst = _worst_quarter(under)
    if not worst.height:  # nothing parts the regions
        return None
    rows = _shares(under)
    items = dict(under.filter(status="flagged").group_by("region").agg(pl.col("item").sort()).iter_rows())
    most = int(setting("register", "listed"))
    named = [
        names_joined([names.text("category", one) for one in items.get(code, [])[:most]]) for code in rows["region"]
    ]
    evidence = rows.with_columns(
        *(pl.Series(f"items_{one}", [text.lang(one) for text in named], dtype=pl.String) for one in _LANGUAGES),
        kind=pl.lit("region"), item="region", rank=pl.col("value").rank("min", descending=True).cast(pl.Int64),
        among=pl.lit(rows.height), middle=pl.col("value").median(),
    )  # fmt: skip
    sources = flags.filter(rule=rule["of"])["source"]
    return evidence, sources[0] if len(sources) else "plans", float(worst["value"].min())  # type: ignore[arg-type] # a figure
