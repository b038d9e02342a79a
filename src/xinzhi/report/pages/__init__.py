"""What each topic says in a report: pages in code, which register with `xinzhi.report.section_rows`, and rows."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from xinzhi.core.result import Result
from xinzhi.report import section_rows
from xinzhi.report.section import Section


def section(result: Result, *, region: str | None = None) -> Section:
    """Return what a result says; pictures of one region show `region`, else a telling one."""
    for kind in type(result).__mro__:
        _register_pages(kind.__module__)
    make: Callable[..., Section] = section_rows.section.dispatch(type(result))
    return make(result, region=region) if "region" in signature(make).parameters else make(result)


def _register_pages(module: str) -> None:
    """Import the pages in code for the results of a module, which register themselves, and no others."""
    match module.split(".")[1:2]:
        case ["yardstick"]:
            import xinzhi.report.pages.yardstick
        case ["scope"]:
            import xinzhi.report.pages.scope
        case ["sources"]:
            import xinzhi.report.pages.sources
            import xinzhi.report.pages.sources_in_depth
        case ["sectors"]:
            import xinzhi.report.pages.sectors
        case ["micro"]:
            import xinzhi.report.pages.firms
        case ["pathways"]:
            import xinzhi.report.pages.pathways
        case ["risks"]:
            import xinzhi.report.pages.bubbles
            import xinzhi.report.pages.debt
            import xinzhi.report.pages.debt_paths
            import xinzhi.report.pages.herd_entry
            import xinzhi.report.pages.overcapacity
            import xinzhi.report.pages.register
            import xinzhi.report.pages.screening  # noqa: F401 - they register themselves
