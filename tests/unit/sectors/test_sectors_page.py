"""The page of the package: its code runs, and its figures are those of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sectors.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names():
    scope = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), scope)  # noqa: S102 - the page's own code
    return scope


def test_the_figures_of_the_first_paragraph(names):
    result = names["result"]
    first, last = (result.years["coordination_corrected"][place] for place in (0, -1))
    assert f"from {first:.3f} to {last:.3f}" in PAGE
    lowest = result.obstacles.filter(year=2019, sector="culture").row(0, named=True)
    assert f"in {lowest['lagging']} of 30 provinces" in PAGE
    assert f"in {lowest['lagging_by_rank']} only" in PAGE
    assert f"correlation of {result.years['rank_correlation'][-1]:.2f}" in PAGE


def test_the_figures_of_education(names):
    spans = names["sectors"].education(names["package"], names["xinzhi"].measure(names["package"])).spans
    mean, part = spans["contribution"].mean(), spans["contribution"].sum() / spans["output_growth"].sum()
    assert f"{100 * mean:.2f} percentage points a year, {100 * part:.1f} %" in PAGE
    assert (
        f"{100 * spans['contribution'].max():.2f} in Yunnan, {100 * spans['contribution'].min():.2f} in Xinjiang"
        in PAGE
    )


def test_the_figures_of_inequality(names):
    frame = names["sectors"].inequality(names["income"], "income").frame
    assert f"Gini {frame['gini'][0]:.3f} in 2000 and {frame['gini'][-1]:.3f} in 2019" in PAGE
