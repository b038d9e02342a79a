"""Cases: a damage of something that a verb reads, what the verb does with it, and what must not be.

Must hold: an exit code of `CODES` and no traceback, 30 s of processor time, 2 GB of memory, JSON that is JSON, and no
silently other number: where `check` says nothing, neither error nor warning, the growth accounts are those of the
undamaged package. Two changes no rule can see, and they are let pass:

- at most two figures, each moved by less than its column may grow in a year (`growth` in `data/tables.yaml`; 30 % for
  a column without a bound): between two years such a slip is growth like any other;
- a series that begins later: regions begin when they are founded or first surveyed.

A case has a name, TARGET/KIND/NUMBER, that is its seed; ``python bench/bench_fuzz.py NAME`` runs it again.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import yaml
from fuzz.books import BOOKS, CERTIFICATES, PARQUETS, PROTOCOLS, frames, long_text
from fuzz.damages import MEASURED, TABLES, Damage
from fuzz.descriptors import DESCRIPTORS
from fuzz.slips import unseen
from golden.made_up import islands, provinces

CODES = {0, 1, 2, 3, 130}
TOLERANCE = 1e-9
TOPICS = "scope,sources,sectors,paths,frontier,risks"
Figures = dict[tuple[Any, ...], tuple[float, ...]]


class FaultError(Exception):
    """What must not be."""


def wrong(said: str) -> NoReturn:
    raise FaultError(said)


@dataclass(frozen=True)
class Target:
    """What is damaged, how, and what is done with it; `weight`: cases of each kind in a run of scale 1."""

    make: Callable[[], Path]
    damages: dict[str, Damage]
    act: Callable[[Random, Path], None]
    weight: int = 1


# ------------------------------------------------------------------------------------------------ a verb, called here


def call(*words: str | Path) -> tuple[int, str]:
    """Run the command line in this process and return its exit code and what it printed."""
    from xinzhi.cli import app

    kept = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(one, "utf-8", write_through=True) for one in kept)
    before, sys.argv = sys.argv, ["xinzhi", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            app.run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    said, told = (one.getvalue().decode("utf-8", "replace") for one in kept)
    if code not in CODES:
        wrong(f"{' '.join(map(str, words))}: exit {code}: {told[-900:] or said[-300:]}")
    if "--json" in words and said.strip():
        try:
            json.loads(said, parse_constant=_constant)
        except ValueError as error:
            wrong(f"{words[0]} --json is no JSON: {error}: {said[:200]}")
    return code, said


def place_of(error: BaseException) -> str:
    """Return an error and the last places it came through."""
    steps = [f"{Path(step.filename).name}:{step.lineno}" for step in traceback.extract_tb(error.__traceback__)[-5:]]
    return f"{type(error).__name__}: {str(error)[:300]}; {' > '.join(steps)}"


def _constant(name: str) -> float:
    raise ValueError(name)


def check(path: Path) -> set[str]:
    """Return the codes of the errors and warnings that `check` lists."""
    code, said = call("check", path, "--json")
    if code > 1:
        return {"refused"}
    read = json.loads(said)
    return {"refused"} if isinstance(read, dict) else {one["rule"] for one in read if one["severity"] != "note"}


def figures(source: Any, **options: Any) -> Figures | None:
    """Return the growth accounts of a package by region and year; None where it is refused."""
    import xinzhi
    from xinzhi.core.errors import XinzhiError

    try:
        found = xinzhi.measure(xinzhi.load(source) if not isinstance(source, xinzhi.Package) else source, **options)
    except XinzhiError:
        return None
    made: Figures = {}
    for name, frame in (("growth", found.frame), ("level", found.levels)):
        for row in frame.drop("flags", strict=False).iter_rows():
            made[name, *row[:2]] = tuple(value for value in row[2:] if isinstance(value, float))
    return made


def equal(one: Figures, two: Figures) -> bool:
    def same(a: float, b: float) -> bool:
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (math.isnan(a) and math.isnan(b))

    return one.keys() == two.keys() and all(
        len(one[key]) == len(two[key]) and all(map(same, one[key], two[key])) for key in one
    )


def silent(base: Path, damaged: Any, *, told: set[str]) -> None:
    """Measure a damaged package; raise where nothing was said and the figures are others."""
    now = figures(damaged)
    if now is not None and not told and not equal(_reference(base), now) and not unseen(base, _folder(damaged)):
        was = _reference(base)
        moved = sum(not equal({key: was[key]}, {key: now[key]}) for key in was.keys() & now.keys())
        wrong(f"silently other numbers: {moved} rows moved, {len(was.keys() - now.keys())} lost")


def _folder(damaged: Any) -> Path:
    return damaged if isinstance(damaged, Path) and damaged.is_dir() else getattr(damaged, "parent", Path())


@cache
def _reference(base: Path) -> Figures:
    found = figures(base)
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------ what is damaged


@cache
def bases() -> Path:
    """Return the folder of what is undamaged; it goes with the process."""
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _yaml(folder: Path) -> Path:
    """Write the descriptor as YAML."""
    described = folder / "datapackage.json"
    if described.exists():
        read = json.loads(described.read_text("utf-8"))
        (folder / "datapackage.yaml").write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
        described.unlink()
    return folder


@cache
def small() -> Path:
    return _yaml(islands(bases() / "islands"))


@cache
def whole() -> Path:
    return _yaml(provinces(bases() / "provinces"))


@cache
def china() -> Path:
    from xinzhi.data import export, load

    return _yaml(export(load("china-provinces"), bases() / "china"))


def _only(name: str, made: Callable[[], Path], files: Iterable[str]) -> Path:
    folder = bases() / name
    folder.mkdir()
    for file in files:
        shutil.copy(made() / file, folder)
    return folder


@cache
def projects() -> Path:
    return _only("projects", whole, ("projects.csv", "archive.csv"))


@cache
def claims() -> Path:
    return _only("claims", small, ("claims.csv",))


@cache
def prices() -> Path:
    """Return a wide table of prices, one of which explodes."""
    folder, dice = bases() / "prices", Random(3)  # noqa: S311 - no secret
    folder.mkdir()
    level = [100.0, 100.0]
    rows = ["month,north,south"]
    for step in range(90):
        level = [level[0] * (1 + dice.gauss(0, 0.01)), level[1] * (1 + dice.gauss(0.04 if 40 < step < 60 else 0, 0.01))]
        rows.append(f"{2012 + step // 12}-{step % 12 + 1:02d},{level[0]:.4f},{level[1]:.4f}")
    (folder / "prices.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


@cache
def firms() -> Path:
    folder, dice = bases() / "firms", Random(4)  # noqa: S311 - likewise
    folder.mkdir()
    rows = ["unit,year,labour,capital,output,waste"]
    for unit in range(12):
        for year in (2010, 2011, 2012):
            labour, capital = dice.uniform(5, 50), dice.uniform(5, 90)
            output = (labour * capital) ** 0.5 * dice.uniform(0.5, 1)
            rows.append(
                f"u{unit:02d},{year},{labour:.3f},{capital:.3f},{output:.3f},{output * dice.uniform(0.1, 0.3):.3f}"
            )
    (folder / "firms.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


@cache
def certified() -> Path:
    folder = bases() / "certified"
    call("assess", small(), "--skip", TOPICS, "--out", folder)
    for path in folder.iterdir():
        if path.name != "certificate.json":
            path.unlink()
    return folder


@cache
def ruled() -> Path:
    folder = bases() / "ruled"
    folder.mkdir()
    call("protocol", "new", folder / "protocol.yaml")
    return folder


# ------------------------------------------------------------------------------------------------ what is done with it


def measured(rng: Random, folder: Path) -> None:
    told = check(folder)
    silent(small(), folder, told=told)
    if rng.random() < 0.1:
        call("assess", folder, "--skip", TOPICS, "--out", folder.parent / "out", "--lang", rng.choice(("zh", "en")))


def assessed(rng: Random, folder: Path) -> None:
    told = check(folder)
    silent(whole(), folder, told=told)
    call("assess", folder, "--out", folder.parent / "out", "--lang", rng.choice(("zh", "en")))


def of_china(_: Random, folder: Path) -> None:
    silent(china(), folder, told=check(folder) - _told_of_china())


@cache
def _told_of_china() -> frozenset[str]:
    return frozenset(check(china()))


def opened(_: Random, folder: Path) -> None:
    silent(small(), folder / "data.xlsx", told=check(folder / "data.xlsx"))


def framed(rng: Random, folder: Path) -> None:
    import xinzhi
    from xinzhi.core.errors import XinzhiError

    made, options, what = frames(rng, folder)
    try:
        package = xinzhi.load(made, **options)
        told = {one.rule for one in package.findings if one.severity != "note"}
        silent(_framed(), package, told=told)
    except XinzhiError:
        return
    except FaultError as fault:
        wrong(f"{what}: {fault}")
    except BaseException as error:  # noqa: BLE001 - a panic is one
        wrong(f"{what}: {place_of(error)}")


@cache
def _framed() -> Path:
    return _only("framed", small, [f"{name}.csv" for name in MEASURED] + ["datapackage.yaml"])


def screened(rng: Random, folder: Path) -> None:
    out = ["--out", folder.parent / "out"] if rng.random() < 0.1 else []
    call("screen", folder / "projects.csv", "--archive", folder / "archive.csv", "--json", *out)


def priced(rng: Random, folder: Path) -> None:
    out = ["--out", folder.parent / "out"] if rng.random() < 0.1 else []
    call("bubbles", folder / "prices.csv", "--critical", "stored", "--json", *out)


def compared(rng: Random, folder: Path) -> None:
    kinds = (
        [],
        ["--index", "malmquist"],
        ["--model", "sbm"],
        ["--bad", "waste", "--index", "luenberger"],
        ["--sfa", "half-normal"],
        ["--rts", "vrs"],
    )
    out = ["--out", folder.parent / "out"] if rng.random() < 0.1 else []
    call(
        "frontier",
        folder / "firms.csv",
        "-x",
        "labour,capital",
        "-y",
        "output",
        "--unit",
        "unit",
        "--period",
        "year",
        *rng.choice(kinds),
        "--json",
        *out,
    )


def claimed(_: Random, folder: Path) -> None:
    call("claim", small(), "--claims", folder / "claims.csv", "--json")


def verified(_: Random, folder: Path) -> None:
    code, said = call("verify", folder / "certificate.json", "--data", small(), "--no-files", "--json")
    if code == 0:
        one, two = (json.loads((place / "certificate.json").read_text("utf-8")) for place in (certified(), folder))
        if one != two:
            wrong(f"an altered certificate is verified: {said[:200]}")


def followed(_: Random, folder: Path) -> None:
    import xinzhi
    from xinzhi.core.errors import XinzhiError

    path = folder / "protocol.yaml"
    call("protocol", "check", path, "--json")
    try:
        rules = [xinzhi.protocol.load(place / "protocol.yaml") for place in (ruled(), folder)]
    except XinzhiError:
        return
    one, two = (figures(small(), protocol=protocol) for protocol in rules)
    if rules[0].fingerprint == rules[1].fingerprint and not (one == two or (one and two and equal(one, two))):
        wrong("two numbers under one fingerprint")


def _any(damages: dict[str, Damage]) -> dict[str, Damage]:
    def damage(rng: Random, folder: Path) -> str:
        kind = rng.choice(list(damages))
        return f"{kind}: {damages[kind](rng, folder)}"

    return {"any": damage}


EVERY = TABLES | DESCRIPTORS
TARGETS = {
    "csv": Target(small, EVERY, measured, 2),
    "assess": Target(whole, _any(EVERY), assessed, 2),
    "china": Target(china, _any(EVERY), of_china, 3),
    "xlsx": Target(small, BOOKS, opened, 3),
    "parquet": Target(small, PARQUETS, measured, 6),
    "frames": Target(small, {"native": lambda _, __: "frames"}, framed, 12),
    "projects": Target(projects, TABLES | {"long": long_text}, screened),
    "prices": Target(prices, TABLES, priced),
    "firms": Target(firms, TABLES, compared),
    "claims": Target(claims, TABLES, claimed),
    "certificate": Target(certified, CERTIFICATES, verified, 3),
    "protocol": Target(ruled, PROTOCOLS, followed, 3),
}


def names(scale: float = 1.0) -> list[str]:
    """Return the names of the cases of a run: the tests take half of scale 1."""
    return [
        f"{target}/{kind}/{number}"
        for target, spec in TARGETS.items()
        for kind in spec.damages
        for number in range(round(spec.weight * scale) or 1)
    ]


def run(name: str) -> str:
    """Run a case in this process and return what was damaged; raise what it did wrong."""
    target, kind, _ = name.split("/")
    spec, rng = TARGETS[target], Random(name)  # noqa: S311 - likewise
    base = spec.make()
    what = "not damaged"
    with tempfile.TemporaryDirectory(prefix="case-") as place:
        folder = Path(place) / "data"
        shutil.copytree(base, folder)
        with contextlib.chdir(place):
            try:
                what = spec.damages[kind](rng, folder)
                spec.act(rng, folder)
            except FaultError as fault:
                wrong(f"{what}\n  {fault}")
            except BaseException as error:  # noqa: BLE001 - a panic is one
                wrong(f"{what}\n  {place_of(error)}")
    return what
