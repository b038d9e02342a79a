"""The explorer on loopback: pages a second and times of answers, cached and not, a switch of protocol, memory.

Starts `xinzhi serve` as a process of its own and asks it over kept connections. Prints, from one run: the time of the
first answer after a start; requests a second and the 50th and 95th percentile of cached pages, of pages of regions, and
of the interface for programs; what a page costs that is asked for the first time, also under another protocol and for
the audit of another region; how long a kept page takes while 60 visitors wait for one study; the memory of the server
before and after many requests, dozens of them with a protocol that nobody asked for before. Ends with 1 when a promised
limit is missed.

    python bench/bench_web.py            # 20,000 requests for the memory, about two minutes
    python bench/bench_web.py 2000       # fewer of them
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from os import sysconf
from pathlib import Path

import numpy as np

from xinzhi.data import load

CONNECTIONS, BATCH, CROWD = 4, 2000, 60
OWN, MORE = 20, 60  # questions under protocols of their own: before memory is read for the first time, and after
PER_SECOND, REGION_MS, SWITCH_SECONDS, GROWTH = 200.0, 150.0, 1.5, 1.10
PATIENCE, SWITCHED = 120, "zhang-2004"
GOOD = {http.client.OK}


def port() -> int:
    """Return a port that is free."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(place: int, paths: list[str], good: set[int] = GOOD) -> list[float]:
    """Ask for paths over one connection; return the seconds that each took. Another status than a good one ends all."""
    line, times = http.client.HTTPConnection("127.0.0.1", place, timeout=PATIENCE), []
    for path in paths:
        begun = time.perf_counter()
        line.request("GET", path, headers={"accept-encoding": "gzip"})
        answer = line.getresponse()
        answer.read()
        times.append(time.perf_counter() - begun)
        if answer.status not in good:
            sys.exit(f"{path}: {answer.status}")
    line.close()
    return times


def many(place: int, paths: list[str], number: int) -> tuple[float, np.ndarray]:
    """Ask over several connections at once; return requests a second and the time of each."""
    asked = [paths[at % len(paths)] for at in range(number)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = list(pool.map(lambda at: ask(place, asked[at::CONNECTIONS]), range(CONNECTIONS)))
    return number / (time.perf_counter() - begun), np.concatenate(found)


def memory(process: int) -> float:
    """Return the memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def work(process: int) -> float:
    """Return the seconds of processor time that a process has used."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / sysconf("SC_CLK_TCK")


def told(what: str, rate: float, times: np.ndarray) -> None:
    """Print one line."""
    half, most = (1000 * float(np.quantile(times, part)) for part in (0.5, 0.95))
    print(f"{what:34} {rate:8.0f} a second   median {half:7.1f} ms   p95 {most:7.1f} ms")


def own(number: int) -> str:
    """Return the part of a question that asks for a rate of depreciation that no protocol has."""
    return f"set=capital.depreciation={0.0501 + number / 2000:.4f}"


def crowd(place: int, known: list[str]) -> float:
    """Return the longest time of a kept page while many visitors wait for one study that is not."""
    slow = f"/api/v1/audit?{own(-1)}"
    with ThreadPoolExecutor(CROWD) as pool:
        waiting = [pool.submit(ask, place, [slow], {*GOOD, http.client.SERVICE_UNAVAILABLE}) for _ in range(CROWD)]
        time.sleep(0.3)
        times = []
        while not all(one.done() for one in waiting):
            times += ask(place, known[:1])
            time.sleep(0.02)
    return max(times, default=0.0)


def measured(place: int, process: int, number: int) -> dict[str, bool]:
    """Print the figures; return which limits hold."""
    regions = [str(code) for code in load("china-provinces").tables["regions"]["region"]]
    pages = [f"/{language}/region/{code}.html" for language in ("zh", "en") for code in regions]
    first = np.array(ask(place, pages))
    spread = f"median {1000 * np.median(first):7.1f} ms   max {1000 * first.max():7.1f} ms"
    print(f"{'region page, first time':54} {spread}")
    known = ["/zh/index.html", "/en/index.html", *pages]
    ask(place, known)
    rate, times = many(place, known, BATCH)
    told("cached pages", rate, times)
    region_rate, region = many(place, pages, BATCH)
    told("cached region pages", region_rate, region)
    calls = ["/api/v1/measure?region=52", "/api/v1/plan", "/api/v1/bridge", "/api/v1/explain?region=52"]
    ask(place, calls)
    told("cached answers to programs", *many(place, calls, BATCH))
    idle = work(process)
    switches = ask(place, [f"/en/region/{code}.html?protocol={SWITCHED}" for code in regions[:5]])
    print(
        f"{'switch of protocol, five regions':34} "
        + ", ".join(f"{took:.2f} s" for took in switches)
        + f" ({work(process) - idle:.2f} s of processor time)"
    )
    others = {
        "home": f"index.html?protocol={SWITCHED}",
        "one parameter": f"measure.html?{own(0)}",
        "audit": "audit.html",
        "audit of another region": f"audit.html?region={regions[5]}",
    }
    for name, path in others.items():
        idle, took = work(process), ask(place, [f"/en/{path}"])[0]
        print(f"{name:34} {took:.2f} s ({work(process) - idle:.2f} s of processor time)")
    crowded = crowd(place, known)
    print(f"{'kept page while 60 wait for a study':34} {1000 * crowded:.0f} ms")
    for path in map(own, range(OWN)):
        ask(place, [f"/api/v1/measure?{path}"])
    before = memory(process)
    many(place, [*known, *calls], number)
    for path in map(own, range(OWN, OWN + MORE)):
        ask(place, [f"/api/v1/measure?{path}"])
    after = memory(process)
    print(f"{'memory':34} {before:.0f} MB, after {number} requests and {MORE} protocols more {after:.0f} MB")
    return {
        f">= {PER_SECOND:.0f} cached pages a second": rate >= PER_SECOND,
        f"p95 of a cached region page < {REGION_MS:.0f} ms": 1000 * float(np.quantile(region, 0.95)) < REGION_MS,
        f"switch of protocol < {SWITCH_SECONDS} s": max(switches) < SWITCH_SECONDS,
        f"memory grows by less than {GROWTH - 1:.0%}": after < GROWTH * before,
    }


def main() -> int:
    """Run the server and the client."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    place, begun = port(), time.perf_counter()
    command = [sys.executable, "-m", "xinzhi", "serve", "--port", str(place)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while server.poll() is None:
                try:
                    ask(place, ["/en/index.html"])
                    break
                except OSError:
                    time.sleep(0.2)
            print(f"{'first page after the start':34} {time.perf_counter() - begun:8.1f} s")
            held = measured(place, server.pid, number)
        finally:
            server.terminate()
    for limit, holds in held.items():
        print(f"{'kept' if holds else 'MISSED':8} {limit}")
    return int(not all(held.values()))


if __name__ == "__main__":
    sys.exit(main())
