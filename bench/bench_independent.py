"""Recompute a certificate with the reference implementation in decimals: figures compared, differences, wall seconds.

The shipped package, 31 regions in 27 years, under the reference protocol. Every printed digit has to agree.
"""

from __future__ import annotations

import sys
import time

import xinzhi
from xinzhi.report.certificate import certify
from xinzhi.report.certificate.agreement import compare_independently

LIMIT = 20.0


def main() -> int:
    """Print what agrees and how long it takes; fail past the limit or where a digit differs."""
    package = xinzhi.load("china-provinces")
    certificate = certify(xinzhi.measure(package), package)
    start = time.perf_counter()
    findings = [*compare_independently(certificate, package)]
    seconds = time.perf_counter() - start
    for entry in findings:
        print(entry.message.en)
    print(f"{seconds:.2f} s (limit {LIMIT:g} s)")
    return int(seconds > LIMIT or any(entry.severity == "error" for entry in findings))


if __name__ == "__main__":
    sys.exit(main())
