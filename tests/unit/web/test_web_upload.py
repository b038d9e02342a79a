from __future__ import annotations

import asyncio
import io
import json
import re
import struct
import zipfile
import zlib
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.web import Limits, upload
from xinzhi.web.api import add_api
from xinzhi.web.safety import Safety

LIMITS = replace(Limits.load(), seconds=300)
EVIL = "=HYPERLINK(1)"
HEAD = "id,year,title,text\n"
ROWS = (
    "p1,2024,智慧农业产业园建设项目,建设智能温室5万平方米，总投资2.3亿元\n"
    f"{EVIL},2024,<script>alert(1)</script>,甲醇汽车整车生产线20万辆\n"
)
ONE = {"id": "p1", "year": 2024, "title": "智慧农业产业园", "text": "建设智能温室5万平方米"}
FORM = {"content-type": "multipart/form-data; boundary=x"}
OTHERS = {
    "program": b"\x7fELF\x02\x01\x01\x00",
    "pdf": b"%PDF-1.7\n\x00\xff\xff",
    "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1",
    "cut zip": b"PK\x03\x04 no zip",
    "picture": b"\x89PNG\r\n\x1a\n\x00",
}


@pytest.fixture(scope="module")
def client(store):
    app = FastAPI()
    add_api(app, store)
    return TestClient(Safety(app, limits=LIMITS, log=lambda _: None), base_url="http://localhost")


def send(client, data, path="screen", **query):
    return client.post(f"/api/v1/{path}", content=data, params=query)


def workbook(parts=()):
    made = io.BytesIO()
    frame = pl.DataFrame([ONE])
    frame.write_excel(made, worksheet="projects")
    if parts:
        with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as book:
            for name, content in parts:
                book.writestr(name, content)
    return made.getvalue()


def refused(answer, code, status=422):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return True


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_screened_whatever_its_encoding(client, encoding):
    made = send(client, (HEAD + ROWS).encode(encoding)).json()
    frame = made["results"][0]["frame"]
    assert {row["id"] for row in frame} == {"p1", EVIL}
    assert all(row["verdict"] for row in frame)


def test_a_workbook_is_screened_as_a_table(client):
    assert send(client, workbook()).json()["results"][0]["frame"][0]["id"] == "p1"


def test_nothing_that_goes_out_is_computed_by_a_spreadsheet(client):
    data = (HEAD + ROWS).encode()
    text = send(client, data, format="csv").content.decode("utf-8-sig")
    assert f"'{EVIL}" in text
    assert f"\n{EVIL}" not in text
    book = send(client, data, format="xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]
    assert book.headers["content-disposition"] == 'attachment; filename="screening.xlsx"'


def test_markup_in_names_stays_text(client):
    answer = send(client, (HEAD + ROWS).encode())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused(send(client, b"<html><script>alert(1)</script></html>"), "web.upload-kind")


def test_the_name_of_a_file_is_never_a_path(client, tmp_path):
    for name in ("../../etc/passwd", "/etc/passwd", "a\x00b.csv", "x.php", "..\\..\\boot.ini"):
        files = {"file": (name, (HEAD + ROWS).encode(), "text/csv")}
        answer = client.post("/api/v1/screen", files=files)
        assert answer.status_code == 200
        assert "passwd" not in answer.text
    bad = client.post("/api/v1/screen", files={"file": ("../../etc/passwd", b"a,b\n1,2\n", "text/csv")})
    assert bad.status_code in {400, 422}
    assert str(tmp_path.parent.parent) not in bad.text
    assert "/dev" not in bad.text


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_what_is_no_table_is_refused_by_what_it_holds(client, data):
    refused(send(client, data), "web.upload-kind")
    named = client.post("/api/v1/screen", files={"file": ("projects.csv", data, "text/csv")})
    refused(named, "web.upload-kind")


@pytest.mark.parametrize("data", [b"", b"  \n ", b"\r\n"])
def test_nothing_is_refused(client, data):
    refused(send(client, data), "web.upload-empty")


def test_a_form_without_a_file_or_end_is_refused(client):
    assert client.post("/api/v1/screen", data={"a": "b"}, files={}).status_code in {400, 422}
    torn = client.post(
        "/api/v1/screen", content=b"--x\r\nContent", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    refused(torn, "web.upload-empty")
    refused(
        client.post("/api/v1/screen", content=b"x", headers={"content-type": "multipart/form-data"}), "web.upload-empty"
    )


def test_an_archive_that_is_no_workbook_is_refused(client):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("projects.csv", HEAD + ROWS)
    refused(send(client, made.getvalue()), "web.upload-kind")


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_without_unpacking_it(client):
    bomb = workbook([(f"xl/media/{number}.bin", bytes(40_000_000)) for number in range(5)])
    assert len(bomb) < 400_000
    refused(send(client, bomb), "web.upload-bomb")
    refused(send(client, bomb, "check"), "web.upload-bomb")


def test_a_workbook_that_lies_about_its_sizes_is_refused():
    """The list of a zip file can say that a part is small: what counts is what comes out."""
    data = workbook([("xl/media/a.bin", bytes(40_000_000))])
    start = data.rindex(b"PK\x01\x02")
    lying = bytearray(data)
    lying[start + 24 : start + 28] = struct.pack("<I", 100)
    with zipfile.ZipFile(io.BytesIO(bytes(lying))) as book:
        assert book.infolist()[-1].file_size == 100
    with pytest.raises(InputError) as found:
        upload.kind_of(bytes(lying), replace(LIMITS, unpacked=10_000_000))
    assert found.value.code == "web.upload-bomb"


def test_a_workbook_of_too_many_or_locked_parts_is_refused():
    many = workbook([(f"xl/{number}.xml", b"") for number in range(30)])
    for data, limits in ((many, replace(LIMITS, entries=20)), (_locked(workbook()), LIMITS)):
        with pytest.raises(InputError) as found:
            upload.kind_of(data, limits)
        assert found.value.code == "web.upload-kind"
    with pytest.raises(InputError):
        upload.kind_of(_torn(workbook()), LIMITS)


def _locked(data):
    made, at = bytearray(data), data.index(b"PK\x01\x02")
    made[at + 8] |= 1
    return bytes(made)


def _torn(data):
    """Return a workbook whose first part is no deflated stream."""
    made = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        part = max(book.infolist(), key=lambda one: one.compress_size)
    at = part.header_offset + 30 + len(part.filename)
    made[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(zlib.error):
        zlib.decompressobj(-15).decompress(bytes(made[at : at + part.compress_size]))
    return bytes(made)


def test_a_long_table_is_refused(client):
    rows = "".join(f"p{number},2024,项目{number},建设{number}\n" for number in range(LIMITS.rows + 1))
    refused(send(client, (HEAD + rows).encode()), "web.upload-rows")


def long_workbook(rows, prefix=""):
    """Return a workbook of so many projects, whose sheet may name its elements with a prefix."""
    made = io.BytesIO()
    pl.DataFrame([ONE] * rows).write_excel(made, worksheet="projects")
    prefixed = io.BytesIO()
    with zipfile.ZipFile(made) as book, zipfile.ZipFile(prefixed, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in book.infolist():
            content = book.read(part)
            if prefix and part.filename == "xl/worksheets/sheet1.xml":
                content = re.sub(rb"<(/?)(?=[a-z])(?!\?)", rb"<\1" + prefix.encode() + b":", content)
                content = content.replace(b"xmlns=", f"xmlns:{prefix}=".encode())
            copy.writestr(part, content)
    return prefixed.getvalue()


@pytest.mark.parametrize("prefix", ["", "x"])
def test_rows_of_a_long_workbook_are_counted_whatever_its_elements_are_called(prefix):
    with pytest.raises(InputError) as refusal:
        upload.screen_upload(SimpleNamespace(limits=replace(LIMITS, rows=200)), long_workbook(300, prefix))
    assert refusal.value.code == "web.upload-rows"
    assert refusal.value.values["rows"] == 300


def test_a_cell_as_long_as_a_book_is_refused(client):
    text = "字" * (LIMITS.letters + 1)
    refused(send(client, f"{HEAD}p1,2024,项目,{text}\n".encode()), "web.upload-letters")
    assert send(client, f"{HEAD}p1,2024,项目,{text[1:]}\n".encode()).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "rule"), [("screen", 422, "data.sheet-empty"), ("check", 200, "empty-table")]
)
def test_a_workbook_of_headings_alone_is_refused_or_found_empty(client, path, status, rule):
    made = io.BytesIO()
    pl.DataFrame([ONE]).head(0).write_excel(made, worksheet="projects")
    answer = send(client, made.getvalue(), path)
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert rule in ([found["code"]] if status == 422 else [finding["rule"] for finding in found])


def test_a_body_over_the_limit_is_refused(client):
    refused(send(client, bytes(LIMITS.body + 1)), "web.too-large", 413)


@pytest.mark.parametrize("sized", [True, False])
def test_the_rest_of_a_body_that_is_too_large_is_read_so_that_the_refusal_can_be(sized):
    parts = [bytes(1 << 20)] * 24
    left = list(parts)

    async def receive():
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left)}

    sent = []

    async def send_to(message):
        sent.append((message, len(left)))

    async def reading(_, receive, __):
        while (await receive())["more_body"]:
            pass

    length = [(b"content-length", str(24 << 20).encode())] if sized else []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/screen",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *length],
    }
    asyncio.run(Safety(reading, limits=LIMITS, log=lambda _: None)(scope, receive, send_to))
    assert sent[0][0]["status"] == 413
    assert sent[0][1] == 0  # nothing was left to be sent when the answer went out


def test_nothing_is_left_of_an_upload(client, tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "MEMORY", tmp_path)
    seen = []
    inner = xinzhi.studies.screen
    monkeypatch.setattr(upload.studies, "screen", lambda path, **more: seen.append(path) or inner(path, **more))
    send(client, (HEAD + ROWS).encode())
    assert seen[0].parent.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_an_uploaded_package_is_checked_as_on_the_command_line(client, tmp_path):
    book = tmp_path / "own.xlsx"
    pl.DataFrame({"region": ["r1", "r1"], "year": [2000, 2000], "output_nominal": [1.0, 2.0]}).write_excel(
        book, worksheet="accounts"
    )
    mine = send(client, book.read_bytes(), "check").json()
    theirs = [one.to_dict() for one in xinzhi.studies.check(book)]
    assert [(one["rule"], one["line"]) for one in mine] == [(one["rule"], one["line"]) for one in theirs]
    assert "duplicate-key" in {one["rule"] for one in mine}
    marked = send(client, book.read_bytes(), "check", format="xlsx", lang="zh")
    assert marked.content.startswith(b"PK")
    refused(send(client, (HEAD + ROWS).encode(), "check"), "web.upload-package")


def test_errors_are_told_in_the_language_asked(client):
    said = json.loads(send(client, b"a,b\n1,2\n", lang="zh").content)["message"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said)
