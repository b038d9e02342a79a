"""Damage everything that xinzhi reads, 2,000 times: no traceback, no hang, no swelling, no silently other number.

python bench/bench_fuzz.py [NAME ...] [--scale 7.3]

NAME is a case (`csv/typo/3`), a kind (`csv/typo`) or a target (`csv`). The cases are those of tests/fuzz.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fuzz.bench import Bench
from fuzz.cases import names
from fuzz.known import OPEN


def main() -> int:
    """Run the cases and list the faults by target; return 1 when there is one that is not known."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("name", nargs="*")
    ask.add_argument("--scale", type=float, default=7.3)
    wish = ask.parse_args()
    chosen = [
        case
        for case in names(wish.scale)
        if not wish.name or any(f"{case}/".startswith(f"{one}/") for one in wish.name)
    ]
    chosen += [one for one in wish.name if one.count("/") == 2 and one not in chosen]  # noqa: PLR2004 - target, kind, number
    tried, broken, known = Counter[str](), Counter[str](), 0
    begun = time.perf_counter()
    with Bench() as bench:
        for name in chosen:
            target = name.split("/")[0]
            tried[target] += 1
            if fault := bench.fault(name):
                reason = OPEN.get(name)
                known += reason is not None
                broken[target] += reason is None
                print(f"{name}{f' (known: {reason})' if reason else ''}: {fault}", flush=True)
    wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    for target, count in tried.items():
        print(f"{target:<12} {count:>5} cases, {broken[target]:>3} faults")
    print(f"{len(chosen)} cases, {broken.total()} faults, {known} known; {cpu:.0f} s CPU, {wall:.0f} s wall")
    return int(broken.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
