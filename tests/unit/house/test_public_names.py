from __future__ import annotations

import importlib
import json
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# what every package exports that has done so since the second edition began
BEFORE = json.loads((ROOT / "tests/golden/public_names.json").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", BEFORE)
def test_public_names_are_there_or_the_changelog_names_their_successor(package: str) -> None:
    """A name may stand in the face of its package; a package that is gone is named with its successor."""
    homes = [importlib.import_module(".".join(package.split(".")[:2]))]
    try:
        homes.append(importlib.import_module(package))
    except ModuleNotFoundError:
        assert f"`{'.'.join(package.split('.')[:3])}`" in CHANGELOG
        return
    gone = [name for name in BEFORE[package] if not any(hasattr(home, name) for home in homes)]
    assert [name for name in gone if f"`{package}.{name}`" not in CHANGELOG] == []


def test_the_options_that_a_signature_names_are_those_that_there_are():
    change, sfa = (
        importlib.import_module(one)
        for one in ("xinzhi.frontier.change.productivity_change", "xinzhi.frontier.stochastic.sfa")
    )
    assert set(change.Options.__annotations__) == {one.name for one in fields(change.Settings)}
    assert set(sfa.Options.__annotations__) == {one.name for one in fields(sfa.Settings)}
