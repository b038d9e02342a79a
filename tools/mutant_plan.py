"""Which places of the formulas are changed, and where the tests stand that run them."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TypedDict

import mutations

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "xinzhi"
LAYERS = ("unit", "reference")
OUTSIDE = {  # tests of other packages that run the formulas of a package
    "core": (
        "unit/sectors/test_sectors_inequality_space.py",
        "unit/yardstick/test_breaks_*.py",
        "unit/frontier/test_frontier_engine_*.py",
        "unit/pathways/test_pathways_convergence_*.py",
        "reference/sectors/test_sectors_inequality_*.py",
        "reference/pathways/test_pathways_mobility_*.py",
    ),
    "yardstick": ("properties/test_breaks_*.py", "properties/test_vintages_*.py"),
}


class Plan(TypedDict):
    """What `tools/mutants.yaml` holds."""

    seed: int
    per_function: int
    bound: float
    equivalents: float
    seconds: float
    record: str
    packages: dict[str, int]
    without: dict[str, list[str]]
    equivalent: dict[str, str]


def pool_of(package: str, plan: Plan) -> list[mutations.Mutant]:
    """Return each mutant of a package."""
    without = {f"{package}/{name}.py" for name in plan["without"].get(package, ())}
    absent = [name for name in without if not (SOURCE / name).is_file()]
    if absent:
        sys.exit(f"tools/mutants.yaml leaves out what is not there: {', '.join(sorted(absent))}")
    files = [path for path in sorted((SOURCE / package).rglob("*.py")) if path.stem != "__init__"]
    files = [path for path in files if path.relative_to(SOURCE).as_posix() not in without]
    return mutations.mutants(files, SOURCE)


def sample_of(package: str, plan: Plan) -> list[mutations.Mutant]:
    """Return the sample of mutants of a package: by the digest of seed and name, so that it stays when files move."""
    count: Counter[tuple[str, str]] = Counter()
    sample = []
    for mutant in sorted(pool_of(package, plan), key=lambda mutant: mutations.digest(f"{plan['seed']}{mutant.name}")):
        function = (mutant.path, mutant.function)
        if count[function] < plan["per_function"]:
            count[function] += 1
            sample.append(mutant)
    return sample[: plan["packages"][package]]


def folders(package: str) -> list[str]:
    """Return where the tests of a package stand, as arguments of pytest."""
    tests = ROOT / "tests"
    result = [tests / layer / package for layer in LAYERS if (tests / layer / package).is_dir()]
    for pattern in (f"properties/test_*{package}*.py", *OUTSIDE.get(package, ())):
        result += sorted(tests.glob(pattern))
    return [str(path) for path in result]
