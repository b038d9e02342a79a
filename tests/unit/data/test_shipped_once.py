"""A package that ships is read once in a process, and every caller has one of its own."""

from __future__ import annotations

import polars as pl

from xinzhi.data import load, loading


def test_it_is_read_once(monkeypatch):
    first = load("china-provinces")
    monkeypatch.setattr(loading, "read_source", None)  # whoever reads again fails
    again = load("china-provinces")
    assert again.tables.keys() == first.tables.keys()
    assert all(frame.equals(first.tables[name]) for name, frame in again.tables.items())
    assert (again.findings, again.units, again.source) == (first.findings, first.units, first.source)


def test_what_a_caller_changes_is_its_own():
    mine = load("china-provinces")
    mine.tables["accounts"] = pl.DataFrame()
    mine.units["accounts"]["employment"] = "persons"
    other = load("china-provinces")
    assert other.tables["accounts"].height == 930
    assert other.units["accounts"]["employment"] == "1e4 persons"
    assert other.fingerprint("accounts") != mine.fingerprint("accounts")


def test_other_units_or_another_encoding_are_read_anew():
    given = load("china-provinces", units={"accounts": {"employment": "persons"}})
    plain = load("china-provinces")
    assert given.tables["accounts"]["employment"].max() < plain.tables["accounts"]["employment"].max()
