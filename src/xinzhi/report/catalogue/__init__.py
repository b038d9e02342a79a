"""Every sentence and label of the reports, in Chinese and English, with the terms of the National Bureau of Statistics.

The two files hold the same keys and the same placeholders; `words` fills them and gives both languages at once. The
words of a room of the essay stand in a file of their own, ``rooms/<room>.yaml``, each text a pair of both languages;
its keys begin with the name of the room.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xinzhi.core.text import Language

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PERCENT = re.compile(r"(?<=\d) %")  # a line must not break between a number and its sign


def read_yaml(name: str) -> Any:  # noqa: ANN401 - the document decides
    """Return a YAML file of this room, such as ``flags.yaml``."""
    return yaml.load((files("xinzhi.report") / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - safe


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, branch in tree.items():
        if isinstance(branch, dict):
            yield from _flatten(branch, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(branch).strip()


def strings(language: Language) -> dict[str, str]:
    """Return all strings of one language by dotted key.

    Examples
    --------
    >>> strings("zh").keys() == strings("en").keys()
    True
    """
    folder = files("xinzhi.report") / "catalogue" / "rooms"
    rooms = sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml"))
    found = dict(_shared(language))
    for room in rooms:
        found |= {
            key.removesuffix(f".{language}"): text for key, text in _room(room).items() if key.endswith(f".{language}")
        }
    return found


@cache
def _shared(language: Language) -> Mapping[str, str]:
    """Return the words of all rooms by dotted key."""
    return dict(_flatten(read_yaml(f"catalogue/{language}.yaml")))


@cache
def _room(name: str) -> Mapping[str, str]:
    """Return the words of one room by dotted key, which ends in the language; nothing where there is no such room."""
    if not (files("xinzhi.report") / "catalogue" / "rooms" / f"{name}.yaml").is_file():
        return {}
    return dict(_flatten(read_yaml(f"catalogue/rooms/{name}.yaml"), f"{name}."))


def _string(language: Language, key: str) -> str | None:
    """Return one string; only the file that it stands in is read."""
    shared = _shared(language)
    return shared[key] if key in shared else _room(key.partition(".")[0]).get(f"{key}.{language}")


def has(key: str) -> bool:
    """Say whether the catalogue knows a key."""
    return _string("en", key) is not None


def words(key: str, **values: object) -> Text:
    """Return a string in both languages, with its placeholders filled; a `Text` fills each language with its own.

    Examples
    --------
    >>> words("factor.tfp")
    Text(zh='全要素生产率', en='total factor productivity')
    """

    def fill(language: Language) -> str:
        pattern = _string(language, key)
        if pattern is None:
            raise KeyError(key)
        filled = pattern.format(**{k: v.lang(language) if isinstance(v, Text) else v for k, v in values.items()})
        return _PERCENT.sub("\u00a0%", filled)

    return Text(zh=fill("zh"), en=fill("en"))


def same(text: object) -> Text:
    """Return a text that reads alike in both languages: a number, a code."""
    return Text(zh=str(text), en=str(text))


def listing(items: Sequence[Text], limit: int | None = None) -> Text:
    """Join names to a list in both languages; beyond `limit` the rest is counted.

    Examples
    --------
    >>> names = [Text(zh="吉林", en="Jilin"), Text(zh="辽宁", en="Liaoning"), Text(zh="河北", en="Hebei")]
    >>> listing(names).en
    'Jilin, Liaoning and Hebei'
    >>> listing(names, limit=1)
    Text(zh='吉林等3个', en='Jilin and 2 others')
    """
    if limit is not None and len(items) > limit + 1:
        shown = items[:limit]
        rest = len(items) - limit
        return Text(
            zh="、".join(item.zh for item in shown) + f"等{len(items)}个",
            en=", ".join(item.en for item in shown) + f" and {rest} others",
        )
    en = [item.en for item in items]
    joined = ", ".join(en[:-1]) + " and " + en[-1] if len(en) > 1 else "".join(en)
    return Text(zh="、".join(item.zh for item in items), en=joined)


def paragraph(sentences: Sequence[Text]) -> Text:
    """Join sentences; Chinese ones stand without a space between them."""
    return Text(zh="".join(one.zh for one in sentences), en=" ".join(one.en for one in sentences))
