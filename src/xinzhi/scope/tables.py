"""The tables of a scope: what every definition and the use test say, in numbers and words, and the sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi.core.arrays import IntArray
from xinzhi.core.text import Text, has, same, words
from xinzhi.scope.industries import Industries
from xinzhi.scope.membership import Answer, Interval, Membership, Question, Use, answer
from xinzhi.scope.standard import standard

# Shares closer to 0 or 1 than this are nothing and all: weights do not sum exactly in float64.
EXACT = 1e-12


def verdict(lower: float, upper: float) -> str:
    """Return ``in`` where all of an industry belongs, ``out`` where nothing can, else ``part``."""
    if lower >= 1 - EXACT:
        return "in"
    return "out" if upper <= EXACT else "part"


def entered_in_part(question: Question) -> frozenset[str]:
    """Return the definitions asked for of which some codes only are entered: they cannot say that something is out."""
    return frozenset(one.id for one in question.chosen if one.status == "partial")


def silent(row: Mapping[str, Any], partial: frozenset[str]) -> bool:
    """Return whether a list is entered in part only and none of its lines speaks of the industry."""
    return row["definition"] in partial and not row["line"]


def _said(row: Mapping[str, Any], partial: frozenset[str]) -> dict[str, Any]:
    """Return the verdict of one list with its bounds: ``unknown`` without them where only part of its codes is here."""
    found = {"verdict": verdict(row["lower"], row["upper"]), **{key: row[key] for key in ("share", "lower", "upper")}}
    unknown = found["verdict"] == "out" and silent(row, partial)
    return found | ({"verdict": "unknown", "share": None, "upper": None} if unknown else {})


def _together(
    found: Interval, number: int, said: Sequence[Mapping[str, Any]], partial: frozenset[str]
) -> dict[str, Any]:
    """Return the verdict of all lists together: what none of them names is unknown where one is entered in part."""
    bounds = {key: float(getattr(found, key)[number]) for key in ("share", "lower", "upper")}
    ruling = verdict(bounds["lower"], bounds["upper"])
    if ruling == "out" and any(silent(row, partial) for row in said):
        return {"verdict": "unknown", "lower": bounds["lower"], "share": None, "upper": None}
    return {"verdict": ruling, **bounds}


def measure_text(name: str) -> Text:
    """Return what a column that weighs is called; a column of one's own keeps its name."""
    return words(key) if has(key := f"scope.measure.{name}") else same(name)


def bounded(row: Mapping[str, Any]) -> Text:
    """Return a share with its bounds, alone where there is nothing between them; unknown where nobody can say."""
    if row["upper"] is None:
        return words("scope.reason.share_unknown")
    exact = row["upper"] - row["lower"] <= EXACT
    return words(
        "scope.reason.share" if exact else "scope.reason.bounds",
        **{key: row[key] for key in ("lower", "share", "upper")},
    )


def listed(row: Mapping[str, Any], partial: frozenset[str]) -> Text:
    """Say what one definition says of one industry."""
    how = verdict(row["lower"], row["upper"])
    values = {"title": Text(zh=row["title_zh"], en=row["title_en"]), "inside": same("")}
    if row["category_zh"]:
        category = Text(zh=row["category_zh"], en=row["category_en"])
        values["inside"] = words("scope.reason.category", category=category)
    if how == "out":
        missing = "not_entered" if silent(row, partial) else "not_listed"
        return words("scope.reason.outside" if row["line"] else f"scope.reason.{missing}", **values)
    if how == "in":
        return words("scope.reason.listed", **values)
    return words("scope.reason.in_part", share=bounded(row), why=_why(row), **values)


def _why(row: Mapping[str, Any]) -> Text:
    """Say why a share is no whole."""
    keys = {
        "unmapped": row["unmapped"],
        "starred_assumed": row["starred"] and row["assumed"],
        "starred": row["starred"] and not row["assumed"],
        "split": row["split"],
        "classes": row["classes_in"] < row["classes"],
    }
    reasons = [
        words(f"scope.reason.{key}", inside=row["classes_in"], all=row["classes"])
        for key, holds in keys.items()
        if holds
    ]
    return joined(reasons or [words("scope.reason.by_weight")])


def joined(texts: Sequence[Text]) -> Text:
    """Return texts that may hold commas, parted by semicolons."""
    return Text(zh="；".join(one.zh for one in texts), en="; ".join(one.en for one in texts))


def tested(row: Mapping[str, Any]) -> Text:
    """Say what the use test says of one industry."""
    return words(f"scope.reason.use_{verdict(row['lower'], row['upper'])}")


def reason(rows: Sequence[Mapping[str, Any]], partial: frozenset[str]) -> Text:
    """Join what the definitions say of an industry: those that list it, or else all that do not."""
    kept = [row for row in rows if row["upper"] > EXACT] or [row for row in rows if row["line"]] or list(rows)
    whole = joined([tested(row) if row["definition"] == "use" else listed(row, partial) for row in kept])
    return Text(zh=f"{whole.zh}。", en=f"{whole.en}.")


def detail(question: Question, found: Answer) -> pl.DataFrame:
    """Return a row per industry and definition (and the use test)."""
    rows: list[dict[str, Any]] = []
    for one, interval in found.lists:
        for number, (code, at) in enumerate(zip(found.codes, found.groups, strict=True)):
            rows.append({"code": code, **_row(one, interval, number, at)})
    if found.use is not None and question.use is not None:
        for number, (code, at) in enumerate(zip(found.codes, found.groups, strict=True)):
            rows.append({"code": code, **_used(question.use, found.use, number, at)})
    dates = {"valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(rows, schema_overrides=dates, infer_schema_length=None)


def _row(one: Membership, interval: Interval, number: int, at: IntArray) -> dict[str, Any]:
    """Return what one definition says of one industry."""
    definition = one.definition
    inside = at[one.interval.upper[at] > EXACT]
    spoken = inside if inside.size else at
    lines = [definition.entries[line] for line in dict.fromkeys(one.entry[spoken].tolist()) if line >= 0]
    categories = [definition.categories[key] for key in dict.fromkeys(line.category for line in lines) if key]
    stars = [line.star for line in lines if line.star is not None]
    names = [line.name for line in lines if line.name is not None]
    return _numbers(definition.id, interval, number, definition.title) | {
        "category": ";".join(item.id for item in categories),
        "category_zh": "、".join(item.title.zh for item in categories),
        "category_en": ", ".join(item.title.en for item in categories),
        "line": bool(lines),
        "line_zh": names[0].zh if len(names) == 1 else "",
        "line_en": names[0].en if len(names) == 1 else "",
        "starred": bool(stars),
        "assumed": any(star.assumed for star in stars),
        "split": bool(one.split[spoken].any()),
        "unmapped": bool(one.unmapped[at].any()),
        "classes_in": int(inside.size),
        "classes": int(at.size),
        "reference": definition.source,
        "star_source": "; ".join(dict.fromkeys(star.source for star in stars if star.source)),
        "valid_from": definition.valid_from,
        "valid_to": definition.valid_to,
    }


def _used(use: Use, interval: Interval, number: int, at: IntArray) -> dict[str, Any]:
    """Return what the use test says of one industry."""
    plain = dict.fromkeys(("starred", "assumed", "split", "unmapped"), False)
    return _numbers("use", interval, number, words("scope.label.use")) | {
        **dict.fromkeys(("category", "category_zh", "category_en"), ""),
        "line": bool((use.line[at] >= 0).any()),
        **dict.fromkeys(("line_zh", "line_en"), ""),
        **plain,
        "classes_in": int((use.interval.upper[at] > EXACT).sum()),
        "classes": int(at.size),
        "reference": words("scope.reason.use_reference").en,
        "star_source": "",
        "valid_from": None,
        "valid_to": None,
    }


def _numbers(name: str, interval: Interval, number: int, title: Text) -> dict[str, Any]:
    """Return whose word it is, the share with its bounds, and what the list is called."""
    bounds = {part: float(getattr(interval, part)[number]) for part in ("share", "lower", "upper")}
    return {"definition": name, **bounds, "title_zh": title.zh, "title_en": title.en}


def shares(question: Question, found: Answer, lists: pl.DataFrame, read: Industries) -> pl.DataFrame:
    """Return the frame of the result: a row per industry, region and year."""
    tree = standard(question.name)
    by_code = {code[0]: part.to_dicts() for code, part in lists.partition_by("code", as_dict=True).items()}
    rows, partial = [], entered_in_part(question)
    for number, code in enumerate(found.codes):
        said = by_code[code]
        naming = [row for row in said if row["upper"] > EXACT]
        text = reason(said, partial)
        starts = [row["valid_from"] for row in naming if row["valid_from"]]
        ends = [row["valid_to"] for row in naming if row["valid_to"]]
        rows.append(
            {
                "code": code,
                "name_zh": tree.names[code],
                "level": tree.level(code),
                **_together(found.total, number, said, partial),
                "definitions": ";".join(row["definition"] for row in naming),
                "reason_zh": text.zh,
                "reason_en": text.en,
                "reference": " | ".join(row["reference"] for row in naming or said),
                "valid_from": max(starts) if starts else None,
                "valid_to": min(ends) if ends else None,
            }
        )
    dates = {"valid_from": pl.Date, "valid_to": pl.Date}
    frame = pl.DataFrame(rows, schema_overrides=dates, infer_schema_length=None)
    joined = read.rows.join(frame, on="code", how="left", maintain_order="left")
    return joined.select(*read.keys, *frame.columns, *read.measures)


def totals(frame: pl.DataFrame, read: Industries) -> pl.DataFrame:
    """Return the sums by region and year: how much of every measure is in scope."""
    schema = {"measure": pl.String} | dict.fromkeys(
        ("total", "in_scope", "in_scope_lower", "in_scope_upper", "share", "lower", "upper"), pl.Float64
    )
    if not read.measures:
        return pl.DataFrame(schema={**{key: frame.schema[key] for key in read.keys}, **schema})
    long = frame.unpivot(
        on=read.measures, index=[*read.keys, "share", "lower", "upper"], variable_name="measure", value_name="_value"
    )
    names = {"share": "in_scope", "lower": "in_scope_lower", "upper": "in_scope_upper"}
    sums = long.group_by(*read.keys, "measure", maintain_order=True).agg(
        pl.col("_value").sum().alias("total"),
        *((pl.col(name) * pl.col("_value")).sum().alias(label) for name, label in names.items()),
    )
    shares = [
        pl.when(pl.col("total") > 0).then(pl.col(label) / pl.col("total")).alias(name) for name, label in names.items()
    ]
    return sums.with_columns(shares).select(*read.keys, *schema)


def explained(question: Question, code: str) -> pl.DataFrame:
    """Return what every definition says of one industry, and the union of them."""
    found = answer(question, [code])
    said = detail(question, found)
    rows: list[dict[str, Any]] = said.to_dicts()
    partial = entered_in_part(question)
    text, together = reason(rows, partial), _together(found.total, 0, rows, partial)
    for row in rows:
        word = tested(row) if row["definition"] == "use" else listed(row, partial)
        row |= {**_said(row, partial), "reason_zh": word.zh, "reason_en": word.en}
    whole = dict.fromkeys(rows[0]) | {
        "code": code,
        "definition": "union",
        **together,
        "title_zh": words("scope.label.together").zh,
        "title_en": words("scope.label.together").en,
        "category": "",
        "reason_zh": text.zh,
        "reason_en": text.en,
    }
    frame = pl.DataFrame([*rows, whole], schema_overrides=said.schema, infer_schema_length=None)
    return frame.insert_column(1, pl.lit(question.day).alias("as_of"))
