"""Fixtures that every package's tests share."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

# A worker of pytest-xdist keeps its core busy: pools of threads would only wait for each other, and waiting costs as
# much processor time as computing (four tenths of that of tests/unit/frontier). Set before the libraries load.
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
for name in THREADS:
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402 - it reads the above when it loads
import polars as pl  # noqa: E402 - likewise
import pytest  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

# The files whose tests take longest, longest first. A worker takes whole files in the order of the collection
# (``--dist loadfile --no-loadscope-reorder``): a long one that begins last keeps one core busy, the others idle.
# The pages and the answers for programs are one file in this: what they ask of the shipped package is computed once.
TOGETHER = ("tests/web/", "tests/unit/web/")
LONGEST = (
    "web/test_browser.py",
    "web/test_pages.py",
    "web/test_pages_said.py",
    "unit/web/test_web_api.py",
    "unit/web/test_web_tools.py",
    "unit/web/test_web_store.py",
    "unit/web/test_web_upload.py",
    "unit/web/test_web_safety.py",
    "docs/test_code_blocks.py",
    "cli/test_chinese_output.py",
    "golden/test_golden.py",
    "fuzz/test_fuzz.py",
    "unit/report/certificate/test_certificate_files.py",
    "cli/test_main_job_cli.py",
    "reference/yardstick/test_one_ruler.py",
    "unit/yardstick/test_ranking.py",
    "cli/test_key_columns_cli.py",
    "unit/yardstick/test_breaks_arithmetic.py",
    "unit/house/test_examples.py",
    "cli/test_bad_input_cli.py",
    "cli/test_sectors_cli.py",
    "cli/test_risks_cli.py",
    "cli/test_paths_cli.py",
    "unit/studies/test_firms_study.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the stored words of pages be written anew."""
    parser.addoption("--snapshot-update", action="store_true", help="write the stored words of pages anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first; the order within a file stays."""
    place = {ROOT / "tests" / name: at for at, name in enumerate(LONGEST)}
    assert all(path.is_file() for path in place), "a file of LONGEST is gone"
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Leave ten thousand tests and all modules out of every later search for garbage, and search less often: 10 %."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which not every environment has
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give a worker whole files, and those of `TOGETHER` as one."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER[0] if file.startswith(TOGETHER) else file

    return Together(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference values beside the project, or skip."""
    folder = ROOT.parent / "shared"
    if not (folder / "ref").is_dir():
        pytest.skip("reference values in ../shared are not here")
    return folder


@pytest.fixture(scope="session")
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Return what tells how the words of a page differ from the stored ones."""
    import snapshots

    update = request.config.getoption("--snapshot-update")
    return lambda name, html: snapshots.difference(name, snapshots.words_of(html), update=update)


@pytest.fixture(scope="session")
def store():
    """Return the store of China's provinces, with whatever it has computed; it waits, however busy the machine is."""
    from xinzhi.web import Limits, Store

    made = Store("china-provinces", limits=replace(Limits.load(), seconds=3600))
    yield made
    made.close()


@pytest.fixture(scope="session")
def audit():
    """Return the audit of China's provinces."""
    import xinzhi

    return xinzhi.audit("china-provinces")


@pytest.fixture(scope="session")
def country() -> Callable[..., dict[str, pl.DataFrame]]:
    """Return a maker of small made-up packages: tables `accounts` and `investment` with random growth."""

    def make(regions: int = 4, years: int = 12, first: int = 1952, seed: int = 0) -> dict[str, pl.DataFrame]:
        rng = np.random.default_rng(seed)
        names = [f"r{number}" for number in range(regions)]

        def path(mean: float, spread: float, level: float) -> np.ndarray:
            steps = rng.normal(mean, spread, (regions, years))
            return (level * (1 + np.arange(regions))[:, None] * np.exp(steps.cumsum(axis=1))).ravel()

        region, year = np.repeat(names, years), np.tile(np.arange(first, first + years), regions)
        accounts = pl.DataFrame(
            {
                "region": region,
                "year": year,
                "output_nominal": path(0.1, 0.02, 100.0),
                "output_real": path(0.07, 0.02, 100.0),
                "employment": path(0.01, 0.01, 50.0),
                "labour_share": rng.uniform(0.4, 0.6, regions * years),
                "schooling": np.clip(rng.normal(8, 1, regions * years), 2, 15),
            }
        )
        investment = pl.DataFrame(
            {
                "region": region,
                "asset": "total",
                "year": year,
                "investment_nominal": path(0.1, 0.05, 30.0),
                "investment_price": np.tile(np.exp(rng.normal(0.02, 0.01, years).cumsum()), regions),
            }
        )
        return {"accounts": accounts, "investment": investment}

    return make


@pytest.fixture(scope="session")
def brief() -> Callable[..., object]:
    """Return a maker of the section of one topic in an assessment; None where there is none."""
    from xinzhi.report.pages.yardstick.assessment import topics as sections
    from xinzhi.studies import assess

    def make(package: object, topic: str, **asked: object) -> object:
        needed = ("paths", topic) if topic == "risks" else (topic,)
        found = sections(assess(package, only=needed, **asked))
        return next((one for one in found if one.key == topic), None)

    return make
