from __future__ import annotations

import re

import pytest

from xinzhi import protocol
from xinzhi.core.errors import InputError, UsageError


def test_the_template_is_valid_as_it_is(tmp_path):
    path = protocol.new(tmp_path / "liaoning-2026.yaml")
    assert not protocol.check(path)
    rules = protocol.load(path)
    rules.require()
    assert rules.id == "liaoning-2026"
    assert not protocol.diff(rules, "xinzhi-cn-2026")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("base", [item.id for item in protocol.registry()])
def test_the_template_is_valid_with_every_line_uncommented(tmp_path, base):
    path = protocol.new(tmp_path / "mine.yaml", extends=base)
    start, _, rest = path.read_text(encoding="utf-8").partition("parameters:\n")
    path.write_text(f"{start}parameters:\n" + re.sub(r"(?m)^#", "", rest), encoding="utf-8")
    rules = protocol.load(path)
    assert {item.origin for item in rules.parameters.values()} == {"mine"}
    assert not protocol.diff(rules, base)


def test_the_template_shows_every_parameter_of_its_base(tmp_path):
    text = protocol.new(tmp_path / "mine.yaml").read_text(encoding="utf-8")
    for path in protocol.load("xinzhi-cn-2026").parameters:
        assert re.search(rf"(?m)^#    {path.split('.')[1]}:$", text)


def test_an_existing_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already"):
        protocol.new(path)
    assert path.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("name", ["mine", "mine.yaml.txt", "mine.json"])
def test_another_ending_is_misuse(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.yaml"):
        protocol.new(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        protocol.new(tmp_path / "nowhere" / "mine.yaml")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"

    def fail(self, target):  # noqa: ARG001 - the signature of Path.replace
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(InputError, match="the disk is full"):
        protocol.new(path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_base(tmp_path):
    with pytest.raises(UsageError, match="unknown protocol"):
        protocol.new(tmp_path / "mine.yaml", extends="nobody")


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("My Protocol.yaml", "my-protocol"),
        ("辽宁.yaml", "my-protocol"),
        ("xinzhi-cn-2026.yaml", "xinzhi-cn-2026-variant"),
    ],
)
def test_the_id_comes_from_the_name(tmp_path, name, identity):
    assert protocol.load(protocol.new(tmp_path / name)).id == identity
