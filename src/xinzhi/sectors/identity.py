"""The Kaya identity: emissions as people, affluence, energy intensity and carbon content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.sectors.logmean import Drivers, decompose
from xinzhi.sectors.reading import KEYS, as_package, names_of, omitted, read, refuse_below

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_DENOMINATOR = Text(
    zh="能源、产出或人口不为正，比率无定义", en="energy, output or population is not positive: a ratio is not defined"
)
SERIES = {"population": "population", "output": "output_real", "energy": "energy_consumption"}


def kaya(
    source: object,
    emissions: str | None = None,
    *,
    series: Mapping[str, str] | None = None,
    span: int | None = 1,
) -> Drivers:
    """Decompose emissions, or energy use where none are given, by the Kaya identity with LMDI-I.

    Parameters
    ----------
    source
        A package (or its name), or a frame with ``region, year`` and the series.
    emissions
        Series of emissions; None decomposes energy use itself into three factors.
    series
        Other names for ``population, output, energy`` (``population, output_real, energy_consumption``).
    span
        Years over which change is measured; None compares the last year of each region with its first.

    Returns
    -------
    Drivers
        The factors ``population, affluence`` (output per head), ``energy_intensity`` (energy per unit of output) and,
        with emissions, ``emission_content`` (emissions per unit of energy).

    Raises
    ------
    InputError
        When a series is missing, or emissions are negative.

    Notes
    -----
    Kaya (1990), Impact of carbon dioxide emission control on GNP growth (IPCC Energy and Industry Subgroup):
    C = P · Y/P · E/Y · C/E. Region-years without a positive denominator are in `omitted`.

    Examples
    --------
    >>> result = kaya("china-provinces", span=None)
    >>> result.frame.filter(region="110000")["factor"].to_list()
    ['population', 'affluence', 'energy_intensity']
    """
    names = SERIES | dict(series or {})
    wanted = [names["population"], names["output"], names["energy"], *([emissions] if emissions else [])]
    package = as_package(source)
    given = read(package or source, wanted, verb="kaya")
    if emissions:
        refuse_below(given.frame, [emissions], verb="kaya", positive=False)
    people, output, energy = (pl.col(names[key]) for key in ("population", "output", "energy"))
    complete = given.frame.drop_nulls(wanted)
    usable = complete.filter((people > 0) & (output > 0) & (energy > 0))
    factors = {"population": people, "affluence": output / people, "energy_intensity": energy / output}
    if emissions:
        factors["emission_content"] = pl.col(emissions) / energy
    data = usable.select(*KEYS, **factors)
    provenance = given.provenance("kaya", emissions=emissions, series=names, span=span)
    result = decompose(
        data, list(factors), span=span, total=emissions or names["energy"], made=(given.kind, provenance)
    )
    bad = complete.join(usable, on=KEYS, how="anti").select(KEYS)
    missing = given.frame.join(complete, on=KEYS, how="anti")
    rows = [(*key, NO_DENOMINATOR) for key in bad.iter_rows()]
    rows += [
        (row["region"], row["year"], Text(zh=f"缺少 {'、'.join(gone)}", en=f"missing: {', '.join(gone)}"))
        for row in missing.iter_rows(named=True)
        if (gone := [name for name in wanted if row[name] is None])
    ]
    return Drivers(
        frame=result.frame,
        totals=result.totals,
        omitted=pl.concat([result.omitted, omitted(rows)]).sort(KEYS),
        total=result.total,
        factors=result.factors,
        names=names_of(package),
        kind=result.kind,
        provenance=result.provenance,
    )
