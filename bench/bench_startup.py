"""CPU time from process start to end: a bare Python, `import xinzhi`, `xinzhi --help`, the help of every verb, a brief.

Run with ``python bench/bench_startup.py``; exits 1 when a limit is exceeded. Times are whole processes, Python's own
start included, the least of several runs after one that fills the caches.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from xinzhi.cli.verbs import VERBS

RUNS = 7
HELP = 250
CASES = (
    ("python -c pass", ["-c", "pass"], None),
    ("import xinzhi", ["-c", "import xinzhi"], 40),
    ("xinzhi --help", ["-m", "xinzhi", "--help"], 150),
    *((f"xinzhi {verb} --help", ["-m", "xinzhi", *verb.split(), "--help"], HELP) for verb in VERBS),
    ("xinzhi brief", ["-m", "xinzhi", "brief", "吉林"], 2000),
)


def cpu_milliseconds(arguments: list[str]) -> float:
    """Return the user and system time of one Python process, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> int:
    """Print the table and return the exit code."""
    exceeded = False
    print(f"{'what':<32} {'CPU ms':>8} {'limit':>6}")
    for name, arguments, limit in CASES:
        cpu_milliseconds(arguments)
        least = min(cpu_milliseconds(arguments) for _ in range(RUNS))
        exceeded |= limit is not None and least > limit
        print(f"{name:<32} {least:>8.1f} {limit or '':>6}")
    return int(exceeded)


if __name__ == "__main__":
    sys.exit(main())
