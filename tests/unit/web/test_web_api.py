from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import polars as pl
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

import xinzhi
from xinzhi.studies.internal import ON_SERVERS
from xinzhi.web import Limits, Store
from xinzhi.web.api import add_api
from xinzhi.web.parameters import query_model

ROOT = Path(__file__).resolve().parents[3]
ASKED = {
    "brief": {"region": "52"},
    "claim": {"region": "52", "start": 2012, "end": 2017, "growth": "3%"},
    "able": {"region": "52", "category": "computing"},
}


@pytest.fixture(scope="module")
def app(store):
    made = FastAPI()
    add_api(made, store)
    return made


@pytest.fixture(scope="module")
def client(app):
    return TestClient(app, base_url="http://localhost")


def get(client, path, **query):
    return client.get(f"/api/v1/{path}", params=query)


def alike(one, other):
    """Say whether two documents are the same but for the last digits of sums that threads add in any order."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return math.isclose(one, other, rel_tol=1e-12) if isinstance(one, float) else one == other


@pytest.mark.parametrize("topic", ["measure", "brief", "claim", "able", "plan", "sources", "frontier", "vintages"])
def test_an_answer_is_that_of_the_command_line(client, topic, capsys, monkeypatch):
    from xinzhi.cli import main

    asked = ASKED.get(topic, {})
    mine = get(client, topic, **asked)
    assert mine.status_code == 200
    if topic in {"measure", "vintages"}:  # verbs of Python alone
        frame = next(iter(xinzhi.study(topic, "china-provinces").results.values())).frame
        assert len(mine.json()["results"][0]["frame"]) == frame.height
        return
    called = {"start": "from", "end": "to"}
    options = [f"--{called.get(name, name)}={value}" for name, value in asked.items()]
    words = [topic, *([asked["region"]] if topic == "brief" else []), "china-provinces"]
    monkeypatch.setattr("sys.argv", ["xinzhi", *words, "--json", "--lang=en", *(options if topic != "brief" else [])])
    with pytest.raises(SystemExit):
        main()
    assert alike(json.loads(capsys.readouterr().out), mine.json())


def test_names_and_values_of_a_question_are_checked(client):
    unknown = get(client, "measure", protcol="zhang-2004")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "web.values")
    assert "protcol" in unknown.json()["message"]
    assert get(client, "claim", start="soon").status_code == 422
    assert get(client, "bands", level="nan").status_code == 422
    refused = get(client, "measure", region="Atlantis", lang="zh")
    assert refused.status_code == 400
    assert refused.json()["code"] == "core.other-region"
    assert "Atlantis" in refused.json()["message"]
    assert get(client, "measure", protocol="../../etc/passwd").status_code == 400
    assert get(client, "screen").status_code == 422
    missing = get(client, "no-such-topic")
    assert (missing.status_code, missing.json()["code"]) == (404, "web.no-address")


def test_no_option_that_names_a_file_can_be_asked():
    paths = {
        "claims",
        "before",
        "archive",
        "labels",
        "projects",
        "firms",
        "rates",
        "bands",
        "io",
        "digital",
        "energy",
        "system",
        "definition",
        "encoding",
        "plan",
        "out",
        "emerging",
    }
    for topic in ON_SERVERS:
        assert not paths & set(query_model(topic).model_fields)


def test_a_protocol_can_be_changed_for_one_question(client):
    plain = get(client, "measure").json()["results"][0]
    changed = get(client, "measure", set="capital.depreciation=0.12").json()["results"][0]
    assert plain["provenance"]["protocol_fingerprint"] != changed["provenance"]["protocol_fingerprint"]
    assert plain["frame"][0]["tfp_growth"] != changed["frame"][0]["tfp_growth"]
    assert get(client, "measure", set="capital.depreciation=plenty").status_code == 400
    assert get(client, "measure", set="capital.nothing=1").status_code == 400


def test_every_table_and_picture_of_a_topic_is_a_file(client):
    found = get(client, "measure/contents", lang="zh").json()["results"]["measurement"]
    assert found["pictures"]["ranking"]
    for kind, head in {"csv": b"region,year", "xlsx": b"PK", "parquet": b"PAR1", "sdmx": b"STRUCTURE,"}.items():
        made = get(client, f"measure/results/measurement.{kind}")
        assert made.content.startswith(head)
        assert 'filename="measure-measurement.' in made.headers["content-disposition"]
    for key in found["tables"]:
        assert get(client, f"measure/tables/measurement/{key}.csv", lang="zh").status_code == 200
    assert get(client, "measure/pictures/measurement/ranking.svg").text.startswith("<svg")
    assert get(client, "measure/pictures/measurement/ranking.png").content.startswith(b"\x89PNG")
    assert get(client, "measure/pictures/measurement/ranking.json").json()["$schema"]
    for path in (
        "measure/results/none.csv",
        "measure/tables/measurement/none.csv",
        "measure/pictures/measurement/x.svg",
    ):
        assert get(client, path).status_code == 400
    assert get(client, "measure/results/measurement.exe").status_code == 422


def test_files_hold_the_figures_of_the_study(client):
    frame = xinzhi.measure("china-provinces").frame
    read = pl.read_parquet(io.BytesIO(get(client, "measure/results/measurement.parquet").content))
    assert read.equals(frame)
    rows = list(csv.DictReader(io.StringIO(get(client, "measure/results/measurement.sdmx").text.lstrip("\ufeff"))))
    one = next(
        row
        for row in rows
        if (row["REF_AREA"], row["TIME_PERIOD"], row["INDICATOR"]) == ("520000", "2010", "TFP_GROWTH")
    )
    expected = frame.filter(region="520000", year=2010)["tfp_growth"][0]
    assert math.isclose(float(one["OBS_VALUE"]), expected, rel_tol=1e-12)
    assert one["STRUCTURE_ID"] == "XINZHI:MEASURE(0.2.0)"
    assert "xinzhi-cn-2026@" in one["COMMENT_DSET"]


def test_an_answer_that_is_known_is_not_sent_again(client):
    first = get(client, "plan")
    again = client.get("/api/v1/plan", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    bare = client.get("/api/v1/plan", headers={"accept-encoding": "identity"})
    assert bare.content == first.content
    assert "content-encoding" not in bare.headers
    assert first.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("asked", "code"),
    [("贵", "520000"), ("guizhou", "520000"), ("neimeng", "150000"), ("52", "520000"), ("吉林省", "220000")],
)
def test_regions_are_found_by_name_code_and_pinyin(client, asked, code):
    assert get(client, "regions", q=asked).json()["regions"][0]["code"] == code


@pytest.mark.parametrize("topic", ["measure", "bands", "sources", "risks"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_figure_is_explained(client, topic, lang):
    made = get(client, "explain", of=topic, region="贵州", lang=lang).json()
    assert made["region"] == "520000"
    assert made["issuers"] in made["text"]
    assert len(made["text"].splitlines()) > 2
    if topic == "measure":
        account = made["account"]
        assert math.isclose(account["value"], sum(row["tfp"] for row in account["years"]) / len(account["years"]))
        assert all(row["reference"] for row in account["parameters"] if row["parameter"] == "capital.depreciation")
    if topic == "sources":
        row = made["parts"][0]
        assert math.isclose(row["tfp_growth"], row["breakthrough"] + row["allocation"] + row["upgrading"])
    assert get(client, "explain", of=topic, region="Atlantis").status_code == 400


def test_protocols_are_told_in_full_and_compared(client):
    ids = [one["id"] for one in get(client, "protocols").json()]
    assert "zhang-2004" in ids
    assert get(client, "protocols/zhang-2004").json()["parameters"]["capital.depreciation"]["value"] == 0.096
    rows = get(client, "protocols/difference", first="zhang-2004", second="xinzhi-cn-2026").json()
    assert "output.price_base" in [row["parameter"] for row in rows]
    assert get(client, "protocols/none").status_code == 400


def test_findings_are_those_of_check(client):
    found = get(client, "check").json()
    assert len(found) == len(xinzhi.studies.check("china-provinces"))


def test_what_is_kept_is_answered_while_everybody_waits_for_something_else(monkeypatch):
    """Sixty visitors of one slow study take neither the threads nor the workers from those of what is kept."""
    limits, gate = Limits.load(), threading.Event()
    store, app = Store("china-provinces"), FastAPI()
    add_api(app, store)
    plain = store.study

    def slow(topic, rules=None, **asked):
        if rules is not None and rules.fingerprint != store.rules.fingerprint:
            gate.wait(20)
        return plain(topic, None, **asked)

    async def visit():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as line:
            assert (await line.get("/api/v1/plan")).status_code == 200
            asked = [line.get("/api/v1/measure", params={"set": "capital.depreciation=0.1"}) for _ in range(60)]
            asking = [asyncio.create_task(one) for one in asked]
            await asyncio.sleep(0.3)
            begun = time.perf_counter()
            assert (await line.get("/api/v1/plan")).status_code == 200
            assert time.perf_counter() - begun < 0.2
            assert (await line.get("/api/v1/regions?q=gui")).status_code == 200  # a thread is left for what is not kept
            assert (await line.get("/api/v1/bridge")).status_code == 200  # and a worker
            gate.set()
            return [answer.status_code for answer in await asyncio.gather(*asking)]

    monkeypatch.setattr(store, "study", slow)
    codes = asyncio.run(visit())
    assert codes.count(200) == limits.waiters_per_answer
    assert codes.count(503) == 60 - limits.waiters_per_answer
    store.close()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nope", "没有/api/v1/nope"),
        ("protocols/zzz", "协议"),
        ("protocols/difference?first=zzz&second=shan-2008", "协议"),
        ("brief?region=52&foo=1", "没有foo这个参数"),
        ("explain", "缺少region"),
        ("claim?start=soon", "start：应为整数"),
        ("bands?level=nan&region=52", "level：应为数"),
        ("bands?level=9e9", "level：不得大于1,000,000"),
        ("explain?region=52&of=firms", "of：只能是measure、bands、sources、risks"),
        (f"measure?region={'x' * 70}", "region：长度或个数不得超过64"),
        ("measure?set=no", "set.0：无法读取"),
    ],
)
def test_what_is_amiss_is_said_in_the_language_asked(client, path, said):
    other = "&" if "?" in path else "?"
    answer = client.get(f"/api/v1/{path}{other}lang=zh")
    assert answer.status_code >= 400
    message = answer.json()["message"]
    assert said in message
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,} ", message), message
    assert client.get(f"/api/v1/{path}").json()["message"].isascii()


def test_a_server_without_room_says_when_to_come_back():
    store = Store("china-provinces", limits=replace(Limits.load(), workers=1, waiting=-1))
    app = FastAPI()
    add_api(app, store)
    refused = TestClient(app).get("/api/v1/plan")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == str(store.limits.retry)
    assert refused.json()["code"] == "web.busy"


def test_nothing_in_the_description_can_change_anything(app):
    paths = app.openapi()["paths"]
    assert len(paths) > 90
    assert {method for path in paths.values() for method in path} <= {"get", "post"}


SHORT = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
QUICK = ("measure", "claim", "able", "plan", "sources", "scope", "bridge", "vintages", "regions", "check", "protocols")


def test_no_question_makes_a_fault(app):
    """A short run of the fuzzer that ``bench/bench_web_fuzz.py`` runs for minutes: what answers at once."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    tried = []
    for operation in schema.include(path_regex=f"^/api/v1/({'|'.join(QUICK)})$").get_all_operations():

        @settings(
            max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
        )
        @given(case=operation.ok().as_strategy())
        def ask(case):
            tried.append(case.path)
            case.call_and_validate(checks=[not_a_server_error])

        ask()
    assert len(set(tried)) == len(QUICK)
