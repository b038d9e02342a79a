"""The frontier: efficiency of a year, productivity change over years, stochastic frontiers; and what can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi import protocol as protocols
from xinzhi.core.errors import UsageError
from xinzhi.frontier import internal
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft, Study
from xinzhi.studies.frontier_options import questions_of
from xinzhi.studies.frontier_questions import GOODS
from xinzhi.studies.frontier_source import of_package, of_table
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import is_plain, load, read_plain

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.protocol import Protocol
    from xinzhi.studies.draft import Progress
    from xinzhi.studies.frontier_source import Source
    from xinzhi.yardstick import Measurement

Names = tuple[str, ...]
COLUMNS = ("inputs", "outputs", "bad", "explain", "input_prices", "output_prices", "flow", "carry")
BESIDE = {"polluting", "rts", "orientation", "years", "form", "link", "contents", "retained", "seed", "jobs"}
REFERENCE = "sequential"  # best practice once reached is not lost: what falls short of it is inefficiency


@on_server("region")
@topic
def frontier(
    source: AnyFrame,
    *,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    bad: tuple[str, ...] = (),
    index: str | None = None,
    reference: str | None = None,
    rts: str | None = None,
    orientation: str | None = None,
    model: str | None = None,
    decomposition: str | None = None,
    disposability: str | None = None,
    year: str | int | None = None,
    years: str | None = None,
    window: int | None = None,
    boot: int = 0,
    seed: int = 0,
    sfa: str | None = None,
    form: str | None = None,
    group: str | None = None,
    explain: tuple[str, ...] = (),
    polluting: tuple[str, ...] = (),
    input_prices: tuple[str, ...] = (),
    output_prices: tuple[str, ...] = (),
    returns: bool = False,
    order_m: int | None = None,
    order_alpha: float | None = None,
    flow: Mapping[str, str] | None = None,
    link: str | None = None,
    carry: Mapping[str, str] | None = None,
    contents: Mapping[str, float] | None = None,
    retained: Mapping[str, float] | None = None,
    jobs: int = 1,
    unit: str | None = None,
    period: str | None = None,
    region: str | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    measurement: Measurement | None = None,
    progress: Progress = SILENT,
) -> Study:
    """Study how far units are from the best of them: in a year, over years, or by a stochastic frontier.

    Parameters
    ----------
    source
        A data package, its name or path; or a table with a row a unit, or a unit and period.
    inputs, outputs, bad
        Columns. Of a package inputs and outputs are by default those of the growth accounts, and with nothing else
        asked the answer is the Malmquist index over the years.
    index, sfa, window, carry
        Each asks a question about several `years`: an index of productivity, a stochastic frontier, windows of years,
        periods that hand something on.
    flow, contents, input_prices, output_prices, group
        Each asks a question about one `year`: networks of divisions, the balance of materials, prices, groups. With
        none of them the answer is efficiency.
    boot, returns, order_m, order_alpha, explain
        What is asked beside the efficiencies of a year. The other options belong to one of these questions, whose
        classes stand in `xinzhi.studies.frontier_questions`; an option that goes with another is refused.
    measurement
        The measurement of the package where it is at hand.

    Examples
    --------
    >>> import xinzhi
    >>> goods = {"inputs": ("capital", "employment"), "outputs": ("output_real",)}
    >>> list(xinzhi.studies.frontier("china-provinces", **goods).results)
    ['efficiency']
    """
    values = {
        "inputs": inputs,
        "outputs": outputs,
        "bad": bad,
        "index": index,
        "reference": reference,
        "rts": rts,
        "orientation": orientation,
        "model": model,
        "decomposition": decomposition,
        "disposability": disposability,
        "year": year,
        "years": years,
        "window": window,
        "boot": boot or None,
        "seed": seed or None,
        "sfa": sfa,
        "form": form,
        "group": group,
        "explain": explain,
        "polluting": polluting,
        "input_prices": input_prices,
        "output_prices": output_prices,
        "returns": returns or None,
        "order_m": order_m,
        "order_alpha": order_alpha,
        "flow": flow,
        "link": link,
        "carry": carry,
        "contents": contents,
        "retained": retained,
        "jobs": jobs if jobs != 1 else None,
    }
    options = {name: value for name, value in values.items() if value not in (None, (), [], {})}
    table = is_plain(source)
    options = _with_index(options if table else _of_accounts(options))
    columns = _columns(options)
    questions = questions_of(options)
    progress.step("read")
    if table:
        origin = of_table(read_plain(source, encoding), columns, unit, period, group)
    else:
        package = load(source, encoding)
        if unit is not None or period is not None:
            raise UsageError("studies.columns-of-table", options="--unit, --period", source=package.name)
        rules = protocols.load(protocol) if measurement is None else measurement.protocol
        origin = of_package(package, columns, rules, measurement, group)
    progress.step("score")
    results = {question.name: question.answer(origin, progress.count) for question in questions}
    return _concluded(results, origin, region)


def _concluded(results: dict[str, internal.Labelled], origin: Source, region: str | None) -> Study:
    """Return the study of results; notes and names of units are theirs."""
    draft = Draft(name="frontier", source=origin.line, package=origin.package, results=dict(results))
    draft.notes = list(dict.fromkeys(note for result in results.values() for note in result.labels.notes))
    names = next(iter(results.values())).names
    codes = origin.goods.frame["region"].unique().sort()
    code = None if region is None else names.resolve(region, codes)
    more: dict[str, object] = {"findings": list(origin.findings)} if origin.findings else {}
    study = draft.done(code, names=dict(names.by_kind.get("region", {})), **more)
    return replace(study, findings=(*origin.findings, *study.findings))


def _of_accounts(options: dict[str, Any]) -> dict[str, Any]:
    """Return options with the goods of the growth accounts where none is named, and their index over the years."""
    if any(name in options for name in COLUMNS):
        return options
    goods = {**options, **GOODS}
    if BESIDE.issuperset(options):
        goods |= {"index": "malmquist", "reference": REFERENCE}
    return goods


def _with_index(options: dict[str, Any]) -> dict[str, Any]:
    """Return options with a reference in the place of the index taken for what it is."""
    index, reference = options.get("index"), options.get("reference")
    if index in internal.REFERENCES:
        if reference not in {None, index}:
            raise UsageError("studies.two-references", index=index, reference=reference)
        index, reference = None, index
    if index is None and (reference is not None or "decomposition" in options):
        index = "malmquist-luenberger" if "bad" in options else "malmquist"
    if index is not None and index not in internal.INDICES:
        choices = {"known": list(internal.INDICES), "references": list(internal.REFERENCES)}
        raise UsageError("studies.no-index", index=index, **choices)
    index_and_reference = {"index": index, "reference": reference}
    return {**options, **{name: value for name, value in index_and_reference.items() if value is not None}}


def _columns(options: Mapping[str, Any]) -> Names:
    """Return every column of figures that takes part; refuse a call without goods, or with a column named twice."""
    if "flow" not in options and not ("inputs" in options and "outputs" in options):
        raise UsageError("studies.name-goods")
    columns = tuple(name for part in COLUMNS for name in options.get(part, ()))
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UsageError("studies.named-twice", column=twice[0])
    return columns
