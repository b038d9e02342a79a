"""The verb `choices`: which industries plans name more often than chance, and who names what it is not near to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.pathways.cells import conventions
from xinzhi.pathways.choice_tables import category_rows, cell_rows, overlap_row, pair_rows, region_rows
from xinzhi.pathways.package_reading import as_package, jobs, names_in, nearness
from xinzhi.pathways.plan_lists import chosen_categories, divisions_of, fit_of, plan_years, read_lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language, Text
    from xinzhi.pathways.choice_words import ChoiceExplanation
    from xinzhi.pathways.plan_lists import Fit, Lists


@dataclass(frozen=True, repr=False, kw_only=True)
class Choices(Result):
    """What plans name, against chance and against what the regions can do.

    Parameters
    ----------
    frame
        ``year, category, name_zh, name_en, regions, named, mentioned, expected, ratio, p_more, p_fewer, q, verdict,
        everywhere, able, over_choice, unfit, unfit_absent, status_zh, status_en``: one row a year and category.
        `expected` is the number of regions that would name it if every region drew a list of its own length at random;
        the tails are exact, `q` is the false discovery rate of the year, `verdict` ``more, as expected, fewer``.
        `able` counts the regions that specialise in a division of the category or are as near to it as the lower
        quartile of those that do; `over_choice` is named / able; `unfit` counts regions that name it from the three
        lowest deciles of density, `unfit_absent` those of them that do not specialise in it. The last five are null
        where the status says why.
    cells
        ``year, region, category, named, mentioned, chance, density, decile, decile_here, present, able, unfit``.
    regions
        ``year, region, name_zh, name_en, length, mentioned, unfit, unfit_absent, expected_unfit, p_fewer_unfit,
        density_named, density_others, mean_jaccard, nearest, nearest_jaccard``. `expected_unfit` and its tail are those
        of a list of the same length drawn blindly (hypergeometric).
    pairs
        ``year, region, other, shared, expected, jaccard, p_more, q``: every two regions; expectation and exact tail
        from the bipartite configuration model, which keeps lengths and popularity on average; null where it does not
        exist.
    overlap
        ``year, regions, categories, mean_length, mean_jaccard, by_length, by_length_low, by_length_high, p_length,
        blocs, blocs_expected, p_blocs, fit, fit_expected, p_fit``: likeness of all lists against lists of the same
        lengths; the variance of the pairs' shared entries and the mean density of what is named, against draws with
        both margins fixed.
    lists, fits
        The lists of every year and their fit, as matrices.
    labels
        Names of regions and categories.
    findings
        Regions left out.
    """

    key: ClassVar[tuple[str, ...]] = ("year", "category")

    cells: pl.DataFrame
    regions: pl.DataFrame
    pairs: pl.DataFrame
    overlap: pl.DataFrame
    lists: Mapping[int, Lists]
    fits: Mapping[int, Fit]
    labels: Mapping[str, Mapping[str, Text]]
    findings: tuple[Finding, ...]

    def summary(self, language: Language = "en") -> str:
        """Return which of the quoted industries are everywhere, and what does not fit."""
        from xinzhi.pathways.choice_words import summarise

        return summarise(self, language)

    def explain(self, region: str, year: int | None = None) -> ChoiceExplanation:
        """Return what a region names, what of it does not fit, and what it leaves out.

        Parameters
        ----------
        region
            Code or name in either language.
        year
            None: the last.

        Raises
        ------
        UsageError
            When there is no list of the region or year.

        Examples
        --------
        >>> choices("china-provinces", draws=20).explain("Jilin", 2025).text().splitlines()[0]
        'Jilin 2025: names 15 of 34 categories; 15.8 regions would name one by chance.'
        """
        from xinzhi.pathways.choice_words import explain

        return explain(self, region, year)

    def without_herd(self, year: int | None = None) -> pl.DataFrame:
        """Return lists of the same length that follow what regions can do instead of what all others name.

        Returns
        -------
        polars.DataFrame
            ``region, category, named, without, change, density, able``, where `change` is ``keep, drop, add, none``.
            A region keeps what it names and is able to build, and what cannot be judged; drops the rest; and fills the
            list up to its length with what it is able to build and does not name, nearest first. A list is shorter
            where there is not enough.

        Raises
        ------
        UsageError
            When there are no lists of the year.

        Examples
        --------
        >>> found = choices("china-provinces", draws=20).without_herd(2025)
        >>> found.filter(pl.col("category") == "ai")["without"].sum() < 22
        True
        """
        when = self.last_year() if year is None else year
        if when not in self.lists:
            message = f"there are no lists of {when}; there are {', '.join(map(str, self.lists))}."
            raise UsageError(message)
        lists, fit = self.lists[when], self.fits[when]
        kept = lists.named & (fit.able | ~fit.known)
        after = kept.copy()
        for row in range(len(after)):
            free = np.flatnonzero(fit.able[row] & ~lists.named[row])
            order = free[np.argsort(-fit.density[row, free], kind="stable")]
            after[row, order[: int(lists.named[row].sum() - kept[row].sum())]] = True
        change = np.where(lists.named, np.where(after, "keep", "drop"), np.where(after, "add", "none"))
        n, p = after.shape
        return pl.DataFrame(
            {
                "region": np.repeat(lists.regions, p),
                "category": np.tile(lists.categories, n),
                "named": lists.named.ravel(),
                "without": after.ravel(),
                "change": change.ravel(),
                "density": fit.density.ravel(),
                "able": fit.able.ravel(),
            }
        ).with_columns(pl.col("density").fill_nan(None), able=pl.when(pl.Series(fit.known.ravel())).then("able"))

    def last_year(self) -> int:
        """Return the last year of the lists."""
        return max(self.lists)


def choices(
    package: Any,  # noqa: ANN401 - a package, its name or path, or a mapping of frames
    *,
    years: int | Sequence[int] | None = None,
    categories: str | Sequence[str] = "informative",
    draws: int | None = None,
    seed: int = 0,
    activity_year: int | None = None,
) -> Choices:
    """Compare the lists of industries that regions name with chance, and with what the regions are near to.

    Parameters
    ----------
    package
        With ``plans, plan_categories`` and ``activity``.
    years
        Of the plans; None: all.
    categories
        ``informative`` (those that the package does not mark as named by nearly all), ``all``, or codes. The null draws
        among them: the fewer there are beside the ones in question, the more is named by chance.
    draws, seed
        Draws with fixed margins, None: as ``pathways.yaml`` says; and their seed.
    activity_year
        Year of the industries; None: the last.

    Raises
    ------
    UsageError
        When a category or year is unknown.
    InputError
        When a table is missing, or fewer than two regions have a full list.

    Examples
    --------
    >>> found = choices("china-provinces", years=2025, draws=20)
    >>> found.frame.filter(pl.col("category") == "nev").select("named", "verdict").row(0)
    (17, 'as expected')
    """
    verb = "choices"
    data = as_package(package)
    when = plan_years(data, years, verb=verb)
    chosen = chosen_categories(data, categories, verb=verb)
    setting = conventions()
    count = int(setting["likeness"]["draws"]["value"]) if draws is None else draws
    if count < 1:
        message = f"{verb}: {count} draws cannot be compared with; choose 1 or more."
        raise UsageError(message)
    cells, year = jobs(data, activity_year, verb=verb)
    near = nearness(cells, quantile=float(setting["choices"]["able_quantile"]["value"]))
    lists = {one: read_lists(data, one, chosen, verb=verb) for one in when}
    stated = divisions_of(data, verb=verb)
    fits = {one: fit_of(found, stated, near) for one, found in lists.items()}
    labels = {
        "region": names_in(data, "regions", "region"),
        "category": names_in(data, "plan_categories", "category"),
    }
    both = [(lists[one], fits[one]) for one in when]
    return Choices(
        frame=pl.concat(category_rows(*one, labels["category"]) for one in both),
        cells=pl.concat(cell_rows(*one) for one in both),
        regions=pl.concat(region_rows(*one, labels["region"]) for one in both),
        pairs=pl.concat(pair_rows(one[0]) for one in both),
        overlap=pl.DataFrame([overlap_row(*one, count, seed) for one in both]),
        lists=lists,
        fits=fits,
        labels=labels,
        findings=tuple(finding for one in lists.values() for finding in one.findings),
        kind=data.kind,
        provenance=_provenance(data, {"years": when, "categories": len(chosen), "draws": count, "seed": seed,
                                      "activity_year": year}),
    )  # fmt: skip


def _provenance(data: Any, options: Mapping[str, Any]) -> Provenance:  # noqa: ANN401 - a package
    from xinzhi import __version__

    tables = ("plans", "plan_categories", "activity")
    inputs = {name: data.fingerprint(name) for name in tables}
    return Provenance(verb="choices", version=__version__, package=data.name, inputs=inputs, options=options)
