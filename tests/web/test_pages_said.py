"""Copied lines, issuers, uploads and forms: what pages say of themselves, held to the library and the terminal."""

from __future__ import annotations

import re
import shlex
from html import unescape

from web.reading import Reader

from xinzhi.core.text import words
from xinzhi.studies.internal import options_of
from xinzhi.web import Store, pages, render
from xinzhi.web.page import Address, Call


def spoken_lines(html):
    """Return the copied lines of a page that ask for a study, by kind."""
    found = {
        kind: [unescape(line) for line in re.findall(rf"<dt>{title}</dt><dd><code>(.*?)</code>", html)]
        for kind, title in {"python": "Python", "cli": "Command line"}.items()
    }
    others = ("from xinzhi import protocol", "xinzhi protocol", "xinzhi data")  # of a protocol, of the package
    return {kind: [line for line in lines if not line.startswith(others)] for kind, lines in found.items()}


def heard(monkeypatch, lines):
    """Return what the command line and Python understand of lines: topic, data, and the options that were given."""
    import xinzhi
    from xinzhi.cli import app

    calls = []
    monkeypatch.setattr(app, "_run", lambda verb, _, /, **values: calls.append((verb, app.given_options(values))))
    monkeypatch.setattr(xinzhi, "study", lambda topic, data, **asked: calls.append((topic, {"data": data, **asked})))
    for line in lines["cli"]:
        app.application("en").main(shlex.split(line)[1:], standalone_mode=False)
    for line in lines["python"]:
        exec(line)  # noqa: S102 - the line under test
    return calls[: len(lines["cli"])], calls[len(lines["cli"]) :]


def test_every_copied_line_is_understood_and_asks_the_same(client, folder, monkeypatch):
    asked = [
        "claim.html?region=520000&start=2010&end=2020&growth=1.8&protocol=zhang-2004",
        "claim.html?region=贵州&start=2010&end=2020&growth=-1.8",
        "audit.html?region=520000",
        "region/520000.html?protocol=zhang-2004",
    ]
    pages_ = [path.read_text("utf-8") for path in (folder / "en").rglob("*.html")]
    pages_ += [client.get(f"/en/{path}").text for path in asked]
    found = [spoken_lines(page) for page in pages_]
    silent = {line for one in found if not one["cli"] for line in one["python"]}  # of what has no verb
    assert silent == {'import xinzhi; xinzhi.study("vintages", "china-provinces")'}
    pairs = {pair for one in found if one["cli"] for pair in zip(one["cli"], one["python"], strict=True)}
    assert len(pairs) > 40
    lines = {"cli": [line for line, _ in pairs], "python": [line for _, line in pairs]}
    for (verb, told), (topic, python) in zip(*heard(monkeypatch, lines), strict=True):
        options = options_of(topic)
        assert set(python) - {"data"} <= set(options)
        data = next(told.pop(name) for name in ("data", "file", "projects") if name in told)
        assert verb == topic
        assert {"data": data} | {name: str(value) for name, value in told.items()} == python


def test_the_lines_of_a_package_of_ones_own_name_what_the_site_was_given(tmp_path, store):
    import shutil

    from xinzhi.data.loading import SHIPPED

    own = tmp_path / "my data"
    shutil.copytree(SHIPPED / store.package.name, own)
    site = Store(own, protocol="zhang-2004")
    try:
        call = render.lines(site, Address("en"), Call(topic="brief", options={"region": "520000"}))
    finally:
        site.close()
    assert shlex.split(call["cli"])[1:] == ["brief", "520000", str(own), "--protocol", "zhang-2004"]
    assert f'"{own}", region="520000", protocol="zhang-2004"' in call["python"]
    assert "data fingerprint" in render.cite(store, pages.reference.data(store, Address("en", "data"))).en


def test_what_no_bureau_of_statistics_issued_is_not_said_to_be_from_it(folder, store):
    for page in ("category/hydrogen", "categories"):
        text = Reader((folder / "zh" / f"{page}.html").read_text("utf-8")).words
        source = text.rpartition("资料来源：")[2].partition("。")[0]
        assert {"国家统计局", "国务院有关部门", "各省级人民政府"} < set(re.split("[、，]", source)), source
    offices = {name: {one.zh for one in found} for name, found in store.package.issuers.items()}
    assert "国家统计局" not in offices["archive"] | offices["plans"] | offices["debt"]
    named = {name for name, frame in store.package.tables.items() if "issuer" in frame.columns}
    assert named == {"capability", "archive"}
    assert all(len(offices[name]) > 1 for name in named)  # their rows are of several offices


def test_projects_that_are_uploaded_get_their_ledger_and_are_not_kept(client, store):
    name = store.package.tables["archive"]["title"][0]
    sent = f"id,region,title\n1,340000,{name}\n2,340000,<b>某县新建二十座气象观测站</b>\n".encode()
    answer = client.post("/zh/projects.html", files={"file": ("../../a.csv", sent, "text/csv")})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert name in unescape(answer.text)
    assert "<b>某县" not in answer.text
    page = Reader(answer.text)
    assert not page.inline
    assert not page.scripts
    assert "国家统计局" not in answer.text  # what a visitor brings was issued by no office
    assert "资料来源：upload.csv与各地公开的项目清单比对。" in page.words
    refused = client.post("/en/projects.html", files={"file": ("a.csv", b"\x00\x01", "text/csv")})
    assert refused.status_code == 422
    assert "neither a CSV text" in refused.text


def test_findings_are_as_many_on_the_page_as_for_programs(client, store):
    found = client.get("/api/v1/check").json()
    assert len(found) == len(store.findings())
    errors = sum(one["severity"] == "error" for one in found)
    for language in ("zh", "en"):
        line = words("web.data.found_lead", n=len(found), errors=errors).lang(language)
        assert " ".join(line.split()) in Reader(client.get(f"/{language}/data.html").text).words


def test_forms_of_a_server_need_no_script_and_a_folder_has_none(client, folder):
    hidden = re.compile(r"\.server[^{},]*\{[^}]*display: none")
    assert not hidden.search(client.get("/assets/site.css").text)
    assert hidden.search((folder / "assets" / "site.css").read_text("utf-8"))
    for page in ("claim", "audit", "protocols", "projects", "region/520000"):
        [form] = re.findall(
            r'<form class="[^"]*\bserver\b[^>]*>.*?</form>', client.get(f"/en/{page}.html").text, re.DOTALL
        )[:1]
        assert " hidden" not in form.partition(">")[0]
        assert '<button type="submit">' in form
