from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from xinzhi.web import Limits, safety
from xinzhi.web import server as web_server
from xinzhi.web.safety import HEADERS, POLICY, Safety

SECRET, TOKEN = "a secret of the inside", "a-b_c.d"
LIMITS = replace(Limits.load(), body=1000, sending=0.2, guessing=0.0, discarded=500)
FORM = {"accept": "text/html,*/*;q=0.8"}


def made(limits=LIMITS, **options):
    app, lines = FastAPI(), []

    @app.get("/en/region/{code}.html")
    def region(code: str):
        if code == "fault":
            raise RuntimeError(SECRET)
        return {"code": code}

    @app.post("/api/v1/screen")
    async def screen(request: Request):
        return {"bytes": len(await request.body())}

    safe = Safety(app, limits=limits, log=lines.append, **options)
    client = TestClient(safe, base_url="http://localhost", raise_server_exceptions=False, follow_redirects=False)
    return client, lines


def test_every_answer_has_the_headers_and_no_script_runs_that_is_not_ours():
    client, _ = made()
    for path in ("/en/region/52.html", "/none", "/en/region/fault.html"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in POLICY
    assert client.get("/", headers={"host": "evil.example"}).headers["content-security-policy"] == POLICY


def test_a_fault_shows_nothing_of_the_inside_and_is_in_the_log_by_its_kind():
    client, lines = made()
    answer = client.get("/en/region/fault.html", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "web.fault"
    assert SECRET not in answer.text
    assert json.loads(lines[0])["fault"] == "RuntimeError"


def test_the_log_has_no_personal_data():
    client, lines = made()
    client.get("/en/region/52.html?q=Zhang+San", headers={"user-agent": "Zhang San's browser"})
    line = json.loads(lines[0])
    assert list(line) == ["time", "method", "route", "status", "ms", "bytes"]
    assert (line["route"], line["status"]) == ("/en/region/{code}.html", 200)
    told = json.dumps({name: value for name, value in line.items() if name not in {"time", "ms"}})
    assert not any(word in told for word in ("Zhang", "52", "testclient"))
    client.get("/no/such/place/Zhang-San")
    assert json.loads(lines[1])["route"] == "-"


def test_no_other_site_can_call_a_server_of_this_machine_by_a_name_of_its_own():
    client, _ = made()
    assert client.get("/en/region/52.html", headers={"host": "evil.example:8000"}).status_code == 421
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"):
        assert client.get("/en/region/52.html", headers={"host": host}).status_code == 200


def test_without_the_token_nothing_is_answered():
    client, lines = made(token=TOKEN)
    for path in ("/", "/en/region/52.html", "/api/v1", "/en/region/52.html?token=wrong"):
        answer = client.get(path, headers={"host": "stats.example"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    wrong = {"authorization": "Bearer wrong"}
    assert client.get("/en/region/52.html", headers=wrong).status_code == 401
    assert client.get("/en/region/52.html", headers={"cookie": 'xinzhi="; bad=\x01'}).status_code == 401
    assert [json.loads(line).get("refused") for line in lines] == ["token"] * 3 + ["wrong-token"] * 2 + ["token"]


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address():
    client, lines = made(token=TOKEN)
    answer = client.get("/en/region/52.html?protocol=zhang-2004&token=a-b_c.d")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/en/region/52.html?protocol=zhang-2004"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    assert f"Max-Age={LIMITS.remembered}" in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get("//evil.example/?token=a-b_c.d", headers={"cookie": ""}).headers.get("location", "/x")[:2] != "//"
    bare, _ = made(token=TOKEN)
    assert bare.get("/en/region/52.html", headers={"authorization": "Bearer a-b_c.d"}).status_code == 200
    assert "a-b_c.d" not in "".join(lines)


def test_a_cookie_ends_with_its_time_and_cannot_be_made_without_the_token():
    client, _ = made(token=TOKEN)
    client.cookies = {}
    cookie = client.get(f"/?token={TOKEN}").headers["set-cookie"].partition("=")[2].partition(";")[0]
    until, _, mark = cookie.partition(".")

    def status(value):
        return client.get("/en/region/52.html", headers={"cookie": f"xinzhi={value}"}).status_code

    assert status(cookie) == 200
    for value in (TOKEN, f"{int(until) + 1}.{mark}", f"{until}.{'0' * 64}", until, f".{mark}", "1.2"):
        assert status(value) == 401
    old, _ = made(token=TOKEN, limits=replace(LIMITS, remembered=-1))
    assert old.get(f"/en/region/52.html?token={TOKEN}", follow_redirects=True).status_code == 401
    over = TestClient(Safety(FastAPI(), token=TOKEN, log=lambda _: None), base_url="https://x", follow_redirects=False)
    assert over.get(f"/?token={TOKEN}").headers["set-cookie"].endswith("; Secure")


def test_a_wrong_token_waits_and_a_right_one_does_not():
    client, _ = made(token=TOKEN, limits=replace(LIMITS, guessing=0.2))
    for asked, waits in ("Bearer no", True), (f"Bearer {TOKEN}", False), ("", False):
        begun = time.perf_counter()
        client.get("/en/region/52.html", headers={"authorization": asked})
        assert (time.perf_counter() - begun >= 0.2) == waits


def test_a_browser_gets_a_page_and_a_program_json():
    def page(scope, what, why):
        return f"{scope['path']} {what} {why.zh}".encode()

    client, _ = made(page=page)
    asked = {
        405: lambda path: client.put(path, headers=FORM),
        413: lambda path: client.post(path, content=bytes(2000), headers=FORM),
        403: lambda path: client.post(path, headers=FORM | {"origin": "null"}),
        421: lambda path: client.get(path, headers=FORM | {"host": "evil.example"}),
    }
    for status, ask in asked.items():
        answer = ask("/zh/claim.html")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert answer.text.startswith("/zh/claim.html ")
        assert ask("/api/v1/screen").json()["code"].startswith("web.")
    fault = client.get("/en/region/fault.html", headers=FORM)
    assert (fault.status_code, fault.text.split()[1]) == (500, "fault")
    assert client.post("/en/region/52.html", headers=FORM).text.split()[1] == "method"
    assert client.post("/en/region/52.html").json()["code"] == "web.method"
    broken, lines = made(page=lambda *_: 1 / 0)
    assert broken.put("/zh/claim.html", headers=FORM).json()["code"] == "web.method"
    assert json.loads(lines[0])["fault"] == "ZeroDivisionError"


def test_what_raises_before_the_application_is_a_fault_like_any(monkeypatch):
    client, lines = made(token=TOKEN)
    monkeypatch.setattr(safety, "_equal", lambda *_: 1 / 0)
    assert client.get("/en/region/52.html", headers={"authorization": "Bearer x"}).status_code == 500
    assert json.loads(lines[0])["fault"] == "ZeroDivisionError"


def test_what_is_asked_without_its_body_has_none():
    client, lines = made()
    answer = client.head("/en/region/52.html")
    assert (answer.status_code, answer.content) == (200, b"")
    assert json.loads(lines[0])["method"] == "HEAD"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(method):
    client, _ = made()
    answer = client.request(method, "/en/region/52.html")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_uploads_from_pages_of_other_sites_are_refused():
    client, _ = made()
    assert client.post("/api/v1/screen", content=b"x", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/api/v1/screen", content=b"x", headers={"sec-fetch-site": "same-origin"}).json() == {"bytes": 1}
    assert client.post("/api/v1/screen", content=b"x").json() == {"bytes": 1}
    others = ("http://evil.example", "null", "http://[", "http://localhost:8001", "http://localhost.evil")
    for origin in ("http://localhost", "http://localhost:80", *others):  # all that a browser says over plain HTTP
        status = client.post("/api/v1/screen", content=b"x", headers={"origin": origin}).status_code
        assert status == (403 if origin in others else 200), origin
    behind = {"origin": "https://stats.example", "sec-fetch-site": "same-origin"}  # a server in front renames us
    assert client.post("/api/v1/screen", content=b"x", headers=behind).status_code == 200


def test_uploads_that_find_no_room_are_refused_before_they_are_read():
    read, sent, gate = [], [], asyncio.Event()

    async def app(_, receive, send):
        read.append(await receive())
        await gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    safe = Safety(app, limits=replace(LIMITS, uploads=2, sending=5), log=lambda _: None)

    async def one():
        answer = []

        async def send(part):
            answer.append(part)

        async def receive():
            return {"type": "http.request", "body": b"x", "more_body": False}

        await safe(SCOPE, receive, send)
        sent.append((answer[0]["status"], dict(answer[0]["headers"]).get(b"retry-after")))

    async def visit():
        asking = [asyncio.create_task(one()) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert len(read) == 2
        assert sent == [(503, b"5")] * 3
        gate.set()
        await asyncio.gather(*asking)
        await one()

    asyncio.run(visit())
    assert [status for status, _ in sent] == [503] * 3 + [200] * 3


SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/api/v1/screen",
    "query_string": b"",
    "scheme": "http",
    "headers": [(b"host", b"localhost")],
    "http_version": "1.1",
    "server": ("localhost", 80),
    "client": ("127.0.0.1", 1),
    "root_path": "",
    "raw_path": b"/api/v1/screen",
}


def run(parts, headers=()):
    """Send a body part by part to the application; return the status and how many parts were taken."""
    client, _ = made()
    taken, sent = [], []

    coming = iter(parts)

    async def receive():
        part = next(coming)
        taken.append(part)
        if part is None:
            await asyncio.sleep(5)
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(one):
        sent.append(one)

    scope = {**SCOPE, "headers": [*SCOPE["headers"], *headers]}
    asyncio.run(client.app(scope, receive, send))
    return sent[0]["status"], len(taken)


def endless(size):
    while True:
        yield bytes(size)


def test_a_body_that_says_it_is_too_large_is_not_read():
    assert run(endless(100), [(b"content-length", b"1000000000")]) == (413, 0)


def test_a_stream_without_a_length_is_cut_off_early():
    # eleven parts, and as many as are thrown away so that a visitor who sends a little too much can read the refusal
    assert run(endless(100)) == (413, 11 + LIMITS.discarded // 100 + 1)


def test_the_rest_of_a_body_that_is_a_little_too_large_is_thrown_away():
    status, taken = run(endless(100), [(b"content-length", b"1200")])
    assert (status, taken) == (413, LIMITS.discarded // 100 + 1)


def test_a_body_that_trickles_is_cut_off():
    assert run([b"x", None]) == (408, 2)


@pytest.fixture
def served():
    """A server that waits for half a second, and answers three connections."""

    async def app(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    limits = replace(LIMITS, sending=0.5, connections=3)
    config = uvicorn.Config(
        app, http=web_server.Patient.with_limits(limits), log_level="critical", lifespan="off", ws="none"
    )
    server, listening = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    running = threading.Thread(target=server.run, args=([listening],), daemon=True)
    running.start()
    yield listening.getsockname()
    server.should_exit = True
    running.join(5)


def ended(line, begun):
    """Return how long a connection stood open."""
    line.settimeout(5)
    while line.recv(1000):
        pass
    return time.perf_counter() - begun


def test_a_question_that_does_not_come_or_comes_in_drops_ends_its_connection(served):
    for first in (
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    ):  # the last is answered, then silent
        begun = time.perf_counter()
        with socket.create_connection(served) as line:
            line.sendall(first)
            assert ended(line, begun) < 3
    begun = time.perf_counter()
    with socket.create_connection(served) as line, suppress(ConnectionError):
        while time.perf_counter() - begun < 5:
            line.sendall(b"G")
            time.sleep(0.05)
    assert time.perf_counter() - begun < 3


def test_the_place_of_the_visitor_who_is_silent_for_longest_goes_to_the_next(served):
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(served)) for _ in range(4)]
        time.sleep(0.1)
        assert lines[0].recv(1) == b""
        lines[-1].settimeout(0.1)
        with pytest.raises(TimeoutError):
            lines[-1].recv(1)


def asked(place, question=b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"):
    """Return the seconds that an answer took, and its first line."""
    begun = time.perf_counter()
    with socket.create_connection(place, timeout=5) as line:
        line.sendall(question)
        return time.perf_counter() - begun, line.recv(100).partition(b"\r\n")[0]


@pytest.fixture
def serving():
    """Start servers of an application with limits; they end with the test."""
    with ExitStack() as stack:

        def start(app, limits):
            patient = web_server.Patient.with_limits(limits)
            config = uvicorn.Config(
                app, http=patient, log_level="critical", lifespan="off", ws="none", limit_concurrency=limits.connections
            )
            server, listening = uvicorn.Server(config), web_server.listening_socket("127.0.0.1", 0)
            running = threading.Thread(target=server.run, args=([listening],), daemon=True)
            running.start()
            stack.callback(running.join, 5)
            stack.callback(setattr, server, "should_exit", True)  # noqa: FBT003 - of uvicorn
            return listening.getsockname()

        yield start


async def short(_, __, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_more_slow_visitors_than_there_is_room_for_hold_up_nobody(serving, said):
    place = serving(short, replace(LIMITS, sending=30, connections=20))
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(socket.create_connection(place)).sendall(said)
        time.sleep(0.2)
        for _ in range(3):
            took, line = asked(place)
            assert took < 1
            assert line == b"HTTP/1.1 200 OK"


def test_visitors_who_do_not_read_hold_up_nobody_and_are_let_go(serving):
    begun, ended = [], []

    async def long(_, __, send):
        begun.append(1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(200):
                await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            ended.append(1)

    async def app(scope, receive, send):
        await (long if scope["path"] == "/long" else short)(scope, receive, send)

    place = serving(app, replace(LIMITS, sending=2, connections=20))
    with ExitStack() as stack:
        for _ in range(30):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(place)
            line.sendall(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n")
        since = time.perf_counter()
        while asked(place)[1] != b"HTTP/1.1 200 OK":  # until the places are taken by answers that stand still
            assert time.perf_counter() - since < 1.5
        until = time.perf_counter() + 10
        while len(ended) < len(begun) and time.perf_counter() < until:
            time.sleep(0.05)
    assert len(ended) == len(begun) > 0


@pytest.mark.parametrize("host", ["127.0.0.1:80@evil.example", "localhost:80:80", "localhost@evil", "[::1", "::1]", ""])
def test_what_only_looks_like_this_machine_is_another_host(host):
    assert made()[0].get("/en/region/52.html", headers={"host": host}).status_code == 421


def test_a_head_that_is_too_large_is_refused_however_it_comes():
    answer = made()[0].get("/en/region/52.html", headers={"x": "a" * 20_000})
    assert (answer.status_code, answer.json()["code"]) == (431, "web.large-head")


RAW = {  # what no honest program sends in one piece
    b"GET / HTTP/1.1\r\n\r\n": {400},
    b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n": {400},
    b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde": {400},
    b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n": {400},
    b"GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n": {400, 501},
    b"GET / HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n": {400},
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n": {400},
}


def test_what_is_no_question_by_the_rules_never_reaches_the_application(serving):
    reached = []

    async def app(scope, receive, send):
        reached.append(scope["headers"])
        await short(scope, receive, send)

    place = serving(app, replace(LIMITS, sending=2, connections=20))
    for raw, codes in RAW.items():
        assert int(asked(place, raw)[1].split()[1]) in codes, raw
    assert reached == []


def test_a_question_of_two_lengths_is_refused_and_what_stands_behind_it_is_none(serving):
    paths = []

    async def app(scope, receive, send):
        paths.append(scope["path"])
        await short(scope, receive, send)

    place = serving(Safety(app, log=lambda _: None), replace(LIMITS, sending=2, connections=20))
    both = b"content-length: 44\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    behind = b"GET /second HTTP/1.1\r\nhost: localhost\r\n\r\n"
    _, line = asked(place, b"POST /first HTTP/1.1\r\nhost: localhost\r\n" + both + behind)
    time.sleep(0.3)
    assert line.split()[1] == b"400"
    assert paths == []


@pytest.mark.parametrize("path", ["/api/v1/measure", "/en/index.html?set=a%3D1", "/en/index.html?set"])
def test_work_is_not_done_for_a_page_of_another_site(path):
    client, _ = made()
    answer = client.get(path, headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "web.cross-site")
    assert client.get(path, headers={"sec-fetch-site": "same-origin"}).status_code != 403
    assert client.get(path).status_code != 403


def test_a_link_of_another_site_opens_a_page():
    client, _ = made()
    assert client.get("/en/region/52.html", headers={"sec-fetch-site": "cross-site"}).status_code == 200
