from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path

import click
import pytest
import yaml

import xinzhi
import xinzhi.core
from xinzhi.core.text import read_words

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md")))
API = (DOCS / "api.md").read_text(encoding="utf-8")
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
PACKAGES = [
    module.name
    for module in pkgutil.iter_modules(xinzhi.__path__)
    if module.name not in {"__main__", "cli", "core", "words"}
]
CORE = [
    module.name
    for module in pkgutil.iter_modules(xinzhi.core.__path__)
    if module.name not in {"arrays", "gaps", "lazy"}
]
MODULES = [*(f"xinzhi.{name}" for name in PACKAGES), *(f"xinzhi.core.{name}" for name in CORE)]


def commands():
    from xinzhi.cli.app import application

    def walk(command, path):
        inner = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else []
        if not inner:
            yield path, command
        for name in inner:
            yield from walk(command.get_command(click.Context(command), name), f"{path} {name}")

    return dict(walk(application("en"), "xinzhi"))


def generated(script, folder):
    spec = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.generate(folder)
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md")))


@pytest.mark.parametrize("name", xinzhi.__all__)
def test_every_public_name_is_documented(name):
    assert f"`xinzhi.{name}" in PAGES


@pytest.mark.parametrize("module", MODULES)
def test_every_public_module_is_in_the_api_reference(module):
    assert re.search(rf"^\.\. automodule:: {re.escape(module)}\n   :members:$", API, re.MULTILINE)


def described():
    """Yield where everything stands that the API reference describes: `make docs` refuses what it describes twice."""
    for name, options in re.findall(r"^\.\. automodule:: (\S+)\n((?:   :.*\n)+)", API, re.MULTILINE):
        module, left = importlib.import_module(name), re.findall(r":exclude-members: (.*)", options)
        yield name
        for member in getattr(module, "__all__", vars(module)):
            one = getattr(module, member)
            own = hasattr(module, "__all__") or getattr(one, "__module__", "") == name
            if own and (inspect.isclass(one) or inspect.isfunction(one)) and member not in ", ".join(left).split(", "):
                yield f"{one.__module__}.{one.__qualname__}"


def test_nothing_is_described_twice():
    found = list(described())
    assert len(found) > 500
    assert sorted({one for one in found if found.count(one) > 1}) == []


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_docstring(module):
    home = importlib.import_module(module)
    names = getattr(home, "__all__", [name for name in vars(home) if not name.startswith("_")])
    objects = {name: getattr(home, name) for name in names}
    mine = {name: item for name, item in objects.items() if getattr(item, "__module__", "").startswith("xinzhi")}
    mine = {
        name: item for name, item in mine.items() if inspect.isroutine(inspect.unwrap(item)) or inspect.isclass(item)
    }
    assert mine
    assert not [name for name, item in mine.items() if not inspect.getdoc(item)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_a_page_and_says_what_it_is_for(package):
    assert (DOCS / f"{package}.md").is_file()
    assert len(inspect.getdoc(importlib.import_module(f"xinzhi.{package}")).split()) > 20


@pytest.mark.parametrize("path", commands())
def test_every_verb_and_option_is_documented(path):
    assert f"`{path}" in CLI
    options = [name for item in commands()[path].params for name in item.opts if name.startswith("--")]
    assert not [name for name in options if f"`{name}" not in CLI and f" {name}" not in CLI]


def test_every_protocol_parameter_is_in_the_reference(tmp_path):
    catalogue = yaml.safe_load((ROOT / "src/xinzhi/protocol/parameters.yaml").read_text(encoding="utf-8"))
    text = PAGES + generated("generate_protocol_reference", tmp_path)
    assert not [path for path in catalogue["parameters"] if path not in text]


def test_every_table_and_column_is_in_the_reference(tmp_path):
    known = yaml.safe_load((ROOT / "src/xinzhi/data/tables.yaml").read_text(encoding="utf-8"))["tables"]
    text = PAGES + generated("generate_data_reference", tmp_path)
    missing = [name for name in known if name not in text]
    missing += [
        f"{name}.{column}" for name, table in known.items() for column in table["columns"] if column not in text
    ]
    assert not missing


def test_every_decision_is_numbered_once_and_tells_its_costs():
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]}: ")
        assert all(f"## {part}" in text for part in ("At stake", "Considered", "Chosen", "Costs"))


def test_the_glossary_is_the_one_of_the_explorer_each_term_once_in_both_languages():
    spec = importlib.util.spec_from_file_location("make_glossary", DOCS / "make_glossary.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text("utf-8") == maker.made(), "run `python docs/make_glossary.py`"
    terms = [one for part in read_words("glossary.yaml") for one in part["terms"]]
    assert len(terms) >= 60
    assert all(len({one[language] for one in terms}) == len(terms) for language in ("zh", "en"))
    for one in terms:
        assert re.search("[\u4e00-\u9fff]", one["zh"])
        assert re.search("[A-Za-z]", one["en"])
        assert set(one.get("about", ())) in (set(), {"zh", "en"})
