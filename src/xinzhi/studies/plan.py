"""The coordinated plan, and what each region is able to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xinzhi import pathways
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Package, names_of
from xinzhi.studies.industries import evidence_of
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, first_line, options, title

FEW = {"pathways.few-entered", "pathways.no-window", "pathways.too-few-cells"}  # too little to estimate chances from


@dataclass(frozen=True, slots=True, kw_only=True)
class AbleOptions:
    """What can be asked of `able`; the words for each stand in ``words/options.yaml``."""

    region: str | None = None
    category: str | None = None
    as_of: int | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Refuse a category without a region."""
        if self.category is not None and self.region is None:
            raise UsageError("studies.category-of-region")


def able(source: Any, *, progress: Progress = SILENT, **asked: Any) -> Study:  # noqa: ANN401 - a package; options
    """Study what regions are able to do, with the evidence for it and its year.

    Parameters
    ----------
    source
        A data package, its name or path, with the table `capability`.
    progress
        Who is told how far it is.
    asked
        Fields of `AbleOptions`.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.able("china-provinces", region="Guizhou", category="computing")
    >>> made.more["explanation"].able
    'able'
    """
    wish: AbleOptions = options(AbleOptions, asked)
    progress.step("read")
    package = load(source, wish.encoding)
    found = pathways.able(package, wish.as_of)
    codes = found.frame["region"].unique().sort().to_list()
    region = None if wish.region is None else names_of(package).resolve(wish.region, codes)
    more: dict[str, Any] = {"evidence": found.evidence}
    if region is not None:
        more["explanation"] = found.of_region(region) if wish.category is None else found.explain(region, wish.category)
    draft = Draft(name="able", source=title(package), package=package, results={"able": found})
    return draft.done(region=region, **more)


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

    Where it does not, or the regions are too few to estimate chances from, the answer is what evidence shows: what each
    region is able to do and does not plan, and what it plans without evidence.

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
    draft = Draft(name="plan", source=title(package), package=package)
    try:
        found = pathways.plan(package, portfolio=wish.industries, limits=limits)
    except InputError as error:
        if error.code not in FEW:
            raise
        return _evidence_alone(package, wish, draft, error)
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


def _evidence_alone(package: Package, wish: PlanOptions, draft: Draft, error: InputError) -> Study:
    """Return what plans name and evidence shows, with the reason why nothing can be weighed; else raise that."""
    made = evidence_of(package, draft)
    if made is None:
        raise error
    draft.note("no-chances", why=first_line(error))
    draft.results["choices"] = made
    names = names_of(package)
    known = made.regions["region"].unique().to_list()
    region = None if wish.region is None else names.resolve(wish.region, known)
    more: dict[str, Any] = {} if region is None else {"explanation": made.explain(region)}
    return draft.done(region=region, **more)
