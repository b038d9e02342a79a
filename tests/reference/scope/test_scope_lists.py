"""The definitions that ship against the counts and facts that are known of the official lists.

Tolerance: exact. References: order 33 (2021) of the National Bureau of Statistics as noted in
../shared/design/peers/yardstick.md, section 3 (core = 26 divisions, 68 groups, 126 classes; 6+5+5+7+9 middle groups;
category 05 = 91 / 431 / 1256); the OECD taxonomy in ../shared/facts/oecd-rd-intensity-2016.csv.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.scope import classify, definition, standard
from xinzhi.scope.catalogue import shipped_definitions, tally

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = {
    "culture-2012",
    "energy-saving-2021",
    "high-tech-manufacturing-2013",
    "ip-intensive-2019",
    "three-new-2018",
}


def test_what_ships_with_codes_and_what_does_not() -> None:
    usable = {"five-powers", "digital-core-divisions", "high-tech-manufacturing-2017", "oecd-rd-intensity-2016"}
    partial = {"strategic-emerging-2018", "digital-economy-2021", "high-tech-services-2018", "culture-2018"}
    assert set(shipped_definitions()) == usable | TEMPLATES | partial
    assert {name for name, one in shipped_definitions().items() if one.status == "partial"} == partial
    assert {name for name, one in shipped_definitions().items() if one.status == "template"} == TEMPLATES
    assert all(one.source and one.title.zh and one.title.en for one in shipped_definitions().values())
    assert all(not shipped_definitions()[name].entries and shipped_definitions()[name].missing for name in TEMPLATES)


def test_digital_economy_counts() -> None:
    one = definition("digital-economy-2021")
    assert [item.counts["middle"] for item in one.categories.values()] == [6, 5, 5, 7, 9]
    assert [dict(count.numbers) for count in one.counts[:2]] == [
        {"division": 26, "group": 68, "class": 126},
        {"division": 91, "group": 431, "class": 1256},
    ]
    assert [item.inside for item in one.categories.values()] == [True] * 4 + [False]


def test_partial_lists_hold_only_what_bears_their_names() -> None:
    """Every entry's Chinese name is that of its codes in the standard, or names them together; none counts too many."""
    tree = standard()
    for name, most in (("strategic-emerging-2018", 485), ("digital-economy-2021", 126), ("culture-2018", 146)):
        one = definition(name)
        below = [code for entry in one.entries for asked in entry.codes for code in tree.below(asked)]
        assert len(below) == len(set(below)) < most, name
        assert one.missing.zh, name
    for entry in definition("strategic-emerging-2018").entries:
        assert entry.name is not None
        assert entry.name.zh == tree.names[entry.codes[0]] or entry.codes[0] == "3612"


def test_core_divisions_are_those_that_the_bureau_names() -> None:
    one = definition("digital-core-divisions")
    assert [entry.codes for entry in one.entries] == [("39",), ("63",), ("64",), ("65",)]
    assert all(entry.name.zh == standard().names[entry.codes[0]] for entry in one.entries if entry.name)


def test_high_technology_manufacturing() -> None:
    one = definition("high-tech-manufacturing-2017")
    sizes = [sum(entry.category == key for entry in one.entries) for key in one.categories]
    assert sizes == [9, 6, 35, 8, 25, 2]
    assert tally(one.entries, "class", one.standard) == 85
    tree = standard()
    # Pharmaceuticals and electronics are whole divisions, but for service robots (3964), which neither copy lists.
    listed = {entry.codes[0] for entry in one.entries}
    assert set(tree.below("27")) <= listed
    assert set(tree.below("39")) - listed == {"3964"}
    assert all(entry.name is not None and entry.name.zh == tree.names[entry.codes[0]] for entry in one.entries)


@pytest.mark.shared
def test_oecd_taxonomy_equals_its_source(shared: Path) -> None:
    source = pl.read_csv(shared / "facts/oecd-rd-intensity-2016.csv", infer_schema=False)
    one = definition("oecd-rd-intensity-2016")
    ours = [(entry.name.en if entry.name else "", entry.category, entry.intensity) for entry in one.entries]
    assert ours == [(row[1], row[2], float(row[3])) for row in source.iter_rows()]
    for written, entry in zip(source["isic4"], one.entries, strict=True):
        first, _, out = (
            written.replace("32-325", "32 except 325").replace("25-252", "25 except 252").partition(" except ")
        )
        numbers = re.split(r"[+-]", first)
        if "-" in first:
            numbers = [f"{number:02d}" for number in range(int(numbers[0]), int(numbers[1]) + 1)]
        known = [number for number in numbers if number in standard("ISIC Rev.4").names]
        assert (list(entry.codes), list(entry.excluded)) == (known, [out] if out else [])


def test_oecd_groups_in_their_own_standard() -> None:
    table = pl.DataFrame({"code": ["21", "72", "26", "25", "325", "61", "85"]})
    scope = classify(table, as_of=2020, standard="ISIC Rev.4", definitions=["oecd-rd-intensity-2016"])
    verdicts = dict(scope.frame.select("code", "verdict").iter_rows())
    assert verdicts == {"21": "in", "72": "in", "26": "in", "25": "part", "325": "in", "61": "out", "85": "out"}


def test_eras_follow_one_another_without_gap() -> None:
    eras = definition("five-powers").eras
    assert [one.id for one in eras] == ["human", "horse", "electric", "network", "computing"]
    assert eras[0].begins is None
    assert eras[-1].ends is None
    for before, after in itertools.pairwise(eras):
        assert after.begins is not None
        assert before.ends is not None
        assert (after.begins - before.ends).days == 1
        assert all(isinstance(day, date) for day, _ in after.alternatives)
        assert after.evidence
