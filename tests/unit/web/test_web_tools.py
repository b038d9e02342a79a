from __future__ import annotations

import asyncio
import json

import pytest

import xinzhi
from xinzhi.web import Store
from xinzhi.web.tools import server

mcp = pytest.importorskip("mcp")
TOOLS = {"measure", "bands", "explain", "claim", "audit", "brief", "check"}


@pytest.fixture(scope="module")
def store():
    made = Store("china-provinces")
    yield made
    made.close()


@pytest.fixture(scope="module")
def called(store):
    """Call through the in-memory client of the package."""

    async def call(name, asked):
        async with mcp.Client(server(store)) as client:
            return await client.call_tool(name, asked)

    return lambda name, **asked: asyncio.run(call(name, asked))


@pytest.fixture(scope="module")
def ask(called):
    """Return the text of an answer that is no error."""

    def text(name, **asked):
        found = called(name, **asked)
        assert not found.is_error
        return found.content[0].text

    return text


def test_the_tools_are_the_verbs_and_say_what_they_do(store):
    async def listed():
        async with mcp.Client(server(store)) as client:
            return (await client.list_tools()).tools

    tools = asyncio.run(listed())
    assert {one.name for one in tools} == TOOLS
    assert all(len(one.description) > 30 for one in tools)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("measure", {"region": "Guizhou"}),
        ("bands", {"region": "52"}),
        ("explain", {"region": "贵州", "start": 2012, "end": 2017}),
        ("claim", {"region": "Guizhou", "start": 2012, "end": 2017, "growth": "3%"}),
        ("audit", {"region": "Guizhou"}),
        ("brief", {"region": "Guizhou"}),
    ],
)
def test_every_answer_has_its_sentence_and_its_fingerprint(ask, store, name, asked):
    made = json.loads(ask(name, **asked))
    assert len(made["answer"]) > 40
    assert made["quote_with"]["protocol"] == "xinzhi-cn-2026"
    assert made["quote_with"]["fingerprint"] == store.rules.fingerprint
    assert made["figures"]
    assert any("\u4e00" <= one <= "\u9fff" for one in json.loads(ask(name, **asked, language="zh"))["answer"])


def test_figures_are_those_of_python(ask):
    rows = json.loads(ask("measure", region="Guizhou"))["figures"]["rows"]
    frame = xinzhi.measure("china-provinces").periods.filter(region="520000")
    assert [row["tfp_growth"] for row in rows] == frame["tfp_growth"].to_list()
    band = json.loads(ask("bands", region="Guizhou"))["figures"]["rows"][0]
    assert band["low"] < band["median"] < band["high"]


def test_another_protocol_is_quoted_by_its_own_fingerprint(ask):
    made = json.loads(ask("measure", protocol="zhang-2004"))
    assert made["quote_with"]["fingerprint"] == xinzhi.protocol.load("zhang-2004").fingerprint


@pytest.mark.parametrize(
    ("name", "asked", "code"),
    [
        ("measure", {"region": "Atlantis"}, "core.other-region"),
        ("measure", {"protocol": "../../etc/passwd"}, "protocol.unknown-id"),
        ("explain", {"region": "Guizhou", "start": 1800, "end": 1801}, None),
        ("claim", {"region": "Guizhou", "start": 2012, "end": 2017, "growth": "much"}, "yardstick.figure-unreadable"),
        ("claim", {"region": "Guizhou", "start": 2012, "end": 2017, "growth": 1.8}, "yardstick.growth-too-large"),
    ],
)
def test_an_assistant_is_told_by_an_error_how_to_mend_its_question(called, name, asked, code):
    found = called(name, **asked)
    assert found.is_error
    text = found.content[0].text
    made = json.loads(text[text.index("{") :])
    assert made["message"]
    assert code in {made["error"], None}


@pytest.mark.parametrize("asked", [{"of": "firms"}, {"of": "backtest"}, {"component": "luck"}])
def test_only_what_can_be_explained_is_asked_for(called, store, asked, monkeypatch):
    monkeypatch.setattr(store, "study", lambda *_, **__: pytest.fail("computed"))
    assert called("explain", region="Guizhou", **asked).is_error


def test_findings_are_told(ask):
    assert ask("check").count("\n") == len(xinzhi.studies.check("china-provinces"))
