from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from xinzhi import protocol
from xinzhi.core import yamlfile
from xinzhi.protocol.reading import registry_files

IDS = [
    "bea-bls-ilpa",
    "chenpu-2021",
    "cip-4.0",
    "euklems-intanprod-2023",
    "frbsf-fernald",
    "pwt-10.01",
    "shan-2008",
    "solow-1957",
    "textbook",
    "xinzhi-cn-2026",
    "zhang-2004",
]
CHINESE = re.compile("[\u4e00-\u9fff]")
EVERY = [(item.id, path) for item in protocol.registry() for path in item.parameters]


def test_the_registry():
    assert [item.id for item in protocol.registry()] == IDS
    assert [file.stem for file in registry_files()] == IDS


def test_fingerprints_differ():
    assert len({item.fingerprint for item in protocol.registry()}) == len(IDS)


@pytest.mark.parametrize("name", IDS)
def test_a_protocol_says_what_it_is(name):
    item = protocol.load(name)
    assert item.reference
    assert item.status in {"adopted", "proposed", "published"}
    for text in (item.title, item.authority, item.description):
        assert CHINESE.search(text.zh)
        assert not CHINESE.search(text.en)


@pytest.mark.parametrize("name", IDS)
def test_nothing_but_what_was_not_seen_is_blank(name):
    unseen = {"shan-2008": ("capital.initial_rule",)}
    assert protocol.load(name).blank() == unseen.get(name, ())
    errors = [finding.key for finding in protocol.check(name)]
    assert tuple(errors) == unseen.get(name, ())


@pytest.mark.parametrize(("name", "path"), EVERY)
def test_every_parameter_is_known_and_argued(name, path):
    item, spec = protocol.load(name).parameters[path], protocol.catalogue()[path]
    assert item.unit == spec.unit
    assert CHINESE.search(item.description.zh)
    assert item.description.en
    assert not CHINESE.search(item.description.en)
    assert item.description != spec.description
    assert item.reference
    assert all(source.title and source.where for source in item.reference)
    # A parameter that no computation needs may be left to the data; a needed one is blank only for want of a source.
    if item.value is None and not any(not words for words in spec.needed_when.values()):
        assert "not been seen" in item.description.en or "Not seen" in item.description.en


@pytest.mark.parametrize(("name", "path"), EVERY)
def test_every_alternative_has_a_user_or_a_reason(name, path):
    for other in protocol.load(name).parameters[path].alternatives:
        assert all(user in IDS or other.reference for user in other.used_by)
        assert other.reference or other.note


@pytest.mark.parametrize("file", registry_files(), ids=lambda file: file.stem)
def test_units_stand_where_there_are_numbers(file):
    for group, entries in yamlfile.read(file).content.get("parameters", {}).items():
        for name, entry in entries.items():
            spec = protocol.catalogue()[f"{group}.{name}"]
            assert entry.get("unit", "choice") == spec.unit


@pytest.mark.parametrize("path", list(protocol.catalogue()))
def test_the_catalogue_speaks_both_languages(path):
    spec = protocol.catalogue()[path]
    for text in (spec.title, spec.description, *spec.allowed.values()):
        assert CHINESE.search(text.zh)
        assert text.en
        assert not CHINESE.search(text.en)
    assert spec.group in protocol.groups()
    assert bool(spec.allowed) is (spec.kind == "choice")
    assert (spec.unit == "choice") is (spec.kind == "choice")


@pytest.mark.parametrize("path", list(protocol.catalogue()))
def test_conditions_name_known_values(path):
    for other, words in protocol.catalogue()[path].needed_when.items():
        assert set(words) <= set(protocol.catalogue()[other].allowed)


def test_no_text_of_the_registry_carries_a_fold_of_yaml():
    for item in protocol.registry():
        for parameter in item.parameters.values():
            assert not re.search("[\u4e00-\u9fff，。；：] [\u4e00-\u9fff]", parameter.description.zh)


@pytest.mark.parametrize("file", sorted(Path(protocol.__file__).parent.glob("*.py")), ids=lambda file: file.stem)
def test_the_code_holds_no_convention(file):
    constants = [node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)]
    numbers = [value for value in constants if isinstance(value, int | float)]
    assert not [value for value in numbers if value % 1 or value >= 1000]
