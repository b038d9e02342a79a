from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.yardstick.internal import Span, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.yardstick.measurement import Measurement


def test_the_latest_period_of_official_figures_leads(measurement: Measurement) -> None:
    view = View(measurement)
    assert view.spans == (Span(2000, 2004), Span(2004, 2008), Span(2008, 2010))
    assert view.lead == Span(2004, 2008)
    assert view.latest == Span(2008, 2010)
    assert view.whole == Span(2000, 2010)
    assert view.is_extrapolated(Span(2008, 2010))


def test_a_few_regions_with_proxies_are_named_but_do_not_move_the_lead(measurement: Measurement) -> None:
    proxied = pl.when((pl.col("region") == "150000") & (pl.col("start") == 2004)).then(pl.lit("proxy:investment_price"))
    view = View(replace(measurement, periods=measurement.periods.with_columns(flags=proxied.otherwise("flags"))))
    assert view.lead == Span(2004, 2008)
    assert view.exceptions(view.lead) == ["150000"]
    assert view.span_text(view.lead).en == "2004–2008 (official figures, investment adjusted, except Inner Mongolia)"


def test_without_official_figures_the_latest_without_extrapolated_ones_leads(measurement: Measurement) -> None:
    carried = pl.when(pl.col("end") <= 2008).then(pl.lit("carried:labour_share")).otherwise("flags")
    view = View(replace(measurement, periods=measurement.periods.with_columns(flags=carried)))
    assert view.lead == Span(2004, 2008)
    assert not view.is_official(view.lead)
    assert view.span_text(view.lead).zh == "2004—2008年（部分为替代）"


def test_flags_that_all_regions_share_are_known(measurement: Measurement) -> None:
    view = View(measurement)
    assert view.common_kinds[Span(2008, 2010)] == {"carried", "extrapolated"}
    assert view.common_kinds[Span(2000, 2004)] == frozenset()


def test_two_regions_of_one_name_get_their_codes(make: Callable[..., Measurement]) -> None:
    twice = {"1": ("甲", "Twin", "A", None, None), "2": ("乙", "Twin", "B", None, None)}
    view = View(make(twice))
    assert view.name("1").en == "Twin (1)"
    assert view.name("2").zh == "乙 (2)"


def test_a_region_without_a_name_is_its_code(make: Callable[..., Measurement]) -> None:
    view = View(make({"X1": (None, None, None, None, None), "X2": ("乙", None, None, None, None)}))
    assert view.name("X1").en == view.name("X1").zh == "X1"
    assert view.name("X2").en == "乙"


def test_tiles_only_for_regions_that_the_arrangement_knows(measurement: Measurement, countries: Measurement) -> None:
    assert View(measurement).tiles
    assert [group.en for group in View(measurement).contrast] == ["Northeast", "East"]
    assert not View(countries).tiles
    assert View(countries).contrast == ()


def test_a_measurement_without_complete_periods_still_has_a_span(ragged: Measurement) -> None:
    view = View(ragged)
    assert view.lead == view.whole == Span(2000, 2010)
    assert view.regions_in(view.lead).is_empty()
    assert not view.is_official(view.lead)


def test_nan_never_reaches_the_page(measurement: Measurement) -> None:
    broken = measurement.periods.with_columns(tfp_part=pl.lit(float("nan")))
    assert View(replace(measurement, periods=broken)).regions_in(Span(2004, 2008))["tfp_part"].null_count() == 6
