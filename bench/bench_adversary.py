"""Damage the figures of a package as people do, 1,000 times, and judge each case by its effect on the headline.

python bench/bench_adversary.py [KIND ...] [--cases 1000] [--list]

A case passes with no traceback, and with a word of `check` where TFP growth of the nation moves by more than .1 point a
year, that of a region by more than .5 point, or the level of a region by more than 10 log points. `--list` prints what
only warns.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fuzz.adversary import KNOWN, Effect, names, reason, run

OUTCOMES = ("refused", "warned", "no effect", "silent", "over budget")


def main() -> int:
    """Run the cases and print their outcomes by kind; return 1 where one is over the budget or ends in a traceback."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("kind", nargs="*")
    ask.add_argument("--cases", type=int, default=1000)
    ask.add_argument("--list", action="store_true", help="list what only warns, too")
    wish = ask.parse_args()
    kinds: dict[str, Counter[str]] = {}
    effects: dict[str, Effect] = {}
    faults, begun = 0, time.process_time()
    for name in names(wish.cases):
        kind = name.partition("/")[0]
        if wish.kind and kind not in wish.kind and name not in wish.kind:
            continue
        try:
            effects[name] = run(name)
        except Exception:  # noqa: BLE001 - that is what is looked for
            faults += 1
            print(f"{name}: {traceback.format_exc(limit=-3)}")
            continue
        kinds.setdefault(kind, Counter())[effects[name].outcome] += 1
    listed = {"over budget", "warned"} if wish.list else {"over budget"}
    for name, effect in sorted(effects.items(), key=lambda item: -item[1].region):
        if effect.outcome in listed:
            print(f"{name}: {effect}")
    print(f"{'kind':<26}" + "".join(f"{outcome:>13}" for outcome in OUTCOMES))
    for kind, counts in kinds.items():
        print(f"{kind:<26}" + "".join(f"{counts[outcome]:>13}" for outcome in OUTCOMES))
    known = sum(effect.outcome == "over budget" and reason(name) is not None for name, effect in effects.items())
    for case, why in KNOWN.items():
        print(f"open: {case}: {why}")
    totals = Counter(effect.outcome for effect in effects.values())
    print(f"{'all':<26}" + "".join(f"{totals[outcome]:>13}" for outcome in OUTCOMES))
    used = time.process_time() - begun
    print(f"{len(effects) + faults} cases of {len(kinds)} kinds, {faults} tracebacks, {used:.0f} s CPU")
    print(f"silent above the budget: {totals['over budget'] - known}, and {known} that are open")
    return int(totals["over budget"] > known or faults > 0)


if __name__ == "__main__":
    sys.exit(main())
