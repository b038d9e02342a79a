"""Bubbles in a report: pictures in both languages, figures equal to the frames, and thin results that say why."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report import pages
from xinzhi.report.charts import kinds
from xinzhi.report.charts.episodes import marks, written
from xinzhi.risks import BubbleRules, panel_bubbles
from xinzhi.risks.prices.critical import explosive_series

bubbles = partial(xinzhi.risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

RULES = BubbleRules(gaps="longest", draws=100)
KEYS = ("series", "date", "value")


def months(count, first=2010 * 12):
    return [f"{(first + at) // 12}-{(first + at) % 12 + 1:02d}" for at in range(count)]


def long(columns, dates):
    parts = [
        pl.DataFrame({"series": [name] * len(dates), "date": dates, "value": values})
        for name, values in columns.items()
    ]
    return pl.concat(parts)


def rising(seed=6, size=80):
    return explosive_series(size, 1, np.random.default_rng(seed))[:, 0]


def walk(seed, size=80):
    return 100 + np.random.default_rng(seed).standard_normal(size).cumsum()


def draws(section):
    for picture in section.pictures:
        drawn = str(picture.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        assert picture.headline.zh != picture.headline.en
        assert picture.twin.rows
    assert all(line.zh and line.en for line in (*section.answer, *section.notes))
    return {picture.kind: picture for picture in section.pictures}


@pytest.fixture(scope="module")
def cities():
    return xinzhi.risks.house_prices("china-provinces")


@pytest.fixture(scope="module")
def found(cities):
    return bubbles(cities, "name_en", "month", "log_price", lag="bic", critical="sieve", rules=RULES)


@pytest.fixture(scope="module")
def small():
    columns = {"up": rising(), "down": -rising(8), "calm": walk(1), "short": [*walk(2)[:9], *[None] * 71]}
    return bubbles(long(columns, months(80)), *KEYS)


def test_the_pictures_of_seventy_cities_hold_what_the_frames_do(found):
    section = pages.section(found)
    drawn = draws(section)
    assert list(drawn) == ["bsadf", "episodes", "series", "gsadf"]
    rejecting = found.statistics.filter(pl.col("gsadf") > pl.col("critical_value"))
    assert drawn["gsadf"].headline.en.startswith(f"GSADF of {rejecting.height} of 70 series")
    assert [row[1:3] for row in drawn["gsadf"].twin.rows] == found.statistics.sort(
        pl.col("gsadf") - pl.col("critical_value"), descending=True, maintain_order=True
    ).select("gsadf", "critical_value").rows()
    spec = json.dumps(drawn["gsadf"].chart.spec("zh"), ensure_ascii=False)
    assert all(f'"{name}"' in spec for name in ("上海", "唐山", "大理"))
    longest = found.episodes["duration"].max()
    assert any(f"{longest} months" in line.en for line in section.answer)
    rises = found.episodes.filter(signal="positive").height
    assert f"{rises} accelerating rises and {found.episodes.height - rises} " in drawn["episodes"].headline.en


def test_false_alarms_are_level_times_number(found):
    said = " ".join(line.en for line in pages.section(found).answer)
    k = int(found.statistics["rejects"].sum())
    chance = 100 * (1 - binom.cdf(k - 1, 70, 0.05))
    assert "about 3.5 of 70 would still reject at the 5\N{NO-BREAK SPACE}% level" in said
    assert f"{k} or more with a probability of {chance:.1f}" in said
    assert "running-maximum critical values at 95" in said
    assert "sieve bootstrap" in said


def test_a_series_is_chosen_by_either_name_and_its_twin_is_its_path(found):
    picture = pages.section(found, region="上海").pictures[0]
    path = found.frame.filter(series="Shanghai").drop_nulls("bsadf")
    assert picture.headline.en.startswith("Shanghai")
    assert picture.headline.zh.startswith("上海")
    assert [row[:4] for row in picture.twin.rows] == path.select("date", "value", "bsadf", "critical_value").rows()
    with pytest.raises(UsageError, match="no series 'Mars'"):
        pages.section(found, region="Mars")


def test_rise_and_fall_are_told_apart_and_what_was_not_tested_is_listed(small):
    section = pages.section(small)
    drawn = draws(section)
    signals = dict(small.episodes.select("series", "signal").unique().rows())
    assert signals == {"up": "positive", "down": "negative"}
    assert "explosive and rising up; explosive and falling, which is no bubble, down." in section.answer[0].en
    assert {row[1].zh for row in drawn["episodes"].twin.rows} == {"加速上涨", "加速下跌"}
    spec = json.dumps(drawn["series"].chart.spec("en"), ensure_ascii=False)
    assert "▲ accelerating rise" in spec
    assert "▼ accelerating fall" in spec
    untested = section.tables[0]
    assert [(row[0].en, "9 observations" in row[1].en) for row in untested.rows] == [("short", True)]
    assert pages.section(small, region="short").answer[0].en.startswith("short was not tested: 9 observations")
    assert "".join(xinzhi.plot(small, "bsadf", "zh").to_dict()["title"]["text"]) == drawn["bsadf"].headline.zh


def test_an_ongoing_rise_leads_and_is_said_to_go_on():
    level = np.concatenate([walk(3, 50), walk(3, 50)[-1] + 0.6 * 1.25 ** np.arange(1, 15)])
    result = bubbles(long({"long": rising(), "now": np.concatenate([walk(9, 16), level])}, months(80)), *KEYS)
    assert result.episodes.filter("ongoing")["series"].to_list() == ["now"]
    section = pages.section(result)
    start = result.episodes.filter("ongoing")["start"][0]
    assert f"rise since {start}, ongoing" in section.pictures[0].headline.en
    assert any(
        line.en == f"Still going on where the data end: now (rise since {start}, ongoing)." for line in section.answer
    )
    assert "→" in json.dumps(draws(section)["episodes"].chart.spec("en"), ensure_ascii=False)


def test_one_calm_series_says_so_without_an_empty_chart():
    result = bubbles(long({"calm": walk(1)}, months(80)), *KEYS)
    section = pages.section(result)
    assert list(draws(section)) == ["bsadf"]
    row = result.statistics.row(0, named=True)
    values = f"GSADF {row['gsadf']:.2f} stays below {row['critical_value']:.2f}".replace("-", "\N{MINUS SIGN}")
    assert section.answer[0].en.casefold().startswith(f"calm is not explosive: {values}".casefold())
    assert [table.key for table in section.tables] == ["bubbles_statistics"]
    assert any("one of 1.8" in line.en for line in section.answer)  # a quarter of 1 / 80^0.6


def test_an_episode_that_is_too_short_to_be_told_leaves_no_empty_time_line():
    result = bubbles(long({"up": rising(), "calm": walk(1)}, months(80)), *KEYS, rules=BubbleRules(minimum_duration=70))
    assert "no episode can be dated" in pages.section(result).answer[0].en
    assert list(draws(pages.section(result))) == ["bsadf", "gsadf"]


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ([f"{1995 + at // 4}Q{at % 4 + 1}" for at in range(80)], "quarters"),
        (list(range(1930, 2010)), "years"),
        (list(range(80)), "periods"),
        ([dt.date(2020, 1, 1) + dt.timedelta(days=at) for at in range(80)], "days observed"),
        ([dt.date(2010 + at // 12, at % 12 + 1, 1) for at in range(80)], "months"),
    ],
)
def test_dates_of_every_kind_are_written_as_they_are(dates, shown):
    result = bubbles(long({"up": rising()}, dates), *KEYS)
    picture = draws(pages.section(result))["bsadf"]
    start = result.episodes.sort("duration")["start"][-1]
    assert f"from {str(start)[:7] if shown == 'months' else start} to" in picture.headline.en
    assert shown in picture.headline.en


def test_the_panel_says_who_took_part_and_who_could_not():
    columns = {"up": rising(), "up too": rising(7), "calm": walk(1), "holed": [*walk(2)[:40], None, *walk(2)[41:]]}
    result = panel_bubbles(long(columns, months(80)), *KEYS, rules=BubbleRules(draws=200))
    section = pages.section(result)
    picture = draws(section)["panel"]
    row = result.statistics.row(0, named=True)
    assert f"panel GSADF {row['gsadf']:.2f} against {row['critical_95']:.2f}" in picture.headline.en
    assert [one[1:3] for one in picture.twin.rows] == result.frame.drop_nulls().select("bsadf", "critical_value").rows()
    assert any(line.en == "1 series could not take part: holed." for line in section.answer)


def test_axes_mark_round_dates_and_many_labels_find_room():
    assert [written(one, "month") for one in marks(2020 * 12 + 7, 2021 * 12 + 6, "month", 6)] == [
        "2020-09",
        "2020-11",
        "2021-01",
        "2021-03",
        "2021-05",
        "2021-07",
    ]
    quarters = [written(one, "day") for one in marks(18262, 18627, "day", 4)]
    assert quarters == ["2020-01-01", "2020-04-01", "2020-07-01", "2020-10-01"]
    group = Text(zh="上涨", en="rise")
    word = [Text(zh=f"第{at}段", en=f"no {at}") for at in range(24)]
    spans = [{"start": 24240 + 4 * at, "end": 24241 + 4 * at, "group": group, "word": word[at]} for at in range(24)]
    rows = [{"x": 24240 + at, "value": at % 7, "limit": 3} for at in range(96)]
    names, panel = kinds.episodes([{"title": group, "rows": rows}], spans, dates="month").charts
    places = [(bar["name"], bar["start"]) for bar in names.spec("en")["datasets"]["bars"]]
    assert len(set(places)) == len(places) == 24
    assert panel.spec("en")["datasets"]["episodes"][0] == {"start": 24239.5, "end": 24241.5, "group": "rise"}


def test_more_series_than_a_picture_holds_are_said():
    made = bubbles(long({f"s{at}": walk(at, 30) for at in range(85)}, months(30)), *KEYS)
    picture = {one.kind: one for one in pages.section(made).pictures}["gsadf"]
    assert "the first 80 are drawn" in picture.how.en
    assert len(picture.twin.rows) == 85
