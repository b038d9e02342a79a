"""The tools of an assistant, by the Model Context Protocol: it quotes figures instead of inventing them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Annotated, Protocol, TypeVar, cast

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema

from xinzhi import __version__, words
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.result import Result
from xinzhi.core.schema import describe, described
from xinzhi.core.text import Language
from xinzhi.report import as_json
from xinzhi.studies.internal import Study
from xinzhi.web.parameters import ExplainQuery, TopicQuery, amiss, bilingual, query_model
from xinzhi.web.render import data_mark
from xinzhi.web.store import Store
from xinzhi.web.workers import BusyError
from xinzhi.yardstick import Audit, Bands, Measurement, internal

HOMES = (("mcp.server.mcpserver", "MCPServer"), ("mcp.server.fastmcp", "FastMCP"))  # from version 2 on, and before
CALLS = (("mcp.server.mcpserver.tools", "Tool"), ("mcp.server.fastmcp.tools", "Tool"))
REFUSALS = (("mcp.server.mcpserver.exceptions", "ToolError"), ("mcp.server.fastmcp.exceptions", "ToolError"))
HINTS = {"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False}
Query = TypeVar("Query", bound=BaseModel)

ROWS, FINDINGS, DIGITS = 40, 20, 4  # rows and findings of an answer, decimals of a percentage
CHOICE = (
    "region",
    "start",
    "end",
    "reference",
    "protocols",
    "p05",
    "p95",
    "rank_p05",
    "rank_p95",
    "best_rank",
    "growth_gain",
    "departures",
    "grade",
)
SEVERITIES = {"error": 0, "warning": 1}
ACCOUNT = ("output", "capital", "labour", "human_capital", "tfp")


class Server(Protocol):
    """What a server of the package `mcp` is here, of whichever version."""

    def run(self, transport: str) -> None:
        """Answer until the assistant leaves."""


class Metadata(Protocol):
    """What the package `mcp` knows of the arguments of a tool."""

    arg_model: type[BaseModel]


class Published(Protocol):
    """A tool as the package `mcp` publishes it."""

    fn_metadata: Metadata
    parameters: Mapping[str, object]

    @classmethod
    def from_function(
        cls, call: Callable[..., str], *, name: str, description: str, annotations: object, structured_output: bool
    ) -> Published:
        """Read the arguments of a call from its signature."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A question that an assistant can ask: the model of its arguments, and what answers them."""

    model: type[BaseModel]
    answer: Callable[[Store, Mapping[str, object]], Mapping[str, object]]


def server(store: Store) -> Server:
    """Return a server with the tools measure, bands, explain, claim, audit, brief and check."""
    made_by = server_class()
    versioned = {"version": __version__} if "version" in signature(made_by).parameters else {}
    instructions = bilingual(words.api.tools_instructions(package=store.package.title))
    tools = [_published(_call_of(store, name, tool), name) for name, tool in TOOLS.items()]
    return made_by("xinzhi", instructions=instructions, tools=tools, log_level="WARNING", **versioned)


def _published(call: Callable[..., str], name: str) -> object:
    """Return a call as the package publishes it; arguments that it does not have reach it, so that it refuses them."""
    hints = import_module("mcp.types").ToolAnnotations.model_validate(HINTS)
    tool_class = cast("type[Published]", _first_available(CALLS))
    published = tool_class.from_function(
        call, name=name, description=bilingual(words.api.tools_of(name)), annotations=hints, structured_output=False
    )
    declared = published.fn_metadata.arg_model

    class Arguments(declared):  # type: ignore[misc, valid-type] # a class of the package, made for this call
        """The arguments of a tool, and those that an assistant made up."""

        model_config = ConfigDict(extra="allow")

        def model_dump_one_level(self) -> dict[str, object]:
            return {**super().model_dump_one_level(), **(self.model_extra or {})}

    published.fn_metadata.arg_model = Arguments
    published.parameters = {**published.parameters, "additionalProperties": False}
    return published


def speak(store: Store) -> None:
    """Speak with an assistant on standard input and output until it leaves."""
    server(store).run("stdio")


def server_class() -> Callable[..., Server]:
    """Return the class of a server, of whichever version is there."""
    return cast("Callable[..., Server]", _first_available(HOMES))


def _call_of(store: Store, name: str, tool: Tool) -> Callable[..., str]:
    """Return a call whose arguments are the fields of a model, which is also that of the interface for programs."""

    def call(**arguments: object) -> str:
        language: Language = "zh" if arguments.get("lang") == "zh" else "en"
        try:
            values = {key: value for key, value in arguments.items() if value is not None}
            return as_json(tool.answer(store, values)).decode()
        except ValidationError as error:
            wrong = [amiss({**detail, "loc": ("", *detail["loc"])}) for detail in error.errors()]
            raise _refused(UsageError("web.values", what=wrong), language) from None
        except XinzhiError as error:
            raise _refused(error, language) from error

    call.__name__ = name
    fields = tool.model.model_json_schema()["properties"].items()
    parameters = [
        Parameter(key, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[object, WithJsonSchema(schema)])
        for key, schema in fields
    ]
    call.__signature__ = Signature(parameters, return_annotation=str)  # type: ignore[attr-defined] # read by `inspect`
    return call


def _refused(error: XinzhiError, language: Language) -> Exception:
    """Return an error as the package tells one: it says what to do, so that an assistant can mend its question."""
    body = json.dumps({"error": error.code, "message": error.lang(language)}, ensure_ascii=False)
    return cast("type[Exception]", _first_available(REFUSALS))(body)


def _measure(store: Store, query: TopicQuery) -> dict[str, object]:
    study = query.study(store, "measure")
    result = study.result(Measurement)
    sure = None
    changes = query.model_dump(include={"protocol", "set"})
    try:
        sure = query_model("bands").model_validate(changes).study(store, "bands").result(Bands)
    except BusyError:
        raise
    except XinzhiError:  # the protocol or the data have no bands
        sure = None
    frame = internal.banded_periods(result, sure, study.region)
    if study.region:
        sentences = _of_periods(store, frame, query.lang)
    else:
        sentences = [] if sure is None else sure.lines(query.lang)[:1]
    return _answer(study, query.lang, sentences, _rows(store, result, frame, query.lang, "periods"))


def _of_periods(store: Store, frame: pl.DataFrame, language: Language) -> list[str]:
    """Return the growth of a region in each period, with its band where it has one."""
    sentences = []
    for row in frame.rows(named=True):
        values = {**row, "name": store.names.region(row["region"]), "grade": row["grade"] or "-"}
        text = words.api.tools_own_official(**values) if row["low"] is None else words.api.tools_own(**values)
        sentences.append(text.lang(language))
    return sentences


def _of_region(store: Store, query: TopicQuery) -> dict[str, object]:
    study = query.study(store, "bands")
    result = study.result(Bands)
    frame = result.joint_bands(study.region)
    sentences = [
        words.api.tools_own_band(**row, level=result.level, name=store.names.region(row["region"])).lang(query.lang)
        for row in (frame.rows(named=True) if study.region else ())
        if row["component"] == internal.TOGETHER
    ]
    return _answer(study, query.lang, sentences, _rows(store, result, frame, query.lang))


def _audit(store: Store, query: TopicQuery) -> dict[str, object]:
    study = query.study(store, "audit")
    result = study.result(Audit)
    if study.region is None:
        return _answer(study, query.lang, [], _rows(store, result, result.official, query.lang, names=CHOICE))
    name, frame = store.names.region(study.region), result.periods_of(study.region)
    sentences = [
        words.api.tools_own_audit(**row, name=name).lang(query.lang)
        for row in frame.rows(named=True)
        if (row["start"], row["end"]) == result.official_span
    ]
    return _answer(study, query.lang, sentences, _rows(store, result, frame, query.lang, names=CHOICE))


def _claim(store: Store, query: TopicQuery) -> dict[str, object]:
    study = query.study(store, "claim")
    result = study.result(internal.Claims)
    figures = {
        **_rows(store, result, result.frame, query.lang),
        "departures": _rows(store, result, result.departures, query.lang, "departures")["rows"],
    }
    return _answer(study, query.lang, [], figures)


def _brief(store: Store, query: TopicQuery) -> dict[str, object]:
    study = query.study(store, "brief")
    result = study.result(Measurement)
    frame = internal.banded_periods(result, study.find(Bands), study.region)
    return _answer(study, query.lang, [], _rows(store, result, frame, query.lang, "periods"))


def _explain(store: Store, query: ExplainQuery) -> dict[str, object]:
    study, explanation = query.explained(store)
    figures: dict[str, object] = {
        name: value[:ROWS] for name, value in explanation.figures.items() if isinstance(value, list)
    }
    account = explanation.account
    if account is not None:  # inputs and parameters with their references stand in the text
        figures["account"] = {
            "region": account.region,
            "start": account.start,
            "end": account.end,
            "component": account.component,
            "grade": account.grade,
            "percent_a_year": _percent(account.value),
            "years_percent": [
                {key: _percent(year[key]) if key in ACCOUNT else year[key] for key in ("year", *ACCOUNT, "grade")}
                for year in account.years.rows(named=True)
            ],
        }
    return _answer(study, query.lang, [explanation.text.lang(query.lang)], figures, summarise=False)


def _check(store: Store, query: TopicQuery) -> dict[str, object]:
    findings = store.findings()
    order = sorted(findings, key=lambda finding: SEVERITIES.get(finding.severity, len(SEVERITIES)))
    counts = Counter(finding.severity for finding in findings)
    marks = {name: store.package.fingerprint(name) for name in store.package.tables}
    return {
        "answer": words.api.tools_checked(n=len(findings), error=counts["error"], warning=counts["warning"]).lang(
            query.lang
        ),
        "quote_with": {"package": store.package.name, "data": data_mark(marks), "version": __version__},
        "figures": {
            "by_severity": dict(counts),
            "findings": [
                {"message": finding.text.lang(query.lang)}
                | {name: value for name, value in finding.to_dict().items() if not name.startswith(("message", "hint"))}
                for finding in order[:FINDINGS]
            ],
            "left_out": max(len(findings) - FINDINGS, 0),
        },
    }


def _tool(model: type[Query], answer: Callable[[Store, Query], Mapping[str, object]]) -> Tool:
    """Return a tool that reads its arguments by a model."""
    return Tool(model, lambda store, arguments: answer(store, model.model_validate(arguments)))


TOOLS: Mapping[str, Tool] = {
    "measure": _tool(query_model("measure"), _measure),
    "bands": _tool(query_model("bands"), _of_region),
    "explain": _tool(ExplainQuery, _explain),
    "claim": _tool(query_model("claim"), _claim),
    "audit": _tool(query_model("audit"), _audit),
    "brief": _tool(query_model("brief"), _brief),
    "check": _tool(TopicQuery, _check),
}


def _first(study: Study) -> Result:
    return next(iter(study.results.values()))


def _rows(
    store: Store,
    result: Result,
    frame: pl.DataFrame,
    language: Language,
    part: str = "frame",
    names: Sequence[str] | None = None,
) -> dict[str, object]:
    """Return rows as pages show them: growth in percent, regions by name, no more of them than can be read."""
    homes = [(result.verb, part), ("bands", "frame")]  # growth stands beside its band
    selection = frame.columns if names is None else names
    columns = {
        name: next(describe(verb, name, of) for verb, of in homes if described(verb, name, of))
        for name in selection
        if any(described(verb, name, of) for verb, of in homes)
    }
    shares = [name for name, column in columns.items() if column.kind in {"percent", "share"}]
    rows = []
    for row in frame.head(ROWS).rows(named=True):
        cells = {name: _percent(row[name]) if name in shares else row[name] for name in selection}
        rows.append(({"name": store.names.region(row["region"]).lang(language)} if "region" in row else {}) | cells)
    units = {name: column.unit.lang(language) or "%" for name, column in columns.items() if name in shares}
    return {"rows": rows, "units": units, "left_out": max(frame.height - ROWS, 0)}


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, DIGITS)


def _answer(
    study: Study, language: Language, sentences: Sequence[str], figures: Mapping[str, object], *, summarise: bool = True
) -> dict[str, object]:
    """Return what an assistant quotes: the sentences first, then figures with the fingerprint of what made them."""
    provenance = _first(study).provenance
    mark = {
        "protocol": provenance.protocol,
        "fingerprint": provenance.protocol_fingerprint,
        "package": provenance.package,
        "data": data_mark(provenance.inputs),
        "version": provenance.version,
    }
    lines = [*sentences, study.summary(language)] if summarise else sentences
    return {"answer": "\n".join(lines), "quote_with": mark, "figures": figures}


def _first_available(homes: tuple[tuple[str, str], ...]) -> object:
    """Return the first class that the installed version has."""
    for module, name in homes:
        try:
            return cast("object", getattr(import_module(module), name))
        except (ImportError, AttributeError):
            continue
    raise ImportError("mcp")
