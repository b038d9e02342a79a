"""Old home of the catalogue: `xinzhi.core.text` is the new one. Gone when nobody imports it any more."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from xinzhi.core.text import LANGUAGES as LANGUAGES
from xinzhi.core.text import has as has
from xinzhi.core.text import listing as listing
from xinzhi.core.text import page, read_words
from xinzhi.core.text import paragraph as paragraph
from xinzhi.core.text import same as same
from xinzhi.core.text import words as words

if TYPE_CHECKING:
    from xinzhi.core.text import Language

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read_yaml(name: str) -> Any:  # noqa: ANN401 - the document decides
    """Return a YAML file of the report, such as ``flags.yaml``."""
    return yaml.load((files("xinzhi.report") / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - safe


def strings(language: Language) -> dict[str, str]:
    """Return all strings of one language by dotted key."""
    folder = files("xinzhi") / "words" / "pages"
    names = sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml"))
    return {
        (key if name == "shared" else f"{name}.{key}"): text.lang(language)
        for name in names
        for key, text in page("pages", name).items()
    }


__all__ = ["has", "listing", "page", "paragraph", "read_words", "read_yaml", "same", "strings", "words"]
