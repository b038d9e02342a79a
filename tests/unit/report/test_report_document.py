"""What is written around sections: no id twice on a page, one writer for every result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.report.page import page
from xinzhi.report.pages import section
from xinzhi.report.pages.yardstick.assessment import document
from xinzhi.report.section import Entry, Ledger, Piece, Section

if TYPE_CHECKING:
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick import Measurement

WORD = Text(zh="文", en="word")


def topic(key: str, measurement: Measurement) -> Section:
    """Return a section with every kind of content, named like pictures of the measurement."""
    entry = Entry(mark=1, field=WORD, agreement=WORD, words=("a", "b"), figure="1", start=50, length=10, against=False)
    ledger = Ledger(
        key=f"{key}-pair",
        title=WORD,
        finding=WORD,
        heads=(WORD, WORD),
        entries=(entry,),
        zero=50,
        total=WORD,
        sides=((Piece(text="a", mark=1, field=WORD),), (Piece(text="b", shared=True),)),
    )
    whole = section(measurement)
    return Section(
        key=key,
        title=WORD,
        answer=(WORD,),
        pictures=whole.pictures,
        ledgers=(ledger,),
        ledgers_how=WORD,
        tables=(whole.pictures[0].twin,),
    )


def test_no_id_stands_twice_on_a_page(measurement: Measurement, protocol: Protocol, package: Package) -> None:
    topics = [topic(key, measurement) for key in ("sources", "map", "risks")]
    html = page(document(measurement, protocol, package, topics), "en")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {"sources", "growth-sources", "map", "growth-map", "regions", "protocol"} <= set(ids)
    links = set(re.findall(r'href="#([^"]+)"', html))
    assert links <= set(ids)


def test_a_topic_shows_its_leading_picture_and_the_rest_stands_in_the_annex(
    measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    html = page(document(measurement, protocol, package, [topic("risks", measurement)]), "en")
    main, annex = html.split('<details id="annex">')
    assert main.count('id="risks-ranking"') == 1
    assert annex.count('id="risks-map"') == 1
    assert 'href="#annex-risks"' in main
    assert 'id="annex-risks"' in annex


def test_the_page_opens_in_the_language_of_the_browser(
    measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    html = page(document(measurement, protocol, package), "zh")
    script = html[html.index("<script>") :]
    assert "navigator.language" in script
    assert 'id="lang-zh" class="switch" checked' in html
