"""`xinzhi screen`: are projects new, or archived ones over again, with the ledger of evidence behind every verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import OutOption  # noqa: TC001 - typer reads it at run time
from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, print_findings, say

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.risks import Screening

HELP = say(
    "项目是新的，还是历史项目换了包装：逐项证据、概率与判定。",
    "Are projects new, or archived ones over again: a ledger of evidence, a probability and a verdict for each.",
)
SHOWN, FINDINGS = 20, 20
WIDTH = 24.0  # of a title in the table, in units of its size


def screen(
    projects: Annotated[
        str | None,
        typer.Argument(
            metavar="PROJECTS",
            help=say(
                "项目表（CSV、.xlsx、parquet），或含projects与archive两表的数据包",
                "table of projects (CSV, .xlsx, parquet), or a data package with the tables projects and archive",
            ),
        ),
    ] = None,
    *,
    archive: Annotated[
        str | None,
        typer.Option(
            "--archive", "-a", metavar="ARCHIVE", help=say("历史项目表或数据包", "table of archived projects")
        ),
    ] = None,
    prior: Annotated[
        float | None,
        typer.Option(
            "--prior",
            help=say("本批中旧项目新包装的比例，0至1", "share of repackaged ones where these come from, 0 to 1"),
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help=say("另行列出一个项目的全部证据", "a project to explain"))
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="LABELS",
            help=say(
                "已知真相的项目：id与label两列", "projects of known truth: columns id and label; draws calibration"
            ),
        ),
    ] = None,
    example: Annotated[
        Path | None,
        typer.Option(
            "--example",
            metavar="DIR",
            help=say(
                "在该文件夹写出合成的示例项目，不作比对", "write synthetic example projects into a folder, no more"
            ),
        ),
    ] = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold projects against an archive and keep a ledger of what agrees and what changed."""
    from xinzhi.cli.project_tables import asked_for, known_truth, write_example
    from xinzhi.cli.room import conclude
    from xinzhi.report.document import rows

    language = chosen(lang)
    if example is not None:
        _print_example(write_example(example), example, as_json=as_json)
        return
    asked = asked_for(projects, archive, encoding)
    found = _screened(asked.projects, asked.archive, encoding, prior, quiet=as_json)
    found = asked.sealed(found)
    if labels is not None:
        found = known_truth(found, labels, encoding)
    pairs = [] if name is None else _pairs(found, name)
    more: dict[str, Any] = {"candidates": rows(found.candidates)}
    more["findings"] = [finding.to_dict() for finding in found.findings]
    if name is not None:
        more |= {part: rows(getattr(found, part).filter(id=name)) for part in ("ledger", "changes")}
        more["explanation"] = [pair.text(language) for pair in pairs]
    conclude(
        [found], name="screen", source=asked.source, out=out, language=language, as_json=as_json, more=more, region=name
    )
    if not as_json:
        _print(found, language)
        for pair in pairs:
            _print_pair(pair, language)
        print_findings(found.findings[:FINDINGS], language, stderr=True)
        if len(found.findings) > FINDINGS:
            rest = len(found.findings) - FINDINGS
            console(stderr=True).print(
                say(f"另有 {rest} 处，见 --json 或 --out", f"and {rest} more, see --json"), markup=False
            )


def _screened(
    projects: object, archive: object, encoding: str | None, prior: float | None, *, quiet: bool
) -> Screening:
    from xinzhi.cli.progress import steps
    from xinzhi.cli.project_tables import explained
    from xinzhi.core.errors import InputError, UsageError
    from xinzhi.risks import index_archive
    from xinzhi.risks import screen as hold

    if prior is not None and not 0 < prior < 1:  # before an archive is read that may be large
        message = f"--prior {prior}: the share of repackaged projects lies between 0 and 1, such as 0.1."
        raise UsageError(message)
    said = {
        "archive": say("读取历史项目并建立索引", "reading and indexing the archive"),
        "projects": say("比对项目", "comparing the projects"),
    }
    table = "archive"
    with steps(said, quiet=quiet) as step:
        step("archive")
        try:
            index = index_archive(archive, encoding=encoding)
            table = "projects"
            step("projects")
            return hold(projects, index, encoding=encoding, prior=prior)
        except InputError as error:
            raise explained(error, archive if table == "archive" else projects, encoding) from None


def _pairs(found: Screening, name: str) -> list[Any]:
    """Return a project beside each of its candidates."""
    first = found.explain(name)
    ranks = found.candidates.filter(id=name)["rank"].to_list()
    return [first, *(found.explain(name, rank) for rank in ranks if rank > 1)]


def _print(found: Screening, language: Language) -> None:
    """Print the verdicts that matter: all but the new ones, the most probable first."""
    import polars as pl

    from xinzhi.cli.tables import table
    from xinzhi.core.text import Text
    from xinzhi.report.pages.sectors.names import short
    from xinzhi.risks import chance_text, interval_text, value_words

    verdicts = value_words("verdict")
    order = list(verdicts)
    telling = found.frame.filter((pl.col("verdict") != "new") & pl.col("archive_id").is_not_null())
    place = pl.col("verdict").replace_strict({name: at for at, name in enumerate(order)}, return_dtype=pl.Int64)
    telling = telling.sort(place, "probability", "id", descending=[False, True, False])
    if not telling.height:
        return
    titles = [dict(frame.select("id", "title").rows()) for frame in (found.projects, found.archive)]

    def called(side: int, code: str) -> str:
        title = titles[side].get(code, "").strip()
        return f"{code} {short(Text(zh=title, en=title), WIDTH).lang(language)}".strip()

    shown = table(say("项目", "project"), say("判定", "verdict"), say("概率", "probability"),
                  say("95%区间", "95 % interval"), say("历史项目", "archived project"))  # fmt: skip
    for row in telling.head(SHOWN).iter_rows(named=True):
        chance = chance_text(row["probability"]).lang(language)
        ends = interval_text(row["lower"], row["upper"]).lang(language)
        verdict = verdicts[row["verdict"]].lang(language)
        shown.add_row(called(0, row["id"]), verdict, chance, ends, called(1, row["archive_id"]))
    console().print(shown)
    if telling.height > SHOWN:
        rest = telling.height - SHOWN
        console().print(
            say(f"另有 {rest} 个，见 --out 的表", f"and {rest} more, see the tables of --out"), markup=False
        )


def _print_pair(pair: Any, language: Language) -> None:  # noqa: ANN401 - a Comparison, which is not loaded here
    console().print(pair.text(language), markup=False)
    console().print(f"  {say('项目', 'project')}: {pair.project_text}", markup=False)
    if pair.archive_id is not None:
        console().print(f"  {say('历史项目', 'archived')}: {pair.archive_text}", markup=False)


def _print_example(files: list[Path], folder: Path, *, as_json: bool) -> None:
    from xinzhi.cli.speech import print_json

    if as_json:
        print_json({"files": [str(path) for path in files], "synthetic": True})
        return
    for path in files:
        console().print(str(path), markup=False)
    console().print(
        say("合成示例，并无此等项目。下一步：", "Synthetic: no project of these exists. Next: ")
        + f"xinzhi screen {folder / 'projects.csv'} --archive {folder / 'archive.csv'}",
        markup=False,
    )
