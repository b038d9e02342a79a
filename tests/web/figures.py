"""The figures of tables on pages beside those of the frames that studies hold."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import fields, is_dataclass

import numpy as np
import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.table import NUMERIC

NUMBER = re.compile(r"[+−-]?\d[\d,]*(\.\d+)?")
OF = re.compile(r"(\d{4}–\d{4}| .*)$")  # what a column is of, behind its name: a period, a group
ROW, CELL = re.compile(r"<tr>(.*?)</tr>", re.DOTALL), re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)
HUNDRED = (1.0, 100.0)  # frames hold fractions, pages a hundred times as much


def frames_of(study):
    """Return every frame that a study holds: of its results, and beside them."""
    for result in study.results.values():
        if is_dataclass(result):
            yield from (value for one in fields(result) if isinstance(value := getattr(result, one.name), pl.DataFrame))
    yield from (value for value in study.more.values() if isinstance(value, pl.DataFrame))


class Figures:
    """The figures of frames by the name of their column, of each region and of all."""

    def __init__(self, frames, called):
        found = defaultdict(list)
        self.called = {}
        for frame in frames:
            numeric = [name for name, kind in frame.schema.items() if kind.is_numeric()]
            regions = frame["region"].cast(pl.String).to_list() if "region" in frame.columns else None
            for name in numeric:
                values = frame[name].cast(pl.Float64).to_numpy()
                found[name, None].append(values)
                if regions is not None and len(values) < 5000:
                    for region, value in zip(regions, values, strict=True):
                        if region is not None:
                            whose = self.called.setdefault(region, called(region))
                            found[name, whose].append([value])
                            found[None, whose].append([value])
        self.known = {key: self._sorted(values) for key, values in found.items()}
        self.all = self._sorted([values for (name, _), values in self.known.items() if name is not None])

    @staticmethod
    def _sorted(parts):
        whole = np.concatenate([np.asarray(one, dtype=float) for one in parts])
        return np.unique(whole[np.isfinite(whole)])

    def has(self, written, name, region):
        """Say how a number that a page shows is known: by column and region, by column, among all, or not at all.

        A column that is named by a region holds figures of that region, whatever the row says they are.
        """
        value, half = float(written.replace(",", "").replace("−", "-")), 0.5 * 10.0 ** -len(written.partition(".")[2])
        if name in self.called:
            name, region = None, self.called[name]
        for how, pool in (
            ("region", self.known.get((name, region))),
            ("column", self.known.get((name, None))),
            ("any", self.all),
        ):
            if pool is not None and region is None and how == "region":
                continue
            if pool is not None and any(_near(pool, value / one, 1.001 * half / one + 1e-12) for one in HUNDRED):
                return how
        return ""


def _near(pool, value, half):
    at = np.searchsorted(pool, value - half)
    return at < len(pool) and pool[at] <= value + half


SUMS = {("scope_core", "value_added")}  # made of the rows of a frame where they are shown, and tested there


def numbers(table, html):
    """Return the numbers of a table as a page shows them: text, name of the column, name of the region of the row."""
    named = next((at for at, one in enumerate(table.columns) if one.name == "region"), None)
    for row, source in zip(ROW.findall(html.partition("<tbody>")[2]), table.rows, strict=True):
        region = source[named] if named is not None else None
        for cell, one, value in zip(CELL.findall(row), table.columns, source, strict=True):
            text = cell.strip()
            if one.kind not in NUMERIC or one.kind == "year" or value is None or (table.key, one.name) in SUMS:
                continue
            if NUMBER.fullmatch(text):
                yield text, OF.sub("", one.name), region.en if isinstance(region, Text) else None
