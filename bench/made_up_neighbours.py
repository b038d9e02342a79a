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
SIBLING, REUSED, EQUIPMENT, PROGRAMME, NAMESAKE, LOT, LISTED = 10, 11, 12, 13, 14, 15, 17
# levels of repackaged projects: of another size, a part, dearer, a line of a list over again
RESIZED, SPLIT, DEARER, LINE = 6, 7, 8, 16
BRIEF = 1 / 6  # how often a text leaves most of the facts out
_ROUND = 2  # digits of a sum that many projects have
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
        if draw < 0.45:  # noqa: PLR2004 - mostly in the next county
            county = rng.choice(self.counties[source.county])
        elif draw < 0.7:  # noqa: PLR2004 - in another city, else in the next township
            county = rng.choice(rng.choice(self.everywhere))
        # a standard design costs much the same everywhere
        by = lambda: rng.choice((-1, 1)) * rng.choice((rng.uniform(0, 0.03), rng.uniform(0.03, 0.25)))  # noqa: E731 - for every figure
        kept = lambda share: rng.random() < share  # noqa: E731 - as above
        fresh = {} if kept(0.4) else self.owner()
        count = [(part, many if kept(0.7) else rng.randint(1, 9)) for part, many in source.components]
        made = replace(
            source,
            county=county,
            site=self.site(),
            **fresh,
            investment=source.investment if kept(0.2) else rounded(source.investment * (1 + by()), 3),
            turnover=source.turnover if kept(0.3) else rounded(source.turnover * (1 + by()), 3),
            land=source.land if kept(0.25) else rounded(source.land * (1 + by()), 3),
            floor=source.floor if kept(0.4) else rounded(source.floor * (1 + by()), 4),
            capacity=source.capacity if kept(0.7) else rounded(source.capacity * (1 + by()), 3),
            components=tuple(count),
            number=source.number % 12 + 1 if source.number or kept(0.2) else 0,
            spot=self.spot(),
            details=tuple((which, many if kept(0.7) else self.figure()) for which, many in source.details),
        )
        start = min(source.start + rng.randint(0, 4), 2024)
        return replace(made, start=start, end=start + rng.randint(1, 3), approval=self.approval(county, start))

    def neighbours(self, stock: Sequence[Made], count: int) -> Iterator[tuple[str, int, str | None, Made, Style]]:
        """Yield what stands close to an archived project: honest neighbours, and repeats of another size."""
        rng = self.rng
        for _ in range(count):
            source = rng.choice(stock)
            yield "new", SIBLING, None, self.sibling(source), self.alike(rng.choice((0, 0, 0, 1, 2, 3)))
        full = [at for at, made in enumerate(stock) if not listed(made)]
        for at in range(count // 2):
            number = rng.choice(full)
            source, known = stock[number], f"a{number}"
            other = (source.sector + rng.randrange(1, len(self.sectors))) % len(self.sectors)
            made = self.later_date(self.project(other, [source.county]))
            # the same standard factory building, a plot of the same size, a sum that many have
            alike = [name for name in ("floor", "land", "investment") if rng.random() < 1 / 3]
            made = replace(made, **{name: getattr(source, name) for name in alike})
            yield "new", REUSED, None, self.by_chance(replace(made, site=source.site), source), self.any_style()
            machines = self.later_date(source)
            small = {name: getattr(source, name) * rng.uniform(0.02, 0.2) for name in ("investment", "turnover")}
            part = replace(
                replace(machines, details=self.other_details(source)),
                **{name: rounded(value, 2) for name, value in small.items()},
                components=source.components[:2],
                land=float("nan"),
                floor=float("nan"),
            )
            label, later = ("new", None) if source.brand == PLATFORM else ("follow-on", known)
            yield label, EQUIPMENT, later, part, replace(self.alike(rng.choice((0, 1))), cue="beside")
            yearly = rng.choice([made for made in stock if dated(made)]) if at % 3 else source
            later = None if yearly.brand == PLATFORM else f"a{stock.index(yearly)}"
            label = "new" if later is None else "follow-on"
            source, now = yearly, source
            # a quota is now and then that of the year before
            same_sum, same_size = (rng.random() < 0.3 for _ in range(2))  # noqa: PLR2004 - three in ten
            year = replace(
                replace(self.later_date(source), details=self.other_details(source), spot=self.spot()),
                investment=source.investment if same_sum else rounded(source.investment * rng.uniform(0.8, 1.25), 3),
                capacity=source.capacity if same_size else rounded(source.capacity * rng.uniform(0.7, 1.4), 2),
                components=tuple((part, rng.randint(1, 9)) for part, _ in source.components),
                land=float("nan"),
                floor=float("nan"),
                turnover=float("nan"),
            )
            yield label, PROGRAMME, later, year, replace(self.alike(0), dated=rng.random() < 0.7)  # noqa: PLR2004 - mostly
            source = now
            same = self.later_date(self.project(source.sector, self.counties[source.county]))
            same = self.by_chance(same, source)
            yield "new", NAMESAKE, None, same, replace(self.any_style(), thin=rng.choice((0, 0, 0, 1)))
            line = rng.choice([made for made in stock if listed(made)])
            yield "repackaged", LINE, f"a{stock.index(line)}", *self.line_again(line)
            yield "new", LISTED, None, *self.line_beside(line)
            scale = rng.choice((rng.uniform(0.55, 0.9), rng.uniform(1.1, 1.5)))
            scaled = {
                name: rounded(getattr(source, name) * scale, 3)
                for name in ("investment", "turnover", "land", "floor", "capacity")
            }
            words = replace(self.alike(rng.choice((0, 1, 2))), cue="again")
            yield "repackaged", RESIZED, known, replace(self.later_date(source), **scaled), words
            words = replace(words, cue=rng.choice((None, "again")))
            numbered = rng.choice([at for at, made in enumerate(stock) if made.number])
            lot = stock[numbered]
            near = {
                name: rounded(getattr(lot, name) * rng.uniform(0.7, 1.3), 3)
                for name in ("investment", "capacity", "land", "floor")
            }
            lot = replace(
                lot,
                number=lot.number % 12 + 1,
                details=self.other_details(lot),
                **near,
                components=tuple((part, rng.randint(1, 9)) for part, _ in lot.components),
            )
            public = lot.brand == PLATFORM
            yield ("new" if public else "follow-on"), LOT, None if public else f"a{numbered}", lot, self.alike(0)
            yield "repackaged", DEARER, known, *self.dearer(source)
            other_number = rng.choice(full)
            yield "repackaged", DEARER, f"a{other_number}", *self.dearer(stock[other_number])
            share = rng.uniform(0.3, 0.7)
            half = {name: rounded(getattr(source, name) * share, 3) for name in ("investment", "turnover", "land")}
            piece = replace(self.later_date(source), components=source.components[at % 2 :][:2], **half)
            piece = replace(piece, details=source.details[at % 2 :][:2], floor=float("nan"))
            yield "repackaged", SPLIT, known, piece, words

    def by_chance(self, made: Made, source: Made) -> Made:
        """Return a project that costs now and then what its neighbour costs, mostly where that is a round sum."""
        round_ = source.investment == rounded(source.investment, _ROUND)
        return replace(made, investment=source.investment) if self.rng.random() < (0.4 if round_ else 0.05) else made

    def line_again(self, source: Made) -> tuple[Made, Style]:
        """Return a line of a list that stands on the next list too: a tender over again, a project carried on."""
        rng = self.rng
        moved = source.investment if rng.random() < 0.6 else rounded(source.investment * rng.uniform(0.8, 1.2), 3)  # noqa: PLR2004 - mostly
        name = rng.choice(("name", "name", "name", "other"))
        owner = "own" if rng.random() < 0.9 else None  # noqa: PLR2004 - mostly
        style = Style(
            words=0,
            name=name,
            frames="frames",
            buzz=rng.choice((0, 0, 1)),
            owner=owner,
            thin=rng.choice((1, 2, 4, 4)),
            again=rng.random() < 0.3,  # noqa: PLR2004 - three in ten
        )
        return replace(self.later_date(source), investment=moved), style

    def line_beside(self, source: Made) -> tuple[Made, Style]:
        """Return a line of a list that looks like another: one more of the same owner, of the next site or year."""
        rng = self.rng
        other = (source.sector + rng.randrange(1, len(self.sectors))) % len(self.sectors)
        owner = {"brand": source.brand, "form": source.form}
        made = rng.choice(
            (
                replace(self.sibling(source), **owner, county=source.county),  # one more of its kind, elsewhere
                self.by_chance(replace(self.project(other, [source.county]), **owner), source),  # something else
                self.by_chance(self.project(source.sector, [source.county]), source),  # somebody else's
                replace(source, number=source.number % 12 + 1),  # the next lot
            )
        )
        style = Style(
            words=0,
            name="name",
            frames="frames",
            buzz=rng.choice((0, 0, 1)),
            owner="own",
            thin=rng.choice((1, 2, 4, 4)),
        )
        return self.later_date(made), style

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
            self.later_date(source),
            investment=rounded(source.investment * up, 3),
            turnover=float("nan"),
            land=source.land if kept(0.6) else float("nan"),
            floor=source.floor if kept(0.6) else float("nan"),
            capacity=source.capacity if kept(0.85) else rounded(source.capacity * rng.uniform(0.8, 1.3), 2),
            components=tuple(rng.sample(source.components, rng.randint(1, len(source.components)))),
            details=tuple(rng.sample(source.details, rng.randint(1, len(source.details)))),
            site=source.site if kept(0.8) else self.site(),
            spot=source.spot if kept(0.7) else "",
            county=self.moved(source.county),
        )
        words, name, frames = rng.choice(
            (
                (1, "para", "para"),
                (2, "para", "para"),
                (1, "other", "frames"),
                (2, "other", "templates"),
                (3, "en", "english"),
            )
        )
        own = rng.choice((None, self.new_owner(), self.new_owner(), source.brand + source.form))
        cue = "again" if kept(0.08) else None
        return made, Style(
            words=words,
            name=name,
            frames=frames,
            buzz=rng.randint(1, 3),
            owner=own,
            cue=cue,
            brief=rng.random() < BRIEF,
        )

    def alike(self, words: int) -> Style:
        """Return how a project is worded that has much of an archived one: its sentences, its trade, its owner."""
        rng = self.rng
        frames, name = (("frames", "name"), ("frames", "other"), ("para", "para"), ("english", "en"))[words]
        turn = 0 if rng.random() < 0.6 else None  # noqa: PLR2004 - mostly in the sentences of the template
        return Style(
            words=words,
            name=name,
            frames=frames,
            buzz=rng.randint(0, 2),
            owner="own",
            turn=turn,
            brief=rng.random() < BRIEF,
        )


def dated(made: Made) -> bool:
    """Return whether the year stands in the name of an archived project; one in eight."""
    return sum(map(ord, made.site)) % 8 == 0


def listed(made: Made) -> bool:
    """Return whether all that is archived of a project is a line of a list; one in twelve."""
    return sum(map(ord, made.site)) % 12 == 5  # noqa: PLR2004 - any remainder


def rounded(value: float, digits: int) -> float:
    """Return a number with so many significant digits."""
    return float(f"{value:.{digits}g}")
