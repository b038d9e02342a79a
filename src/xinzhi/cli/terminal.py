"""What a terminal shows of a study beside the answer: a short table, the explanation asked for, the notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from xinzhi import risks, sectors, yardstick
from xinzhi.cli.speech import grid, lines, print_findings, say
from xinzhi.core.lazy import pl
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Text, percent, same, significant, span_text
from xinzhi.pathways import internal as pathways
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi.cli.call import Call
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.report.internal import Table
    from xinzhi.studies.internal import Study

Row = TypeVar("Row")
FEW, ROW_LIMIT, MANY = 8, 20, 60  # rows of a table
COLUMN_LIMIT = 7  # columns that a terminal holds
SURE = 0.005  # a probability nearer to zero or one than random draws can tell
WIDTH = 24.0  # of a title in a table, in units of its size


def show(study: Study, call: Call) -> None:
    """Print what belongs to the topic, then the notes."""
    makers: Mapping[str, Callable[[Study, Call], None]] = {
        "measure": _measure,
        "goals": _goals,
        "paths": _paths,
        "able": _explanation,
        "plan": _plan,
        "frontier": _frontier,
        "sources": _sources,
        "sectors": _sectors,
        "risks": _risks,
        "screen": _screen,
        "bubbles": _bubbles,
        "audit": _audit,
        "bands": _bands,
        "backtest": _backtest,
        "bridge": _bridge,
        "digital": _digital,
    }
    if study.name in makers:
        makers[study.name](study, call)
    lines(study.notes, call.language, stderr=study.name not in {"frontier", "sources"}, style="dim")


def _measure(study: Study, call: Call) -> None:
    """Print growth of output and of TFP with its grade: the regions of the leading period, or the periods of one."""
    result = study.result(yardstick.Measurement)
    view = internal.View(result)
    if study.region is None:
        rows = _ends(view.regions_in(view.lead).to_dicts(), call.get("top", 10))
    else:
        rows = view.periods_of(study.region).to_dicts()
    cells = [
        [
            view.name(row["region"]),
            span_text(row["start"], row["end"]),
            percent(row["output_growth"], 1),
            percent(row["tfp_growth"], 1),
            row["grade"] or "–",
        ]
        for row in rows
    ]
    grid(["region", "period", "output", "tfp", "grade"], cells, call.language)


def _goals(study: Study, call: Call) -> None:
    """Print what is required of every region, or the targets of one that the data can follow."""
    result = study.result(internal.Goals)
    if result.region is None:
        _required(result, call.language)
        return
    states, indicators = describe("goals", "state").values, describe("goals", "indicator").values
    cells = []
    for row in result.followed.iter_rows(named=True):
        years = same(row["end"]) if row["start"] == row["end"] else span_text(row["start"], row["end"])
        indicator = indicators.get(row["indicator"], same(row["indicator"]))
        paces = [significant(row[name], 3) for name in ("needed_pace", "past_pace")]
        cells.append([indicator, internal.range_text(row["low"], row["high"]), years, *paces, states[row["state"]]])
    grid(["indicator", "target", "period", "needed-pace", "past-pace", "state"], cells, call.language)


def _required(result: internal.Goals, language: Language) -> None:
    """Print what the target of every region requires, beside measured growth."""
    rows = result.overview
    scenarios = [name for name in ("in_step", "level", "given") if name in rows.columns]
    cells = []
    for row in rows.iter_rows(named=True):
        growth = [percent(row[name], 1) for name in (*scenarios, "measured")]
        cells.append([result.names.region(row["region"]), internal.range_text(row["low"], row["high"]), *growth])
    heads = [f"required-{name.replace('_', '-')}" for name in scenarios]
    grid(["region", "target", *heads, "measured-tfp"], cells, language)


def _ends(rows: Sequence[Row], top: int) -> Sequence[Row]:
    """Return the first and the last of many rows."""
    return rows if len(rows) <= 2 * top else [*rows[:top], *rows[len(rows) - top :]]


def _explanation(study: Study, call: Call) -> None:
    """Print the explanation that was asked for."""
    explanation = study.more.get("explanation")
    if explanation is not None:
        lines([explanation.text(call.language)], call.language)


def _paths(study: Study, call: Call) -> None:
    """Print the best chances of the region that was asked for."""
    chances = study.find(pathways.Opportunities)
    if chances is None or chances.silent or study.region is None or study.region not in chances.measured.matrix.places:
        return
    lines([say("near", call.language, region=chances.names.region(study.region))], call.language)
    rows = [
        [
            chances.names.text("industry", row["activity"]),
            *(f"{row[name]:.2f}" for name in ("density", "complexity", "gain")),
        ]
        for row in chances.best(study.region, FEW).iter_rows(named=True)
    ]
    grid(["industry", "density", "complexity", "gain"], rows, call.language)


def _plan(study: Study, call: Call) -> None:
    """Print the explanation of a region and the sensitivity to the caps."""
    _explanation(study, call)
    if "sensitivity" not in study.more:
        return
    rows = [
        [
            f"{row['scale']:g}",
            row["places"],
            "–" if row["gain"] is None else f"{row['gain']:.2f}",
            "–" if row["beside_plan"] is None else f"{row['beside_plan']:+.1%}",
            row[f"status_{call.language}"],
        ]
        for row in study.more["sensitivity"].iter_rows(named=True)
    ]
    grid(["scale", "places", "gain", "beside-plan", "status"], rows, call.language)


AUDITED = {
    "all": ("region", "reference_rank", "reference", "minimum", "maximum", "rank_p05", "rank_p95"),
    "region": ("region", "reference_rank", "best_rank", "growth_gain", "everyone_rank", "departures"),
}


def _audit(study: Study, call: Call) -> None:
    """Print the regions of the leading period, what each choice is worth, and the alternatives left out."""
    from xinzhi.report.internal import section

    page = section(study.results["audit"])
    start, end = study.more["official_span"]
    _table(page.sheet("audit_regions").excerpt(*AUDITED[call.get("group", "all")], start=start, end=end), call.language)
    _table(page.sheet("choices").excerpt("choice", "path", "part"), call.language)
    groups: dict[str, list[str]] = {}
    reason_column = "reason_zh" if call.language == "zh" else "reason"
    for departures, reason in study.result(yardstick.Audit).left_out[["departures", reason_column]].rows():
        groups.setdefault(reason, []).append(departures)
    for reason, departures in groups.items():
        what = ": ".join(part for part in (", ".join(departures), reason) if part)
        lines([say("left-out", call.language, what=what)], call.language, style="dim")


def _frontier(study: Study, call: Call) -> None:
    """Print the leading table of the first result, cut to its ends."""
    from xinzhi.report.internal import section

    page = section(next(iter(study.results.values())))
    top = call.get("top", 10)
    if page.pictures and top:
        twin = page.pictures[0].twin
        _table(twin.excerpt(*(column.name for column in twin.columns[:COLUMN_LIMIT])), call.language, top)


def _table(table: Table, language: Language, top: int | None = None) -> None:
    """Print a table of the page; of a long one the first and the last rows."""
    from xinzhi.report.internal import cell

    heads = [
        Text(**{code: f"{column.title.lang(code)}\n{column.unit.lang(code)}".strip() for code in LANGUAGES})
        for column in table.columns
    ]
    rows = [[cell(value, column, 2) for value, column in zip(row, table.columns, strict=True)] for row in table.rows]
    if top and len(rows) > 2 * top:
        rows = [*rows[:top], ["…"] * len(heads), *rows[-top:]]
    grid(heads, rows, language)


def _sources(study: Study, call: Call) -> None:
    """Print the regions in which allocation gave most over the whole span, or the periods of one region."""
    from xinzhi.sources import PARTS, Sources, part_name, share_range_text

    result = study.result(Sources)
    top = call.get("top", 10)
    if not top and study.region is None:
        return
    frame = result.leading_periods(top) if study.region is None else result.periods_of(study.region)
    listed = PARTS if result.industries["emerging"].any() else ("allocation", "upgrading", "breakthrough")
    parts = [name for name in listed if frame[name].is_not_null().any()]

    def text_of(shares: Sequence[float | None]) -> str | Text:
        values = [share for share in shares if share is not None]
        return share_range_text(values) if len(values) == len(shares) else percent(None)

    columns = [[text_of(shares) for shares in result.over_views(frame, name)] for name in ("tfp_growth", *parts)]
    rows = [
        [result.names.region(region), span_text(start, end), *cells]
        for region, start, end, *cells in zip(frame["region"], frame["start"], frame["end"], *columns, strict=True)
    ]
    grid(["region", "period", "tfp", *(part_name(name) for name in parts)], rows, call.language)


def _sectors(study: Study, call: Call) -> None:
    """Print the explanation of a region; of an index the ranking, the figures of a region, and what the data lack."""
    from xinzhi.core.text import unit_text

    if "index" not in study.results:
        _explanation(study, call)
        return
    result = study.result(sectors.Index)
    _ranking(study, call.language)
    if "explanation" in study.more:
        rows = [
            [
                row[f"name_{call.language}"],
                significant(row["value"]),
                unit_text(row["unit"]),
                f"{row['score']:.3f}",
                f"{row['weight']:.1%}",
            ]
            for row in study.more["explanation"].iter_rows(named=True)
        ]
        grid(["indicator", "value", "unit", "score", "weight"], rows, call.language)
    if missing := [item.name for item in result.system.missing]:
        total = len(missing) + len(result.system.indicators)
        lines([say("lacks", call.language, n=len(missing), total=total, names=missing)], call.language)
    print_findings([finding for finding in result.findings if finding.severity != "note"], call.language, stderr=True)


def _ranking(study: Study, language: Language) -> None:
    """Print the last year: index, rank, its interval, and the best and the worst rank by convention."""
    result = study.result(sectors.Index)
    rows = result.last_ranks(study.results.get("uncertainty"), study.results.get("gaming"))
    cells = [
        [
            row["rank"],
            result.names.region(row["region"]),
            f"{row['index']:.3f}",
            "-" if row["rank_p05"] is None else f"{row['rank_p05']}-{row['rank_p95']}",
            "-" if row["best_rank"] is None else f"{row['best_rank']}-{row['worst_rank']}",
        ]
        for row in rows.iter_rows(named=True)
    ]
    grid(["rank", "region", "index", "interval", "by-convention"], cells, language)


def _risks(study: Study, call: Call) -> None:
    """Print the matrix of regions and pitfalls, or what is said of the region that was asked for."""
    register = study.find(risks.Register)
    if register is None:
        return
    if study.region is not None:
        lines([register.explain(study.region, call.language)], call.language)
        return
    from xinzhi.report.internal import mark, pitfall_heads, telling

    pitfalls = telling(register)
    marks = {(row["region"], row["pitfall"]): mark(row) for row in register.matrix.iter_rows(named=True)}
    rows = [[register.names.region(code), *(marks[code, pitfall] for pitfall in pitfalls)] for code in register.codes()]
    grid(["region", *(pitfall_heads()[pitfall] for pitfall in pitfalls)], rows, call.language)
    lines([say("legend", call.language)], call.language)


def _screen(study: Study, call: Call) -> None:
    """Print the verdicts that matter (all but the new ones, the most probable first), pairs, findings."""
    from xinzhi.report.internal import truncate
    from xinzhi.risks.internal import chance_text, interval_text, value_words

    screening = study.result(risks.Screening)
    verdicts = value_words("verdict")
    matches = screening.matches
    titles = [dict(zip(frame["id"], frame["title"], strict=True)) for frame in (screening.projects, screening.archive)]

    def title_of(side: int, code: str) -> str:
        return f"{code} {truncate(same(titles[side].get(code, '').strip()), WIDTH).lang(call.language)}".strip()

    rows = [
        [
            title_of(0, row["id"]),
            verdicts[row["verdict"]],
            chance_text(row["probability"]),
            interval_text(row["lower"], row["upper"]),
            title_of(1, row["archive_id"]),
        ]
        for row in matches.head(ROW_LIMIT).iter_rows(named=True)
    ]
    if rows:
        grid(["project", "verdict", "probability", "interval95", "archived"], rows, call.language)
    if matches.height > ROW_LIMIT:
        lines([say("more", call.language, n=matches.height - ROW_LIMIT)], call.language)
    for pair in study.more.get("explanation", ()):
        texts = [say("project-text", call.language, text=pair.project_text)]
        texts += [] if pair.archive_id is None else [say("archive-text", call.language, text=pair.archive_text)]
        lines([pair.text(call.language), *texts], call.language)
    some_findings(screening.findings, call)


def some_findings(findings: Sequence[Finding], call: Call) -> None:
    """Print the first findings, and how many more there are."""
    print_findings(findings[:ROW_LIMIT], call.language, stderr=True)
    if len(findings) > ROW_LIMIT:
        lines([say("more-findings", call.language, n=len(findings) - ROW_LIMIT)], call.language, stderr=True)


def _bubbles(study: Study, call: Call) -> None:
    """Print the episodes, the explanation of a series, what was not tested, and remarks."""
    from xinzhi.studies.internal import remarks

    result = study.result(risks.Bubbles)
    rows = [
        [
            row["series"],
            say(f"signal.{row['signal']}", call.language),
            row["start"],
            row["peak"],
            row["last"],
            row["duration"],
            say("yes", call.language) if row["ongoing"] else "",
        ]
        for row in result.episodes.head(MANY).iter_rows(named=True)
    ]
    if rows:
        grid(["series", "direction", "start", "peak", "last", "periods", "ongoing"], rows, call.language)
    if result.episodes.height > MANY:
        lines([say("more", call.language, n=result.episodes.height - MANY)], call.language)
    _explanation(study, call)
    if untested := study.more["untested"]:
        lines([say("untested", call.language, n=len(untested))], call.language, stderr=True)
        print_findings(untested, call.language, stderr=True)
    lines(remarks(result.findings), call.language, stderr=True, style="dim")


def _bands(study: Study, call: Call) -> None:
    """Print the regions of the leading period with their bands and ranges of ranks: the ends, or the one asked for."""
    result = study.result(yardstick.Bands)
    ends = _ends(result.ranked(result.leading_of(study.region)).to_dicts(), call.get("top", 10))
    names = ("relative_low", "relative_high") if result.refused else ("low", "high")

    def surely(chance: float) -> str:  # draws can tell neither zero nor one
        if chance > 1 - SURE:
            return "> 0.99"
        return "< 0.01" if chance < SURE else f"{chance:.2f}"

    compared = ["above-all", "ranks"] if result.part is None else []  # a part of the regions is compared with nothing
    cells = [
        [
            result.names.region(row["region"]),
            percent(row["measured"], 1),
            "–" if row[names[0]] is None else f"{percent(row[names[0]], 1)} – {percent(row[names[1]], 1)}",
            *([surely(row["above_nation"]), f"{row['rank_low']}–{row['rank_high']}"] if compared else []),
        ]
        for row in ends
    ]
    band = "relative-band" if result.refused else "band"
    grid(["region", "tfp", band, *compared], cells, call.language)


def _backtest(study: Study, call: Call) -> None:
    """Print coverage, score and pairs by test and years ahead."""
    result = study.result(yardstick.Backtest)
    cells = [
        [
            say(f"test.{row['test']}", call.language),
            row["horizon"] or say("all", call.language),
            f"{row['coverage']:.2f}",
            f"{row['relative_coverage']:.2f}",
            f"{row['score_ratio']:.2f}",
            f"{row['pairs_decided']:.2f}",
            "–" if row["pairs_right"] is None else f"{row['pairs_right']:.3f}",
        ]
        for row in result.frame.iter_rows(named=True)
    ]
    heads = ["test", "years-ahead", "held", "held-relative", "score-ratio", "told-apart", "right"]
    grid(heads, cells, call.language)


def _bridge(study: Study, call: Call) -> None:
    """Print the steps: what each adds in its order, on average, and at least and most."""
    result = study.result(internal.Bridge)
    steps, kinds = (describe(result.verb, name).values for name in ("step", "kind"))
    cells = [
        [
            steps[row["step"]],
            kinds[row["kind"]],
            *(percent(row[name], 2) for name in ("ordered", "after", "mean", "low", "high")),
        ]
        for row in result.frame.iter_rows(named=True)
    ]
    grid(["step", "kind", "in-order", "after", "mean", "lowest", "highest"], cells, call.language)


def _digital(study: Study, call: Call) -> None:
    """Print the growth account by period, one row for each part."""
    result = study.result(internal.DigitalCapital)
    periods = result.newest_first
    parts = [name for name in periods.columns if name not in {"start", "end", "status", "rate_of_return"}]
    heads = [span_text(start, f"{end} %") for start, end in zip(periods["start"], periods["end"], strict=True)]
    cells = [[describe(result.verb, name).title, *(percent(value, 2) for value in periods[name])] for name in parts]
    grid(["what", *heads], cells, call.language)


def explained(verdicts: pl.DataFrame, standard: str | None, language: Language) -> None:
    """Print what every definition says of one industry on a day."""
    from xinzhi.scope import industry_name
    from xinzhi.scope.internal import share_with_bounds

    last = verdicts.row(-1, named=True)
    head = {
        "code": last["code"],
        "name": industry_name(last["code"], standard),
        "day": last["as_of"],
        "verdict": last["verdict"],
        "share": share_with_bounds(last),
    }
    lines([say("verdict", language, **head)], language)
    for row in verdicts.iter_rows(named=True):
        if row["definition"] != "union":
            lines([f"  {row['definition']}: {row[f'reason_{language}']}"], language)
            if row["line"] or (row["upper"] or 0.0) > 0:
                lines([f"    {row['reference_zh' if language == 'zh' else 'reference']}"], language, style="dim")
