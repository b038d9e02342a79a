"""The table that reconciles figures of several spans, where some year has no sum of the regions."""

from __future__ import annotations

from dataclasses import replace

import xinzhi
from xinzhi.data import load
from xinzhi.studies.assess import reconciled


def test_a_span_with_a_year_that_has_no_sum_is_left_out():
    measured = xinzhi.measure(load("china-provinces"))
    every = set(reconciled(measured, {}).select("start", "end").rows())
    assert len(every) == 3
    cut = replace(measured, national=measured.national.remove(year=2002))
    left = set(reconciled(cut, {}).select("start", "end").rows())
    assert left == {(start, end) for start, end in every if not start < 2002 <= end}
    assert (2017, 2023) in left < every
