"""What regions are able to do: dated evidence by category of the plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinzhi import pathways
from xinzhi.core.errors import UsageError
from xinzhi.data import names_of
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, options, title


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
