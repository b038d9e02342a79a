"""The tables of a scope: what every definition says, the shares of the industries, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.scope.tree import standard
from xinzhi.scope.words import EXACT, reason, verdict

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import IntArray
    from xinzhi.scope.industries import Industries
    from xinzhi.scope.membership import Interval, Membership
    from xinzhi.scope.verb import Answer, Question

_USE_REFERENCE = "digital dependence from an input-output table (xinzhi.scope.digital_dependence), handed in as `use`"


def detail(question: Question, found: Answer) -> pl.DataFrame:
    """Return a row per industry and definition (and the use test)."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    for one, interval in found.lists:
        for number, (code, at) in enumerate(zip(found.codes, found.groups, strict=True)):
            rows.append({"code": code, **_row(one, interval, number, at)})
    if found.use is not None and question.use is not None:
        for number, (code, at) in enumerate(zip(found.codes, found.groups, strict=True)):
            rows.append({"code": code, **_used(question, found.use, number, at)})
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
    return {
        "definition": definition.id,
        "share": float(interval.share[number]),
        "lower": float(interval.lower[number]),
        "upper": float(interval.upper[number]),
        "title_zh": definition.title.zh,
        "title_en": definition.title.en,
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


def _used(question: Question, interval: Interval, number: int, at: IntArray) -> dict[str, Any]:
    """Return what the use test says of one industry."""
    use = question.use
    assert use is not None  # noqa: S101 - the caller asks only with a use test
    inside = int((use.interval.upper[at] > EXACT).sum())
    return {
        "definition": "use",
        "share": float(interval.share[number]),
        "lower": float(interval.lower[number]),
        "upper": float(interval.upper[number]),
        "title_zh": "使用检验",
        "title_en": "use test",
        "category": "",
        "category_zh": "",
        "category_en": "",
        "line": bool((use.line[at] >= 0).any()),
        "line_zh": "",
        "line_en": "",
        "starred": False,
        "assumed": False,
        "split": False,
        "unmapped": False,
        "classes_in": inside,
        "classes": int(at.size),
        "reference": _USE_REFERENCE,
        "star_source": "",
        "valid_from": None,
        "valid_to": None,
    }


def shares(question: Question, found: Answer, lists: pl.DataFrame, read: Industries) -> pl.DataFrame:
    """Return the frame of the result: a row per industry, region and year."""
    import polars as pl

    tree = standard(question.name)
    by_code = {code[0]: part.to_dicts() for code, part in lists.partition_by("code", as_dict=True).items()}
    rows = []
    for number, code in enumerate(found.codes):
        total = found.total
        lower, share, upper = (float(array[number]) for array in (total.lower, total.share, total.upper))
        said = by_code[code]
        naming = [row for row in said if row["upper"] > EXACT]
        text = reason(said)
        starts = [row["valid_from"] for row in naming if row["valid_from"]]
        ends = [row["valid_to"] for row in naming if row["valid_to"]]
        rows.append(
            {
                "code": code,
                "name_zh": tree.names[code],
                "level": tree.level(code),
                "share": share,
                "lower": lower,
                "upper": upper,
                "verdict": verdict(lower, upper),
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
    import polars as pl

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
