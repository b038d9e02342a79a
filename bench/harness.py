"""Every row of `peers.py`, ours and the peer's in turn, and how time grows with size: writes `RESULTS.md` beside it.

Run with ``python bench/harness.py`` (``make bench``), or with names of rows to print these alone; ``curves`` measures
how time grows alone, and writes that part of the page and a chart for the docs. Each side runs in a
fresh process on one thread: it makes its input, computes once, and waits; only when both results agree are both timed.
CPU and wall seconds are medians of the repeats; the peak memory is that of the whole process. Exits with 1 when two
results differ or a side fails; a peer that is not installed is named in its row.
"""

from __future__ import annotations

import os

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
)

import ast
import json
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from peers import ROWS
from row import OWN, Row

RESULTS = Path(__file__).with_name("RESULTS.md")
CHART = Path(__file__).resolve().parent.parent / "docs/assets/scaling.svg"
COMMAND = "python bench/harness.py"
STEEP = 1.3
LEVEL = 0.8, 1.25  # ratios between which nobody is ahead: the time of one side varies by as much between runs


@dataclass(frozen=True, slots=True)
class Cost:
    """What one side took."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row measured; `trouble` says why there are no times."""

    row: Row
    gap: float = np.nan
    ours: Cost | None = None
    theirs: Cost | None = None
    trouble: str = ""
    failed: bool = False

    @property
    def ratio(self) -> float:
        """Return the peer's CPU seconds over ours."""
        return self.theirs.cpu / self.ours.cpu if self.ours and self.theirs else np.nan


def side(key: str, who: str, file: str) -> None:
    """Compute once, save the result, wait for a line, then time the repeats and print them."""
    row, peer = ROWS[key], who == "theirs"
    task, given = row.theirs if peer else row.ours, row.make(peer)
    np.save(file, task(given))
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    cpu, wall = [], []
    for _ in range(row.repeats):
        start = time.process_time(), time.perf_counter()
        task(given)
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([statistics.median(cpu), statistics.median(wall), peak]))


def measure(key: str) -> Outcome:
    """Run both sides of a row."""
    row = ROWS[key]
    if row.distribution != OWN and _version(row.distribution) is None:
        return Outcome(row, trouble=f"{row.distribution} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        files = {who: Path(folder) / f"{who}.npy" for who in ("ours", "theirs")}
        started: dict[str, subprocess.Popen[str]] = {}
        try:
            for who, file in files.items():
                started[who] = subprocess.Popen(
                    [sys.executable, __file__, "--side", key, who, str(file)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            for who, process in started.items():
                if not any(line.strip() == "ready" for line in process.stdout or ()):
                    last = (process.stderr.read() if process.stderr else "").strip().splitlines()[-1:]
                    return Outcome(row, trouble=f"{who}: {' '.join(last)}", failed=True)
            ours, theirs = (np.load(file) for file in files.values())
            gap = _gap(ours, theirs)
            if not gap <= row.tolerance:
                return Outcome(row, gap, trouble=f"results differ by {gap:.1e}: not timed", failed=True)
            costs = {who: Cost(*json.loads(process.communicate("go\n")[0])) for who, process in started.items()}
        finally:
            for process in started.values():
                process.communicate()
    return Outcome(row, gap, **costs)


def _gap(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference, absolute up to 1 and relative above; infinite where one alone has a figure."""
    if ours.shape != theirs.shape or not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return np.inf
    return float(np.nanmax(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))))


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _envelopment(n: int) -> Callable[[], object]:
    from bench_frontier import spread
    from xinzhi.frontier import efficiency

    x, y = spread(n, 0.01)
    return lambda: efficiency(x, y, rts="vrs")


def _relatedness(n: int) -> Callable[[], object]:
    from bench_paths import anchor_of, long_frame, matrix
    from xinzhi.pathways import complexity

    table, anchor = long_frame(n, 300).drop("year"), anchor_of(matrix(n, 300, "nested"))
    return lambda: complexity(table, place="place", activity="activity", value="value", anchor=anchor)


def _index(n: int) -> Callable[[], object]:
    import polars as pl

    from xinzhi.sectors import index

    values = np.exp(np.random.default_rng(1).normal(size=(n * 10, 24)))
    keys = {"region": np.tile([f"c{at:05d}" for at in range(n)], 10), "year": np.repeat(np.arange(2010, 2020), n)}
    columns = {f"x{at}": column for at, column in enumerate(values.T)}
    same = {"direction": 1, "unit": "index", "denominator": "score"}
    rows = [{"indicator": name, "sector": f"s{at % 6}", **same} for at, name in enumerate(columns)]
    frame = pl.DataFrame({**keys, **columns})
    return lambda: index(frame, {"id": "bench", "indicators": rows})


def _audit(n: int) -> Callable[[], object]:
    import polars as pl

    import xinzhi
    from bench_measure import synthetic

    kept = [f"r{number:05d}" for number in range(n)]
    package = xinzhi.load({name: table.filter(pl.col("region").is_in(kept)) for name, table in synthetic().items()})
    return lambda: xinzhi.audit(package)


def _bands(n: int) -> Callable[[], object]:
    import xinzhi
    from bench_counties import copied

    measured = xinzhi.measure(xinzhi.load(copied(n // 31), units=xinzhi.load("china-provinces").units))
    return lambda: xinzhi.bands(measured)


def _firms(n: int) -> Callable[[], object]:
    from bench_firms import made_up
    from xinzhi import micro

    path = Path(tempfile.mkdtemp(prefix="firms-")) / "firms.parquet"
    made_up(n, path)
    engine = micro.connect(threads=1)
    return lambda: micro.decompose(path, group="industry", method="melitz-polanec", engine=engine)


def _screen(n: int) -> Callable[[], object]:
    from made_up_projects import labelled
    from xinzhi.risks import index_archive

    made = labelled("held_out", archive=n, rewrites=10, others=10, cities=30, seed=7)
    return lambda: index_archive(made.archive)


CURVES: dict[str, tuple[str, Callable[[int], Callable[[], object]], tuple[int, ...]]] = {
    "envelopment": ("units, 3 x 2, variable returns, 1 % efficient", _envelopment, (500, 1000, 2000, 4000, 8000)),
    "relatedness": ("places x 300 activities, a long frame", _relatedness, (250, 500, 1000, 2000)),
    "index": ("regions x 10 years x 24 indicators", _index, (125, 250, 500, 1000)),
    "bands": ("regions, six estimated years, all components", _bands, (31, 93, 310)),
    "firms": ("rows, Melitz and Polanec by industry, keys checked", _firms, (100_000, 300_000, 1_000_000)),
    "screen": ("archived records read and indexed", _screen, (4000, 8000, 16_000)),
    "audit": ("regions x 40 years, every admissible protocol", _audit, (5, 10, 20)),
}


def curve(name: str) -> tuple[list[float], float]:
    """Return the CPU seconds at every size (the less of two runs), and the slope of their logarithms."""
    _, make, sizes = CURVES[name]
    seconds = []
    make(sizes[0])()  # everything is loaded before the clock starts
    for size in sizes:
        task, runs = make(size), []
        for _ in range(2):
            start = time.process_time()
            task()
            runs.append(time.process_time() - start)
        seconds.append(min(runs))
    return seconds, float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def machine() -> str:
    """Return one line about where this ran."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, one used; {platform.system()}, Python {platform.python_version()}"


def _named(peers: set[str]) -> str:
    names = ["xinzhi", "numpy", "scipy", "polars", "pandas", *sorted(peers)]
    return ", ".join(f"{name} {_version(name) or '(not installed)'}" for name in names)


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def _ratio(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - two digits are enough


def page(outcomes: dict[str, Outcome], curves: dict[str, tuple[list[float], float]]) -> str:
    """Return the page."""
    return "\n".join([*_head(outcomes), *_rows(outcomes), *_standing(outcomes), *_growth(curves), *_scripts()]) + "\n"


def _head(outcomes: dict[str, Outcome]) -> Iterator[str]:
    yield "# Beside the peers"
    yield ""
    yield f"Written by `{COMMAND}` (`make bench`); do not edit. {datetime.now(UTC):%Y-%m-%d}. {machine()}."
    yield ""
    yield f"Versions: {_named({out.row.distribution for out in outcomes.values()} - {OWN})}."
    yield ""
    yield "Each side runs in a fresh process on one thread. Both first compute once, and are timed only if the results"
    yield "agree: *difference* is the largest one found, relative above 1. Times are medians of the repeats, CPU before"
    yield "wall; *memory* is the peak of the whole process, imports and input included (on both sides those of the"
    yield "harness, NumPy and polars, too). *Ratio* is the peer's CPU time over ours: above 1.25 we are ahead. Each"
    yield "package does all that its call does, and some do more than the figures compared: DEAPack checks every"
    yield "program and builds targets and peers, linearmodels gives further statistics."
    yield ""


def _rows(outcomes: dict[str, Outcome]) -> Iterator[str]:
    yield "## Rows"
    yield ""
    heads = "row, capability, beside, input, held equal, difference, ours, peer, memory of ours / peer, ratio, command"
    yield f"| {heads.replace(', ', ' | ')} |"
    yield "|---|---|---|---|---|---:|---:|---:|---:|---:|---|"
    for key, out in outcomes.items():
        row = out.row
        line = f"| `{key}` | {row.capability} | {row.peer} | {row.given} | {row.equal}, {row.tolerance:.0e} |"
        if out.ours is None or out.theirs is None:
            yield f"{line} {out.trouble} | | | | | `{COMMAND} {key}` |"
            continue
        ours, theirs = (f"{_seconds(cost.cpu)} / {_seconds(cost.wall)}" for cost in (out.ours, out.theirs))
        memory = f"{out.ours.peak:.0f} / {out.theirs.peak:.0f} MB"
        yield f"{line} {out.gap:.0e} | {ours} | {theirs} | {memory} | {_ratio(out.ratio)} | `{COMMAND} {key}` |"
    yield ""


def _standing(outcomes: dict[str, Outcome]) -> Iterator[str]:
    timed = {key: out for key, out in outcomes.items() if np.isfinite(out.ratio)}
    order = sorted(timed, key=lambda key: -timed[key].ratio)
    yield "## Ahead and behind"
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}. Level: a ratio from {LEVEL[0]} to {LEVEL[1]}; the time of a peer"
    yield "varied by 30 % between runs of the same row on this machine."
    yield ""
    yield "| | rows, with the ratio of CPU time |"
    yield "|---|---|"
    low, high = LEVEL
    behind = [key for key in order if timed[key].ratio < low]
    for word, chosen in (
        ("ahead", [key for key in order if timed[key].ratio > high]),
        ("level", [key for key in order if low <= timed[key].ratio <= high]),
        ("behind", behind),
        ("more memory than the peer", [key for key in order if _more_memory(timed[key])]),
    ):
        yield f"| {word} | {', '.join(f'`{key}` {_ratio(timed[key].ratio)}' for key in chosen) or 'none'} |"
    for key in behind:
        yield f"| why `{key}` is behind, and what is to be done | {outcomes[key].row.behind or 'not known yet'} |"
    yield f"| not timed | {', '.join(f'`{key}`' for key in outcomes if key not in timed) or 'none'} |"
    yield ""


def _more_memory(out: Outcome) -> bool:
    return out.ours is not None and out.theirs is not None and out.ours.peak > out.theirs.peak


def _growth(curves: dict[str, tuple[list[float], float]]) -> Iterator[str]:
    yield "## How time grows"
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}: CPU time on one thread, the less of two runs."
    yield f"Slope: of log time on log size; above {STEEP} it is steep."
    yield ""
    yield "| what | size | times | slope |"
    yield "|---|---|---|---:|"
    for name, (seconds, slope) in curves.items():
        text, _, sizes = CURVES[name]
        times = ", ".join(f"{size:,}: {_seconds(cpu)}" for size, cpu in zip(sizes, seconds, strict=True))
        yield f"| {name} | {text} | {times} | {slope:.2f}{' (steep)' if slope > STEEP else ''} |"
    yield ""


def _scripts() -> Iterator[str]:
    yield "## Scripts with limits of their own"
    yield ""
    yield "`make limits` runs all of them, and fails when one exceeds its limit."
    yield ""
    yield "| command | what it measures |"
    yield "|---|---|"
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        said = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
        first = " ".join(said.split("\n\n")[0].split()).replace("|", "\\|")
        yield f"| `python bench/{script.name}` | {first} |"


def measure_curves() -> dict[str, tuple[list[float], float]]:
    """Measure how time grows, and draw it."""
    curves = {}
    for name in CURVES:
        curves[name] = curve(name)
        print(f"{name:<18} slope {curves[name][1]:.2f}", flush=True)
    draw(curves)
    return curves


def draw(curves: dict[str, tuple[list[float], float]]) -> None:
    """Draw times and sizes as multiples of the first ones, beside what grows in proportion."""
    import vl_convert

    rows, plain = [], "in proportion 1.00"
    for name, (seconds, slope) in curves.items():
        sizes = CURVES[name][2]
        rows += [(f"{name} {slope:.2f}", at / sizes[0], s / seconds[0]) for at, s in zip(sizes, seconds, strict=True)]
    most = max(size for _, size, _ in rows)
    rows += [(plain, size, size) for size in (1.0, most)]
    log = {"type": "log", "nice": False}
    dashed = {"test": f"datum['what'] == '{plain}'", "value": [4, 4]}
    chart = {
        "data": {"values": [dict(zip(("what", "size", "time"), row, strict=True)) for row in rows]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "size", "type": "quantitative", "scale": log, "title": "size, times the smallest"},
            "y": {
                "field": "time",
                "type": "quantitative",
                "scale": log,
                "title": "CPU time, times that of the smallest",
            },
            "color": {"field": "what", "type": "nominal", "sort": None, "title": "what, slope"},
            "strokeDash": {"condition": dashed, "value": [1, 0]},
        },
        "width": 460,
        "height": 320,
    }
    CHART.write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")


def main(chosen: list[str]) -> int:
    """Measure; write the page, or print the rows that were asked for."""
    if chosen == ["curves"]:
        part = "\n".join(_growth(measure_curves()))
        text = RESULTS.read_text(encoding="utf-8")
        text = re.sub(r"## How time grows\n.*?(?=\n## )", lambda _: part, text, flags=re.DOTALL)
        RESULTS.write_text(text, encoding="utf-8")
        return 0
    outcomes = {}
    for key in chosen or ROWS:
        outcomes[key] = out = measure(key)
        print(f"{key:<18} {out.trouble or f'ratio {_ratio(out.ratio)}, difference {out.gap:.0e}'}", flush=True)
    if chosen:
        print("\n".join(_rows(outcomes)))
    else:
        RESULTS.write_text(page(outcomes, measure_curves()), encoding="utf-8")
    return int(any(out.failed for out in outcomes.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side(*sys.argv[2:5])
    else:
        sys.exit(main(sys.argv[1:]))
