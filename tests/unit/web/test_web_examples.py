"""Small examples of what the explorer is made from."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from xinzhi import protocol
from xinzhi.core.text import Text
from xinzhi.web import Store
from xinzhi.web.api import add_api
from xinzhi.web.app import application
from xinzhi.web.downloads import content, linked_files
from xinzhi.web.html_charts import Axis, lines
from xinzhi.web.page import Address, Call, query_of
from xinzhi.web.pages import menu_page
from xinzhi.web.parameters import amiss, capital, changes, offers, read
from xinzhi.web.render import data_mark
from xinzhi.web.responses import accept_weights, preferred_language
from xinzhi.web.safety import Safety
from xinzhi.web.server import Patient, listening_socket
from xinzhi.web.static import asset, pinyin
from xinzhi.web.workers import Limits

CHANGED = {"capital.depreciation": 0.05}


@pytest.fixture(scope="module")
def china():
    return Store("china-provinces")


def test_links_lead_from_where_the_page_stands_under_its_protocol():
    here = Address.parse("zh/region/520000.html", {"protocol": "solow-1957"})
    assert here.to("index") == "../index.html?protocol=solow-1957"
    assert here.to("region", "220000") == "220000.html?protocol=solow-1957"
    assert here.asset("site.css") == "../../assets/site.css"
    assert here.to("audit") == "../audit.html"
    assert here.spoken("en") == "../../en/region/520000.html?protocol=solow-1957"
    assert Address("en", at="en/region/0.html").to() == "../../en/index.html"


def test_several_settings_are_lines_of_one():
    assert query_of([("a", ""), ("set", "x=1"), ("set", ""), ("set", "y=2")]) == {"set": "x=1\ny=2"}


def test_a_region_is_found_by_part_of_its_name(china):
    app = FastAPI()
    add_api(app, china)
    found = TestClient(app).get("/api/v1/regions", params={"q": "guizh"}).json()
    assert found["regions"][0]["code"] == "520000"


def test_the_root_leads_to_the_language_of_the_browser_and_what_is_not_there_is_said(china):
    client = TestClient(application(china))
    first = client.get("/", headers={"accept-language": "zh-CN"}, follow_redirects=False)
    assert first.headers["location"] == "/zh/index.html"
    assert client.get("/en/region/999999.html").status_code == 404


def test_a_socket_listens_where_it_is_told():
    with listening_socket("127.0.0.1", 0) as one:
        assert one.getsockname()[0] == "127.0.0.1"


def test_nobody_without_the_token_gets_in():
    safe = Safety(FastAPI(), token="secret", log=lambda _: None)  # noqa: S106 - of this test
    assert TestClient(safe).get("/docs").status_code == 401
    assert Patient.with_limits(Limits.load()).limits.sending == 30


def test_what_is_amiss_is_said_in_both_languages():
    assert amiss({"loc": ("query", "start"), "type": "int_parsing"}).en == "start: write a whole number"
    expected = {"loc": ("query", "lang"), "type": "literal_error", "ctx": {"expected": "'zh' or 'en'"}}
    assert amiss(expected).zh == "lang：只能是zh、en"


def test_a_result_is_a_file_and_a_page_links_it(china):
    assert content(china, "measure", "measurement", "csv")[:11] == b"region,year"
    link = b'<a href="../files/measure/measurement.sdmx.csv" download>SDMX-CSV</a>'
    assert linked_files(link) == {("measure", "measurement", "sdmx.csv")}


def test_figures_stand_on_the_width_of_a_cell():
    axis = Axis.spanning([-0.01, 0.03])
    assert [axis(value) for value in (-0.01, 0.01, 0.03)] == ["3.0%", "50.0%", "97.0%"]


def test_equal_steps_up_a_line_are_equal_ratios():
    made = lines({"a": [(2000, 1.0), (2010, 100.0)]}, ["a"], log=True)
    assert made["lines"][0]["points"] == "0.00,100.00 100.00,0.00"
    assert [label for label, _ in made["rows"]][:2] == ["1", "2"]


def test_a_call_is_typed_in_every_language():
    call = Call(topic="brief", data="china-provinces", options={"region": "520000"}).lines()
    assert call["cli"] == "xinzhi brief 520000 china-provinces"
    r = 'xinzhi <- reticulate::import("xinzhi"); xinzhi$study("brief", "china-provinces", region = "520000")'
    assert call["r"] == r
    claim = Call(topic="claim", data="my data", options={"region": "520000", "start": "2010"})
    assert claim.lines()["cli"] == "xinzhi claim 'my data' --region 520000 --from 2010"
    changed = Call(topic="assess", data="china-provinces", settings=CHANGED).lines()["cli"]
    assert changed == "xinzhi assess china-provinces --set capital.depreciation=0.05"


def test_the_menu_marks_the_page_that_another_belongs_to():
    assert (menu_page("figures"), menu_page("claim")) == ("measure", "claim")
    assert capital(Text(zh="资本存量", en="capital stock")).en == "Capital stock"


def test_tables_that_differ_have_another_mark():
    assert data_mark({"accounts": "64cc"}) != data_mark({"accounts": "64cd"})


def test_a_browser_gets_the_language_that_it_likes_best():
    headers = ("fr, zh-CN;q=0.8, en;q=0.5", "en;q=0.1, zh;q=0.9", "")
    assert [preferred_language(header) for header in headers] == [
        "zh",
        "zh",
        "en",
    ]
    assert accept_weights("en;q=0.1, zh-CN") == {"en": 0.1, "zh-cn": 1.0}


def test_names_are_found_by_pinyin_and_initials():
    assert pinyin("内蒙古") == ["neimenggu", "nmg"]
    assert (pinyin("重庆"), pinyin("GDP")) == (["chongqing", "cq"], [])


def test_a_changed_parameter_is_read_told_and_marked_among_the_offers():
    rules = protocol.load("xinzhi-cn-2026")
    assert read(["capital.depreciation=0.05"]) == CHANGED
    assert changes(rules.replace(CHANGED)).zh == "折旧率5%"
    _, values = offers(rules, CHANGED)[0]
    assert [(ask, text.en) for ask, text, chosen in values if chosen] == [("capital.depreciation=0.05", "5%")]


def test_a_folder_of_pages_waits_as_long_as_it_takes(china):
    assert asset(china, "site.css", served=False)[:6] == b":root "
