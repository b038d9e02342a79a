from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from xinzhi.web import Limits
from xinzhi.web.safety import HEADERS, POLICY, Safety

SECRET, TOKEN = "a secret of the inside", "a-b_c.d"
LIMITS = replace(Limits.shipped(), body=1000, sending=0.2)


def made(**options):
    app, lines = FastAPI(), []

    @app.get("/en/region/{code}.html")
    def region(code: str):
        if code == "fault":
            raise RuntimeError(SECRET)
        return {"code": code}

    @app.post("/api/v1/screen")
    async def screen(request: Request):
        return {"bytes": len(await request.body())}

    safe = Safety(app, limits=LIMITS, log=lines.append, **options)
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
    assert not any(word in lines[0] for word in ("Zhang", "52", "testclient"))
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
    assert "wrong" not in "".join(lines)


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address():
    client, lines = made(token=TOKEN)
    answer = client.get("/en/region/52.html?protocol=zhang-2004&token=a-b_c.d")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/en/region/52.html?protocol=zhang-2004"
    assert "HttpOnly; SameSite=Strict" in answer.headers["set-cookie"]
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get("//evil.example/?token=a-b_c.d", headers={"cookie": ""}).headers.get("location", "/x")[:2] != "//"
    bare, _ = made(token=TOKEN)
    assert bare.get("/en/region/52.html", headers={"authorization": "Bearer a-b_c.d"}).status_code == 200
    assert "a-b_c.d" not in "".join(lines)


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

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/screen", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"localhost"), *headers], "http_version": "1.1", "server": ("localhost", 80),
        "client": ("127.0.0.1", 1), "root_path": "", "raw_path": b"/api/v1/screen",
    }  # fmt: skip
    asyncio.run(client.app(scope, receive, send))
    return sent[0]["status"], len(taken)


def endless(size):
    while True:
        yield bytes(size)


def test_a_body_that_says_it_is_too_large_is_not_read():
    assert run(endless(100), [(b"content-length", b"1000000000")]) == (413, 0)


def test_a_stream_without_a_length_is_cut_off_early():
    assert run(endless(100)) == (413, 11)


def test_a_body_that_trickles_is_cut_off():
    assert run([b"x", None]) == (408, 2)
