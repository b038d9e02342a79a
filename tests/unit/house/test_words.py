from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

import xinzhi
from xinzhi.core import errors
from xinzhi.core.text import page, read_words

SOURCE = Path(xinzhi.__file__).parent
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
CODE = re.compile(r"^[a-z]+\.[a-z0-9-]+$")
WORD, PLACE = re.compile("[A-Za-z]"), re.compile(r"\{[^}]*\}")
QUOTED = re.compile("['\"(][^'\")]*['\")]")  # what the user may have written
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PACKAGES = sorted(path.stem for path in (SOURCE / "words" / "messages").glob("*.yaml"))


# functions that make an error of a code which their callers write
HANDED = {"core/errors.py": "translate_native_errors", "studies/tables.py": "refuse"}


@cache
def trees():
    """Return every module of the source by its place, parsed once."""
    paths = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """Give the trees back at the end: 220 MB, and 0.8 s of every full collection of garbage that comes after."""
    yield
    trees.cache_clear()


def raised():
    """Yield the place of every error that is made in the source, and the codes that it may have."""
    for place, tree in trees().items():
        inside = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == HANDED.get(place)]
        passed = {node for one in inside for node in ast.walk(one)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and node not in passed:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                codes = codes_in(node.args[0])
                if called in ERRORS or (called in HANDED.values() and any(map(CODE.match, codes))):
                    yield f"{place}:{node.lineno}: {ast.unparse(node.args[0])}", codes


def codes_in(node):
    """Return the codes that a first argument may be: a literal, or one of the two of a choice."""
    if isinstance(node, ast.IfExp):
        return [*codes_in(node.body), *codes_in(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def known(code):
    package, _, what = code.partition(".")
    return bool(CODE.match(code)) and what in page("messages", package)


def names(pattern):
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def test_every_error_has_a_code_of_the_catalogue():
    assert [place for place, codes in raised() if not codes or not all(map(known, codes))] == []


@pytest.mark.parametrize("module", ["studies/frontier_options.py", "studies/frontier_questions.py"])
def test_every_code_of_a_table_of_refusals_is_in_the_catalogue(module):
    texts = [node.value for node in ast.walk(trees()[module]) if isinstance(node, ast.Constant)]
    codes = {text for text in texts if isinstance(text, str) and CODE.match(text) and text.startswith("studies.")}
    assert codes
    assert [code for code in sorted(codes) if not known(code)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_messages_are_in_both_languages_and_say_the_same(package):
    entries = page("messages", package)
    assert [
        key for key, text in entries.items() if WORD.search(PLACE.sub("", text.zh)) and not CHINESE.search(text.zh)
    ] == []
    assert [key for key, text in entries.items() if CHINESE.search(QUOTED.sub("", text.en))] == []
    assert [key for key, text in entries.items() if names(text.zh) != names(text.en)] == []


@pytest.fixture(scope="module")
def code():
    return "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_message_is_used(package, code):
    codes = [what.removesuffix("-more") for what in read_words(f"messages/{package}.yaml")]
    assert [what for what in codes if f'"{package}.{what}"' not in code and f'"{what}"' not in code] == []


# Modules whose strings hold Chinese for another reason than to speak it.
READERS = {
    "data/units.py": "reads units as Chinese tables write them",
    "risks/prices/series.py": "reads Chinese dates",
    "risks/projects/": "reads Chinese projects",
    "sectors/composite/load_system.py": "reads directions of indicators",
    "studies/tables.py": "reads names of columns",
    "yardstick/claims/figures.py": "reads units of claims",
    "protocol/documents.py": "folds lines of Chinese",
    "protocol/authoring.py": "writes a file whose comments are in both languages",
    "core/text.py": "joins lists",
}


def spoken(tree):
    """Yield the strings of a module that are no docstrings, also those between the fields of f-strings."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node


def test_no_module_speaks_chinese():
    found = []
    for name, tree in trees().items():
        if not name.startswith(tuple(READERS)):
            found += [f"{name}:{node.lineno}: {node.value}" for node in spoken(tree) if CHINESE.search(node.value)]
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text"]
        if name != "core/text.py":
            found += [f"{name}:{one.lineno}" for text in texts for one in spoken(text) if CHINESE.search(one.value)]
    assert found == []


def test_modules_that_hold_chinese_still_do():
    holding = [name for name, tree in trees().items() if any(CHINESE.search(one.value) for one in spoken(tree))]
    assert [name for name in READERS if not any(one.startswith(name) for one in holding)] == []
