"""A page from its template: self-contained, in both languages, readable offline and on paper."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from xinzhi.core.text import Text
from xinzhi.report import markup
from xinzhi.report.catalogue import words

if TYPE_CHECKING:
    import jinja2

    from xinzhi.core.text import Language


def render(template: str, name: Text, about: Text, *, language: Language, **content: Any) -> str:  # noqa: ANN401 - what a template needs
    """Return a page as HTML.

    Parameters
    ----------
    template
        File name of its template.
    name, about
        What the page is, and what it is about: both together are its title.
    language
        The language that the page opens in; a reader can switch.
    content
        What else the template shows.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            language=language,
            name=name,
            title=Text(zh=f"{name.zh}：{about.zh}", en=f"{name.en}: {about.en}"),
            style=_asset("style.css"),
            script=_asset("switch.js"),
            w=words,
            **content,
        )
    )


def _asset(name: str) -> Markup:
    text = (files("xinzhi.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this room


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xinzhi.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["both"] = markup.both
    return environment
