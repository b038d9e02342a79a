"""The layout of the survey of industrial firms, its names and codes over the years, and made-up firms of its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyEngine, Ibis
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import provinces
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.core.text import same
from xinzhi.micro.delimited_files import is_text
from xinzhi.micro.engine import CONVENTIONS, Engine, connect, files_of, ibis
from xinzhi.micro.panel import FIGURES, GROUPS, KEY, NO_ROWS, ROLES, Duplicates, Panel, typed, unreadable, validate

SURVEY = Path(__file__).with_name("survey.yaml")
_CODED = ("firm", *GROUPS)
_NEEDED = ("industry", "output", "capital", "labour", "wages")
_RAW = "raw_"  # what stood where no code was recognised
_BLANKS = re.compile(r"[\s()（）_\-—－]+")
_YEAR = re.compile(r"(?:19|20)\d\d")


def survey_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return which column of a file of the survey is which; blanks and brackets in its names do not matter.

    Examples
    --------
    >>> survey_columns(["法人代码", "年份", "固定资产净值"])
    {'firm': '法人代码', 'year': '年份', 'capital': '固定资产净值'}
    """
    by_bare_name = {_BLANKS.sub("", name): name for name in reversed(columns)}
    roles = {}
    for role, names in read_yaml(SURVEY)["columns"].items():
        column = next((by_bare_name[bare] for name in names if (bare := _BLANKS.sub("", name)) in by_bare_name), None)
        if column is not None:
            roles[role] = column
    return roles


def read_survey(
    source: Path | str,
    *,
    engine: AnyEngine = None,
    duplicates: Duplicates = "refuse",
    least: int = 0,
    encoding: str | None = None,
) -> Panel:
    """Read the files of the survey, one a year or all in one, as a panel of one layout.

    Columns are found by the names that they had in any year; industries of earlier editions of the standard become
    divisions of GB/T 4754-2017, regions provinces, registration types kinds of ownership. A file without a column of
    years takes the year of its name.

    Parameters
    ----------
    source
        A parquet or CSV file, or a folder of them.
    engine, duplicates, least, encoding
        See `connect` and `panel`.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> folder = tempfile.mkdtemp()
    >>> rows = {"法人代码": ["A1"], "行业代码": ["4061"], "工业增加值": [5.0], "登记注册类型": ["110"]}
    >>> pl.DataFrame(rows).write_parquet(f"{folder}/工业企业2003.parquet")
    >>> held = read_survey(folder)
    >>> held.engine.collect(held.table.select("year", "industry", "ownership")).row(0)
    (2003, '39', 'state')
    """
    backend: Engine = connect(engine)
    path = Path(source)
    files = files_of(path) or []
    parts: list[Ibis] = []
    findings: list[Finding] = []
    column_of: dict[str, str] = {}
    unread: dict[str, None] = {}
    for file in files:
        part, part_names, wrong, rest = _read_survey_file(backend, file, least, encoding)
        unread |= dict.fromkeys(rest)
        parts.append(part)
        findings += wrong
        column_of = part_names | column_of  # by the name in the first file that has it
    roles = sorted(set.union(*(set(part.columns) for part in parts)))
    filled = [
        part.mutate(**{role: ibis().null(_kind(role)) for role in roles if role not in part.columns}) for part in parts
    ]
    table = filled[0].select(roles)
    for part in filled[1:]:
        table = table.union(part.select(roles))
    columns = {role: column_of.get(role, role) for role in ROLES if role in roles}
    rows = backend.keep(table)  # names and codes are read once, not in every pass
    findings += _strange(backend, rows, columns, least)
    for role in _NEEDED if unread else ():  # what the usual jobs need and no column was read as
        if role not in columns:
            names = read_yaml(SURVEY)["columns"][role]
            facts = {"names": names, "unread": list(unread)}
            findings.append(finding("micro.not-read", words=facts, table="firms", column=role))
    rows = rows.drop(*(name for name in rows.columns if name.startswith(_RAW)))
    firms = Panel(engine=backend, table=rows, columns=columns, findings=tuple(findings), rows=NO_ROWS, least=least)
    return validate(firms, duplicates)


def _strange(engine: Engine, table: Ibis, columns: Mapping[str, str], least: int) -> list[Finding]:
    """Return findings that name the commonest entries that are no code, each in enough rows to identify nobody."""
    findings = []
    for raw in (name for name in table.columns if name.startswith(_RAW)):
        strange = table.filter(table[raw] != "")
        cells = strange.group_by(raw).agg(n=strange.count())
        common = engine.collect(cells.filter(cells.n >= least).order_by([cells.n.desc(), cells[raw]]).limit(3))
        if common.height:
            codes = [same(code) for code in common[raw]]
            column = columns[raw.removeprefix(_RAW)]
            findings.append(finding("micro.strange-code", words={"codes": codes}, table="firms", column=column))
    return findings


def _kind(role: str) -> str:
    if role in FIGURES:
        return "float64"
    return "int64" if role in {"year", "born"} else "string"


def _read_survey_file(
    engine: Engine, file: Path, least: int, encoding: str | None
) -> tuple[Ibis, dict[str, str], tuple[Finding, ...], list[str]]:
    """Return a file under the names and codes of the panel, what columns are called or not read, what is no number."""
    table = engine.table(file, encoding)
    names = survey_columns(table.columns)
    rest = [name for name in table.columns if name not in names.values()]
    year = _YEAR.search(file.stem)
    if "firm" not in names or ("year" not in names and year is None):
        lost = [role for role in KEY if role not in names]
        raise InputError(
            "micro.no-survey-column",
            (),
            file=file.name,
            missing=[same(role) for role in lost],
            known=[same(name) for name in table.columns],
        )
    findings = unreadable(engine, table, names, [file] if is_text(file) else [], least, encoding)
    columns = {role: typed(table[name], role, text=is_text(file)).cast(_kind(role)) for role, name in names.items()}
    if "year" not in columns and year is not None:
        columns["year"] = ibis().literal(int(year[0])).cast("int64")
    table = table.select(**columns)
    table = table.mutate(**{name: table[name].strip() for name in _CODED if name in names})
    more = {}
    table = table.mutate(**{f"{_RAW}{role}": table[role] for role in GROUPS if role in names})
    if "industry" in names:  # step by step: no engine gets what follows twice over
        letter = table.industry.substr(0, 1).isin([*ascii_uppercase, *ascii_lowercase])  # of its section
        table = table.mutate(industry=letter.ifelse(table.industry.substr(1), table.industry))
        table = table.mutate(industry=_whole(table.industry))
        more["industry"] = _industry(table)
    if "region" in names:  # by the first two digits of a code, or by the Chinese name of the province
        start = table.region.substr(0, 2)
        number = start.try_cast("int64").isnull().ifelse("", start + "0000")
        more["region"] = start.cases(*((name.zh[:2], code) for code, name in provinces().items()), else_=number)
    if "ownership" in names:
        more["ownership"] = _ownership(table.ownership)
    table = table.mutate(**more)
    raw = {f"{_RAW}{role}": (table[role] == "").ifelse(table[f"{_RAW}{role}"], "") for role in more}
    return table.mutate(**raw), names, findings, rest


def _whole(code: Ibis) -> Ibis:
    """Return a code with the zero that it lost as a number: of one digit, or of three from 6 on (0610 is coal).

    There is no division 61 to 99 in industry.
    """
    short = code.substr(3, 1).isin(["", "."]) & (code.substr(2, 1) != "") & code.substr(0, 1).isin([*"6789"])
    single = (code == code.substr(0, 1)) | (code.substr(1, 1) == ".")
    short |= single & code.substr(0, 1).isin([*"123456789"])
    return short.ifelse(ibis().literal("0") + code, code)


def _industry(table: Ibis) -> Ibis:
    """Return the division of the present standard by the code of the edition in force in the year; blank for words."""
    division, finer = table.industry.substr(0, 2), table.industry.substr(0, 3)
    industry = division
    for edition in reversed(read_yaml(SURVEY)["industries"]):
        codes: Mapping[str, str] = edition["codes"]
        by_division, by_group = ([pair for pair in codes.items() if len(pair[0]) == size] for size in (2, 3))
        present = finer.cases(*by_group, else_=division.cases(*by_division, else_=division))
        industry = (table.year <= edition["until"]).ifelse(present, industry)
    return division.try_cast("int64").isnull().ifelse("", industry)


def _ownership(registration: Ibis) -> Ibis:
    """Return the kind of ownership of a registration type, by its code or its name.

    Brackets and enumeration commas of a name may have either width that is written, and commas may be missing.
    """
    rules, code = read_yaml(SURVEY), registration.substr(0, 3).try_cast("int64")
    coded = ibis().cases(*(((code >= low) & (code <= high), kind) for low, high, kind in rules["ownership"]), else_="")
    cases: list[tuple[str, str]] = []
    for kind, names in rules["registered"].items():
        for name in names:
            widths = (name, name.replace("（", "(").replace("）", ")"))
            spellings = dict.fromkeys(width.replace("、", comma) for width in widths for comma in ("、", "，", ",", ""))
            cases += [(spelling, kind) for spelling in spellings]
    return registration.cases(*cases, else_=coded)


def mock(firms: int | None = None, years: tuple[int, int] | None = None, *, seed: int = 0) -> pl.DataFrame:
    """Return a made-up panel of firms with entry and exit.

    Parameters
    ----------
    firms
        Firms that ever live; by default so many that the last year is as large as the survey of industrial firms.
    years
        First and last year; by default those of the survey.
    seed
        Another seed, other firms.

    Returns
    -------
    polars.DataFrame
        ``firm, year, industry, region, ownership, born, closed, output`` (value added), ``capital, labour, wages,
        intermediates, investment`` and ``true_tfp``, the logarithm of productivity that made output: output is
        exp(true_tfp) capital^0.4 labour^0.6, with the elasticities of ``micro.yaml``.

    Examples
    --------
    >>> mock(100, (2000, 2002), seed=1).columns[:4]
    ['firm', 'year', 'industry', 'region']
    """
    parameters = setting(CONVENTIONS, "mock")
    first, last = years or tuple(parameters["years"]["value"])
    number = int(parameters["firms"]["value"]) if firms is None else firms
    rng = np.random.default_rng(seed)
    span = last - first + 1
    born = rng.integers(first - span, last + 1, number)
    life = rng.geometric(parameters["exit"]["value"], number)
    closed = born + life
    since, until = np.maximum(born, first), np.minimum(closed, last + 1)
    alive = np.maximum(until - since, 0)
    firm = np.repeat(np.arange(number), alive)
    age = np.arange(len(firm)) - np.repeat(np.cumsum(alive) - alive, alive)
    year = np.repeat(since, alive) + age
    industry, region = rng.integers(13, 44, number), rng.choice(sorted(provinces())[:31], number)
    kinds = rng.choice(["state", "private", "foreign"], number, p=parameters["ownership"]["value"])
    talent = np.repeat(rng.normal(0, parameters["talent"]["value"], number), alive) + rng.normal(0, 0.2, len(firm))
    talent += parameters["growth"]["value"] * (year - first)
    wedge = np.repeat(rng.normal(0, parameters["wedge"]["value"], number) + 0.3 * (kinds == "state"), alive)
    mix = np.repeat(rng.normal(0, parameters["mix"]["value"], number), alive)
    alpha, sigma = parameters["capital"]["value"], setting(CONVENTIONS, "misallocation.sigma")
    # demand of elasticity sigma: sales follow talent and wedge, inputs follow sales and wedge
    inputs = (sigma - 1) * talent - sigma * wedge + np.repeat(rng.normal(0, 0.5, number), alive)
    capital, labour = np.exp(inputs + (1 - alpha) * mix + 8), np.exp(inputs - alpha * mix + 5)
    output = np.exp(talent + alpha * np.log(capital) + (1 - alpha) * np.log(labour))
    wages = (1 - alpha) * output * np.exp(-wedge / 2) * np.exp(rng.normal(0, 0.1, len(firm)))
    closing = np.repeat(np.where(closed <= last, closed, -1), alive)
    frame = pl.DataFrame(
        {
            "firm": firm,
            "year": year,
            "industry": np.repeat(industry, alive),
            "region": np.repeat(region, alive),
            "ownership": np.repeat(kinds, alive),
            "born": np.repeat(born, alive),
            "closed": closing,
            "output": output,
            "capital": capital,
            "labour": labour,
            "wages": wages,
            "intermediates": 3 * output,
            "investment": capital * np.exp(rng.normal(-2, 0.3, len(firm))),
            "true_tfp": talent,
        }
    )
    text = pl.col("industry", "region").cast(pl.String)
    return frame.with_columns(text, pl.when(pl.col("closed") >= 0).then("closed").alias("closed")).sort("year", "firm")
