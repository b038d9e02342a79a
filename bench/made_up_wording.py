"""How a made-up project is put into words: sentences, units, fields that are left out and digits left open."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xinzhi.risks.projects.conventions import readings, traditional
from xinzhi.risks.projects.places import name_of

if TYPE_CHECKING:
    import random

    from made_up_projects import Made


# How often an application leaves a field out, and how often it leaves digits open: project texts are seldom complete.
GAPS = {
    "owner": 0.05,
    "investment": 0.10,
    "land": 0.20,
    "floor": 0.35,
    "capacity": 0.12,
    "turnover": 0.6,
    "approval": 0.65,
    "start": 0.15,
    "components": 0.08,
    "place": 0.03,
    "site": 0.1,
}
_OPEN_DIGITS, _FULL_WIDTH, _COUNTY_NAMED, _INTRODUCED = 0.04, 0.03, 0.75, 0.5
_TRADITIONAL, _UNSAID, _LEFT_OUT = 0.02, 0.15, 0.6
_BILLION, _HUNDRED_MILLION, _MILLION, _TEN_THOUSAND, _MU_PER_HECTARE = 1e9, 1e8, 1e6, 1e4, 15
_ENGLISH, _BOTH = 3, 4
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@cache
def vocabulary() -> dict[str, Any]:
    """Return the words of the generator."""
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("made_up_projects.yaml").read_text("utf-8"))
    return loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a project is worded.

    Parameters
    ----------
    words
        Which word for every component: 0 its own, 1 a synonym, 2 a paraphrase, 3 English.
    name, frames
        Which name of the sector, and which sentences.
    buzz
        How many buzzwords.
    owner
        The owner as named; None where none is.
    phase
        Whether it is called a later phase.
    turn
        0 for the sentences of the archived text, 1 for others; None for any.
    thin
        1 for a title alone, 2 with the owner, 3 with the sum, 4 with both; 0 for the whole text.
    brief
        Whether most of the facts are left out, as news and notices do.
    again
        Whether the title of a line says that it is put out to tender again.
    cue
        ``again`` or ``beside``: words that say that a project is handed in again, or built beside what stands.
    dated
        Whether the year stands in the name.
    template
        Whether an office's form is used.
    """

    words: int
    name: str
    frames: str
    buzz: int
    owner: str | None
    phase: bool = False
    turn: int | None = None
    thin: int = 0
    again: bool = False
    brief: bool = False
    cue: str | None = None
    template: bool = False
    dated: bool = False


def write(made: Made, style: Style, rng: random.Random, split: str) -> tuple[str, str]:
    """Return title and text of a made-up project.

    Parameters
    ----------
    made, style
        The project and the style.
    rng
        Draws frames, units, gaps and open digits.
    split
        Whose sentences.
    """
    book = vocabulary()
    entry = book["splits"][split]
    sector = entry["sectors"][made.sector]
    english = style.words == _ENGLISH
    buzz = rng.sample(book["buzzwords"]["en" if english else "zh"], style.buzz)
    own = sector[style.name]
    if _named_after_its_site(made) and (style.name == "name" or (style.name == "other" and rng.random() < 0.5)):  # noqa: PLR2004 - half
        own = made.site[:2] + own
    name = _numbered(_name(own, buzz, style.phase, english, rng), made, english, dated=style.dated)
    values: dict[str, str | None] = {
        "place": _place(made.county, english, rng),
        "site": _site(made.site, english) + _spot(made.spot, english, rng),
        "owner": _owner(
            made.brand + made.form if style.owner == "own" else style.owner, made.county, sector["trade"], english, rng
        ),
        "investment": _money(made.investment, english, rng),
        "turnover": _money(made.turnover, english, rng),
        "land": _land(made.land, english, rng),
        "floor": _floor(made.floor, english, rng),
        "capacity": _capacity(made.capacity, sector["capacity"], english),
        "components": _components(made.components, sector["components"], style.words, rng)
        + _details(made.details, english, rng),
        "start": str(made.start),
        "approval": made.approval,
    }
    if style.thin:
        return _line(style, name, values, english, rng)
    for field in ("investment", "turnover", "land", "floor"):
        if not math.isfinite(getattr(made, field)):
            values[field] = None
    for field, gap in GAPS.items():
        if rng.random() < max(gap, _LEFT_OUT * (style.brief and field not in ("investment", "place", "site"))):
            values[field] = None
        elif field in ("investment", "land", "floor", "capacity", "turnover") and rng.random() < _OPEN_DIGITS:
            values[field] = _opened(values[field] or "")
    frames = entry["templates" if style.template and not english else style.frames]
    own = sum(map(ord, made.site)) + (rng.randrange(len(frames)) if style.turn is None else style.turn)
    clauses = frames[own % len(frames)]
    text = "".join(_filled(clause, values, name, made.end) for clause in clauses)
    if style.cue is not None:
        text += rng.choice(book["cues"]["en" if english else "zh"][style.cue])
    if buzz and rng.random() < _INTRODUCED:
        text = _introduction(buzz, english) + text
    return _in_characters(name, text, english, rng)


def _numbered(name: str, made: Made, english: bool, *, dated: bool) -> str:  # noqa: FBT001 - private
    """Return a name with its year and the number of its lot or unit, where it has them."""
    if dated:
        name = f"{name} {made.start}" if english else f"{made.start}年{name}"
    if made.number:
        unit = made.sector % 2
        name += f" {('Lot', 'Unit')[unit]} {made.number}" if english else f"{made.number}号{('地块', '机组')[unit]}"
    return name


def _in_characters(name: str, text: str, english: bool, rng: random.Random) -> tuple[str, str]:  # noqa: FBT001 - private
    """Return title and text, now and then in full-width digits or traditional characters."""
    if rng.random() < _FULL_WIDTH:
        text = text.translate(_WIDE)
    if not english and rng.random() < _TRADITIONAL:
        return name.translate(_traditional()), text.translate(_traditional())
    return name, text


@cache
def _traditional() -> dict[int, str]:
    return {ord(simple): chr(sign) for sign, simple in traditional().items()}


def _line(
    style: Style,
    name: str,
    values: dict[str, str | None],
    english: bool,  # noqa: FBT001 - private
    rng: random.Random,
) -> tuple[str, str]:
    """Return a line of a list: place and name, with the owner, the sum, or both."""
    end = "." if english else "。"
    title = f"{name} in {values['place']}" if english else f"{values['place']}{name}项目"
    if not english:
        title += ("(二次)" if style.again else "") + rng.choice(("", "", "招标公告", "公开招标公告", "采购意向"))
    owner, investment = values["owner"] or "", values["investment"] or ""
    if style.thin == _BOTH:
        return title, f"{owner}{end}{'Total investment ' if english else '总投资'}{investment}{end}"
    more = (owner, investment)[style.thin - 2] if style.thin > 1 else ""
    return title, f"{more}{end}" if more else ""


def _named_after_its_site(made: Made) -> bool:
    """Return whether a project is named after its site; every other one."""
    return sum(map(ord, made.site)) % 2 == 1


def _filled(clause: str, values: dict[str, str | None], name: str, end: int) -> str:
    """Return a clause with its values; nothing, when it has none."""
    slots = [slot for slot in re.findall(r"\{(\w+)\}", clause) if slot not in ("name", "end")]
    missing = [slot for slot in slots if values.get(slot) is None]
    if slots and len(missing) == len(slots):
        return name if "{name}" in clause else ""
    known: dict[str, Any] = {slot: values.get(slot) or "" for slot in slots}
    return clause.format(**known, name=name, end=end)


def _name(base: str, buzz: list[str], phase: bool, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    if english:
        lead = f"{buzz[0]} " if buzz else ""
        return f"{lead}{base}{rng.choice((' phase II', ' expansion')) if phase else ''}"
    return f"{buzz[0] if buzz else ''}{base}{rng.choice(('二期', '扩建', '二期扩建', '三期')) if phase else ''}"


def _introduction(buzz: list[str], english: bool) -> str:  # noqa: FBT001 - private
    if english:
        return f"Guided by {' and '.join(buzz)}. "
    return f"以{'、'.join(buzz)}为引领，"


def _place(county: int, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    named = rng.random() < _COUNTY_NAMED
    city = county // 100 * 100
    province = name_of(county // 10_000 * 10_000)
    if english:
        roman = name_of(county)[1]
        town, _, above = roman.partition(", ")
        rank = {"区": "District", "市": "City"}.get(name_of(county)[0][-1], "County")
        return f"{town} {rank}, {above}" if named else f"{name_of(city)[1]}, {province[1]}"
    whole = name_of(county)[0] if named else name_of(city)[0]
    return f"{province[0]}{whole}" if rng.random() < 0.3 else whole  # noqa: PLR2004 - three in ten name the province


def _site(site: str, english: bool) -> str:  # noqa: FBT001 - private
    if not english:
        return site
    return f", {_romanised(site[:2])} {'Town' if site.endswith('镇') else 'Park'}"


def _spot(spot: str, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    if not spot or rng.random() < _UNSAID:
        return ""
    return f" near {_romanised(spot)}" if english else f"{spot}{rng.choice(('旁', '东侧', '以北', '一带'))}"


def _details(details: tuple[tuple[int, int], ...], english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    book = vocabulary()["details"]["en" if english else "zh"]
    said = [book[which].format(many) for which, many in details if rng.random() > _UNSAID]
    return "".join(f"{', ' if english else '、'}{words}" for words in said)


def _owner(owner: str | None, county: int, trade: str, english: bool, rng: random.Random) -> str | None:  # noqa: FBT001 - private
    if owner is None:
        return None
    brand, form = owner[:2], owner[2:]
    city = name_of(county // 100 * 100)
    if brand == "@@":
        at = vocabulary()["platforms"].index(form)
        return f"{city[1]} {vocabulary()['platforms_en'][at]}" if english else f"{city[0].removesuffix('市')}{form}"
    if english:
        lead = f"{city[1]} " if rng.random() < 0.5 else ""  # noqa: PLR2004 - every other owner
        return f"{lead}{_romanised(brand)} Technology Co., Ltd."
    lead = city[0].removesuffix("市") if rng.random() < 0.5 else ""  # noqa: PLR2004 - is named after its city
    return f"{lead}{brand}{trade}{form}"


def _romanised(word: str) -> str:
    return word.translate(readings()).capitalize()


def _money(value: float, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    if english:
        if value >= _BILLION:
            return f"CNY {value / _BILLION:.6g} billion"
        return rng.choice((f"RMB {value / _MILLION:.6g} million", f"{value / _MILLION:.6g} million yuan"))
    if value >= _HUNDRED_MILLION and rng.random() < 0.8:  # noqa: PLR2004 - large sums are mostly given in 亿元
        return f"{value / _HUNDRED_MILLION:.6g}亿元"
    return f"{value / _TEN_THOUSAND:.8g}万元"


def _land(value: float, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    if rng.random() < 0.75:  # noqa: PLR2004 - land is mostly given in mu
        return f"{value:.4g} mu" if english else f"{value:.4g}亩"
    return f"{value / _MU_PER_HECTARE:.3g} ha" if english else f"{value / _MU_PER_HECTARE:.3g}公顷"


def _floor(value: float, english: bool, rng: random.Random) -> str:  # noqa: FBT001 - private
    if english:
        return f"{value:,.0f} {rng.choice(('m2', 'square metres'))}"
    if value >= _TEN_THOUSAND and rng.random() < 0.6:  # noqa: PLR2004 - mostly in 万平方米
        return f"{value / _TEN_THOUSAND:.5g}万平方米"
    return f"{value:.0f}平方米"


def _capacity(value: float, unit: list[Any], english: bool) -> str:  # noqa: FBT001 - private
    before, chinese, factor, before_en, unit_en, _ = unit
    if english:
        return f"{before_en} {value * factor:,.10g} {unit_en}"
    return f"{before}{value:.6g}{chinese}"


def _components(parts: tuple[tuple[int, int], ...], words: list[list[str]], form: int, rng: random.Random) -> str:
    if form == _ENGLISH:
        return ", ".join(f"{count} {words[part][form]}{'s' if count > 1 else ''}" for part, count in parts)
    after = rng.random() < 0.5  # noqa: PLR2004 - the count stands before or behind
    counted = (
        words[part][form]
        if count == 1
        else f"{words[part][form]}{count}{rng.choice('座栋条个处')}"
        if after
        else f"{count}{rng.choice('座栋条个处')}{words[part][form]}"
        for part, count in parts
    )
    return "、".join(counted)


def _opened(text: str) -> str:
    """Return a figure with its digits left open, as drafts have it: 1X.X亿元."""
    return re.sub(r"(?<=\d)[0-9]|(?<=\.)[0-9]|^[0-9](?=\D)", "X", text, count=2)
