"""What computed: the versions of xinzhi and of everything that it needs."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING

from xinzhi.report.certificate.messages import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.core.finding import Finding

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def software() -> dict[str, str]:
    """Return the name and version of this software."""
    from xinzhi import __version__

    return {"name": "xinzhi", "version": __version__}


def dependencies() -> dict[str, str]:
    """Return the versions of Python and of the packages that xinzhi always needs, by name.

    Examples
    --------
    >>> sorted(dependencies())[:2]
    ['altair', 'fastexcel']
    """
    try:
        wanted = [line for line in metadata.requires("xinzhi") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        wanted = []
    names = sorted(found[0] for line in wanted if (found := _NAME.match(line)))
    return {**{name: metadata.version(name) for name in names}, "python": platform.python_version()}


def compare_software(stated: Mapping[str, str], used: Mapping[str, str], file: str) -> Iterator[Finding]:
    """Yield a note for every version that is another one now: results are compared, versions only told."""
    here = {**dependencies(), "xinzhi": software()["version"]}
    for name, version in {**used, "xinzhi": stated.get("version", "-")}.items():
        if here.get(name) != version:
            yield finding("version", file=file, key=name, value=here.get(name, "-"), expected=version)
