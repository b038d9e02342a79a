"""The compiled standards against the counts of the standard itself and against its source.

Tolerance: exact. Reference: GB/T 4754-2017, Appendix A (20 / 97 / 473 / 1,381) and Appendix C (1,479 rows), as in
../shared/ref/growth/gbt4754_2017.csv and gbt4754_2017_isic4.csv, and the divisions that `data` holds on its own.
Known differences: six names whose lines the source ran together (277, 2770, 278, 2780, 727, 7271), one bracket (7517).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.data.rules.keys import standard as held_by_data
from xinzhi.scope import concordance, errata, lookup, standard
from xinzhi.scope.standard import document, table

if TYPE_CHECKING:
    from pathlib import Path

GBT = "GB/T 4754-2017"
MENDED_NAMES = {"277", "2770", "278", "2780", "727", "7271", "7517"}


@pytest.mark.parametrize("name", [GBT, "ISIC Rev.4"])
def test_levels_count_as_the_standard_says(name: str) -> None:
    about = document("standards/standards.yaml")[name]
    counts = standard(name).counts()
    expected = about.get("compiled") or about["counts"]
    assert {level: counts[level] for level in expected} == expected


def test_every_code_has_the_parent_that_its_digits_say() -> None:
    tree = standard(GBT)
    assert all(tree.parents[code] == code[:-1] for code in tree.names if len(code) > 2)
    assert all(tree.parents[code].isalpha() for code in tree.names if len(code) == 2)
    assert sum(len(tree.below(code)) for code in tree.names if code.isalpha()) == 1381


def test_divisions_are_those_of_the_data_room() -> None:
    tree = standard(GBT)
    assert {code: names[0] for code, names in held_by_data("GB/T 4754").items()} == {
        code: name for code, name in tree.names.items() if tree.level(code) == "division"
    }


@pytest.mark.shared
def test_tree_equals_its_source(shared: Path) -> None:
    source = pl.read_csv(shared / "ref/growth/gbt4754_2017.csv", infer_schema=False)
    tree = standard(GBT)
    assert list(tree.names) == source["code"].to_list()
    assert [tree.parents.get(code) for code in tree.names] == source["parent"].to_list()
    differ = {code for code, name in source.select("code", "name_zh").iter_rows() if tree.names[code] != name}
    assert differ == MENDED_NAMES


@pytest.mark.shared
def test_annex_equals_its_source(shared: Path) -> None:
    source = pl.read_csv(shared / "ref/growth/gbt4754_2017_isic4.csv", infer_schema=False)
    ours = table("standards/gbt4754-2017-isic4.csv")
    assert ours.height == 1479
    assert ours.rows() == source.select("gbt4754_2017", "isic4").rows()


def test_errata_are_all_there_is() -> None:
    printed = table("standards/gbt4754-2017-isic4.csv")
    classes = set(standard(GBT).classes)
    found = document("standards/errata.yaml")
    assert set(found["missing"]) == classes - set(printed["gbt"])
    assert set(found["foreign"]) == set(printed["gbt"]) - classes
    twice = printed.filter(printed.is_duplicated()).unique()
    assert {(row["gbt"], row["isic"]) for row in found["repeated"]} == set(twice.iter_rows())
    assert len(found["missing"]) == 11
    assert len(found["foreign"]) == 12
    assert found["rows"] == printed.height
    assert errata().height == 11 + 12 + 2 + 1


def test_rows_of_groups_add_nothing_to_their_classes() -> None:
    printed = table("standards/gbt4754-2017-isic4.csv")
    for group in (
        code for code, about in document("standards/errata.yaml")["foreign"].items() if about["is"] == "group"
    ):
        own = set(printed.filter(pl.col("gbt") == group)["isic"])
        below = printed.filter(pl.col("gbt").str.starts_with(group) & (pl.col("gbt").str.len_chars() == 4))
        assert own <= set(below["isic"])


def test_mending_by_siblings_holds() -> None:
    """Where the errata say that all siblings go to one class, they do."""
    pairs = concordance(mend=False).pairs
    for code, isic in (("3711", "3020"), ("7517", "7490"), ("9419", "8430")):
        siblings = pairs.filter(pl.col("gbt").str.starts_with(code[:3]))
        assert set(siblings["isic"]) == {isic}


def test_pairs_add_up() -> None:
    found = document("standards/errata.yaml")
    mended = sum(about["isic"] is not None for about in found["missing"].values())
    foreign = table("standards/gbt4754-2017-isic4.csv").filter(pl.col("gbt").is_in(list(found["foreign"]))).height
    assert concordance().pairs.height == 1479 - foreign - len(found["repeated"]) + mended == found["used"]
    assert concordance(mend=False).unmapped == tuple(sorted(found["missing"]))
    assert concordance().pairs.select("gbt", "isic").is_unique().all()


def test_one_or_several_targets() -> None:
    """As counted for the design: 1,306 codes go to one class of ISIC, 76 to several (of 1,382 codes as printed)."""
    printed = table("standards/gbt4754-2017-isic4.csv")
    counts = printed.unique().group_by("gbt").len()["len"]
    assert ((counts == 1).sum(), (counts > 1).sum()) == (1306, 76)


def test_lookup_knows_the_whole_branch() -> None:
    found = lookup("C397")
    assert (found.level, found.name_zh, found.parents) == ("group", "电子器件制造", ("39", "C"))
    assert found.children == found.classes == ("3971", "3972", "3973", "3974", "3975", "3976", "3979")
