"""The studies by name: their modules register them; a study runs by its name and tells its options."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.studies.assess import assess
from xinzhi.studies.brief import brief
from xinzhi.studies.bubbles import bubbles
from xinzhi.studies.draft import SILENT, Progress, Study
from xinzhi.studies.firms import firms
from xinzhi.studies.frontier import frontier
from xinzhi.studies.paths import paths
from xinzhi.studies.plan import able, plan
from xinzhi.studies.registry import SERVER_OPTIONS, STUDIES, Option
from xinzhi.studies.registry import options as options_in_signature
from xinzhi.studies.risks import risks
from xinzhi.studies.scope import scope
from xinzhi.studies.screen import screen
from xinzhi.studies.sectors import sectors
from xinzhi.studies.sources import sources
from xinzhi.studies.yardstick import audit, backtest, bands, bridge, claim, digital, goals, measure, vintages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xinzhi.core.arrays import AnyFrame

__all__ = [
    "able",
    "assess",
    "audit",
    "backtest",
    "bands",
    "bridge",
    "brief",
    "bubbles",
    "claim",
    "digital",
    "firms",
    "frontier",
    "goals",
    "measure",
    "options_of",
    "paths",
    "plan",
    "risks",
    "scope",
    "screen",
    "sectors",
    "sources",
    "study",
    "vintages",
]
TOPICS = tuple(sorted(STUDIES))
ON_SERVERS: Mapping[str, tuple[str, ...]] = dict(
    sorted(SERVER_OPTIONS.items())
)  # the topics that visitors may ask, and the options of each


def study(name: str, source: AnyFrame, *, progress: Progress = SILENT, **options: object) -> Study:
    """Study one topic from a data package.

    Parameters
    ----------
    name
        The topic: ``assess, measure, audit, claim, bridge, digital, vintages, bands, backtest, scope, sources, sectors,
        paths, able, plan, frontier, risks, screen, bubbles, firms, brief, goals``.
    source
        A data package, its name or path; several topics read plain tables, too.
    progress
        Who is told how far it is.
    options
        The options of the topic, such as `protocol`, `region`, `year`: the keywords of `xinzhi.studies.<topic>`.

    Raises
    ------
    UsageError
        When there is no such topic or option, or options do not go together.
    InputError
        When the source is not enough for any result.

    Examples
    --------
    >>> import xinzhi
    >>> xinzhi.study("scope", "china-provinces", as_of=2024).results["scope"].frame.height
    1144
    """
    return recipe_of(name, options)(source, progress=progress, **options)


def recipe_of(name: str, options: Iterable[str] = ()) -> Callable[..., Study]:
    """Return the study of a name, which takes these options; refuse a name or an option that there is not."""
    if name not in STUDIES:
        raise UsageError("studies.no-topic", name=name, known=[same(topic) for topic in TOPICS])
    recipe = STUDIES[name]
    unknown = [option for option in options if option not in signature(recipe).parameters]
    if unknown:
        names = [same(option) for option in options_in_signature(name)]
        raise UsageError("studies.no-option", name=unknown[0], known=names)
    return recipe


def options_of(name: str) -> Mapping[str, Option]:
    """Return the options of a topic by name: the keywords in the signature of its study.

    Raises
    ------
    UsageError
        When there is no such topic.

    Examples
    --------
    >>> list(options_of("measure"))
    ['protocol', 'region', 'encoding']
    """
    return options_in_signature(recipe_of(name).__name__)
