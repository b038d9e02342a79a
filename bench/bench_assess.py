"""The whole of ``xinzhi assess china-provinces``: from the start of the process to the files on disk.

Prints CPU seconds, wall seconds and peak memory of the child process, and what an empty Python costs beside it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CPU_LIMIT, MEMORY_LIMIT = 5.0, 600


def run(*command: str, cache: str) -> tuple[float, float]:
    """Return CPU and wall seconds of a child process that keeps its bytecode, as an installed package does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = cache
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=kept)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder) / "bytecode")
        assess = [sys.executable, "-m", "xinzhi", "assess", "china-provinces", "--out"]
        figures = [run(*assess, str(Path(folder) / str(turn)), cache=cache) for turn in range(4)][
            1:
        ]  # the first is cold
        empty, _ = run(sys.executable, "-c", "pass", cache=cache)
        files = sorted(path.name for path in (Path(folder) / "0").iterdir())
    cpu, wall = sorted(figures)[1]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"xinzhi assess china-provinces: {cpu:.2f} s CPU (limit {CPU_LIMIT:.0f}), {wall:.2f} s wall, median of 3 warm"
    )
    print(f"peak memory {peak:.0f} MB (limit {MEMORY_LIMIT} MB); an empty Python {empty:.2f} s CPU")
    print(f"files: {', '.join(files)}")


if __name__ == "__main__":
    main()
