"""A small synthetic panel measured by hand: deterministic, and labelled synthetic wherever it shows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.core.finding import Finding
from xinzhi.core.result import Provenance
from xinzhi.core.text import Text
from xinzhi.data import Package
from xinzhi.protocol import Protocol, load
from xinzhi.yardstick.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PROVINCES = {
    "110000": ("北京", "Beijing", "BJ", "东部", "East"),
    "440000": ("广东", "Guangdong", "GD", "东部", "East"),
    "410000": ("河南", "Henan", "HA", "中部", "Central"),
    "150000": ("内蒙古", "Inner Mongolia", "NM", "西部", "West"),
    "210000": ("辽宁", "Liaoning", "LN", "东北", "Northeast"),
    "220000": ("吉林", "Jilin", "JL", "东北", "Northeast"),
}
COUNTRIES = {
    "AUS": ("澳大利亚", "Australia", "AU", None, None),
    "BRA": ("巴西", "Brazil", "BR", None, None),
    "CHL": ("智利", "Chile", "CL", None, None),
}
INPUTS = ("capital", "labour", "human_capital")
GROWTH = (
    "output_growth",
    "capital_growth",
    "labour_growth",
    "human_capital_growth",
    "labour_share",
    "capital_contribution",
    "labour_contribution",
    "human_capital_contribution",
    "tfp_growth",
)


FINDING = Finding(
    rule="text-in-number",
    severity="warning",
    message=Text(zh="数字列中出现文字。", en="Text in a number column."),
    hint=Text(zh="改成数字。", en="Write a number."),
    table="accounts",
    file="accounts.csv",
    line=3,
    column="output_real",
    key="110000/2001",
    value="n/a <x>",
    expected="a number",
)


PACKAGE = Package(
    name="synthetic",
    title=Text(zh="合成数据", en="Synthetic data"),
    version="1",
    tables={},
    units={
        "accounts": {"output_real": "1e8 CNY at 2000 prices", "employment": "1e4 persons"},
        "investment": {"investment_nominal": "1e8 CNY", "investment_price": "index 2000=1"},
    },
    findings=(FINDING,),
)


def _levels(regions: Sequence[str], years: Sequence[int]) -> dict[str, np.ndarray]:
    place = np.arange(len(regions))[:, None]
    time = np.arange(len(years))[None, :]
    wave = np.sin(0.9 * place + 0.7 * time)
    return {
        "output": 2000 * (1 + 0.3 * place) * np.exp((0.05 + 0.008 * place) * time + 0.01 * wave),
        "capital": 5000 * (1 + 0.2 * place) * np.exp((0.07 + 0.004 * place) * time + 0.004 * wave),
        "labour": 900 * (1 + 0.1 * place) * np.exp((0.012 - 0.006 * place) * time),
        "human_capital": (2.2 + 0.05 * place) * np.exp(0.008 * time),
        "labour_share": np.broadcast_to(0.5 + 0.01 * np.cos(time), (len(regions), len(years))),
    }


def _panel(regions: Sequence[str], years: Sequence[int], arrays: Mapping[str, np.ndarray]) -> pl.DataFrame:
    keys = {"region": np.repeat(list(regions), len(years)), "year": np.tile(list(years), len(regions))}
    frame = pl.DataFrame({**keys, **{name: np.ravel(values) for name, values in arrays.items()}})
    return frame.cast({"region": pl.String})


def _accounts(levels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    share = (levels["labour_share"][:, 1:] + levels["labour_share"][:, :-1]) / 2
    growth = {name: np.diff(np.log(levels[name]), axis=1) for name in ("output", *INPUTS)}
    parts = {
        "capital": (1 - share) * growth["capital"],
        "labour": share * growth["labour"],
        "human_capital": share * growth["human_capital"],
    }
    return {
        **{f"{name}_growth": values for name, values in growth.items()},
        "labour_share": share,
        **{f"{name}_contribution": values for name, values in parts.items()},
        "tfp_growth": growth["output"] - sum(parts.values()),
    }


def _tfp_level(levels: Mapping[str, np.ndarray]) -> np.ndarray:
    half = levels["labour_share"]
    log = np.log(levels["output"]) - (1 - half) * np.log(levels["capital"])
    log = log - half * (np.log(levels["labour"]) + np.log(levels["human_capital"]))
    return np.exp(log - log.mean(axis=0))


def _periods(frame: pl.DataFrame, spans: Sequence[tuple[int, int]]) -> pl.DataFrame:
    parts = []
    for start, end in spans:
        inside = frame.filter((pl.col("year") > start) & (pl.col("year") <= end))
        mean = inside.group_by("region", maintain_order=True).agg(
            *(pl.col(name).mean() for name in GROWTH), pl.col("flags").str.split(";").explode().unique().sort()
        )
        parts.append(
            mean.with_columns(
                start=pl.lit(start),
                end=pl.lit(end),
                tfp_part=pl.col("tfp_growth") / pl.col("output_growth"),
                rank=pl.col("tfp_growth").rank("ordinal", descending=True),
                flags=pl.col("flags").list.eval(pl.element().filter(pl.element() != "")).list.join(";"),
            )
        )
    return pl.concat(parts).select("region", "start", "end", *GROWTH, "tfp_part", "rank", "flags")


def _sums(
    names: Sequence[str], members: np.ndarray, years: Sequence[int], levels: Mapping[str, np.ndarray], official: int
) -> pl.DataFrame:
    total = {name: members @ values for name, values in levels.items()}
    size = members.sum(axis=1, keepdims=True)
    total |= {name: total[name] / size for name in ("human_capital", "labour_share")}
    late = pl.when(pl.col("year") > official).then(pl.lit("extrapolated:investment")).otherwise(pl.lit(""))
    return _panel(names, years[1:], _accounts(total)).with_columns(tfp_level=pl.lit(1.0), flags=late)


def synthetic(
    regions: Mapping[str, tuple[str | None, ...]] = PROVINCES,
    years: Sequence[int] = tuple(range(2000, 2011)),
    spans: Sequence[tuple[int, int]] = ((2000, 2004), (2004, 2008), (2008, 2010)),
    official: int = 2008,
) -> Measurement:
    """Measure a synthetic panel: inputs are extrapolated after `official`, the first region has a break."""
    codes = list(regions)
    levels = _levels(codes, years)
    later = pl.when(pl.col("year") > official).then(pl.lit("carried:labour_share;extrapolated:investment"))
    broken = (pl.col("year") == years[1]) & (pl.col("region") == codes[0])
    flags = later.when(broken).then(pl.lit("break:employment")).otherwise(pl.lit(""))
    inputs = _panel(codes, years, levels).with_columns(flags=flags)
    tfp = _panel(codes, years, {"tfp_level": _tfp_level(levels)})
    growth = _panel(codes, years[1:], _accounts(levels)).join(tfp, on=["region", "year"]).with_columns(flags=flags)
    whole = (years[0], years[-1])
    spans = [*(span for span in spans if span != whole), whole]
    groups = list(dict.fromkeys(row[4] for row in regions.values() if row[4] is not None))
    members = np.array([[row[4] == group for row in regions.values()] for group in groups], dtype=float)
    national = _sums(["total"], np.ones((1, len(codes))), years, levels, official)
    grouped = _sums(groups, members.reshape(len(groups), len(codes)), years, levels, official)
    ratio = {
        "output_per_worker": levels["output"] / levels["labour"],
        "capital_per_worker": levels["capital"] / levels["labour"],
    }
    ratio = {name: values / np.exp(np.log(values).mean(axis=0)) for name, values in ratio.items()}
    level = _panel(codes, years, ratio | {"tfp_level": _tfp_level(levels)}).with_columns(
        tfp_to_leader=pl.col("tfp_level") / pl.col("tfp_level").max().over("year"),
        leader=pl.col("region").sort_by("tfp_level").last().over("year"),
    )
    names = [
        dict(zip(("name_zh", "name_en", "abbr", "group_zh", "group_en"), row, strict=True)) for row in regions.values()
    ]
    return Measurement(
        frame=growth,
        inputs=inputs,
        periods=_periods(growth, spans).sort("region", maintain_order=True),
        levels=level,
        national=national,
        national_periods=_periods(national, spans),
        groups=grouped,
        group_periods=_periods(grouped, spans).sort("region", maintain_order=True),
        coverage=pl.DataFrame(
            {
                "series": ["output", "investment"],
                "column": ["accounts.output_real", "investment.investment_nominal"],
                "first_year": [years[0], years[0]],
                "last_year": [years[-1], years[-1]],
                "last_official_year": [years[-1], min(official, years[-1])],
                "last_revised_year": [years[-1], min(official, years[-1])],
            }
        ),
        omitted=pl.DataFrame(
            {"region": [codes[0]], "year": [years[-1] + 1], "output_growth": [0.05], "missing": ["employment"]}
        ),
        regions=pl.DataFrame(
            [{"region": code, **row} for code, row in zip(codes, names, strict=True)],
            schema=dict.fromkeys(("region", *names[0]), pl.String),
        ),
        price_base=None,
        identity_gap=1e-16,
        protocol=load("xinzhi-cn-2026"),
        panel=SimpleNamespace(nation={}),
        provenance=Provenance(
            verb="measure",
            version="0.1.0",
            protocol="xinzhi-cn-2026",
            protocol_fingerprint=load("xinzhi-cn-2026").fingerprint,
            package="synthetic",
            inputs={"accounts": "a" * 64},
        ),
    )


@pytest.fixture(scope="session")
def measurement() -> Measurement:
    return synthetic()


@pytest.fixture(scope="session")
def countries() -> Measurement:
    return synthetic(COUNTRIES)


@pytest.fixture(scope="session")
def tiny() -> Measurement:
    return synthetic({"AUS": COUNTRIES["AUS"]}, years=(2000, 2001), spans=((2000, 2001),), official=2001)


@pytest.fixture(scope="session")
def indices() -> Measurement:
    """Return a measurement whose inputs are indices: they do not add up, and have no level."""
    whole = synthetic()
    return replace(
        whole,
        frame=whole.frame.with_columns(tfp_level=pl.lit(None, pl.Float64)),
        levels=whole.levels.clear(),
        national=whole.national.clear(),
        national_periods=whole.national_periods.clear(),
        groups=whole.groups.clear(),
        group_periods=whole.group_periods.clear(),
        omitted=whole.omitted.clear(),
    )


@pytest.fixture(scope="session")
def ragged() -> Measurement:
    """Return a measurement in which no region has every year of any period."""
    whole = synthetic()
    empty = {name: getattr(whole, name).clear() for name in ("periods", "national_periods", "group_periods")}
    return replace(whole, **empty)


@pytest.fixture(scope="session")
def make() -> Callable[..., Measurement]:
    return synthetic


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return load("xinzhi-cn-2026")


@pytest.fixture(scope="session")
def package() -> Package:
    return PACKAGE
