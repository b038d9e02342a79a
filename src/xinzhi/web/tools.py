"""The verbs as tools of an assistant, by the Model Context Protocol: it quotes figures instead of inventing them."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from xinzhi import studies
from xinzhi.core.errors import XinzhiError
from xinzhi.core.text import Language, words
from xinzhi.report import as_json, study_document
from xinzhi.web.asked import Component, Explained

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.studies import Study
    from xinzhi.web.store import Store

HOMES = (("mcp.server.mcpserver", "MCPServer"), ("mcp.server.fastmcp", "FastMCP"))  # from version 2 on, and before
REFUSALS = (("mcp.server.mcpserver.exceptions", "ToolError"), ("mcp.server.fastmcp.exceptions", "ToolError"))


def server(store: Store) -> Any:  # noqa: ANN401 - its class depends on the version of the package
    """Return a server with the tools measure, bands, explain, claim, audit, brief and check.

    Parameters
    ----------
    store
        The package that they speak of.

    Examples
    --------
    >>> from xinzhi.web import Store
    >>> server(Store("china-provinces")).name
    'xinzhi'
    """
    made = kind()("xinzhi", instructions=words("api.tools.instructions", package=store.package.title).en)
    for tool in (*_studies(store), *_others(store)):
        made.tool(description=words(f"api.tools.{tool.__name__}").en)(tool)
    return made


def run(store: Store) -> None:
    """Speak with an assistant on standard input and output until it leaves."""
    server(store).run("stdio")


def kind() -> Any:  # noqa: ANN401 - a class of the package
    """Return the class of a server, of whichever version is there."""
    return _found(HOMES)


def _studies(store: Store) -> list[Callable[..., str]]:
    """Return the tools that give rows of a study; names, arguments and types are what an assistant sees."""

    def measure(region: str | None = None, protocol: str | None = None, language: Language = "en") -> str:
        return _told(lambda: _answer(store.study("measure", protocol, region=region), language, "periods"), language)

    def bands(region: str, protocol: str | None = None, level: float | None = None, language: Language = "en") -> str:
        return _told(lambda: _answer(store.study("bands", protocol, region=region, level=level), language), language)

    def audit(region: str | None = None, protocol: str | None = None, language: Language = "en") -> str:
        return _told(lambda: _answer(store.study("audit", protocol, region=region), language), language)

    def claim(
        region: str, start: int, end: int, growth: str | float, protocol: str | None = None, language: Language = "en"
    ) -> str:
        asked = {"region": region, "start": start, "end": end, "growth": str(growth)}
        return _told(lambda: _answer(store.study("claim", protocol, **asked), language), language)

    return [measure, bands, audit, claim]


def _others(store: Store) -> list[Callable[..., str]]:
    """Return the tools that speak of one region or figure at length, and of the data."""

    def brief(region: str, protocol: str | None = None, language: Language = "en") -> str:
        def made() -> str:
            study = store.study("brief", protocol, region=region)
            return _document(study.summary(language), study, study_document(study, language))

        return _told(made, language)

    def explain(
        region: str,
        of: Explained = "measure",
        start: int | None = None,
        end: int | None = None,
        component: Component = "tfp",
        protocol: str | None = None,
        language: Language = "en",
    ) -> str:
        def made() -> str:
            study = store.study(of, protocol)
            found = studies.explain(study, region, start=start, end=end, component=component)
            return _document(found.text.lang(language), study, found.figures)

        return _told(made, language)

    def check(language: Language = "en") -> str:
        def made() -> str:
            found = store.findings()
            return "\n".join([f"{store.package.name}: {len(found)}", *(str(one.to_dict()) for one in found)])

        return _told(made, language)

    return [brief, explain, check]


def _answer(study: Study, language: Language, part: str = "frame") -> str:
    """Return the sentences of a study, and its rows of the region that was asked for."""
    result = next(iter(study.results.values()))
    frame = getattr(result, part)
    if study.region is not None and "region" in frame.columns:
        frame = frame.filter(region=study.region)
    return _document(study.summary(language), study, {"rows": frame.to_dicts()})


def _document(said: str, study: Study, figures: Any) -> str:  # noqa: ANN401 - JSON-ready
    """Return what an assistant quotes: the sentences first, then figures with the fingerprint of what made them."""
    made = next(iter(study.results.values())).provenance
    mark = {
        "protocol": made.protocol, "fingerprint": made.protocol_fingerprint, "package": made.package,
        "version": made.version,
    }  # fmt: skip
    return as_json({"answer": said, "quote_with": mark, "figures": figures}).decode()


def _told(work: Callable[[], str], language: Language) -> str:
    """Return what work gives; an error says what to do, so that an assistant can mend its question."""
    try:
        return work()
    except XinzhiError as error:
        said = json.dumps({"error": error.code, "message": error.lang(language)}, ensure_ascii=False)
        raise _found(REFUSALS)(said) from error


def _found(homes: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401 - a class of the package
    """Return the first class that the installed version has."""
    for module, name in homes:
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError("mcp")
