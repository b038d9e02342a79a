"""Gaming of data: what misreports gain, by hand and in words that every expert would sign."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.parameters import read_yaml
from xinzhi.yardstick.audit import robustness
from xinzhi.yardstick.audit.robustness import KINDS, Kind, misreported_panel, misreports
from xinzhi.yardstick.growth_accounts import account, build_inputs

ENTRIES = read_yaml(KINDS)["kinds"]


@pytest.fixture(scope="module")
def measured():
    return xinzhi.measure("china-provinces")


@pytest.fixture(scope="module")
def found(measured):
    return misreports(measured)


def of(found, kind):
    return found.filter(kind=kind)


def test_every_kind_has_a_size_years_and_a_reference(found):
    assert set(found["kind"]) == set(ENTRIES)
    for entry in ENTRIES.values():
        assert 0 < entry["size"] < 1
        assert entry["years"][0] < entry["years"][1] == entry["corrected"][0] < entry["corrected"][1]
        assert len(entry["reference"]) > 40
        assert set(entry.get("kept", ())) <= set(entry["moves"])


@pytest.mark.parametrize("kind", ["liaoning", "inner_mongolia", "tianjin", "deflator"])
def test_overstated_output_gains_its_size_over_its_years(found, kind):
    entry = ENTRIES[kind]
    start, end = entry["years"]
    expected = -np.log1p(-entry["size"]) / (end - start)
    assert of(found, kind)["gain"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_understated_employment_gains_the_share_of_labour(found, measured):
    entry = ENTRIES["employment"]
    start, end = entry["years"]
    years = measured.panel.years
    share = measured.accounts.growth.labour_share[:, (years > start) & (years <= end)].mean(axis=1)
    expected = share * -np.log1p(-entry["size"]) / (end - start)
    gain = of(found, "employment")["gain"].to_numpy()
    # Shanghai's move of 2013 is linked whatever it is, so that one of the five years gains nothing.
    linked = np.array([region == "310000" for region in measured.panel.regions])
    assert gain[~linked] == pytest.approx(expected[~linked], abs=2e-4)
    assert gain[linked] == pytest.approx(0.8 * expected[linked], rel=0.02)


def test_growth_of_a_vintage_rises_by_the_steps_of_the_misreport(measured):
    entry = {"moves": {"output_real": 1}, "size": 0.2, "years": [2000, 2004], "corrected": [2004, 2005]}
    panel = replace(measured.panel, vintages={"first": np.zeros(measured.panel.shape)})
    growth = misreported_panel(panel, Kind.from_entry("kind", entry)).vintages["first"]
    steps = {2001: -0.25, 2002: -0.25, 2003: -0.25, 2004: -0.25, 2005: 1.0}  # parts of the size, log 0.8
    expected = [np.log(0.8) * steps.get(year, 0.0) for year in panel.years.tolist()]
    assert growth == pytest.approx(np.tile(expected, (len(panel.regions), 1)), abs=1e-12)


def test_all_at_once_is_each_by_itself(measured):
    panel, rules = measured.panel, measured.protocol
    for name, entry in ENTRIES.items():
        every = misreported_panel(panel, Kind.from_entry(name, entry))
        one = panel.regions.index("210000")

        def only(before, after, at=one):
            out = before.copy()
            out[..., at, :] = after[..., at, :]
            return out

        alone = replace(
            panel,
            accounts={key: only(panel.accounts[key], item) for key, item in every.accounts.items()},
            investment={key: only(panel.investment[key], item) for key, item in every.investment.items()},
        )
        joint, single = (account(build_inputs(data, rules)[0], rules).tfp_growth[one] for data in (every, alone))
        np.testing.assert_allclose(joint, single, atol=1e-12)


def test_what_every_expert_would_sign(found):
    # Overstated output is growth that was not there; overstated investment is capital that was not there.
    assert (of(found, "liaoning")["gain"] > 0).all()
    assert (of(found, "investment")["gain"] < 0).all()
    assert (of(found, "investment")["loss"] > of(found, "investment")["gain"]).all()
    # A level that is corrected while growth is not leaves a region what it gained; corrected in both it does not.
    assert of(found, "liaoning")["loss"].abs().max() == 0
    assert (of(found, "tianjin")["loss"] < 0).all()
    for kind in ("liaoning", "deflator"):
        rows = of(found, kind).drop_nulls(["honest_rank", "misreported_rank"])
        assert (rows["misreported_rank"] <= rows["honest_rank"]).all()


def test_what_admission_fails_has_no_rank(found):
    """Employment cut by a quarter, or a deflator far from the nation's, is grade D and buys no rank."""
    ranked = found.drop_nulls("honest_rank")  # what has no rank as it stands loses none
    unranked = {kind: of(ranked, kind)["misreported_rank"].null_count() for kind in ENTRIES}
    assert {kind: n for kind, n in unranked.items() if n} == {"employment": 14, "deflator": 12}
    for kind, firsts in {"employment": 10, "deflator": 12, "liaoning": 31}.items():
        assert of(found, kind).filter(misreported_rank=1).height == firsts


def test_which_tests_report_what(found):
    # Output overstated alike at current and constant prices passes every test of one region's data while it lasts.
    assert set(of(found, "liaoning")["caught_during"]) == {"none"}
    # The level cut and growth kept is a deflator that falls: reported, unless the region had failed that test before.
    caught = of(found, "liaoning")["caught_after"].str.contains("deflator")
    assert caught.sum() >= 25
    assert of(found, "deflator")["caught_during"].str.contains("deflator").sum() >= 25
    assert of(found, "investment")["caught_during"].is_in(["none", "investment"]).all()


def test_sizes_of_other_places_are_not_put_on_anybody(country):
    assert misreports(xinzhi.measure(country(regions=3), "xinzhi-cn-2026")).is_empty()


def test_the_audit_says_it(measured, audit):
    assert audit.misreports.equals(misreports(measured))
    assert "Misreports of the size seen in China" in audit.summary("en")
    assert "虚报" in audit.summary("zh")
    assert pl.Series(audit.columns("misreports")).len() == len(audit.misreports.columns)


@pytest.mark.parametrize(("first", "last", "tried"), [(2000, 2005, 1), (2001, 2005, 0), (2000, 2004, 0)])
def test_a_kind_is_tried_where_the_figures_have_all_its_years(monkeypatch, first, last, tried):
    entry = {"moves": {"output": 1}, "size": 0.1, "years": [2000, 2003], "corrected": [2003, 2005]}
    monkeypatch.setattr(robustness, "read_yaml", lambda _path: {"kinds": {"kind": entry}})
    monkeypatch.setattr(robustness, "of_declared_set", lambda *_: True)
    monkeypatch.setattr(robustness, "_rows", lambda *_: pl.DataFrame(schema=robustness.GAINS).clear(1))
    measured = SimpleNamespace(
        panel=SimpleNamespace(years=np.arange(first, last + 1)),
        protocol=None,
        accounts=SimpleNamespace(growth=SimpleNamespace(tfp_growth=None)),
        regions_declared=SimpleNamespace(complete=True),
    )
    assert misreports(measured).height == tried
