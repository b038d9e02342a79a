"""What stands close to a made-up project: honest neighbours, and repeats of another size, price or extent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from made_up_wording import Style

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from made_up_projects import Made

# levels of the honest neighbours of an archived project
SIBLING, REUSED, EQUIPMENT, PROGRAMME, NAMESAKE, LOT = 10, 11, 12, 13, 14, 15
RESIZED, SPLIT, DEARER = 6, 7, 8  # levels of repackaged projects: of another size, a part, dearer
PLATFORM = "@@"  # before an owner that is named after its place


class Neighbours:
    """Draws the neighbours of archived projects; the maker of projects knows places, owners and figures."""

    rng: random.Random
    book: dict[str, Any]
    sectors: Sequence[dict[str, Any]]
    cities: Sequence[tuple[int, ...]]
    everywhere: Sequence[tuple[int, ...]]
    counties: Mapping[int, Sequence[int]]
    owner: Callable[[], dict[str, str]]
    site: Callable[[], str]
    spot: Callable[[], str]
    figure: Callable[[], int]
    approval: Callable[[int, int], str]
    project: Callable[[int, Sequence[int]], Made]
    later_date: Callable[[Made], Made]
    moved: Callable[[int], int]
    new_owner: Callable[[], str]
    any_style: Callable[[], Style]

    def sibling(self, source: Made) -> Made:
        """Return the same design at another site: often another county, often the same owner, sums of its own."""
        rng = self.rng
        draw = rng.random()
        county = source.county
        if draw < 0.55:  # noqa: PLR2004 - mostly in the next county
            county = rng.choice(self.counties[source.county])
        elif draw < 0.85:  # noqa: PLR2004 - in another city
            county = rng.choice(rng.choice(self.everywhere))
        # a standard design costs much the same everywhere
        by = lambda: rng.choice((-1, 1)) * rng.choice((rng.uniform(0, 0.03), rng.uniform(0.03, 0.25)))  # noqa: E731 - for every figure
        kept = lambda share: rng.random() < share  # noqa: E731 - as above
        fresh = {} if kept(0.4) else self.owner()
        count = [(part, many if kept(0.7) else rng.randint(1, 9)) for part, many in source.components]
        made = replace(
            source, county=county, site=self.site(), **fresh,
            investment=source.investment if kept(0.2) else rounded(source.investment * (1 + by()), 3),
            turnover=source.turnover if kept(0.3) else rounded(source.turnover * (1 + by()), 3),
            land=source.land if kept(0.25) else rounded(source.land * (1 + by()), 3),
            floor=source.floor if kept(0.4) else rounded(source.floor * (1 + by()), 4),
            capacity=source.capacity if kept(0.7) else rounded(source.capacity * (1 + by()), 3),
            components=tuple(count),
            number=source.number % 12 + 1 if source.number or kept(0.2) else 0,
            spot=self.spot(),
            details=tuple((which, many if kept(0.7) else self.figure()) for which, many in source.details),
        )  # fmt: skip
        start = min(source.start + rng.randint(0, 4), 2024)
        return replace(made, start=start, end=start + rng.randint(1, 3), approval=self.approval(county, start))

    def neighbours(self, stock: Sequence[Made], count: int) -> Iterator[tuple[str, int, str | None, Made, Style]]:
        """Yield what stands close to an archived project: honest neighbours, and repeats of another size."""
        rng = self.rng
        for _ in range(count):
            source = rng.choice(stock)
            yield "new", SIBLING, None, self.sibling(source), self.alike(rng.choice((0, 0, 0, 1, 2, 3)))
        for at in range(count // 2):
            number = rng.randrange(len(stock))
            source, known = stock[number], f"a{number}"
            other = (source.sector + rng.randrange(1, len(self.sectors))) % len(self.sectors)
            made = self.later_date(self.project(other, [source.county]))
            yield "new", REUSED, None, replace(made, site=source.site), self.any_style()
            machines = self.later_date(source)
            small = {name: getattr(source, name) * rng.uniform(0.02, 0.2) for name in ("investment", "turnover")}
            part = replace(
                replace(machines, details=self.other_details(source)),
                **{name: rounded(value, 2) for name, value in small.items()},
                components=source.components[:2], land=float("nan"), floor=float("nan"),
            )  # fmt: skip
            label, later = ("new", None) if source.brand == PLATFORM else ("follow-on", known)
            yield label, EQUIPMENT, later, part, replace(self.alike(rng.choice((0, 1))), cue="beside")
            yearly = rng.choice([made for made in stock if dated(made)]) if at % 3 else source
            later = None if yearly.brand == PLATFORM else f"a{stock.index(yearly)}"
            label = "new" if later is None else "follow-on"
            source, now = yearly, source
            year = replace(
                replace(self.later_date(source), details=self.other_details(source), spot=self.spot()),
                investment=rounded(source.investment * rng.uniform(0.8, 1.25), 3),
                capacity=rounded(source.capacity * rng.uniform(0.7, 1.4), 2),
                components=tuple((part, rng.randint(1, 9)) for part, _ in source.components),
                land=float("nan"), floor=float("nan"), turnover=float("nan"),
            )  # fmt: skip
            yield label, PROGRAMME, later, year, replace(self.alike(0), dated=rng.random() < 0.7)  # noqa: PLR2004 - mostly
            source = now
            same = self.later_date(self.project(source.sector, self.counties[source.county]))
            yield "new", NAMESAKE, None, same, replace(self.any_style(), thin=rng.choice((0, 0, 0, 1)))
            scale = rng.choice((rng.uniform(0.55, 0.9), rng.uniform(1.1, 1.5)))
            scaled = {name: rounded(getattr(source, name) * scale, 3)
                      for name in ("investment", "turnover", "land", "floor", "capacity")}  # fmt: skip
            words = replace(self.alike(rng.choice((0, 1, 2))), cue="again")
            yield "repackaged", RESIZED, known, replace(self.later_date(source), **scaled), words
            words = replace(words, cue=rng.choice((None, "again")))
            numbered = rng.choice([at for at, made in enumerate(stock) if made.number])
            lot = stock[numbered]
            near = {name: rounded(getattr(lot, name) * rng.uniform(0.7, 1.3), 3)
                    for name in ("investment", "capacity", "land", "floor")}  # fmt: skip
            lot = replace(
                lot, number=lot.number % 12 + 1, details=self.other_details(lot), **near,
                components=tuple((part, rng.randint(1, 9)) for part, _ in lot.components),
            )  # fmt: skip
            public = lot.brand == PLATFORM
            yield ("new" if public else "follow-on"), LOT, None if public else f"a{numbered}", lot, self.alike(0)
            yield "repackaged", DEARER, known, *self.dearer(source)
            other_number = rng.randrange(len(stock))
            yield "repackaged", DEARER, f"a{other_number}", *self.dearer(stock[other_number])
            share = rng.uniform(0.3, 0.7)
            half = {name: rounded(getattr(source, name) * share, 3) for name in ("investment", "turnover", "land")}
            piece = replace(self.later_date(source), components=source.components[at % 2 :][:2], **half)
            piece = replace(piece, details=source.details[at % 2 :][:2], floor=float("nan"))
            yield "repackaged", SPLIT, known, piece, words

    def other_details(self, source: Made) -> tuple[tuple[int, int], ...]:
        """Return the same further figures of other sizes, one in four unchanged."""
        rng = self.rng
        return tuple((which, many if rng.random() < 1 / 4 else self.figure()) for which, many in source.details)

    def dearer(self, source: Made) -> tuple[Made, Style]:
        """Return an archived project of another name and owner, for much more money, with the figures of its works."""
        rng = self.rng
        kept = lambda share: rng.random() < share  # noqa: E731 - drawn for every figure
        up = rng.uniform(1.1, 2.2)
        made = replace(
            self.later_date(source), investment=rounded(source.investment * up, 3), turnover=float("nan"),
            land=source.land if kept(0.6) else float("nan"), floor=source.floor if kept(0.6) else float("nan"),
            capacity=source.capacity if kept(0.85) else rounded(source.capacity * rng.uniform(0.8, 1.3), 2),
            components=tuple(rng.sample(source.components, rng.randint(1, len(source.components)))),
            details=tuple(rng.sample(source.details, rng.randint(1, len(source.details)))),
            site=source.site if kept(0.8) else self.site(), spot=source.spot if kept(0.7) else "",
            county=self.moved(source.county),
        )  # fmt: skip
        words, name, frames = rng.choice(((1, "para", "para"), (2, "para", "para"), (1, "other", "frames"),
                                          (2, "other", "templates"), (3, "en", "english")))  # fmt: skip
        own = rng.choice((None, self.new_owner(), self.new_owner(), source.brand + source.form))
        cue = "again" if kept(0.08) else None
        return made, Style(words=words, name=name, frames=frames, buzz=rng.randint(1, 3), owner=own, cue=cue)

    def alike(self, words: int) -> Style:
        """Return how a project is worded that has much of an archived one: its sentences, its trade, its owner."""
        rng = self.rng
        frames, name = (("frames", "name"), ("frames", "other"), ("para", "para"), ("english", "en"))[words]
        turn = 0 if rng.random() < 0.6 else None  # noqa: PLR2004 - mostly in the sentences of the template
        return Style(words=words, name=name, frames=frames, buzz=rng.randint(0, 2), owner="own", turn=turn)


def dated(made: Made) -> bool:
    """Return whether the year stands in the name of an archived project; one in eight."""
    return sum(map(ord, made.site)) % 8 == 0


def rounded(value: float, digits: int) -> float:
    """Return a number with so many significant digits."""
    return float(f"{value:.{digits}g}")
