from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# what every package exported when the second edition began
BEFORE = json.loads((ROOT / "tests/golden/public_names.json").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def faces(package: str) -> list[object]:
    """Return the package as far as it is there, and the one that it belongs to."""
    top = ".".join(package.split(".")[:2])
    found: list[object] = [importlib.import_module(top)]
    try:
        found.append(importlib.import_module(package))
    except ModuleNotFoundError:
        assert f"`{package}`" in CHANGELOG
    return found


@pytest.mark.parametrize("package", BEFORE)
def test_public_names_are_there_or_the_changelog_names_their_successor(package: str) -> None:
    homes = faces(package)
    gone = [name for name in BEFORE[package] if not any(hasattr(home, name) for home in homes)]
    assert [name for name in gone if f"`{package}.{name}`" not in CHANGELOG] == []
