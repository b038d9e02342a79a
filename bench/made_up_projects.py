"""Made-up projects of known truth: an archive, and projects that are repackaged, later phases, or new.

What the weights of the screening are learned on, and what it is measured on. No project here exists.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from made_up_neighbours import BRIEF, PLATFORM, Neighbours, dated, listed, rounded
from made_up_wording import Style, vocabulary, write
from xinzhi.risks.projects.conventions import places_table
from xinzhi.risks.projects.places import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


HARD, EASY = 9, 0  # levels of new projects
Split = Literal["train", "validation", "held_out"]
LEVELS = (1, 2, 3, 4, 5)
_FEWEST_COUNTIES = 3
_MOVED = 0.5  # how often a rewrite of the upper levels moves a floor area, and half as often a capacity
_SPOT_KEPT = 0.8  # how often they name the hill or bridge that the archived text names
_VERBATIM = 0.3  # how often level 1 copies the archived text word for word
_SEEDS = {"train": 11, "validation": 22, "held_out": 33}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A made-up project: what it is, apart from the words for it."""

    sector: int
    county: int
    site: str
    brand: str
    form: str
    investment: float
    turnover: float
    land: float
    floor: float
    capacity: float
    components: tuple[tuple[int, int], ...]
    start: int
    end: int
    approval: str
    spot: str = ""  # a hill or bridge beside the site
    details: tuple[tuple[int, int], ...] = ()  # further figures: which, and how many
    number: int = 0  # of the lot or unit, where projects of one design are numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Synthetic projects and their truth.

    Parameters
    ----------
    projects, archive
        ``id, year, title, text, synthetic``: tables as `screen` reads them.
    truth
        ``id, archive_id, label, level``: ``repackaged`` (with the level of disguise and its source), ``follow-on``
        (with the archived first phase), ``new`` (level 0: another sector or city, or the owner's other business; level
        9: hard, same sector and city, everything else drawn anew). Where asked also repackaged ones of another size
        (level 6), parts (7), and dearer ones of another owner under another name (8), and the honest neighbours of
        archived ones: the same design elsewhere (10), another trade on the same site (11), new equipment (12) and the
        yearly renewal (13) of one owner, a name that two projects of a city share (14), and the next lot of one scheme
        (15). A line of a list stands there over again (16), or is another one of its owner or kind (17).
    """

    projects: pl.DataFrame
    archive: pl.DataFrame
    truth: pl.DataFrame


def labelled(
    split: Split,
    *,
    archive: int = 3000,
    rewrites: int = 150,
    others: int = 300,
    cities: int = 40,
    neighbours: int = 0,
    seed: int | None = None,
) -> Labelled:
    """Return labelled projects of one split. They are synthetic: no project of them exists.

    Parameters
    ----------
    split
        ``train``, ``validation`` or ``held_out``: they share no sector, no wording and no sentence.
    archive
        How many projects are archived, in how many `cities`.
    rewrites
        How many projects of each of the five levels of disguise: 1 buzzwords and dates; 2 renamed and reordered; 3
        synonyms, numbers moved; 4 paraphrased throughout; 5 English.
    others
        How many follow-on projects, hard new ones, and easy new ones, each.
    neighbours
        How many siblings, and half as many of each other kind of neighbour and of the resized and split ones.
    seed
        Seed; by default that of the split.

    Examples
    --------
    >>> made = labelled("train", archive=50, rewrites=2, others=3, cities=2)
    >>> made.projects.height, made.archive.height, made.truth["label"].unique().sort().to_list()
    (19, 50, ['follow-on', 'new', 'repackaged'])
    """
    rng = random.Random(_SEEDS[split] if seed is None else seed)  # noqa: S311 - made-up projects, no secrets
    maker = _Maker(split, rng, cities)
    stock = [*maker.stock(archive)]
    rows = [_row(f"a{at}", maker.archived(made), made) for at, made in enumerate(stock)]
    projects: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    every = (*maker.applications(stock, rewrites, others), *maker.neighbours(stock, neighbours))
    for label, level, source, made, style in every:
        name = f"p{len(projects)}"
        words = write(made, style, rng, split)
        if level == 1 and rng.random() < _VERBATIM:
            old = rows[int((source or "a0")[1:])]
            words = _copied(old["title"], old["text"], stock[int((source or "a0")[1:])], made, words[0])
        projects.append(_row(name, words, made))
        truth.append({"id": name, "archive_id": source, "label": label, "level": level})
    schema = {"id": pl.String, "archive_id": pl.String, "label": pl.String, "level": pl.Int64}
    return Labelled(
        projects=pl.DataFrame(projects), archive=pl.DataFrame(rows), truth=pl.DataFrame(truth, schema=schema)
    )


def _row(name: str, words: tuple[str, str], made: Made) -> dict[str, Any]:
    return {"id": name, "year": made.start - 1, "title": words[0], "text": words[1], "synthetic": True}


def _copied(title: str, text: str, source: Made, made: Made, buzzed: str) -> tuple[str, str]:
    """Return an archived text under a new name and with new dates."""
    dated = text.replace(f"{source.start}年", f"{made.start}年").replace(f"{source.end}年", f"{made.end}年")
    return buzzed, dated.replace(title, buzzed)


@cache
def _cities() -> tuple[tuple[int, ...], ...]:
    """Return the counties of every city that has some."""
    groups = (
        places_table()
        .filter(~pl.col("code").str.ends_with("00"))
        .group_by(pl.col("code").str.head(4).alias("city"), maintain_order=True)
        .agg("code")
    )
    known = set(places_table()["code"].to_list())
    counties = [codes for city, codes in groups.iter_rows() if f"{city}00" in known]
    return tuple(tuple(int(code) for code in codes) for codes in counties if len(codes) >= _FEWEST_COUNTIES)


class _Maker(Neighbours):
    """Draws projects of one split."""

    def __init__(self, split: Split, rng: random.Random, cities: int) -> None:
        self.rng, self.split = rng, split
        self.book: dict[str, Any] = vocabulary()
        self.forms: Sequence[str] = self.book["owner_forms"]
        self.sectors: Sequence[dict[str, Any]] = self.book["splits"][split]["sectors"]
        self.cities = rng.sample(_cities(), min(cities, len(_cities())))
        self.everywhere = _cities()
        self.counties = {county: counties for counties in _cities() for county in counties}

    def stock(self, count: int) -> Iterator[Made]:
        """Yield archived projects; one owner in seven has another project in the same city."""
        last: Made | None = None
        for _ in range(count):
            made = self.project(self.rng.randrange(len(self.sectors)), self.rng.choice(self.cities))
            if last is not None and self.rng.random() < 1 / 8:
                # archives hold standard designs too: the same plant in the next county
                made = self.sibling(last)
                yield made
                continue
            if last is not None and self.rng.random() < 1 / 7:
                county = self.rng.choice(self.counties[last.county])
                made = replace(made, brand=last.brand, form=last.form, county=county)
            last = made
            yield made

    def project(self, sector: int, counties: Sequence[int]) -> Made:
        """Return a project of a sector in one of some counties."""
        rng = self.rng
        start = rng.randint(2008, 2021)
        sizes = self.sectors[sector]["capacity"][5]
        size = float(rng.choice(sizes))
        if rng.random() < 0.5:  # noqa: PLR2004 - half are of a usual size, half of their own
            size = rounded(size * rng.uniform(0.5, 2), rng.choice((2, 3)))
        investment = 10 ** rng.uniform(7.3, 9.9)
        parts = rng.sample(range(5), rng.randint(3, 5))
        return Made(
            sector=sector,
            county=rng.choice(counties),
            site=self.site(),
            **self.owner(),
            investment=rounded(investment, rng.choice((1, 2, 3, 4))),
            turnover=rounded(investment * rng.uniform(0.5, 2), rng.choice((1, 2, 3))),
            land=rounded(10 ** rng.uniform(1.3, 3.3), rng.choice((1, 2, 3))),
            floor=rounded(10 ** rng.uniform(3.5, 5.7), rng.choice((2, 3, 4))),
            capacity=max(size, 1.0),
            components=tuple((part, rng.randint(1, 9)) for part in parts),
            start=start,
            end=start + rng.randint(1, 4),
            approval=self.approval(rng.choice(counties), start),
            number=self.numbered(),
            spot=self.spot(),
            details=tuple((which, self.figure()) for which in rng.sample(range(len(self.book["details"]["zh"])), 4)),
        )

    def spot(self) -> str:
        """Return the name of a hill, bridge or square."""
        return "".join(self.rng.sample(self.book["site_signs"], 2)) + self.rng.choice(self.book["spots"])

    def figure(self) -> int:
        """Return a number of one to three digits."""
        return max(2, int(10 ** self.rng.uniform(0.3, 3)))

    def numbered(self) -> int:
        """Return the number of a lot or unit; six in seven projects have none."""
        return self.rng.randint(1, 12) if self.rng.random() < 1 / 7 else 0

    def owner(self) -> dict[str, str]:
        """Return brand and form of an owner; one in five is a body of public money, named after its place."""
        if self.rng.random() < 0.2:  # noqa: PLR2004 - one in five
            return {"brand": PLATFORM, "form": self.rng.choice(self.book["platforms"])}
        return {"brand": "".join(self.rng.sample(self.book["brand_signs"], 2)), "form": self.rng.choice(self.forms)}

    def site(self) -> str:
        """Return the name of a township or park."""
        return "".join(self.rng.sample(self.book["site_signs"], 2)) + self.rng.choice(
            ("镇", "产业园", "工业园", "片区")
        )

    def approval(self, county: int, year: int) -> str:
        """Return an approval number."""
        rng = self.rng
        if rng.random() < 0.5:  # noqa: PLR2004 - one kind or the other
            return f"{year % 100:02}{rng.randint(1, 12):02}-{county}-04-01-{rng.randint(100_000, 999_999)}"
        return f"{name_of(county // 10_000 * 10_000)[0][:1]}发改审〔{year}〕{rng.randint(1, 900)}号"

    def archived(self, made: Made) -> tuple[str, str]:
        """Return title and text of an archived project; one in fifty of those that stand on no list is a line too."""
        thin = self.rng.choice((1, 2, 3, 4, 4)) if listed(made) else 0
        if not thin and self.rng.random() < 1 / 50:
            thin = self.rng.choice((1, 2, 3))
        style = Style(
            thin=thin,
            dated=dated(made),
            words=0,
            name="name",
            frames="frames",
            buzz=0,
            owner=made.brand + made.form,
            turn=0,
        )
        return write(made, style, self.rng, self.split)

    def applications(
        self, stock: Sequence[Made], rewrites: int, others: int
    ) -> Iterator[tuple[str, int, str | None, Made, Style]]:
        """Yield label, level, source, project and style of every application."""
        rng = self.rng
        full = [at for at, made in enumerate(stock) if not listed(made)]
        sources = rng.sample(full, min(len(full), rewrites * len(LEVELS) + others))
        for at, number in enumerate(sources):
            source, name = stock[number], f"a{number}"
            if at < rewrites * len(LEVELS):
                level = LEVELS[at % len(LEVELS)]
                yield "repackaged", level, name, *self.disguised(source, level)
            else:
                yield "follow-on", 0, name, *self.later(source)
        for _ in range(others):
            source = rng.choice(stock)
            made = self.by_chance(self.project(source.sector, self.counties[source.county]), source)
            yield "new", HARD, None, self.later_date(made), self.any_style()
        for _ in range(others):
            made = self.later_date(self.project(rng.randrange(len(self.sectors)), rng.choice(_cities())))
            if rng.random() < 0.2:  # noqa: PLR2004 - one in five: an archived owner's other business
                source = rng.choice(stock)
                other = (source.sector + rng.randrange(1, len(self.sectors))) % len(self.sectors)
                made = self.later_date(self.project(other, self.counties[source.county]))
                made = replace(made, brand=source.brand, form=source.form)
            yield "new", 0, None, made, self.any_style()

    def later_date(self, made: Made) -> Made:
        """Return a project that begins some years later, under an approval of its own."""
        start = made.start + self.rng.randint(3, 8)
        end = start + self.rng.randint(1, 4)
        return replace(made, start=start, end=end, approval=self.approval(made.county, start))

    def disguised(self, source: Made, level: int) -> tuple[Made, Style]:
        """Return an archived project as it is handed in again, and how it is worded."""
        rng = self.rng
        made = self.later_date(source)
        if rng.random() < 0.1:  # noqa: PLR2004 - one in ten still cites the old approval
            made = replace(made, approval=source.approval)
        if level in (3, 4, 5):
            up = (0.02, 0.20) if level == 4 else (-0.05, 0.05)  # noqa: PLR2004 - the level of full paraphrase
            made = replace(
                made,
                investment=rounded(made.investment * (1 + rng.uniform(*up)), 3),
                land=rounded(made.land * (1 + rng.uniform(-0.1, 0.1)), 3),
                turnover=rounded(made.turnover * (1 + rng.uniform(-0.2, 0.2)), 3),
                floor=rounded(made.floor * (1 + rng.uniform(-0.1, 0.1) * (rng.random() < _MOVED)), 4),
                capacity=rounded(made.capacity * (1 + rng.uniform(-0.05, 0.05) * (rng.random() < _MOVED / 2)), 4),
                county=self.moved(made.county),
                components=made.components[: rng.randint(2, len(made.components))],
                spot=made.spot if rng.random() < _SPOT_KEPT else self.spot(),
            )
        order = list(made.components)
        if level > 1:
            rng.shuffle(order)
        made = replace(made, components=tuple(order))
        names = {1: "name", 2: "other", 3: "other", 4: "para", 5: "en"}
        frames = {1: "frames", 2: "frames", 3: "frames", 4: "para", 5: "english"}
        style = Style(
            thin=rng.choice((1, 2, 3)) if rng.random() < 1 / 50 else 0,
            cue="again" if rng.random() < 1 / 12 else None,
            template=rng.random() < 1 / 6,
            words=max(0, level - 2),
            name=names[level],
            frames=frames[level],
            buzz=rng.randint(1, 3),
            owner=self.owner_again(source, level),
            turn={1: 0, 2: 1, 3: 1}.get(level),
        )
        return made, style

    def moved(self, county: int) -> int:
        """Return where a project is handed in again: seldom in another county, seldomer in another city."""
        draw = self.rng.random()
        if draw < 0.015:  # noqa: PLR2004 - one in seventy
            return self.rng.choice(self.counties[county])
        return self.rng.choice(self.rng.choice(self.cities)) if draw < 0.02 else county  # noqa: PLR2004 - one in two hundred

    def owner_again(self, source: Made, level: int) -> str | None:
        """Return the owner of a project handed in again: the same, a subsidiary, another, or unnamed."""
        draw = self.rng.random()
        same, subsidiary, unnamed = {1: (0.85, 0.9, 1), 2: (0.7, 0.8, 1)}.get(level, (0.45, 0.65, 0.85))
        if draw < same:
            return source.brand + source.form
        if draw < subsidiary:
            return self.new_owner() if source.brand == PLATFORM else source.brand + "科创" + self.rng.choice(self.forms)
        return None if draw < unnamed else self.new_owner()

    def new_owner(self) -> str:
        """Return an owner of no archived project, chance apart."""
        return "".join(self.owner().values())

    def later(self, source: Made) -> tuple[Made, Style]:
        """Return a genuine later phase: same owner and site, its own size and sums."""
        rng = self.rng
        fresh = self.later_date(self.project(source.sector, [source.county]))
        number = source.number % 12 + 1 if source.number else 0
        made = replace(fresh, brand=source.brand, form=source.form, site=source.site, number=number)
        if rng.random() < 0.2:  # noqa: PLR2004 - one in five cites the approval of the first phase
            made = replace(made, approval=source.approval)
        words = self.alike(0) if rng.random() < 0.4 else self.any_style()  # noqa: PLR2004 - two in five are worded alike
        return made, replace(words, owner=source.brand + source.form, phase=rng.random() < 0.8)  # noqa: PLR2004 - four in five

    def any_style(self) -> Style:
        """Return how a project of its own is worded: as any other."""
        rng = self.rng
        words, name, frames = rng.choice(
            (
                (0, "name", "frames"),
                (0, "other", "frames"),
                (1, "other", "frames"),
                (2, "para", "para"),
                (3, "en", "english"),
            )
        )
        owner = self.new_owner() if rng.random() < 0.8 else None  # noqa: PLR2004 - one in five names no owner
        return Style(
            words=words,
            name=name,
            frames=frames,
            buzz=rng.randint(0, 3),
            owner=owner,
            template=rng.random() < 1 / 6,
            thin=rng.choice((1, 2, 3)) if rng.random() < 1 / 50 else 0,
            cue="beside" if rng.random() < 1 / 20 else None,
            brief=rng.random() < BRIEF,
        )


def varied(projects: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return projects in other counties of their cities, with other figures and names: cheaper than to draw them.

    Years stay, and signs of names that words for places or works have too.
    """
    rng = random.Random(seed)  # noqa: S311 - made-up projects, no secrets
    once = places_table().filter(pl.col("name").is_unique() & ~pl.col("code").str.ends_with("00"))
    moved: dict[str, str] = {}
    for _, names in once.group_by(pl.col("code").str.head(4), maintain_order=True).agg("name").iter_rows():
        moved |= zip(names, rng.sample(names, len(names)), strict=True)
    book: dict[str, Any] = vocabulary()
    taken = {sign for name in places_table()["name"] for sign in name} | set(str(book["splits"]) + str(book["details"]))
    free = sorted({*book["site_signs"], *book["brand_signs"]} - taken)
    moved |= zip(free, rng.sample(free, len(free)), strict=True)
    digits = rng.sample("123456789", 9)
    for wide in (0, ord("０") - ord("0")):

        def form(text: str, wide: int = wide) -> str:
            return "".join(chr(ord(sign) + wide) for sign in text)

        moved |= {form(str(year)): form(str(year)) for year in range(2000, 2040)}  # the first that fits is taken
        moved |= {form(one): form(other) for one, other in zip("123456789", digits, strict=True)}
    texts = pl.col("title", "text").str.replace_many([*moved], [*moved.values()], leftmost=True)
    return projects.with_columns(texts)
