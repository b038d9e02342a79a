"""Old home of the catalogue: `xinzhi.core.text` is the new one. Gone when nobody imports it any more."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from xinzhi.core.text import LANGUAGES as LANGUAGES
from xinzhi.core.text import has as has
from xinzhi.core.text import listing as listing
from xinzhi.core.text import page, read_words
from xinzhi.core.text import paragraph as paragraph
from xinzhi.core.text import same as same
from xinzhi.core.text import words as words

if TYPE_CHECKING:
    from xinzhi.core.text import Language

read_yaml = read_words  # tiles.yaml stands among the words


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
