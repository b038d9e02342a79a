"""Count names that say nothing: `python tools/lint_names.py [--report] [--update]`.

The words stand in ``tools/lint_names.txt``. Two shares, in percent: of the names that are assigned and of the arguments
(goal: 1), and of the names of functions, methods and classes. Underscores at the ends do not count.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ratchet import ROOT, Count, Place, arguments, judge, modules

WORDS = Path(__file__).with_name("lint_names.txt")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def read_words(path: Path = WORDS) -> dict[str, frozenset[str]]:
    """Return the words of each section, without the terms of the field."""
    sections: dict[str, set[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            sections.setdefault(section, set()).add(line)
    allowed = sections.pop("allowed", set())
    return {name: frozenset(words - allowed) for name, words in sections.items()}


def bindings(tree: ast.AST) -> Iterator[tuple[str, int, str]]:
    """Yield section, line and name of everything that a module names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield "variables", node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield "variables", node.lineno, node.arg
        elif isinstance(node, DEFINITIONS):
            yield "functions", node.lineno, node.name


def count_names(trees: Mapping[str, ast.Module], words: Mapping[str, frozenset[str]]) -> list[Count]:
    """Return the share of empty names of each section, in percent."""
    totals = dict.fromkeys(words, 0)
    places: dict[str, list[Place]] = {section: [] for section in words}
    for path, tree in trees.items():
        for section, line, name in bindings(tree):
            totals[section] += 1
            if name.strip("_").lower() in words[section]:
                places[section].append(Place(f"{path}:{line}", name))
    return [
        Count(section, round(100 * len(places[section]) / max(totals[section], 1), 2), places[section])
        for section in words
    ]


def counts() -> list[Count]:
    """Return the counts of the package."""
    return count_names(modules(ROOT / "src/xinzhi"), read_words())


def main() -> int:
    """Count the names of the package."""
    return judge("names", counts(), arguments(__doc__).parse_args())


if __name__ == "__main__":
    sys.exit(main())
