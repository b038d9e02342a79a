from __future__ import annotations

import asyncio
import json
import re

import pytest

import xinzhi
from xinzhi.web.parameters import ExplainQuery, TopicQuery, query_model
from xinzhi.web.tools import server

mcp = pytest.importorskip("mcp")
TOOLS = {"measure", "bands", "explain", "claim", "audit", "brief", "check"}


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
    assert all(one.annotations.model_dump(by_alias=True)["readOnlyHint"] for one in tools)
    for one in tools:  # what is asked is what the interface for programs asks, in its words
        model = {"explain": ExplainQuery, "check": TopicQuery}.get(one.name) or query_model(one.name)
        asked = one.model_dump(by_alias=True)["inputSchema"]["properties"]
        assert {name: said.get("description") for name, said in asked.items()} == {
            name: said.get("description") for name, said in model.model_json_schema()["properties"].items()
        }


def test_the_server_says_which_version_it_is(store):
    async def hello():
        async with mcp.Client(server(store)) as client:
            return client.server_info.version

    assert asyncio.run(hello()) == xinzhi.__version__


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
    assert made["quote_with"]["data"]
    assert len(json.dumps(made)) < 20_000  # what an assistant can hold
    assert any("\u4e00" <= one <= "\u9fff" for one in json.loads(ask(name, **asked, lang="zh"))["answer"])


def test_figures_are_those_of_python_in_percent_with_band_and_ranks(ask):
    made = json.loads(ask("measure", region="Guizhou"))
    rows = made["figures"]["rows"]
    frame = xinzhi.measure("china-provinces").periods.filter(region="520000")
    assert [row["tfp_growth"] for row in rows] == [round(100 * value, 4) for value in frame["tfp_growth"]]
    [newest] = [row for row in rows if (row["start"], row["end"]) == (2017, 2023)]
    told = made["answer"].splitlines()[4].replace("\u00a0", " ")
    growth, low, high = (f"{newest[name]:.1f}" for name in ("tfp_growth", "low", "high"))
    ranks = f"rank between {newest['rank_low']} and {newest['rank_high']}"
    assert told.startswith(f"Guizhou, 2017–2023: TFP grew {growth} % a year, band {low} to {high} %, {ranks}, grade C")
    assert made["figures"]["units"]["low"] == "% per year"
    band = json.loads(ask("bands", region="Guizhou"))["figures"]["rows"][0]
    assert band["low"] < band["median"] < band["high"]
    assert (band["low"], band["rank_high"]) == (newest["low"], newest["rank_high"])


def test_an_answer_about_all_regions_has_a_row_for_each(ask, store):
    for name in ("measure", "audit"):
        text = ask(name)
        rows = json.loads(text)["figures"]["rows"]
        assert sorted(row["region"] for row in rows) == store.regions
        assert len(text) < 16_000
    assert re.search(r"90.% band is", json.loads(ask("measure"))["answer"].splitlines()[0])


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
        ("claim", {"region": "Guizhou", "start": 2012, "end": 2017, "growth": 0.018}, "yardstick.growth-unsigned"),
        ("claim", {"region": "Guizhou", "start": "soon", "end": 2017, "growth": 2}, "web.values"),
        ("explain", {}, "web.values"),
        ("explain", {"region": "Guizhou", "of": "backtest"}, "web.values"),
        ("brief", {}, None),
    ],
)
def test_an_assistant_is_told_by_an_error_how_to_mend_its_question(called, name, asked, code):
    found = called(name, **asked)
    assert found.is_error
    text = found.content[0].text
    made = json.loads(text[text.index("{") :])
    assert made["message"]
    assert code in {made["error"], None}


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_an_argument_that_a_tool_does_not_have_is_refused_and_named(called, name):
    needed = {"explain": {"region": "贵州"}, "claim": {"region": "贵州", "growth": "3%"}, "brief": {"region": "贵州"}}
    for unknown in ("begin", "call", "self"):  # names of arguments, some of them words of Python
        answer = called(name, **needed.get(name, {}), **{unknown: 2017})
        assert answer.is_error
        assert unknown in answer.content[0].text


def test_a_tool_says_that_it_takes_no_other_arguments(store):
    async def listed():
        async with mcp.Client(server(store)) as client:
            return (await client.list_tools()).tools

    schemas = [tool.model_dump(by_alias=True)["inputSchema"] for tool in asyncio.run(listed())]
    assert [schema["additionalProperties"] for schema in schemas] == [False] * len(TOOLS)


def test_half_a_character_is_refused_without_a_fault(called):
    answer = called("measure", region="\ud800")
    assert answer.is_error
    assert "web.values" in answer.content[0].text


@pytest.mark.parametrize("asked", [{"of": "firms"}, {"of": "backtest"}, {"component": "luck"}])
def test_only_what_can_be_explained_is_asked_for(called, store, asked, monkeypatch):
    monkeypatch.setattr(store, "study", lambda *_, **__: pytest.fail("computed"))
    assert called("explain", region="Guizhou", **asked).is_error


def test_a_growth_rate_is_read_alike_with_and_without_its_sign(ask):
    asked = {"region": "Guizhou", "start": 2012, "end": 2017}
    assert len({ask("claim", **asked, growth=growth) for growth in ("1.8", "1.8%", 1.8)}) == 1


def test_the_gravest_findings_are_told_and_all_are_counted(ask):
    found = xinzhi.studies.check("china-provinces")
    made = json.loads(ask("check", lang="zh"))
    assert sum(made["figures"]["by_severity"].values()) == len(found)
    told = [one["severity"] for one in made["figures"]["findings"]]
    assert told == sorted(told, key=["error", "warning", "note"].index)
    assert made["figures"]["left_out"] == len(found) - len(told)
    assert made["quote_with"]["data"]
