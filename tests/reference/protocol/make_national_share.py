"""Make ``shares.national`` of xinzhi-cn-2026: the labour shares of the 31 provinces, weighted by nominal output.

python tests/reference/protocol/make_national_share.py    print the values for the protocol, at full double precision

The sums are exact (`math.fsum`), and share no code with xinzhi; the years are those of the income approach, 2000-2017.
"""

from __future__ import annotations

import csv
import math
import sys
from collections import defaultdict
from importlib.resources import files


def national_share() -> dict[int, float]:
    """Return the national labour share of every year in which all provinces publish theirs."""
    paid, output = defaultdict(list), defaultdict(list)
    table = files("xinzhi.data") / "packages" / "china-provinces" / "accounts.csv"
    with table.open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["labour_share"]:
                nominal = float(row["output_nominal"])
                paid[int(row["year"])].append(float(row["labour_share"]) * nominal)
                output[int(row["year"])].append(nominal)
    whole = max(len(values) for values in output.values())
    return {year: math.fsum(paid[year]) / math.fsum(output[year]) for year in sorted(paid) if len(paid[year]) == whole}


if __name__ == "__main__":
    sys.stdout.writelines(f"        {year}: {share!r}\n" for year, share in national_share().items())
