"""Drawings of the report in a page that allows no style inside."""

from __future__ import annotations

import re

from markupsafe import Markup

_PARTS = re.compile(r' role="graphics-[a-z]+"(?: aria-[a-z]+="[^"]*")*')
_OPEN = re.compile(r'(<svg(?:(?! class=)[^>])*)(?: class="[a-z]+")?')
_SIZE = re.compile(r' style="max-width:([\d.]+)px"')


def pair(wide: str, narrow: str) -> Markup:
    """Return two forms of one picture, of which the screen shows the one that fits it.

    >>> pair('<svg style="max-width:640px"></svg>', '<svg style="max-width:330px"></svg>')
    Markup('<svg width="640" class="wide"></svg><svg width="330" class="narrow"></svg>')
    """
    return Markup("").join(
        Markup(_OPEN.sub(rf'\1 class="{name}"', str(sized(drawn)), count=1))  # noqa: S704 - of markup, attributes changed
        for name, drawn in (("wide", wide), ("narrow", narrow))
    )


def sized(drawn: str) -> Markup:
    """Return an SVG whose width is an attribute, since a page allows no style inside, and that is one picture.

    Its parts have no roles of their own: the headline names it, and the table below has its figures.

    >>> sized('<svg style="max-width:640px"><g role="graphics-symbol" aria-roledescription="mark"></g></svg>')
    Markup('<svg width="640"><g></g></svg>')
    """
    return Markup(_SIZE.sub(r' width="\1"', _PARTS.sub("", str(drawn))))  # noqa: S704 - of markup, attributes changed
