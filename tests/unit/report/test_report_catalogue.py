from __future__ import annotations

import ast
import errno
import re
import string
from pathlib import Path

import xinzhi
from xinzhi.core.text import Language, Text, listing, page, paragraph, read_words, words
from xinzhi.words import identifier

SOURCE = Path(xinzhi.__file__).parent
# what English names, and the count by which it says "is" or "are", Chinese leaves out
ONE_SIDED = {"screen.change.number", "yardstick.ranking.first_apart"}


def strings(language: Language) -> dict[str, str]:
    """Return all strings of one language by dotted key."""
    names = sorted(path.stem for path in (SOURCE / "words" / "pages").glob("*.yaml"))
    return {
        (key if name == "shared" else f"{name}.{key}"): text.lang(language)
        for name in names
        for key, text in page("pages", name).items()
    }


def placeholders(pattern: str) -> list[str]:
    fields = [(name, inner) for _, name, inner, _ in string.Formatter().parse(pattern) if name]
    return sorted([name for name, _ in fields] + [name for _, inner in fields if inner for name in placeholders(inner)])


def test_both_languages_have_the_same_keys() -> None:
    assert strings("zh").keys() == strings("en").keys()


def test_placeholders_match() -> None:
    def asked(language: Language) -> dict[str, set[str]]:
        return {
            key: {{"zh": "en"}.get(name, name) for name in placeholders(text)}
            for key, text in strings(language).items()
        }

    zh, en = asked("zh"), asked("en")
    assert [key for key in en if zh[key] != en[key] and key not in ONE_SIDED] == []


def test_no_string_is_empty_and_none_is_left_in_the_other_language() -> None:
    zh, en = strings("zh"), strings("en")
    assert [key for key in en if not zh[key] or not en[key] or re.search(r"[\u4e00-\u9fff]", en[key])] == []


HOLE = "\0"
WORD = re.compile(r"[\w-]+")


def called_functions() -> set[str]:
    """Return the names of the functions of the catalogue that the source calls."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def read_source() -> tuple[set[str], set[str], set[str]]:
    """Return the strings of the source, the patterns that it fills, and all words that stand outside the catalogue."""
    plain, filled, tokens = set(), set(), set(errno.errorcode.values())
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    plain.add(text)
                    tokens.update(WORD.findall(text), WORD.findall(re.sub("[ -]", "_", text)), [text.partition("_")[2]])
                case ast.JoinedStr(values=parts):
                    filled.add("".join(part.value if isinstance(part, ast.Constant) else HOLE for part in parts))
                case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.FunctionDef(name=name):
                    tokens.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    tokens.add(name)
    for path in SOURCE.rglob("*.*"):
        if path.suffix in {".yaml", ".j2", ".csv"} and path.parent.name != "pages":
            text = path.read_text(encoding="utf-8")
            tokens.update(WORD.findall(text.partition("\n")[0] if path.suffix == ".csv" else text))
            plain.update(re.findall(r"[\"']([\w. ~-]+)[\"']", text) if path.suffix == ".j2" else ())
    return plain, {one.replace(" ", "_") for one in filled if HOLE in one and re.fullmatch(r"[\w.\0 +-]+", one)}, tokens


def test_every_key_can_be_read() -> None:
    """A text is called as a function, or its key stands in the source, or fills a pattern of it with values."""
    plain, filled, tokens = read_source()
    tokens |= {*xinzhi.load("china-provinces").tables["capability"]["unit"]}  # units of evidence stand in its rows
    keys = [re.compile(re.escape(one).replace(HOLE, r"([\w.+ -]+)")) for one in filled]
    names = [key for key, one in zip(keys, filled, strict=True) if "." not in one and re.search("[a-z]{2}", one)]

    def stands(word: str) -> bool:
        composed = (found.groups() for key in names if (found := key.fullmatch(word)))
        return word in tokens or re.fullmatch(r"1e\+\d+", word) or any(tokens.issuperset(parts) for parts in composed)

    def read(key: str) -> bool:
        return key in plain or any(
            all(map(stands, ".".join(found.groups()).split("."))) for one in keys if (found := one.fullmatch(key))
        )

    topics = {path.stem for path in (SOURCE / "words" / "pages").glob("*.yaml")}
    local = {key: key.partition(".")[2] if key.partition(".")[0] in topics else key for key in strings("en")}
    functions = called_functions()
    unread = [key for key, short in local.items() if identifier(short) not in functions]
    unread = [key for key in unread if not read(key) and not read(local[key])]
    assert not unread, unread


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
