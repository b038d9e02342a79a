"""Forge a certificate and its files in every way that the schema allows, and count what verification refuses.

python bench/forge.py [--only WORD] [--sample 60]

The forgeries are those of tests/forgeries.py and tests/forged_files.py: every member of the schema removed, twice,
renamed, retyped, changed, emptied and reordered, formats downgraded, files edited, gone, added, linked, mixed;
as they stand, and with every digest renewed. The report is made again once. Ends with 1 when a forgery passes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from forged_files import file_forgeries, linked, other_runs
from forgeries import FAULT, Court, computed_once, forgeries


def main() -> int:  # noqa: C901 - a loop for each kind
    """Judge all forgeries and list those that pass."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--only", default="", help="forgeries whose name has this word")
    ask.add_argument("--sample", type=int, help="so many of the certificate, drawn by a seed, and no files")
    wish = ask.parse_args()
    begun, refused, passed, rules = time.process_time(), Counter[str](), list[str](), Counter[str]()

    def note(group: str, name: str, why: list[str]) -> None:
        if why == ["honest"]:
            return
        rules.update({*why})
        refused[group] += bool(why) and not why[0].startswith(FAULT)
        if not why or why[0].startswith(FAULT):
            passed.append(name)
            print(f"PASSES {name} {why}", flush=True)

    with tempfile.TemporaryDirectory() as folder, computed_once():
        court = Court(Path(folder))
        if why := court.judge_files(court.honest):
            sys.exit(f"the honest set is refused: {why}")
        chosen = [forgery for forgery in forgeries(court.signed) if wish.only in forgery.name]
        if wish.sample is not None:
            chosen = random.Random(32).sample(chosen, wish.sample)  # noqa: S311 - no secret
        for forgery in chosen:
            note("certificate", forgery.name, court.judge(forgery))
        if wish.sample is None:
            for name, files in file_forgeries(court, other_runs(court)):
                if wish.only in name:
                    note("files", name, court.judge_files(files()))
            for name, judge in linked(court):
                if wish.only in name:
                    note("links", name, judge())
    for group, count in refused.items():
        print(f"{group:<12} {count:>6} refused")
    print(f"{refused.total() + len(passed)} forgeries, {refused.total()} refused, {len(passed)} pass")
    print(f"{time.process_time() - begun:.0f} s CPU")
    return int(bool(passed))


if __name__ == "__main__":
    sys.exit(main())
