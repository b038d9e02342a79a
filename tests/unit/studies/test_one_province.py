"""A package of one province: nothing is said to be both the most and the least."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi import risks, sectors
from xinzhi.sources import decompose
from xinzhi.sources.innovation import in_depth


@pytest.fixture(scope="module")
def jilin():
    whole = xinzhi.load("china-provinces")
    here = {
        name: table.filter(pl.col("region") == "220000") if "region" in table.columns else table
        for name, table in whole.tables.items()
    }
    return replace(whole, tables=here)


def test_a_province_alone_is_no_end(jilin):
    for made in (sectors.culture(jilin), in_depth(decompose(jilin), jilin), risks.register(jilin)):
        for language, words in (("en", ("lowest", "the least", "from Jilin")), ("zh", ("最低", "最少"))):
            said = made.summary(language)
            assert {"en": "Jilin", "zh": "吉林"}[language] in said or isinstance(made, risks.Register)
            assert not any(word in said for word in words)
    assert "1.54\N{NO-BREAK SPACE}% of employment in Jilin." in sectors.culture(jilin).summary("en")


def test_one_region_is_in_the_singular(jilin):
    said = risks.register(jilin).summary("en")
    assert "1 region was checked and none is flagged" in said
    assert "of 1 region is flagged" in said
    assert "of 1 regions" not in said
