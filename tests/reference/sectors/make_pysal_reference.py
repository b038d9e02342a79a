"""Write ``pysal.json``: what the packages of PySAL say of the Chinese provinces, with the input that they had.

Run it by hand when a peer changes (``uv pip install inequality esda giddy libpysal pointpats``; they bring a compiler
along, so that the tests read the file instead): ``python tests/reference/sectors/make_pysal_reference.py``.
"""

from __future__ import annotations

import json
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import xinzhi
from xinzhi.sectors import contiguity, markov

YEARS = range(2000, 2020)
YEAR = 2015
CLASSES = 4
FILE = Path(__file__).with_name("pysal.json")
PEERS = ("inequality", "esda", "giddy", "libpysal", "pointpats")


def main() -> None:
    """Compute every reference value from the input and write both."""
    given = _given()
    income = np.array(given["income"])
    latest = income[:, list(YEARS).index(YEAR)]
    weights = _weights(given)
    points = np.random.default_rng(3).normal(size=(40, 2)) @ np.array([[3.0, 1.0], [0.0, 1.0]])
    found = {
        "versions": {name: version(name) for name in PEERS},
        "input": {**given, "points": points.tolist()},
        "inequality": _inequality(income, latest, given["groups"]),
        "moran": _moran(latest, weights),
        "markov": _markov(given, weights),
    }
    FILE.write_text(json.dumps(found, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")


def _given() -> dict[str, Any]:
    """Return output per head of the provinces, their macro-regions and their neighbours."""
    package = xinzhi.load("china-provinces")
    rows = package.tables["accounts"].filter(pl.col("year").is_in(list(YEARS)))
    wide = rows.select("region", "year", y=pl.col("output_real") / pl.col("population")).pivot("year", index="region")
    wide = wide.join(package.tables["regions"].select("region", "group_en"), on="region").sort("region")
    borders = contiguity(sea=True)
    regions = wide["region"].to_list()
    return {
        "regions": regions,
        "years": list(YEARS),
        "groups": wide["group_en"].to_list(),
        "neighbours": {region: list(borders[region]) for region in regions},
        "income": wide.select(map(str, YEARS)).to_numpy().tolist(),
    }


def _weights(given: dict[str, Any]) -> Any:
    import libpysal

    made = libpysal.weights.W(given["neighbours"], id_order=given["regions"], silence_warnings=True)
    made.transform = "r"
    return made


def _inequality(income: np.ndarray, latest: np.ndarray, groups: list[str]) -> dict[str, Any]:
    from inequality.gini import Gini
    from inequality.theil import TheilD

    parts = TheilD(latest, np.array(groups))
    return {
        "gini": [float(Gini(column).g) for column in income.T],
        "theil": {
            "t": float(np.squeeze(parts.T)),
            "t_between": float(np.squeeze(parts.bg)),
            "t_within": float(np.squeeze(parts.wg)),
        },
    }


def _moran(latest: np.ndarray, weights: Any) -> dict[str, Any]:
    import esda

    # without permutations: these are held to enumeration in the unit tests
    whole = esda.Moran(latest, weights, permutations=0)
    local = esda.Moran_Local(latest, weights, permutations=0)
    names = {"index": "I", "expected": "EI", "variance": "VI_rand", "variance_normal": "VI_norm", "p": "p_rand"}
    return {ours: float(getattr(whole, theirs)) for ours, theirs in names.items()} | {"local": local.Is.tolist()}


def _markov(given: dict[str, Any], weights: Any) -> dict[str, Any]:
    import giddy

    income = np.array(given["income"])
    relative = income / income.mean(axis=0)
    frame = pl.DataFrame(
        {
            "region": np.repeat(given["regions"], len(YEARS)),
            "year": np.tile(np.array(YEARS), len(given["regions"])),
            "y": income.ravel(),
        }
    )
    # the bounds are given to giddy: it has another definition of the quantile
    bounds = list(markov(frame, "y", classes=CLASSES).bounds)
    plain = giddy.markov.Markov(np.searchsorted(bounds, relative, side="left"), summary=False)
    spatial = giddy.markov.Spatial_Markov(
        relative, weights, fixed=True, k=CLASSES, m=CLASSES, cutoffs=bounds, lag_cutoffs=bounds
    )
    return {
        "bounds": bounds,
        "counts": plain.transitions.tolist(),
        "steady": np.ravel(plain.steady_state).tolist(),
        "spatial_counts": np.asarray(spatial.T).tolist(),
        "spatial_probabilities": np.asarray(spatial.P).tolist(),
        "homogeneity": {
            "statistic": float(spatial.LR),
            "degrees": int(spatial.dof_hom),
            "p": float(spatial.LR_p_value),
        },
    }


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
