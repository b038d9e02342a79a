"""Make ``splink.json``: what splink learns from simulated pairs without any label.

Run it by hand when the peer changes (``uv pip install splink pyarrow``; it is heavy, so that the tests read the file
instead): ``python tests/reference/risks/make_splink_reference.py``.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

SHARE = 0.2
TRUTH = np.array(
    [[[0.7, 0.2, 0.1], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0]], [[0.1, 0.3, 0.6], [0.2, 0.8, 0.0], [0.05, 0.95, 0.0]]]
)
SIZES = (3, 2, 2)


def simulated(count: int = 20_000, seed: int = 4) -> np.ndarray:
    """Return the levels of agreement of the same pairs as the test."""
    rng = np.random.default_rng(seed)
    kind = (rng.random(count) < SHARE).astype(int)
    levels = np.column_stack(
        [(rng.random(count)[:, None] > TRUTH[kind, f].cumsum(axis=1)).sum(axis=1) for f in range(3)]
    )
    levels[rng.random((count, 3)) < 0.1] = -1
    return levels


def comparison(field: int, size: int) -> object:
    """Return a comparison whose level is written in the left record."""
    import splink.comparison_level_library as levels_of
    import splink.comparison_library as comparisons_of

    name = f"field_{field}"
    levels = [levels_of.CustomLevel(f"{name}_l = -1").configure(is_null_level=True)]
    for level in range(size - 1, 0, -1):
        told = 0.5 * TRUTH[:, field, level] + 0.5 / size
        levels.append(
            levels_of.CustomLevel(f"{name}_l = {level}").configure(m_probability=told[1], u_probability=told[0])
        )
    told = 0.5 * TRUTH[:, field, 0] + 0.5 / size
    levels.append(levels_of.ElseLevel().configure(m_probability=told[1], u_probability=told[0]))
    return comparisons_of.CustomComparison(output_column_name=name, comparison_levels=levels)


def main() -> None:
    """Write the reference values."""
    import splink
    from splink import DuckDBAPI, Linker, SettingsCreator

    levels = simulated()
    database = DuckDBAPI()
    ids = pa.array(np.arange(len(levels)))
    columns = {f"field_{at}": pa.array(levels[:, at]) for at in range(len(SIZES))}
    tables = [database.register(pa.table({"unique_id": ids, **columns}), table_name=side) for side in ("new", "old")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[comparison(at, size) for at, size in enumerate(SIZES)],
        probability_two_random_records_match=0.5,
        em_convergence=1e-9,
        max_iterations=5000,
    )
    linker = Linker(tables, settings)
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        "l.unique_id = r.unique_id", fix_u_probabilities=False, record_sample_proportion=1.0
    )
    table = {kind: [_shares(linker, at, kind) for at in range(len(SIZES))] for kind in ("u", "m")}
    share = session._lambda_history_records[-1]["probability_two_random_records_match"]  # noqa: SLF001 - has no other name
    document = {"peer": f"splink {splink.__version__}, duckdb {version('duckdb')}", "share": share, **table}
    Path(__file__).with_name("splink.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _shares(linker: Any, field: int, kind: str) -> list[float]:
    """Return the probabilities of the levels of a field, the lowest level first."""
    levels = linker.misc.save_model_to_json()["comparisons"][field]["comparison_levels"]
    return [one[f"{kind}_probability"] for one in reversed(levels) if not one.get("is_null_level")]


if __name__ == "__main__":
    main()
