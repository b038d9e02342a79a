"""A coordinated plan for all regions, against the herd and against everybody alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xinzhi import pathways
from xinzhi.data import names_of
from xinzhi.studies.industries import evidence_of
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What can be asked of `plan`."""

    industries: int | None = None
    cap: int | None = None
    floor: float | None = None
    sensitivity: bool = False
    region: str | None = None
    encoding: str | None = None


def plan(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study which industries every region would choose under national limits, if a test allows to recommend any.

    Where it does not, the answer is what evidence shows: what each region is able to do and does not plan, and what it
    plans without evidence.

    Parameters
    ----------
    source
        A data package, its name or path.
    progress
        Who is told how far it is.
    asked
        Fields of `PlanOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.studies.plan("china-provinces", region="Jilin").region
    '220000'
    """
    wish: PlanOptions = options(PlanOptions, asked)
    progress.step("read")
    package = load(source, wish.encoding)
    progress.step("solve")
    limits = pathways.Limits(caps=wish.cap, floor=wish.floor)
    found = pathways.plan(package, portfolio=wish.industries, limits=limits)
    draft = Draft(name="plan", source=title(package), package=package)
    if found.frame.is_empty():
        found = replace(found, choices=evidence_of(package, draft))
    codes = found.regions["region"].to_list()
    region = None if wish.region is None else names_of(package).resolve(wish.region, codes)
    shown = ("comparison", "candidates", "unjudged", "regions", "findings")
    more: dict[str, Any] = {name: getattr(found, name) for name in shown}
    if wish.sensitivity:
        more["sensitivity"] = found.sensitivity()
    if region is not None:
        more["explanation"] = found.explain(region)
    draft.results["plan"] = found
    return draft.done(region=region, **more)
