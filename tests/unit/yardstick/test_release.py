"""Series made from data: the release of the shipped package, and what holds it to its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.protocol import Protocol, load
from xinzhi.protocol.internal import freeze, read_release, registered_release, series_paths
from xinzhi.yardstick.make_release import different_series, make_release, write_release

PACKAGE, RULE = "china-provinces", "xinzhi-cn-2026"


def by_release() -> Protocol:
    """Return the rule as it is with its series taken from the release instead of written out."""
    rules = load(RULE)
    kept = {path: parameter for path, parameter in rules.parameters.items() if path not in series_paths()}
    return replace(rules, parameters=kept, release_of=PACKAGE)


def raised(factor: float) -> xinzhi.Package:
    """Return the shipped package with national capital formation of 2010 to 2023 multiplied."""
    package = xinzhi.load(PACKAGE)
    is_raised = pl.col("variable").is_in(["gfcf_nominal", "gcf_nominal"]) & pl.col("year").is_between(2010, 2023)
    value = pl.when(is_raised).then(pl.col("value") * factor).otherwise("value")
    tables = {**package.tables, "nation": package.tables["nation"].with_columns(value=value)}
    return replace(package, tables=tables, origins={}, source="")


def test_the_registered_release_is_what_the_data_give() -> None:
    made = make_release(PACKAGE)
    assert made.digests == registered_release(PACKAGE).digests
    assert different_series(registered_release(PACKAGE), made) == []
    assert set(made.series) == set(series_paths())


def test_the_series_that_the_rule_writes_out_are_those_of_the_release() -> None:
    rules, release = load(RULE), registered_release(PACKAGE)
    written = replace(release, series={path: rules.value(path) for path in series_paths()})
    assert different_series(written, release) == []


def test_the_figures_are_the_same_whether_the_series_are_written_out_or_released() -> None:
    ours, released = xinzhi.measure(PACKAGE, RULE), xinzhi.measure(PACKAGE, by_release())
    assert ours.frame["tfp_growth"].to_list() == pytest.approx(released.frame["tfp_growth"].to_list(), abs=1e-12)
    assert released.provenance.release == registered_release(PACKAGE).mark


def test_a_release_does_not_change_the_rule() -> None:
    released = xinzhi.measure(PACKAGE, by_release()).protocol
    assert released.fingerprint == by_release().fingerprint
    assert freeze(released).fingerprint != released.fingerprint


def test_other_figures_of_the_nation_are_refused_until_the_release_is_made_again() -> None:
    package = raised(1.1)
    with pytest.raises(InputError, match="national_ratio"):
        xinzhi.measure(package, by_release())


def test_a_release_made_again_moves_the_nation_as_a_live_computation_does(tmp_path: Path) -> None:
    package = raised(1.1)
    release = make_release(package, by_release())
    place = write_release(release, tmp_path / "release.yaml")
    moved = replace(package, source=str(tmp_path))
    measured = xinzhi.measure(moved, by_release())
    assert measured.provenance.release == release.mark
    growth = measured.national_periods.filter(start=2007, end=2012)["tfp_growth"].item()
    assert growth == pytest.approx(0.0178, abs=0.0001)
    place.write_text(place.read_text(encoding="utf-8").replace("2016: 0.", "2016: 0.1", 1), encoding="utf-8")
    with pytest.raises(InputError, match="not what this package gives"):
        xinzhi.measure(moved, by_release())


def test_a_part_of_the_regions_keeps_the_release_and_is_warned_of_other_figures() -> None:
    package = xinzhi.load(PACKAGE)
    tables = {
        name: frame.filter(region="220000") if "region" in frame.columns else frame
        for name, frame in package.tables.items()
    }
    alone = replace(package, tables=tables, origins={}, source="")
    assert not [entry for entry in xinzhi.measure(alone, by_release()).findings if entry.rule == "release-of-others"]
    accounts = tables["accounts"].with_columns(employment=pl.col("employment") * 1.01)
    other = replace(package, tables={**tables, "accounts": accounts}, origins={}, source="")
    assert [entry for entry in xinzhi.measure(other, by_release()).findings if entry.rule == "release-of-others"]


@pytest.mark.parametrize("text", ["package: x\n", "series: {labour.nothing: 1}\n"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError, match="no valid release"):
        read_release(path)


def test_a_part_cannot_make_a_release() -> None:
    package = xinzhi.load(PACKAGE)
    accounts = package.tables["accounts"].filter(pl.col("region") != "220000")
    part = replace(package, tables={**package.tables, "accounts": accounts}, origins={}, source="")
    with pytest.raises(InputError, match="220000"):
        make_release(part)
