"""SECURITY.md: every test, file and target that it names as a guard is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
FAULTS = [line.split("|")[1:-1] for line in PAGE.partition("## Faults found")[2].splitlines() if line.startswith("|")][
    2:
]
REVIEWED = {f"R{number}" for number in range(1, 13)}


def guards(cell):
    """Yield each guard that a cell names."""
    yield from re.findall(r"`([^`]+)`", cell)


def is_there(guard):
    """Whether there is a test, a file or a target of a name; a name of any other kind is no guard."""
    file, _, test = guard.partition("::")
    if guard.startswith("make "):
        return re.search(rf"^{guard.removeprefix('make ')}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    path = ROOT / file
    return path.is_file() and (not test or re.search(rf"^def {test}\(", path.read_text("utf-8"), re.MULTILINE))


def test_every_guard_of_a_fault_is_there():
    named = [guard for *_, cell in FAULTS for guard in guards(cell) if guard != "code-unusable"]
    assert len(named) > len(FAULTS)
    assert not [guard for guard in named if not is_there(guard)]
    assert "rule: code-unusable" in (ROOT / "tests/cases/data/findings.yaml").read_text("utf-8")


def test_a_guard_that_is_not_there_would_be_seen():
    assert not is_there("tests/unit/house/test_security_page.py::test_nothing")
    assert not is_there("tests/unit/house/test_nothing.py")
    assert not is_there("make nothing")


def test_every_fault_of_the_review_has_a_guard():
    assert {number.strip() for number, *_ in FAULTS} - {""} == REVIEWED
    assert all(list(guards(cell)) for *_, cell in FAULTS)
