"""What Latin words may stand in Chinese text: code where it stands as code, and the listed names and units."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import xinzhi
from xinzhi.cli.verbs import VERBS
from xinzhi.data import load, tables_by_name
from xinzhi.protocol import catalogue, registry
from xinzhi.protocol.reading import Document, ParameterEntry

SOURCE = Path(xinzhi.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{2,}(?:'[a-z]+)?")
_GROUPS = yaml.safe_load((Path(__file__).parent / "cases/latin_words.yaml").read_text(encoding="utf-8"))
LISTED = {str(word) for some in _GROUPS.values() for words in some for word in words}
_JOINTS = "(?:（默认）)?、|和|(?:等)?，?或|与|及|以及|, |/"
TYPED = ("from", "to", "equal", "expert", "ahp")  # columns of an input-output table, and ways to weight
_COMMANDS = "|".join(sorted({part for verb in VERBS for part in verb.split()}))

CODE = re.compile(
    rf"""`[^`]*`                                         # what is to be typed
    |(?<![\w-])--?[a-z][a-z0-9-]*(?:[ ][a-z0-9][\w.,:=|-]*)?  # options, and their values
    |\bxinzhi(?:[ ](?:{_COMMANDS})\b)+                # verbs
    |[!-~]*[/\\@][!-~]*                               # paths, units and what has a version
    |\b(?=\w*[0-9])\w+\b                              # fingerprints, names with figures
    |\b\w+(?:\[?[_=:;.-]+[\w.\]-]+)+                   # columns, identifiers, parameters and their values, files
    |\b[a-z_]+=                                       # parameters
    |\b[a-z]+(?:\|[a-z]+)+\b                         # choices
    |(?<![A-Za-z])\.[a-z]+\b                          # endings of files
    |(?<=默认：)[\w.-]+                                # what an option is without being given
    |(?<=[行列])（[\w./ -]+）                          # keys of rows, where a finding stands
    |(?<=\[)[a-z-]+(?=\])                             # rules, before what they find
    |\['[^]]*'\]|\(\{{'.*                             # lists and rows as Python writes them
    """,
    re.VERBOSE | re.ASCII,
)
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|「[^」]*」")
_GLOSS = re.compile(r"（([a-z_]+)）")
_LIST = re.compile(rf"[\w.=;:-]+(?:(?:{_JOINTS})[\w.=;:-]+)+", re.ASCII)


@cache
def codes() -> frozenset[str]:
    """Return the names that are typed as they stand: tables, columns, parameters and their values, options, verbs."""
    package = load("china-provinces")
    known = {*tables_by_name(), *TYPED, *package.tables, *(one.id for one in registry()), *_COMMANDS.split("|")}
    known |= {*Document.model_fields, *ParameterEntry.model_fields}
    known |= {name for table in package.tables.values() for name in table.columns}
    known |= {str(word) for item in catalogue().values() for word in (item.path.split(".")[-1], *item.allowed)}
    books = [SOURCE / "words/options.yaml", *SOURCE.glob("words/results/*.yaml"), *SOURCE.glob("*/*.yaml")]
    known |= {name for path in books for name in _keys(yaml.safe_load(path.read_text(encoding="utf-8")))}
    return frozenset(known | {word for path in SOURCE.rglob("*.py") for word in _choices(path)})


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield str(name)
            yield from _keys(branch)


def _choices(path: Path) -> Iterator[str]:
    """Yield what options take: the words of every `Literal` of a module, and of its constants."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        literal = isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
        constant = isinstance(node, ast.Assign | ast.AnnAssign) and re.search(r"^_?[A-Z_]+\b", ast.unparse(node))
        if literal or constant:
            words = (
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )
            yield from (word for word in words if re.fullmatch("[a-z][a-z0-9_-]*", word))


def strange(text: str, said: Collection[str] = ()) -> list[str]:
    """Return the Latin words of a Chinese text that may not stand there; `said` is what the caller wrote.

    A name of code may stand in quotes, in a list of such names, in a cell of its own, and where it has a form that no
    word has; nowhere else, for many are plain English.
    """
    known = codes().union(said)
    left = [_left(cell, known) for cell in re.split(r"\s{2,}|[│┃]", text.strip())]
    return [word for words in left for word in words if word not in LISTED and word not in said]


def _left(cell: str, known: Collection[str]) -> list[str]:
    plain = CODE.sub(" ", cell)
    words = WORD.findall(plain)
    if not CHINESE.search(cell) and all(one in known for one in words):
        return words if re.search("[A-Za-z]{2,} [A-Za-z]{2,}", plain) else []

    def checked(found: re.Match[str]) -> str:
        """Leave nothing of names of code, and everything of what has another word among them."""
        words = [one for one in WORD.findall(CODE.sub(" ", found[0])) if one not in known and one not in LISTED]
        return found[0] if words or re.search("[A-Za-z]{2,} [A-Za-z]{2,}", found[0]) else " "

    glossed = _GLOSS.sub(lambda found: " " if found[1] in values() else found[0], _QUOTED.sub(checked, cell))
    return WORD.findall(CODE.sub(" ", _LIST.sub(checked, glossed)))


@cache
def values() -> frozenset[str]:
    """Return the values of parameters, which stand in brackets behind what they mean."""
    return frozenset(str(word) for item in catalogue().values() for word in item.allowed)
