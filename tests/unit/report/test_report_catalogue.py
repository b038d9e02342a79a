from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import xinzhi
from xinzhi.core.text import Language, Text, listing, page, paragraph, read_words, words

SOURCE = Path(xinzhi.__file__).parent
COMPOSED = ("factor", "chart", "flag", "series", "unit", "scale", "column", "table", "sheet", "how", "unit_of")
COMPOSED = (
    *COMPOSED,
    "status",
    "severity",
    "title",
    "cover",
    "note",
    "headline",
    "answer",
    "label",
    "convention",
    "summary",
)


ONE_SIDED = {"screen.change.number"}  # what English names, Chinese leaves out


def strings(language: Language) -> dict[str, str]:
    """Return all strings of one language by dotted key."""
    names = sorted(path.stem for path in (SOURCE / "words" / "pages").glob("*.yaml"))
    return {
        (key if name == "shared" else f"{name}.{key}"): text.lang(language)
        for name in names
        for key, text in page("pages", name).items()
    }


def placeholders(pattern: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(pattern) if name)


def test_both_languages_have_the_same_keys() -> None:
    assert strings("zh").keys() == strings("en").keys()


@pytest.mark.parametrize("key", sorted(strings("en")))
def test_placeholders_match(key: str) -> None:
    zh, en = ({{"zh": "en"}.get(name, name) for name in placeholders(strings(one)[key])} for one in ("zh", "en"))
    assert zh == en or key in ONE_SIDED


@pytest.mark.parametrize("key", sorted(strings("en")))
def test_no_string_is_empty_and_none_is_left_in_the_other_language(key: str) -> None:
    zh, en = strings("zh")[key], strings("en")[key]
    assert zh
    assert en
    assert not re.search(r"[\u4e00-\u9fff]", en)


def test_every_key_that_is_not_composed_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*") if path.suffix in {".py", ".j2"})
    topics = {path.stem for path in (SOURCE / "words" / "pages").glob("*.yaml")}

    def used(key: str) -> bool:
        first, _, rest = key.partition(".")
        local = rest if first in topics else key
        if local.split(".")[0] in COMPOSED or f'"{key}"' in code or f'"{local}"' in code:
            return True
        # a key that is put together names one of its shelves, or its last part alone
        parts = key.split(".")
        shelves = {".".join(parts[i:j]) for i in (0, 1) for j in range(i + 1, len(parts))}
        return any(f"{shelf}.{{" in code for shelf in shelves) or f'"{parts[-1]}"' in code

    assert [key for key in strings("en") if not used(key)] == []


def test_terms_are_those_of_the_statistics_bureau() -> None:
    book = strings("zh")
    assert book["factor.tfp"] == "全要素生产率"
    assert book["series.output"] == "地区生产总值"
    assert book["series.investment"] == "固定资本形成总额"
    assert book["series.investment_price"] == "固定资产投资价格指数"
    assert book["series.employment"] == "就业人员"
    assert book["series.schooling"] == "平均受教育年限"
    assert book["series.labour_share"] == "劳动者报酬份额"


def test_words_fills_each_language_with_its_own() -> None:
    filled = words("yardstick.answer.until", names=Text(zh="产出", en="output"), year=2017)
    assert filled == Text(zh="产出至2017年", en="output to 2017")


def test_a_number_stays_with_its_percent_sign() -> None:
    assert words("yardstick.answer.figure", name=Text(zh="甲", en="A"), value=0.012).en == "A (+1.2\u00a0%)"


def test_listing_and_paragraph_join_as_each_language_does() -> None:
    items = [Text(zh="甲", en="A"), Text(zh="乙", en="B"), Text(zh="丙", en="C")]
    assert listing(items) == Text(zh="甲、乙、丙", en="A, B and C")
    assert listing(items, limit=2) == Text(zh="甲、乙、丙", en="A, B and C")
    assert listing(items, limit=1) == Text(zh="甲等3个", en="A and 2 others")
    assert listing([]) == Text(zh="", en="")
    assert paragraph(items[:2]) == Text(zh="甲乙", en="A B")


def test_no_two_tiles_share_a_place_and_every_tile_has_both_names() -> None:
    for one in read_words("tiles.yaml").values():
        tiles = one["tiles"]
        places = [(column, row) for column, row, _, _ in tiles.values()]
        assert len(set(places)) == len(places)
        assert all(zh and en for _, _, zh, en in tiles.values())


def test_the_tiles_of_china_are_its_31_provinces() -> None:
    tiles = read_words("tiles.yaml")["china-provinces"]["tiles"]
    assert len(tiles) == 31
    assert all(re.fullmatch(r"\d{2}0000", code) for code in tiles)
