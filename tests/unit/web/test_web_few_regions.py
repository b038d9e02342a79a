"""A package of some regions and without a national total has every page that one of all regions has."""

from __future__ import annotations

import polars as pl
import pytest

pytest.importorskip("fastapi")

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.web import Store, pages, render

FIVE = ["220000", "320000", "330000", "340000", "520000"]


@pytest.fixture(scope="module")
def few():
    """Return a store of five provinces with neither nation nor anything beside the accounts."""
    shipped = xinzhi.load("china-provinces")
    names = ("regions", "accounts", "investment")
    tables = {name: shipped.tables[name].filter(pl.col("region").is_in(FIVE)) for name in names}
    return Store(xinzhi.load(tables, units={name: shipped.units[name] for name in names}))


def test_the_first_page_and_every_other_page_of_some_regions_is_there(few):
    html = {address.path: render.html(few, address).decode() for address in pages.addresses(few)}
    assert {f"{language}/region/{code}.html" for language in ("zh", "en") for code in FIVE} <= set(html)
    assert all("KeyError" not in page for page in html.values())


def test_no_figure_of_a_nation_is_shown_without_one(few):
    page = pages.home.page(few, pages.Address("en"))
    assert page.more["nation"] is None
    assert len(page.more["rows"]) == len(FIVE)
    region = pages.region.page(few, pages.Address("en", "region", "320000"))
    assert region.more["company"]["nation"] is None


def test_a_topic_whose_tables_are_not_enough_has_a_page_that_says_why():
    shipped = xinzhi.load("china-provinces")
    names = ("regions", "accounts", "investment", "activity")
    tables = {name: shipped.tables[name].filter(pl.col("region").is_in(FIVE[:1])) for name in names}
    store = Store(xinzhi.load(tables, units={name: shipped.units[name] for name in names}))
    address = pages.Address("en", "topic", "plan")
    with pytest.raises(InputError) as refused:
        store.study("plan")
    assert pages.exists(store, address)
    assert pages.topic.page(store, address).lead == (refused.value.text,)
    store.close()


def test_a_page_is_listed_before_its_study_is_computed():
    store = Store("china-provinces")
    store.study("assess", briefs=True)  # which every page shows
    before = len(store._studies)  # noqa: SLF001 - what is kept shows nowhere else
    assert {"plan", "digital", "bubbles", "vintages"} <= set(pages.topic.keys(store))
    assert len(store._studies) - before <= 1  # noqa: SLF001 - the sections of the assessment
    store.close()
