"""Misallocation, Olley and Pakes, Melitz and Polanec, the Törnqvist index: made-up firms, beside SQL by hand.

Run with ``python bench/bench_firms.py [ROWS ...]`` (by default 100,000, 1 million and 10 million; 50000000
takes a few minutes and 4 GB of disk). Every job is a process of its own on two threads and 7 GB, and reads a
parquet file; the panel is read with `duplicates="unchecked"`, and what the check costs stands in a line of its
own. The SQL by hand trims by windows over all rows. Prints CPU and wall seconds, peak memory, the ratio of CPU
to the SQL, what connecting costs once (imports and the self-test of the engine are not in the jobs), the slope of
CPU on rows in logarithms, and whether 4 GB are enough for the largest (by spilling).
Limits: 6 s up to 10 million rows and 20 s beyond, 8 GB, ratio 1.5, slope 1.1; held to CPU over two cores, since
the machine may be busy. At the end stands what a cluster would need for a billion rows, on paper. With
``--save FOLDER`` the figures are written as ``firms-cost.csv``, with a chart of them, for the docs.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi import micro

SIZES = (100_000, 1_000_000, 10_000_000)
JOBS = ("misallocation", "covariance", "melitz-polanec", "index")
CORES, RATIO, SLOPE, MEMORY = 2, 1.5, 1.1, 8 * 1024
SHORT, LONG, MIDDLE = 6.0, 20.0, 10_100_000
# a cluster on paper: workers, cores of each, bytes a second between workers, how much more CPU Spark needs for a row
# than DuckDB (assumed), and bytes that a row moves where firms are joined (six columns of eight bytes, both periods)
PAPER, WORKERS, WORKER_CORES, NETWORK, ENGINE, MOVED = 1e9, 10, 8, 1.25e9, 4.0, 96.0
JOINED = ("melitz-polanec", "check")
PANEL = """
copy (
  with f as (
    select range as firm, hash(range) % 15 as start,
           1 + hash(range * 7 + 1) % 12 as life,
           (13 + hash(range * 3 + 2) % 31)::varchar as industry, (11 + hash(range * 5 + 3) % 31)::varchar as region,
           sqrt(-2 * ln((1 + hash(range * 11) % 1000000) / 1000001.0))
             * cos(2 * pi() * (hash(range * 13) % 1000000) / 1e6) as talent
    from range({firms})),
  p as (
    select f.*, 2000 + t.range as year, hash(firm * 31 + t.range * 17) as h
    from f, range(15) t where t.range >= start and t.range < start + life),
  q as (
    select *, exp(talent + 6 + sin(h % 10007)) as capital, exp(0.8 * talent + 4 + 0.8 * cos(h % 10009)) as labour
    from p)
  select firm, year, industry, region, capital, labour,
         exp(0.4 * talent + 0.5 * sin(h % 10037)) * capital ** 0.4 * labour ** 0.6 as output,
         0.5 * exp(0.4 * talent + 0.5 * sin(h % 10037)) * capital ** 0.4 * labour ** 0.6
           * exp(0.3 * cos(h % 10061)) as wages,
         talent + 0.2 * sin(h % 10039) as value, labour as weight
  from q
) to '{path}' (format parquet)
"""
SQL = {
    "covariance": """
select industry, year, count(*), sum(weight * value) / sum(weight), avg(value),
       count(*) * covar_pop(weight, value) / sum(weight), sum(weight)
from '{path}' group by all""",
    "melitz-polanec": """
with a as (select firm, year + 1 as year, industry, value as v1, weight as w1 from '{path}'),
     b as (select firm, year, industry, value as v2, weight as w2 from '{path}')
select coalesce(b.year, a.year) as y, coalesce(b.industry, a.industry) as i,
       case when w1 is null then 'n' when w2 is null then 'x' else 'c' end as s,
       count(*), sum(w1), sum(w2), sum(w1 * v1), sum(w2 * v2), sum(v1), sum(v2)
from a full join b on a.firm = b.firm and a.year = b.year and a.industry = b.industry group by all""",
    "misallocation": """
with l as (select firm, year, industry, output, capital, labour, ln(output) as y, ln(capital) as k, ln(labour) as n
           from '{path}' where output > 0 and capital > 0 and labour > 0),
     r as (select *, y - 0.4 * k - 0.6 * n as r, 1.5 * y - 0.4 * k - 0.6 * n as q from l),
     m as (select industry, year, ln(sum(output)) - 0.4 * ln(sum(capital)) - 0.6 * ln(sum(labour)) as mr,
                  (ln(sum(exp(2 * q))) - ln(count(*))) / 2 as mq from r group by all),
     w as (select r.*, count(*) over (partition by year) as c,
                  row_number() over (partition by year order by r.r - mr, firm) as a,
                  row_number() over (partition by year order by r.q - mq, firm) as b
           from r join m using (industry, year))
select industry, year, count(*), sum(output), sum(capital), sum(labour), sum(exp(2 * q)), var_pop(r), var_pop(q),
       var_pop(n - k), var_pop(n - y)
from w where a > c * 10 // 1000 and a <= c - c * 10 // 1000 and b > c * 10 // 1000 and b <= c - c * 10 // 1000
group by all""",
    "index": """
copy (
  with l as (select firm, year, industry, ln(output) as y, ln(capital) as k, ln(labour) as n, wages / output as s,
                    greatest(1 - wages / output, 0) as c
             from '{path}' where output > 0 and capital > 0 and labour > 0 and wages > 0),
       m as (select industry, year, avg(y) as my, avg(k) as mk, avg(n) as mn, avg(s) as ms, avg(c) as mc
             from l group by all)
  select firm, year, industry, y - my - (s + ms) / 2 * (n - mn) - (c + mc) / 2 * (k - mk) as ln_tfp
  from l join m using (industry, year)
) to '{path}.tfp' (format parquet, compression zstd)""",
}


def made_up(rows: int, path: Path) -> None:
    """Write made-up firms, of which every firm is there for six years on average."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(PANEL.format(firms=int(rows / 5.1), path=path))


def by_hand(job: str, path: str) -> None:
    """Do a job in SQL as one would write it."""
    import duckdb

    config = {"memory_limit": "7GB", "threads": CORES, "preserve_insertion_order": "false"}
    with duckdb.connect(config=config) as connection:
        connection.execute(SQL[job].format(path=path)).fetchall()


def by_library(job: str, path: str, engine: micro.Engine) -> None:
    """Do a job by the library, or read the panel and check it."""
    from xinzhi import micro

    how = {"engine": engine, "duplicates": "unchecked"}
    if job == "check":
        micro.panel(path, engine=engine)
    elif job == "misallocation":
        micro.misallocation(path, capital_share=0.4, labour="labour", **how)
    elif job == "index":
        micro.tfp_index(path, chained=False, **how).write(f"{path}.tfp")
    else:
        micro.decompose(path, group="industry", method="olley-pakes" if job == "covariance" else job, **how)
    engine.close()


def timed(kind: str, job: str, path: Path, memory: str = "7GB") -> dict[str, float]:
    """Return CPU and wall seconds and the peak memory of a job in a process of its own."""
    command = [sys.executable, __file__, "--run", kind, job, str(path), memory]
    wall = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]) | {"wall": time.perf_counter() - wall}


def run(kind: str, job: str, path: str, memory: str) -> None:
    """Do a job and print what it used; importing, and connecting with its self-test, come before the clock starts."""
    import duckdb  # noqa: F401 - what both need
    import pyarrow as pa  # noqa: F401 - the same

    if kind == "library":
        import ibis.backends.duckdb  # noqa: F401 - the same

        from xinzhi import micro

        began = time.process_time()
        engine = micro.connect(memory_limit=memory, threads=CORES)
        connecting = time.process_time() - began
    before = resource.getrusage(resource.RUSAGE_SELF)
    if kind == "hand":
        by_hand(job, path)
    else:
        by_library(job, path, engine)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    once = {"connecting": connecting} if kind == "library" else {}
    print(json.dumps({"cpu": cpu, "memory": after.ru_maxrss / 1024, **once}))


def rounded(used: dict[str, float]) -> dict[str, float]:
    """Return CPU seconds and peak memory, as they are written."""
    return {"cpu": round(used["cpu"], 3), "memory": round(used["memory"])}


def told_of(used: dict[str, float]) -> str:
    """Return what a job used, in words."""
    return f"{used['cpu']:6.2f} s CPU {used['wall']:6.2f} s wall {used['memory']:6.0f} MB"


def on_paper(rows: int, spent: dict[str, float]) -> None:
    """Print what a cluster would need for a billion rows, from the CPU at the largest size, in proportion."""
    today = dt.datetime.now(tz=dt.UTC).date()
    print(
        f"on paper, {today}: {PAPER:.0e} rows, {WORKERS} workers of {WORKER_CORES} cores, Spark at {ENGINE:g} times the"
    )
    print(f"CPU of DuckDB (assumed), {NETWORK / 1e9:g} GB/s between workers, from the CPU at {rows:,} rows:")
    for job, cpu in spent.items():
        work = cpu * PAPER / rows * ENGINE / (WORKERS * WORKER_CORES)
        moved = MOVED * PAPER / (WORKERS * NETWORK) if job in JOINED else 0.0
        print(f"  {job:15} {work:5.0f} s of work on every core + {moved:3.0f} s to move rows = {work + moved:5.0f} s")


def save(folder: Path, lines: list[dict[str, object]]) -> None:
    """Write the figures, and a chart of time on rows."""
    import vl_convert

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "firms-cost.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    log = {"type": "log"}
    chart = {
        "title": f"Cost of jobs on firms, {lines[0]['date']}",
        "data": {"values": [{name: line[name] for name in ("rows", "job", "cpu")} for line in lines]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "rows", "type": "quantitative", "scale": log, "title": "rows"},
            "y": {"field": "cpu", "type": "quantitative", "scale": log, "title": "CPU seconds"},
            "color": {"field": "job", "type": "nominal"},
        },
        "width": 420,
        "height": 280,
    }
    (folder / "firms-cost.svg").write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    folder = None
    if "--save" in sys.argv:
        at = sys.argv.index("--save")
        folder = Path(sys.argv.pop(at + 1))
        sys.argv.pop(at)
    lines: list[dict[str, object]] = []
    sizes = [int(float(one)) for one in sys.argv[1:]] or list(SIZES)
    spent: dict[str, list[float]] = {job: [] for job in JOBS}
    missed = False
    with tempfile.TemporaryDirectory() as scratch:
        for rows in sizes:
            path = Path(scratch) / f"firms_{rows}.parquet"
            made_up(rows, path)
            for job in JOBS:
                ours, hand = timed("library", job, path), timed("hand", job, path)
                spent[job].append(ours["cpu"])
                ratio, limit = ours["cpu"] / hand["cpu"], SHORT if rows < MIDDLE else LONG
                late = ours["cpu"] / CORES > limit or ours["memory"] > MEMORY or (ratio > RATIO and rows >= SIZES[-1])
                missed |= late
                told = f"{told_of(ours)} | by hand {told_of(hand)} | ratio {ratio:4.2f}{' MISSED' if late else ''}"
                print(f"{rows:>10,} {job:15} {told}", flush=True)
                date = dt.datetime.now(tz=dt.UTC).date().isoformat()
                lines.append(
                    {"date": date, "rows": rows, "job": job, **rounded(ours), "by_hand": round(hand["cpu"], 3)}
                )
            check = timed("library", "check", path)
            print(f"{rows:>10,} check of keys   {told_of(check)}", flush=True)
            print(f"{rows:>10,} to connect      {check['connecting']:6.2f} s CPU, once", flush=True)
            lines.append({"date": date, "rows": rows, "job": "check", **rounded(check), "by_hand": None})
            if rows == max(sizes) and rows > MIDDLE:
                for job in JOBS:
                    tight = timed("library", job, path, "4GB")
                    print(
                        f"{rows:>10,} {job:15} {tight['cpu']:6.2f} s CPU {tight['memory']:6.0f} MB with a limit of 4 GB"
                    )
            path.unlink()
    if len(sizes) > 1:
        for job, cpu in spent.items():
            slope = float(np.polyfit(np.log(sizes), np.log(cpu), 1)[0])
            missed |= slope > SLOPE
            print(f"{job:15} slope of CPU on rows {slope:.2f}")
    largest = max(sizes)
    on_paper(largest, {str(one["job"]): float(one["cpu"]) for one in lines if one["rows"] == largest})
    if folder is not None:
        save(folder, lines)
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:])
    else:
        sys.exit(main())
