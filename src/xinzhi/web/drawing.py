"""Drawings of the report in a page that allows no style inside."""

from __future__ import annotations

import re

from markupsafe import Markup

_SIZE = re.compile(r' style="max-width:([\d.]+)px"')


def sized(drawn_: str) -> Markup:
    """Return an SVG whose width is an attribute: a page allows no style inside."""
    return Markup(_SIZE.sub(r' width="\1"', str(drawn_)))  # noqa: S704 - of markup, one attribute in the place of another
