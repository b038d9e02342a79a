"""The page of published claims is what the software gives, and its table names its sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from xinzhi.core.schema import describe
from xinzhi.yardstick import published_claims

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_claims_page", DOCS / "make_claims_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_maker_writes(maker):
    text = maker.PAGE.read_text("utf-8")
    assert maker.filled(text) == text, "run `python docs/make_claims_page.py`"
    assert "3.68 (8.1), 1.97 (9.0), 1.57 (9.1), 2.26 (10.0), 0.57 (10.01)" in text


def test_every_claim_names_its_source_and_has_known_words():
    table = published_claims()
    assert table.height == 102
    assert table.select("region", "start", "end", "source").is_unique().all()
    for column in ("growth", "source", "author", "year", "outlet", "place", "figure", "confidence"):
        assert table[column].null_count() == 0
    for column in ("scope", "method"):
        assert set(table[column]) <= set(describe("claim", column).values)


def test_the_rate_is_named_where_the_source_says_which():
    rates = published_claims().group_by("rate").len().sort("rate").rows()
    assert dict(rates) == {"compound": 22, "log": 46, "unknown": 34}
