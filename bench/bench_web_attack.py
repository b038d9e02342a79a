"""The explorer under attack on loopback: slow visitors, visitors who do not read, raw nonsense, and its memory.

Starts `xinzhi serve` as a process of its own. While 400 connections send a byte a second each, and then while 60 ask
for a page many times and read nothing of it, kept pages are asked for, each over a connection of its own: the longest
time is printed. Then come requests that no honest program sends (other hosts, paths that lead out, mixed lengths, large
heads), and at last many requests, with an upload for each hundred of them, and the memory of the server after a fifth
of all and after all. Ends with 1 when a promised limit is missed.

    python bench/bench_web_attack.py            # 20,000 requests and 200 uploads, about two minutes
    python bench/bench_web_attack.py 2000       # fewer requests
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

from bench_web import ask, many, memory, port
from xinzhi.data import load

SLOW, DEAF, ASKED = 400, 60, 30
REQUESTS_PER_UPLOAD = 100
PAUSE, STEP = 0.2, 1.0  # seconds between pages that are asked for, and between bytes of a slow visitor
LONGEST, GROWTH = 1.0, 1.10
KEPT = "/en/index.html"
HELLO = b"GET /en/index.html HTTP/1.1\r\nhost: localhost\r\n"
SENT = b"POST /api/v1/screen HTTP/1.1\r\nhost: localhost\r\n"
RAW = {  # what is sent in one piece, and how it may be answered; 0: the connection ends without an answer
    "host of another site": (b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n", {421}),
    "host with a name in it": (b"GET / HTTP/1.1\r\nhost: 127.0.0.1:80@evil.example\r\n\r\n", {421}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET / HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n", {400, 421}),
    "path that leads out": (b"GET /assets/../../../etc/passwd HTTP/1.1\r\nhost: localhost\r\n\r\n", {404}),
    "the same in signs": (b"GET /assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nhost: localhost\r\n\r\n", {404}),
    "two lengths": (HELLO + b"content-length: 5\r\ncontent-length: 6\r\n\r\nabcde", {400}),
    "length and chunks": (
        SENT + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1 HTTP/1.1\r\n\r\n",
        {400},
    ),
    "other chunks": (HELLO + b"transfer-encoding: chunked, identity\r\n\r\n", {400, 501}),
    "a length below zero": (HELLO + b"content-length: -1\r\n\r\n", {400}),
    "a folded header": (HELLO + b"x: a\r\n b: c\r\n\r\n", {200, 400}),
    "a bare line feed in a header": (HELLO + b"x: a\x00b\r\n\r\n", {400}),
    "a head of 70 kB": (HELLO + b"x: " + b"a" * 70_000 + b"\r\n\r\n", {431}),
    "a form of another site": (
        SENT + b"origin: http://evil.example\r\ncontent-length: 0\r\n\r\n",
        {403},
    ),
    "work for another site": (
        b"GET /api/v1/measure HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: cross-site\r\n\r\n",
        {403},
    ),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {0, 400}),
}  # fmt: skip


def slow_visitor(place: int, end: Event) -> None:
    """Keep connections open that send a byte at a time, and open those anew that are closed."""
    lines: list[socket.socket | None] = [None] * SLOW
    while not end.wait(STEP):
        for at, line in enumerate(lines):
            with suppress(OSError):
                opened = line or socket.create_connection(("127.0.0.1", place), timeout=1)
                opened.sendall(b"GET / HT" if line is None else b"T")
                lines[at] = opened
                continue
            lines[at] = None
    for line in filter(None, lines):
        line.close()


def deaf_visitor(place: int, end: Event) -> None:
    """Ask for a page many times over many connections, and read nothing."""
    with ExitStack() as stack:
        for _ in range(DEAF):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", place))
            line.sendall((HELLO + b"\r\n") * 20)
        end.wait()


@contextmanager
def beside(visitor, place: int):  # noqa: ANN001, ANN201 - one of the two above
    """Run a visitor beside what is done."""
    end = Event()
    running = Thread(target=visitor, args=(place, end))
    running.start()
    try:
        time.sleep(3 * STEP)
        yield
    finally:
        end.set()
        running.join()


def longest(place: int) -> float:
    """Return the longest time of kept pages, each asked for by a visitor of its own."""
    times = []
    for _ in range(ASKED):
        times += ask(place, [KEPT])
        time.sleep(PAUSE)
    return max(times)


def status(place: int, raw: bytes) -> int:
    """Return the status of the answer to raw bytes; 0 where there is none."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", place), timeout=10) as line:
        line.sendall(raw)
        words = line.recv(64).split(b" ")
        return int(words[1]) if len(words) > 1 else 0
    return 0


def upload(place: int, number: int) -> None:
    """Send a table of projects that nobody has sent before."""
    rows = "".join(f"project {number}.{row},industrial park of new energy {number * row},{row}\n" for row in range(5))
    body = f"name,description,amount\n{rows}".encode()
    head = (
        f"POST /api/v1/screen HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", place), timeout=60) as line:
        line.sendall(head.encode() + body)
        while line.recv(65536):
            pass


def grown(place: int, process: int, number: int) -> float:
    """Print the memory after a fifth of all requests and uploads, and after all; return their ratio."""
    regions = [str(code) for code in load("china-provinces").tables["regions"]["region"]]
    pages = [f"/{language}/region/{code}.html" for language in ("zh", "en") for code in regions]
    pages += ["/api/v1/measure?region=52", "/api/v1/plan", "/assets/search.js", KEPT]
    ask(place, pages)
    sizes, total = [], number // REQUESTS_PER_UPLOAD
    for part, uploads in ((number // 5, range(total // 5)), (number - number // 5, range(total // 5, total))):
        many(place, pages, part)
        for one in uploads:
            upload(place, one)
        sizes.append(memory(process))
    print(
        f"memory after a fifth of {number} requests and {total} uploads {sizes[0]:.0f} MB, after all {sizes[1]:.0f} MB"
    )
    return sizes[1] / sizes[0]


def measured(place: int, process: int, number: int) -> dict[str, bool]:
    """Print the figures; return which limits hold."""
    limits = {}
    for visitor, name in ((slow_visitor, f"{SLOW} slow connections"), (deaf_visitor, f"{DEAF} that do not read")):
        with beside(visitor, place):
            took = longest(place)
        print(f"longest time of a kept page beside {name}: {1000 * took:.0f} ms")
        limits[f"a kept page within {LONGEST:.0f} s beside {name}"] = took < LONGEST
    answers = {name: status(place, raw) for name, (raw, _) in RAW.items()}
    wrong = {name: code for name, code in answers.items() if code not in RAW[name][1]}
    print(f"raw requests answered as they should be: {len(RAW) - len(wrong)} of {len(RAW)} {wrong or ''}")
    limits["every raw request is refused"] = not wrong
    limits[f"memory grows by less than {GROWTH - 1:.0%}"] = grown(place, process, number) < GROWTH
    return limits


def main() -> int:
    """Run the server and the attackers."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    place = port()
    command = [sys.executable, "-m", "xinzhi", "serve", "--port", str(place)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while server.poll() is None:
                try:
                    ask(place, [KEPT], {200, 503})
                    ask(place, [KEPT, "/zh/index.html"])
                    break
                except (OSError, SystemExit):
                    time.sleep(0.5)
            limits = measured(place, server.pid, number)
        finally:
            server.terminate()
    for limit, holds in limits.items():
        print(f"{'kept' if holds else 'MISSED':8} {limit}")
    return int(not all(limits.values()))


if __name__ == "__main__":
    sys.exit(main())
