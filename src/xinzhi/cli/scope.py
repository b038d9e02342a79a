"""`xinzhi scope`: what counts as new quality on a day, by whose list, and who uses digital input."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import OutOption  # noqa: TC001 - typer reads it at run time
from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language, Text
    from xinzhi.data import Package
    from xinzhi.scope import Dependence, Scope

_KEYS = {"country": ("country", "entity", "region"), "year": ("year",)}  # what the columns of --energy are called
INDUSTRY_TABLES = ("industry_accounts", "activity", "industries")


def scope(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help=say(
                "行业代码表（CSV、.xlsx、parquet），或数据包的名称或路径",
                "table of industry codes (CSV, .xlsx, parquet), or name or path of a data package",
            ),
        ),
    ] = None,
    *,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help=say("哪一天：2024-01-01，或年份", "the day: 2024-01-01, or a year")
        ),
    ] = None,
    definition: Annotated[
        list[str] | None,
        typer.Option(
            "--definition",
            metavar="NAME",
            help=say(
                "分类的名称或文件，可重复；默认当日有效的各分类",
                "name or file of a definition, may be repeated; by default those in force",
            ),
        ),
    ] = None,
    standard: Annotated[
        str | None,
        typer.Option(
            "--standard", help=say("代码的标准：GB/T 4754-2017 或 ISIC Rev.4", "GB/T 4754-2017 or ISIC Rev.4")
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain", metavar="CODE", help=say("一个行业为何计入或不计入", "why one industry is in or not")
        ),
    ] = None,
    io: Annotated[
        str | None,
        typer.Option(
            "--io",
            metavar="TABLE",
            help=say(
                "投入产出长表：from、to、value，总产出为 to = output；可有 year、from_region、to_region",
                "input-output table in long form: from, to, value, with to = output for gross output; "
                "year, from_region, to_region where there are any",
            ),
        ),
    ] = None,
    digital: Annotated[
        str | None,
        typer.Option(
            "--digital",
            metavar="CODES",
            help=say("数字核心产业，以逗号分隔", "industries of the digital core: 39,63,64"),
        ),
    ] = None,
    energy: Annotated[
        str | None,
        typer.Option(
            "--energy",
            metavar="TABLE",
            help=say(
                "历史检验：各国各年各种能源的份额（CSV、.xlsx、parquet），与五种力量的年代对照",
                "the history check: shares of energy by country, year and carrier, held to the eras of the five powers",
            ),
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            help=say("投入产出表中的地区；或能源表中的国家", "region of an input-output table; country of --energy"),
        ),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help=say("列出随软件发布的分类", "list the definitions that ship"))
    ] = False,
    template: Annotated[
        str | None,
        typer.Option(
            "--template",
            metavar="NAME",
            help=say("打印一个分类的文件，供转录", "print the file of a definition to fill in"),
        ),
    ] = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which industries count as new quality on a day, by how much, and by whose word."""
    language = chosen(lang)
    if listing:
        _list(as_of, language, as_json=as_json)
    elif template is not None:
        _template(template, as_json=as_json)
    elif explain is not None:
        _explain(explain, _day(as_of), definition, standard, language, as_json=as_json)
    elif energy is not None:
        _powers(energy, region, encoding, out, language, as_json=as_json)
    else:
        asked = _Asked(file, io, as_of, definition, standard, digital, region, encoding)
        _judge(asked, out, language, as_json=as_json)


def _powers(
    table: str, country: str | None, encoding: str | None, out: Path | None, language: Language, *, as_json: bool
) -> None:
    """Hold the eras of the five powers to shares of energy."""
    from xinzhi.cli.room import conclude
    from xinzhi.core.errors import UsageError
    from xinzhi.core.text import Text
    from xinzhi.data.frames import read_file
    from xinzhi.report.document import rows
    from xinzhi.scope import history

    cells = read_file(Path(table), "energy", encoding=encoding).cells
    names = {name.lower(): name for name in cells.columns}
    keys = {key: names[name] for key, said in _KEYS.items() for name in said if name in names}
    found = history(cells, **keys)
    known = found.frame["country"].unique().sort().to_list()
    if country is not None and country not in known:
        message = f"--region {country}: {table} has no such country; it has {', '.join(known)}."
        raise UsageError(message)
    name = Path(table).name
    more = {
        "changes": rows(found.changes),
        "eras": rows(found.eras),
        "findings": [one.lang(language) for one in found.findings],
    }
    conclude(
        [found],
        name="scope",
        source=Text(zh=name, en=name),
        out=out,
        language=language,
        as_json=as_json,
        more=more,
        region=country,
    )


def _day(as_of: str | None) -> str:
    from xinzhi.core.errors import UsageError

    if as_of is None:
        message = "scope depends on the day: name it with --as-of, such as --as-of 2024-01-01."
        raise UsageError(message)
    return as_of


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    file: str | None
    io: str | None
    as_of: str | None
    definitions: list[str] | None
    standard: str | None
    digital: str | None
    region: str | None
    encoding: str | None


def _judge(asked: _Asked, out: Path | None, language: Language, *, as_json: bool) -> None:
    """Classify industries, or test who uses digital input, or both."""
    from xinzhi.cli.progress import steps
    from xinzhi.cli.room import conclude
    from xinzhi.core.text import Text

    _sound(asked)
    io = asked.io or ""
    results: list[Result] = []
    source = Text(zh=Path(io).name, en=Path(io).name)
    said = {
        "use": say("检验数字投入", "testing the use of digital input"),
        "read": say("对照分类", "holding to the lists"),
    }
    with steps(said, quiet=as_json) as step, _briefly():
        use = None
        if asked.io is not None:
            step("use")
            found = _dependence(asked)
            use, results = found.use(_last(found)), [found]
        if asked.file is not None:
            step("read")
            judged, source = _scope(asked, asked.file, use)
            results = [judged, *results]
    conclude(results, name="scope", source=source, out=out, language=language, as_json=as_json, more=_more(results))


@contextmanager
def _briefly() -> Iterator[None]:
    """Leave the findings out of the message of an error that has them: they are printed below it."""
    from xinzhi.core.errors import InputError

    try:
        yield
    except InputError as error:
        if not error.findings:
            raise
        raise InputError(str(error).splitlines()[0].rstrip(":"), error.findings) from error


def _sound(asked: _Asked) -> None:
    """Refuse a call of which something is missing."""
    from xinzhi.core.errors import UsageError

    if asked.file is None and asked.io is None:
        message = "name a table of industries or a data package, or an input-output table with --io (see also --list)."
        raise UsageError(message)
    if (asked.io is None) != (asked.digital is None):
        message = (
            "--io and --digital belong together: the table, and which of its industries are the digital core "
            "(--digital 39,63,64,65)."
        )
        raise UsageError(message)
    if asked.region is not None and asked.io is None:
        message = "--region chooses a region of the table of --io."
        raise UsageError(message)


def _dependence(asked: _Asked) -> Dependence:
    from xinzhi.core.errors import UsageError
    from xinzhi.scope import digital_dependence, read_input_output

    named = asked.digital or ""
    codes: Any = [code.strip() for code in named.split(",") if code.strip()]
    if not codes:
        message = "--digital names no industry: write the codes of the digital core, separated by commas."
        raise UsageError(message)
    tables = read_input_output(asked.io, encoding=asked.encoding)
    single = tables.get(None)
    return digital_dependence(
        single if single is not None else {year: one for year, one in tables.items() if year is not None},
        digital=named if codes == ["wiod-2013"] else codes,
        region=asked.region,
    )


def _last(found: Dependence) -> int | None:
    years = found.frame["year"]
    return None if years.has_nulls() else int(str(years.max()))


def _scope(asked: _Asked, file: str, use: pl.DataFrame | None) -> tuple[Scope, Text]:
    """Return what counts among the industries of a table or of a data package, and what was read."""
    from xinzhi.core.errors import InputError
    from xinzhi.core.text import Text
    from xinzhi.data.frames import read_file
    from xinzhi.scope import classify, classify_package

    day, definition, standard = _day(asked.as_of), asked.definitions, asked.standard
    package = _package(file, asked.encoding)
    if package is None:
        rows = read_file(Path(file), "industries", encoding=asked.encoding)
        name = Path(file).name
        return classify(rows, as_of=day, definitions=definition, standard=standard, use=use), Text(zh=name, en=name)
    found = classify_package(package, as_of=day, definitions=definition, standard=standard, use=use)
    if found is None:
        message = (
            f"the data package {package.name} has no industries: it needs one of the tables "
            f"{', '.join(INDUSTRY_TABLES)}; it has {', '.join(package.tables)}."
        )
        raise InputError(message)
    return found, package.title


def _package(file: str, encoding: str | None) -> Package | None:
    """Return the data package of a name or path, None for a file that is a single table."""
    from xinzhi.data import load, packages

    path = Path(file)
    if file in packages() or not path.is_file() or path.suffix.lower() in {".yaml", ".yml", ".json"}:
        return load(file, encoding=encoding)
    if path.suffix.lower() == ".xlsx" and _sheets(path).intersection(INDUSTRY_TABLES):
        return load(file)
    return None


def _sheets(path: Path) -> set[str]:
    """Return the names of the sheets of a workbook; nothing when it cannot be read, which the reader then says."""
    import fastexcel

    try:
        return {name.strip().lower() for name in fastexcel.read_excel(path).sheet_names}
    except (fastexcel.FastExcelError, OSError):
        return set()


def _more(results: Sequence[Result]) -> dict[str, Any]:
    """Return what the document holds beside the frames: totals, what every list says, shares by year."""
    from xinzhi.report.document import rows
    from xinzhi.scope import Dependence, Scope

    found: dict[str, Any] = {}
    for result in results:
        if isinstance(result, Scope):
            found |= {"totals": rows(result.totals), "overall": rows(result.overall), "lists": rows(result.lists)}
            found |= {"absent": list(result.absent), "findings": [one.to_dict() for one in result.findings]}
        elif isinstance(result, Dependence):
            found |= {"by_year": rows(result.by_year), "threshold": result.threshold, "rule": result.rule["id"]}
    return found


def _explain(
    code: str, day: str, definition: list[str] | None, standard: str | None, language: Language, *, as_json: bool
) -> None:
    """Print what every definition says of one industry on a day."""
    from xinzhi.report.document import rows
    from xinzhi.scope import bounded, explain, industry_name

    found = explain(code, day, definitions=definition, standard=standard)
    if as_json:
        print_json({"explain": rows(found)})
        return
    out = console()
    last = found.row(-1, named=True)
    verdicts = {
        "in": say("全部计入", "in"), "part": say("部分计入", "in part"), "out": say("不计入", "not in"),
    }  # fmt: skip
    name = industry_name(last["code"], standard).lang(language)
    share = bounded(last).lang(language)
    out.print(f"{last['code']} {name}, {last['as_of']}: {verdicts[last['verdict']]} ({share})", markup=False)
    for row in found.iter_rows(named=True):
        if row["definition"] != "union":
            out.print(f"  {row['definition']}: {row[f'reason_{language}']}", markup=False)
            if row["line"] or row["upper"] > 0:
                out.print(f"    {row['reference']}", style="dim", markup=False)


def _list(as_of: str | None, language: Language, *, as_json: bool) -> None:
    """Print the definitions that ship, those in force on a day where one is named."""
    from xinzhi.cli.tables import table
    from xinzhi.report.document import rows
    from xinzhi.scope import definitions

    found = definitions(as_of)
    if as_json:
        print_json({"definitions": rows(found)})
        return
    shown = table(
        say("名称", "name"), say("状态", "status"), say("有效", "in force"), say("默认", "default"), say("内容", "what")
    )
    states = {
        "complete": say("完整", "complete"),
        "partial": say("部分", "partial"),
        "template": say("模板", "template"),
    }
    for row in found.iter_rows(named=True):
        span = f"{row['valid_from']} – {row['valid_to'] or ''}".strip()
        lacks = f" ({say('缺', 'missing')}: {row['missing']})" if row["missing"] else ""
        shown.add_row(
            row["definition"],
            states[row["status"]],
            span,
            "✓" if row["default"] else "",
            row[f"title_{language}"] + lacks,
        )
    console().print(shown)


def _template(name: str, *, as_json: bool) -> None:
    """Print the file of a definition that ships, to start a transcription from."""
    from xinzhi.scope import definition_template

    text = definition_template(name)
    if as_json:
        print_json({"template": text})
        return
    console().print(text, markup=False, end="")
