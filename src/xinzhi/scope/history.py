"""The history check: two centuries of energy against the dates of the five powers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, Values
from xinzhi.data import Field, tidy
from xinzhi.scope.catalogue import definition
from xinzhi.scope.standard import document

_FACTS = "powers.yaml"


@dataclass(frozen=True, repr=False, kw_only=True)
class History(Result, verb="history", topic="scope", key=("country", "year", "reading")):
    """Which power dominated, by country, year and reading, and how its dates compare with those of the eras.

    `frame` has the carrier with the largest share of all energy and, among the powers that energy can show, the power;
    a reading for which a country has no figures has none. `changes` are the years in which another power takes the
    lead, `lasting` when it keeps it for five, with the years after its era's date; the power that led at the start has
    a row too. `eras` says of every power and reading whether these data can show it, and where it ever leads. `shares`
    is what was handed in, in percent; `findings` are sums that miss 100 percent, negative shares, and gaps.
    """

    changes: pl.DataFrame
    eras: pl.DataFrame
    shares: pl.DataFrame
    findings: tuple[Text, ...]

    @property
    def leading_reading(self) -> str:
        """The first reading of horse power, the one that charts show."""
        return str(next(iter(document(_FACTS)["readings"])))

    @property
    def countries_led(self) -> dict[str, int]:
        """In how many countries each power led, under the leading reading."""
        return dict(self.eras.filter(reading=self.leading_reading).select("power", "countries_led").iter_rows())

    @property
    def lasting(self) -> pl.DataFrame:
        """The changes of the leading power that lasted."""
        return self.changes.filter(lasting=True)

    @property
    def runs(self) -> pl.DataFrame:
        """The runs of years that one power led, ``country, power, begins, ends``, under the leading reading."""
        rows = self.frame.filter(reading=self.leading_reading).drop_nulls("power").sort("country", "year")
        new = (
            (pl.col("country") != pl.col("country").shift())
            | (pl.col("power") != pl.col("power").shift())
            | (pl.col("year") != pl.col("year").shift() + 1)
        )
        runs = rows.with_columns(_run=new.fill_null(value=True).cum_sum()).group_by("_run", maintain_order=True)
        ends = (pl.col("year").min().alias("begins"), pl.col("year").max().alias("ends"))
        return runs.agg(pl.col("country", "power").first(), *ends).drop("_run")

    @property
    def longest_led(self) -> str:
        """The country in which draught animals led longest, their era being in dispute; else the first."""
        rows = self.frame.filter(reading=self.leading_reading)
        led = rows.group_by("country").agg((pl.col("power") == "horse").sum().alias("years"))
        return str(led.sort("years", "country", descending=[True, False])["country"][0])

    def carriers_of(self, country: str) -> pl.DataFrame:
        """Return the shares of a country, a column for each carrier."""
        return self.shares_of(country).pivot(on="carrier", index="year", values="share")

    def shares_of(self, country: str) -> pl.DataFrame:
        """Return the shares of carriers in the energy of a country; a `UsageError` names the countries there are."""
        shares = self.shares.drop_nulls("share")
        countries = shares["country"].unique().sort().to_list()
        if country not in countries:
            raise UsageError("scope.no-country", country=country, known=countries)
        return shares.filter(country=country).sort("year")

    def facts(self) -> Facts:
        """Return what two centuries of energy say of the five powers, and what they cannot say."""
        document_, frame = document(_FACTS), self.frame
        largest = frame.filter(reading=next(iter(document_["readings"])))["carrier"]
        fossil = largest.is_in(document_["fossil"]).sum() / max(largest.len(), 1)
        span = {"first": frame["year"].min(), "last": frame["year"].max(), "countries": frame["country"].n_unique()}
        readings = []
        for reading in document_["readings"]:
            rows = frame.filter(reading=reading).drop_nulls(["power", "agrees"])
            agrees = rows["agrees"].sum() / max(rows.height, 1)
            led = self.eras.filter(reading=reading, power="electric")["countries_led"].item() or 0
            readings.append({"reading": reading_text(reading), "share": agrees, "electric": led})
        unseen = [
            Text(zh=text["zh"], en=text["en"][0].upper() + text["en"][1:]) for text in document_["unseen"].values()
        ]
        return {
            "answer.history": span | {"share": fossil},
            "answer.reading": readings,
            "note.sentence": [{"message": message} for message in unseen],
            "note.plain": {"message": Text(**document_["electricity"])},
        }


def reading_text(reading: str) -> Text:
    """Return what a reading of horse power is called."""
    return Text(**document(_FACTS)["readings"][reading]["title"])


def history(energy: AnyFrame, *, country: str = "Entity", year: str = "Year") -> History:
    """Hold the dates of the five powers to shares of energy.

    Parameters
    ----------
    energy
        A frame of any kind, or the path of a file, with a row per country and year and a column per carrier (percent of
        all energy, such as ``Coal``; what stands in brackets after the name is ignored).
    country, year
        Names of their columns.

    Notes
    -----
    A blank is no zero: it is left out, and where all carriers of a power are blank the power cannot lead.
    The shares are of energy, not of useful work.

    Examples
    --------
    >>> import polars as pl
    >>> columns = ["Entity", "Year", "Human muscle", "Animal muscle", "Coal", "Primary electricity"]
    >>> cells = [("X", 1800, 40.0, 60.0, 0.0, 0.0), ("X", 1900, 5.0, 5.0, 80.0, 10.0)]
    >>> rows = pl.DataFrame(cells, schema=columns, orient="row")
    >>> history(rows).frame.filter(reading="animals").select("year", "carrier", "power").rows()
    [(1800, 'animal muscle', 'horse'), (1900, 'coal', 'electric')]
    """
    raw = tidy(energy, [Field(country, "text"), Field(year, "year")], extra=True, verb="history", table="energy")
    names = _carriers(raw.frame, country, year)
    fields = [Field("country", "text", column=country), Field("year", "year", column=year)]
    fields += [Field(name, column=column) for name, column in names.items()]
    typed = tidy(energy, fields, key=["country", "year"], verb="history", table="energy")
    table = typed.frame
    leads = _leading(table, list(names))
    return History(
        frame=leads,
        changes=_changes(leads),
        eras=_eras(leads, list(names)),
        shares=table.unpivot(on=list(names), index=["country", "year"], variable_name="carrier", value_name="share"),
        findings=tuple(_findings(table, list(names))),
        names=_names(leads),
        kind=typed.kind,
        provenance=typed.provenance("history"),
    )


def _carriers(rows: pl.DataFrame, country: str, year: str) -> dict[str, str]:
    """Return the column of every carrier that the frame has."""
    bare = {name.split("(")[0].strip().lower(): name for name in rows.columns if name not in (country, year)}
    columns: dict[str, str] = {}
    for carrier, about in document(_FACTS)["carriers"].items():
        matches = [match for match in about["match"] if match in bare]
        if matches:
            columns[carrier] = bare[matches[-1]]
    if "human muscle" not in columns and "animal muscle" not in columns:
        raise InputError("scope.no-muscle", columns=rows.columns, known=list(document(_FACTS)["carriers"]))
    return columns


def _names(frame: pl.DataFrame) -> Names:
    """Return the names of countries, carriers, powers and readings."""
    facts = document(_FACTS)
    countries = facts["countries"]
    return Names(
        {
            "country": {code: Text(zh=countries.get(code, code), en=code) for code in frame["country"].unique()},
            "carrier": {code: Text(zh=about["zh"], en=about["en"]) for code, about in facts["carriers"].items()},
            "power": {era.id: era.title for era in definition("five-powers").eras},
            "reading": {code: reading_text(code) for code in facts["readings"]},
        }
    )


def _leading(table: pl.DataFrame, carriers: list[str]) -> pl.DataFrame:
    """Return the leading carrier and, under each reading, the leading power of every country and year."""
    cells = table.select(carriers).to_numpy()
    eras = definition("five-powers").eras
    begins = [era.begins.year if era.begins else -(10**6) for era in eras]
    era = [eras[at].id for at in np.searchsorted(begins, table["year"].to_numpy(), side="right") - 1]
    carrier, carrier_share = _largest(cells, carriers)
    parts = []
    for reading, about in document(_FACTS)["readings"].items():
        powers = list(about["powers"])
        sums = np.full((table.height, len(powers)), np.nan)
        for column, power in enumerate(powers):
            # blanks are left out of a sum; where all are blank there is none
            inside = cells[:, [name in about["powers"][power] for name in carriers]]
            has_value = ~np.isnan(inside).all(axis=1)
            sums[has_value, column] = np.nansum(inside[has_value], axis=1)
        lead, lead_share = _largest(sums, powers)
        rows = table.select("country", "year", carrier=carrier, carrier_share=carrier_share).with_columns(
            reading=pl.lit(reading),
            power=lead,
            power_share=lead_share,
            others=pl.Series(np.nansum(cells, axis=1) - np.nansum(sums, axis=1)),
            era=pl.Series(era),
        )
        agrees = pl.when(pl.col("era").is_in(powers)).then(pl.col("power") == pl.col("era"))
        parts.append(rows.with_columns(agrees=agrees))
    return pl.concat(parts)


def _largest(cells: FloatArray, names: list[str]) -> tuple[pl.Series, pl.Series]:
    """Return the name of the largest number of every row, and the number; nothing where there is none."""
    at = np.where(np.isnan(cells), -np.inf, cells).argmax(axis=1)
    picked = pl.Series(cells[np.arange(len(at)), at], nan_to_null=True)
    return pl.Series([names[position] for position in at], dtype=pl.String).set(picked.is_null(), None), picked


def _changes(leads: pl.DataFrame) -> pl.DataFrame:
    """Return the years in which another power takes the lead, beside the dates of the eras."""
    least = int(document(_FACTS)["minimum_years"]["value"])
    dates = {era.id: era.begins.year for era in definition("five-powers").eras if era.begins}
    rows: list[tuple[object, ...]] = []
    for (country, reading), part in leads.partition_by("country", "reading", as_dict=True).items():
        led = part.filter(pl.col("power").is_not_null()).select("year", "power", "power_share").rows()
        for at in range(1, len(led)):
            year, after, share = led[at]
            if after == led[at - 1][1]:
                continue
            next_years = [power for _, power, _ in led[at : at + least]]
            lasting = len(next_years) == least and set(next_years) == {after}
            date = dates.get(after)
            rows.append(
                (country, reading, year, led[at - 1][1], after, lasting, share, date, year - date if date else None)
            )
    schema = {"country": pl.String, "reading": pl.String, "year": pl.Int64, "before": pl.String, "after": pl.String}
    schema |= {"lasting": pl.Boolean, "share": pl.Float64, "era_date": pl.Int64, "distance": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("reading", "country", "year")


def _eras(leads: pl.DataFrame, carriers: list[str]) -> pl.DataFrame:
    """Return for every power what these data say of it."""
    facts = document(_FACTS)
    rows = []
    for power in definition("five-powers").eras:
        for reading, about in facts["readings"].items():
            inside = about["powers"].get(power.id, [])
            observed = any(name in carriers for name in inside)
            part = leads.filter(pl.col("reading") == reading)
            led = part.filter(pl.col("power") == power.id)
            note = facts["unseen"].get(power.id) or {"zh": "、".join(inside), "en": ", ".join(inside)}
            rows.append(
                {
                    "power": power.id,
                    "reading": reading,
                    "begins": power.begins,
                    "ends": power.ends,
                    "event_zh": power.event.zh,
                    "event_en": power.event.en,
                    "seen": observed,
                    "first_lead": led["year"].min(),
                    "countries_led": led["country"].n_unique() if observed else None,
                    "countries": part["country"].n_unique(),
                    "note_zh": note["zh"],
                    "note_en": note["en"],
                }
            )
    dates = {"begins": pl.Date, "ends": pl.Date, "first_lead": pl.Int64, "countries_led": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=dates)


def _findings(table: pl.DataFrame, carriers: list[str]) -> list[Text]:
    """Return what is odd about the shares: sums off 100, negative shares, and gaps."""
    facts = document(_FACTS)
    tolerance = float(facts["tolerance"]["value"])
    off = table.with_columns(total=pl.sum_horizontal(carriers)).filter((pl.col("total") - 100).abs() > tolerance)
    notes: list[Text] = [words.scope.note_sums(count=off.height)] if off.height else []
    negative: list[Text] = []
    blank: list[Text] = []
    for carrier in carriers:
        name = Text(zh=facts["carriers"][carrier]["zh"], en=facts["carriers"][carrier]["en"])
        for rows, spans in (
            (table.filter(pl.col(carrier) < 0), negative),
            (table.filter(pl.col(carrier).is_null()), blank),
        ):
            for (country,), part in rows.partition_by("country", as_dict=True).items():
                country_name = Text(zh=facts["countries"].get(country, country), en=country)
                ends: Values = {"first": part["year"].min(), "last": part["year"].max()}
                spans.append(words.scope.label_span(country=country_name, carrier=name, **ends))
    notes += [words.scope.note_blank(names=blank)] if blank else []
    return notes + ([words.scope.note_negative(names=negative)] if negative else [])
