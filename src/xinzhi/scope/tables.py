"""The industries that are classified, and the tables of a scope: what each list says of them, and the sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding, format_findings
from xinzhi.core.result import FrameKind
from xinzhi.core.text import Text, has, same
from xinzhi.data import Field, tidy
from xinzhi.data.frames import infer_numbers, read_file
from xinzhi.data.raw import RawTable
from xinzhi.scope.membership import Answer, Interval, Membership, Question, Use, answer
from xinzhi.scope.standard import SHOWN, Standard, industry_name, level_text, standard

# Shares closer to 0 or 1 than this are nothing and all: weights do not sum exactly in float64.
EXACT = 1e-12
_BOUNDS = ("share", "lower", "upper")
CODES = ("code", "industry")  # what the column of codes may be called


def verdict(lower: float, upper: float) -> str:
    """Return ``in`` where all of an industry belongs, ``out`` where nothing can, else ``part``."""
    if lower >= 1 - EXACT:
        return "in"
    return "out" if upper <= EXACT else "part"


def entered_in_part(question: Question) -> frozenset[str]:
    """Return the definitions asked for of which some codes only are entered: they cannot say that something is out."""
    return frozenset(definition.id for definition in question.definitions if definition.status == "partial")


def silent(row: Mapping[str, Any], partial: frozenset[str]) -> bool:
    """Return whether a list is entered in part only and none of its lines speaks of the industry."""
    return row["definition"] in partial and not row["line"]


def _ruling(bounds: Mapping[str, Any], *, unheard: bool) -> dict[str, object]:
    """Return the verdict with its bounds: of what is out, but `unheard` of in part of the codes, nothing is known."""
    ruling = verdict(bounds["lower"], bounds["upper"])
    if ruling == "out" and unheard:
        return {"verdict": "unknown", "lower": bounds["lower"], "share": None, "upper": None}
    return {"verdict": ruling, **{key: bounds[key] for key in _BOUNDS}}


def _combined_verdict(
    interval: Interval, number: int, list_rows: Sequence[Mapping[str, Any]], partial: frozenset[str]
) -> dict[str, object]:
    """Return the verdict of all lists together: what none of them names is unknown where one is entered in part."""
    return _ruling(_bounds(interval, number), unheard=any(silent(row, partial) for row in list_rows))


def _bounds(interval: Interval, number: int) -> dict[str, float]:
    return {key: float(getattr(interval, key)[number]) for key in _BOUNDS}


def measure_text(name: str) -> Text:
    """Return what a column that weighs is called; a column of one's own keeps its name."""
    return words.by_key(key) if has(key := f"scope.measure.{name}") else same(name)


def share_with_bounds(row: Mapping[str, Any]) -> Text:
    """Return a share with its bounds, alone where there is nothing between them; unknown where nobody can say."""
    if row["upper"] is None:
        return words.scope.reason_share_unknown()
    kind = "share" if row["upper"] - row["lower"] <= EXACT else "bounds"
    return words.scope.reason_of(kind, **{key: row[key] for key in _BOUNDS})


def spoken(row: Mapping[str, Any], partial: frozenset[str]) -> Text:
    """Say what one definition, or the use test, says of one industry."""
    how = verdict(row["lower"], row["upper"])
    if row["definition"] == "use":
        return words.scope.reason_of(f"use_{how}")
    values = {"title": Text(zh=row["title_zh"], en=row["title_en"]), "inside": same("")}
    if row["category_zh"]:
        category = Text(zh=row["category_zh"], en=row["category_en"])
        values["inside"] = words.scope.reason_category(category=category)
    if how == "out":
        if row["line"]:
            return words.scope.reason_outside(**values)
        title = values["title"]
        return (
            words.scope.reason_not_entered(title=title)
            if silent(row, partial)
            else words.scope.reason_not_listed(title=title)
        )
    if how == "in":
        return words.scope.reason_listed(**values)
    return words.scope.reason_in_part(share=share_with_bounds(row), why=_why(row), **values)


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
        words.scope.reason_of(key, inside=row["classes_in"], all=row["classes"]) for key, holds in keys.items() if holds
    ]
    return joined(reasons or [words.scope.reason_by_weight()])


def joined(texts: Sequence[Text]) -> Text:
    """Return texts that may hold commas, parted by semicolons."""
    return Text(zh="；".join(text.zh for text in texts), en="; ".join(text.en for text in texts))


def reason(rows: Sequence[Mapping[str, Any]], partial: frozenset[str]) -> Text:
    """Join what the definitions say of an industry: those that list it, or else all that do not."""
    relevant = [row for row in rows if row["upper"] > EXACT] or [row for row in rows if row["line"]] or list(rows)
    combined_text = joined([spoken(row, partial) for row in relevant])
    return Text(zh=f"{combined_text.zh}。", en=f"{combined_text.en}.")


def detail(question: Question, verdicts: Answer) -> pl.DataFrame:
    """Return a row per industry and definition (and the use test)."""
    parts = list(enumerate(zip(verdicts.codes, verdicts.groups, strict=True)))
    rows = [
        {"code": code, **_row(member, interval, number, at)}
        for member, interval in verdicts.lists
        for number, (code, at) in parts
    ]
    if verdicts.use is not None and question.use is not None:
        rows += [{"code": code, **_use_test(question.use, verdicts.use, number, at)} for number, (code, at) in parts]
    dates = {"valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(rows, schema_overrides=dates, infer_schema_length=None)


def _row(source: Membership, interval: Interval, number: int, at: IntArray) -> dict[str, object]:
    """Return what one definition says of one industry."""
    definition = source.definition
    inside = at[source.interval.upper[at] > EXACT]
    spoken = inside if inside.size else at
    lines = [definition.entries[line] for line in dict.fromkeys(source.entry[spoken].tolist()) if line >= 0]
    categories = [definition.categories[key] for key in dict.fromkeys(line.category for line in lines) if key]
    stars = [line.star for line in lines if line.star is not None]
    names = [line.name for line in lines if line.name is not None]
    return _numbers(definition.id, interval, number, definition.title) | {
        "category": ";".join(category.id for category in categories),
        "category_zh": "、".join(category.title.zh for category in categories),
        "category_en": ", ".join(category.title.en for category in categories),
        "line": bool(lines),
        "line_zh": names[0].zh if len(names) == 1 else "",
        "line_en": names[0].en if len(names) == 1 else "",
        "starred": bool(stars),
        "assumed": any(star.assumed for star in stars),
        "split": bool(source.split[spoken].any()),
        "unmapped": bool(source.unmapped[at].any()),
        "classes_in": int(inside.size),
        "classes": int(at.size),
        "reference": definition.source.en,
        "star_source": "; ".join(dict.fromkeys(star.source for star in stars if star.source)),
        "valid_from": definition.valid_from,
        "valid_to": definition.valid_to,
    }


def _use_test(use: Use, interval: Interval, number: int, at: IntArray) -> dict[str, object]:
    """Return what the use test says of one industry."""
    return _numbers("use", interval, number, words.scope.label_use()) | {
        **dict.fromkeys(("category", "category_zh", "category_en"), ""),
        "line": bool((use.line[at] >= 0).any()),
        **dict.fromkeys(("line_zh", "line_en"), ""),
        **dict.fromkeys(("starred", "assumed", "split", "unmapped"), False),
        "classes_in": int((use.interval.upper[at] > EXACT).sum()),
        "classes": int(at.size),
        "reference": words.scope.reason_use_reference().en,
        "star_source": "",
        "valid_from": None,
        "valid_to": None,
    }


def _numbers(name: str, interval: Interval, number: int, title: Text) -> dict[str, object]:
    """Return whose word it is, the share with its bounds, and what the list is called."""
    return {"definition": name, **_bounds(interval, number), "title_zh": title.zh, "title_en": title.en}


def shares(question: Question, verdicts: Answer, lists: pl.DataFrame, industries: Industries) -> pl.DataFrame:
    """Return the frame of the result: a row per industry, region and year."""
    tree = standard(question.name)
    by_code = {code[0]: part.to_dicts() for code, part in lists.partition_by("code", as_dict=True).items()}
    rows, partial = [], entered_in_part(question)
    for number, code in enumerate(verdicts.codes):
        list_rows = by_code[code]
        naming = [row for row in list_rows if row["upper"] > EXACT]
        text = reason(list_rows, partial)
        starts = [row["valid_from"] for row in naming if row["valid_from"]]
        ends = [row["valid_to"] for row in naming if row["valid_to"]]
        rows.append(
            {
                "code": code,
                "name_zh": tree.names[code],
                "level": tree.level(code),
                **_combined_verdict(verdicts.total, number, list_rows, partial),
                "definitions": ";".join(row["definition"] for row in naming),
                "reason_zh": text.zh,
                "reason_en": text.en,
                "reference": " | ".join(row["reference"] for row in naming or list_rows),
                "valid_from": max(starts) if starts else None,
                "valid_to": min(ends) if ends else None,
            }
        )
    dates = {"valid_from": pl.Date, "valid_to": pl.Date}
    frame = pl.DataFrame(rows, schema_overrides=dates, infer_schema_length=None)
    joined = industries.rows.join(frame, on="code", how="left", maintain_order="left")
    return joined.select(*industries.keys, *frame.columns, *industries.measures)


def totals(frame: pl.DataFrame, industries: Industries) -> pl.DataFrame:
    """Return the sums by region and year: how much of every measure is in scope."""
    schema = {"measure": pl.String} | dict.fromkeys(
        ("total", "in_scope", "in_scope_lower", "in_scope_upper", "share", "lower", "upper"), pl.Float64
    )
    if not industries.measures:
        return pl.DataFrame(schema={**{key: frame.schema[key] for key in industries.keys}, **schema})
    long = frame.unpivot(
        on=industries.measures,
        index=[*industries.keys, "share", "lower", "upper"],
        variable_name="measure",
        value_name="_value",
    )
    names = {"share": "in_scope", "lower": "in_scope_lower", "upper": "in_scope_upper"}
    sums = long.group_by(*industries.keys, "measure", maintain_order=True).agg(
        pl.col("_value").sum().alias("total"),
        *((pl.col(name) * pl.col("_value")).sum().alias(label) for name, label in names.items()),
    )
    shares = [
        pl.when(pl.col("total") > 0).then(pl.col(label) / pl.col("total")).alias(name) for name, label in names.items()
    ]
    return sums.with_columns(shares).select(*industries.keys, *schema)


def definition_verdicts(question: Question, code: str) -> pl.DataFrame:
    """Return what every definition says of one industry, and the union of them."""
    verdicts = answer(question, [code])
    detail_rows = detail(question, verdicts)
    rows = detail_rows.to_dicts()
    partial = entered_in_part(question)
    sources = {member.definition.id: member.definition.source for member, _ in verdicts.lists}
    text, overall = reason(rows, partial), _combined_verdict(verdicts.total, 0, rows, partial)
    for row in rows:
        word = spoken(row, partial)
        row |= {**_ruling(row, unheard=silent(row, partial)), "reason_zh": word.zh, "reason_en": word.en}
        row["reference_zh"] = sources.get(row["definition"], words.scope.reason_use_reference()).zh
    title = words.scope.label_together()
    union = dict.fromkeys(rows[0]) | {"code": code, "definition": "union", **overall, "category": ""}
    union |= {"title_zh": title.zh, "title_en": title.en, "reason_zh": text.zh, "reason_en": text.en}
    frame = pl.DataFrame([*rows, union], schema_overrides=detail_rows.schema, infer_schema_length=None)
    return frame.insert_column(1, pl.lit(question.day).alias("as_of"))


@dataclass(frozen=True)
class Industries:
    """Industries of one standard."""

    rows: pl.DataFrame
    codes: tuple[str, ...]
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    kind: FrameKind
    findings: tuple[Finding, ...]


def read_industries(native: AnyFrame, name: str) -> Industries:
    """Read the industries of a frame or file, or their codes alone."""
    if isinstance(native, pl.Series | list | tuple | set | frozenset):
        items = sorted(native, key=str) if isinstance(native, set | frozenset) else list(native)
        texts = [None if code is None else str(code) for code in items]
        native = pl.DataFrame({"code": texts}, schema={"code": pl.String})
    source = read_file(Path(native), "industries") if isinstance(native, str | Path) else native
    columns = source.cells.columns if isinstance(source, RawTable) else list(getattr(source, "columns", ()))
    spelt = {str(heading).strip().lower(): heading for heading in columns}
    code_column = next((spelt[code_name] for code_name in CODES if code_name in spelt), "code")
    keyed = [Field("region", "text", required=False), Field("year", "year", required=False)]
    typed = tidy(source, [Field("code", "any", column=code_column), *keyed], extra=True, table="table of industries")
    rows = infer_numbers(typed.frame, text=("code", "region")) if typed.raw.file else typed.frame
    tree, keys = standard(name), tuple(key for key in ("region", "year") if key in rows.columns)
    numbers = tuple(rows.select(cs.numeric()).drop("code", *keys, strict=False).columns)
    # what a spreadsheet took for numbers has a decimal point
    written = pl.col("code").cast(pl.Int64) if rows["code"].dtype.is_float() else pl.col("code")
    text = written.cast(pl.String).str.strip_chars().replace("", None)
    rows = rows.with_columns(text, _row=typed.raw.lines.cast(pl.Int64) - 1)
    normal_codes = {code: tree.normal(code) for code in rows["code"].unique().drop_nulls()}
    problems = [*_unknown(rows, normal_codes, tree), *_unweighable(rows, numbers, keys)]
    if not problems:
        rows = rows.with_columns(pl.col("code").replace_strict(normal_codes, return_dtype=pl.String))
        problems = [*_twice(rows, keys, tree, weighed=bool(numbers))]
    if problems:
        raise InputError("scope.bad-industries", problems, problems=format_findings(problems, SHOWN))
    order = {code: at for at, code in enumerate(tree.names)}
    codes = tuple(sorted(rows["code"].unique().to_list(), key=order.__getitem__))
    weights = rows.select(*keys, "code", *(pl.col(number).cast(pl.Float64) for number in numbers))
    levels = {tree.level(code): code for code in codes}
    level_names = [words.scope.level_of(code=code, level=level_text(level)) for level, code in levels.items()]
    mixed = [finding("scope.mixed-levels", table="industries", column="code", words={"codes": level_names})]
    return Industries(weights, codes, keys, numbers, typed.kind, tuple(mixed) if len(levels) > 1 else ())


def _unknown(rows: pl.DataFrame, normal_codes: dict[str, str | None], tree: Standard) -> Iterator[Finding]:
    for code, row in rows.select("code", "_row").iter_rows():
        if code is not None and normal_codes[code] is not None:
            continue
        nearest_code = tree.suggest(code) if code else None
        place = {"table": "industries", "line": row + 1, "column": "code", "value": code, "expected": nearest_code}
        values = {"code": code or "", "standard": tree.name, "near": nearest_code}
        if nearest_code is not None:
            name = industry_name(nearest_code, tree.name)
            values["name"] = replace(name, en=name.en.removeprefix(f"{nearest_code} "))
        yield finding(
            "scope.unknown-code" if nearest_code is None else "scope.unknown-code-near", **place, words=values
        )


def _unweighable(rows: pl.DataFrame, numbers: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[Finding]:
    """Yield figures that cannot weigh, and words in columns that are numbers for the most part and so would not."""
    for number in numbers:
        wrong = pl.col(number).cast(pl.Float64, strict=False)
        bad = rows.filter(wrong.is_null() | ~wrong.is_finite() | (wrong < 0))
        for code, row, value in bad.select("code", "_row", number).iter_rows():
            text = same("" if value is None else value)
            place = {"table": "industries", "line": row + 1, "column": number, "key": code}
            yield finding("scope.bad-weight", **place, words={"given": text})
    for name in rows.select(pl.col(pl.String).exclude("code", *keys)).columns:
        filled = rows.filter(pl.col(name).str.strip_chars() != "").select("code", "_row", name)
        bad = filled.filter(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False).is_null())
        if not 2 * bad.height < filled.height:
            continue
        for code, row, value in bad.iter_rows():
            place = {"table": "industries", "line": row + 1, "column": name, "key": code, "value": value}
            yield finding("scope.text-in-number", **place)


def _twice(rows: pl.DataFrame, keys: tuple[str, ...], tree: Standard, *, weighed: bool) -> Iterator[Finding]:
    """Yield codes that stand twice in a region and year and, where something is summed, beside one above them."""
    groups = rows.partition_by(*keys, as_dict=True) if keys else {(): rows}
    for key, part in groups.items():
        where = "/".join(map(str, key))
        first_row: dict[str, int] = {}
        listed = set(part["code"])
        for code, row in part.select("code", "_row").iter_rows():
            if code in first_row:
                yield _double(code, row, where, "code-twice", first=first_row[code] + 1)
            first_row.setdefault(code, row)
            above = next((parent for parent in tree.above(code) if parent in listed), None)
            if weighed and above is not None:
                yield _double(code, row, where, "counted-twice", above=above)


def _double(code: str, row: int, where: str, rule: str, **values: object) -> Finding:
    key = f"{where}/{code}" if where else code
    words = {"code": code, **values}
    return finding(f"scope.{rule}", table="industries", line=row + 1, column="code", key=key, words=words)
