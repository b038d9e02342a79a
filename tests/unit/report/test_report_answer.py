from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.pages.yardstick import measurement as answer
from xinzhi.report.pages.yardstick import regions
from xinzhi.yardstick.internal import View

if TYPE_CHECKING:
    from xinzhi.yardstick.measurement import Measurement


def plain(view: View) -> str:
    return view.measurement.summary("en").replace("\n", " ").replace("\u00a0", " ")


def test_the_answer_is_made_from_the_numbers(measurement: Measurement) -> None:
    view = View(measurement)
    total = view.national_of(view.lead)
    said = plain(view)
    assert f"grew {100 * float(total['output_growth'] or 0):.1f} % a year" in said
    assert f"{100 * float(total['tfp_part'] or 0):.0f} % of growth" in said
    assert (
        "In 2004–2008, the latest period that rests on official figures, investment adjusted to revised output" in said
    )
    first, last = view.regions_in(view.lead)["region"][0], view.regions_in(view.lead)["region"][-1]
    assert f"highest in {view.name(first).en}" in said
    assert f"lowest in {view.name(last).en}" in said
    assert "In the Northeast TFP growth was" in said
    assert "gross fixed capital formation to 2008; output to 2010" in said


def test_both_languages_say_the_same_figures(measurement: Measurement) -> None:
    import re

    for sentence in answer.measurement(measurement).answer:
        figures = [sorted(re.findall(r"−?\d+\.\d", text)) for text in (sentence.zh, sentence.en)]
        assert figures[0] == figures[1]


def test_growth_without_tfp_is_called_so(measurement: Measurement) -> None:
    falling = measurement.national_periods.with_columns(tfp_growth=pl.lit(-0.01), tfp_part=pl.lit(-0.2))
    said = plain(View(replace(measurement, national_periods=falling)))
    assert "TFP) −1.0 points: there was no growth from TFP" in said


def test_regions_whose_tfp_fell_are_named(measurement: Measurement) -> None:
    fell = pl.when(pl.col("region") == "110000").then(pl.lit(-0.01)).otherwise("tfp_growth")
    said = plain(View(replace(measurement, periods=measurement.periods.with_columns(tfp_growth=fell))))
    assert "TFP fell or stood still in 1 of 6: Beijing." in said


def test_no_official_period_is_admitted(measurement: Measurement) -> None:
    guessed = measurement.periods.with_columns(flags=pl.lit("extrapolated:investment"))
    assert "No period rests on official figures alone." in plain(View(replace(measurement, periods=guessed)))


def test_inputs_that_do_not_add_up_have_no_total(indices: Measurement) -> None:
    assert "do not add up to a total" in plain(View(indices))


def test_countries_have_no_contrast(countries: Measurement) -> None:
    said = plain(View(countries))
    assert "Northeast" not in said
    assert "Australia" in said


def test_one_region_is_not_ranked(tiny: Measurement) -> None:
    assert "highest" not in plain(View(tiny))
    assert answer.measurement(tiny).pictures[0].headline.en == "TFP growth, 2000–2001"


def test_no_complete_period_does_not_crash(ragged: Measurement) -> None:
    view = View(ragged)
    assert "there is no total of the 6 regions, because figures are missing in" in plain(view)
    assert answer.region_headline(view, "110000").en == "Not measured in 2000–2010"


def test_facts_of_a_region_are_in_words(measurement: Measurement) -> None:
    rows = measurement.inputs.filter(pl.col("region") == "110000")
    said = regions.size(rows, {"output": "1e8 CNY at 2000 prices", "labour": "1e4 persons"})
    assert said[0].zh.endswith("亿元（2000年价格）")
    assert said[1].en.startswith("Labour in 2010: ")
    assert regions.size(None, {"output": "1e8 CNY"}) == ()


def test_one_country_gets_its_own_sentence(country) -> None:
    import xinzhi

    view = View(xinzhi.measure(country(regions=1), "xinzhi-cn-2026"))
    said = plain(view)
    assert "the output of r0 grew" in said
    assert "1 regions" not in said
    assert "In no region" not in said


def test_a_gap_in_one_region_is_told_and_nothing_is_compared_with_a_dash(country) -> None:
    import xinzhi

    tables = country(regions=3)
    tables["accounts"] = tables["accounts"].filter((pl.col("region") != "r1") | (pl.col("year") != 1957))
    said = plain(View(xinzhi.measure(tables, "xinzhi-cn-2026")))
    assert "no total of the 3 regions, because figures are missing in r1" in said
    assert "\u2013 %" not in said
