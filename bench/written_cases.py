"""How texts written one by one are judged: the record of it that the program quotes, and its place in the docs.

    python bench/bench_screen.py docs    # after learning: writes trials.yaml and the marked parts of docs/screen.md

`tests/cases/screen/README.md` tells who wrote them, what was learned from and what was only counted.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import polars as pl
import yaml

from judged_projects import judged
from made_up_projects import EASY, HARD
from xinzhi.risks import screen
from xinzhi.risks.projects.conventions import HERE
from xinzhi.risks.projects.screening import calibration_table, share_interval, true_accusations
from xinzhi.risks.projects.weights import shipped_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases" / "screen"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "screen.md"
RECORD = HERE / "trials.yaml"
BATCHES = tuple(sorted({path.name.split("_")[0] for path in CASES.glob("[a-z]_labels.csv")}))
# written without knowledge of the program, the other half not looked at; who wrote d knew it, and all of g was read
UNAWARE = ("a", "b", "c", "h")
# batches by which nothing was learned or chosen, in the order in which they were written; the last is quoted
FRESH = tuple(sorted({path.name.split("_")[0] for path in CASES.glob("fresh*_labels.csv")}))
SURE = 0.9
WANTED = (0.92, 0.70, 0.93)  # accusations true, repeats found, true of those said with .9 or more
RARE = 0.1  # the other share of repeats that is tried
HEAD = """\
# How texts written one by one were judged by the weights that ship: COUNTED by `python bench/bench_screen.py docs`,
# never edited by hand. kept: the halves of a, b, c, h not learned from; rare: the same, a tenth said to be repackaged;
# last: the batch written last, from which nothing was learned and with which in view nothing was chosen.
"""


def told_apart(table: pl.DataFrame) -> dict[str, float]:
    """Return precision, recall of the decided and of all, the undecided share, and the counts behind them.

    Parameters
    ----------
    table
        What `judged` returns; every project that is no repeat counts as honest.
    """
    said, true, open_ = (
        pl.col("verdict") == "repackaged",
        pl.col("label") == "repackaged",
        pl.col("verdict") == "cannot tell",
    )
    counts = table.select(
        calls=said.sum(),
        hits=(said & true).sum(),
        decided=(true & ~open_).sum(),
        every=true.sum(),
        open=open_.mean(),
        surest=(pl.col("probability") >= SURE).sum(),
        sure_hits=((pl.col("probability") >= SURE) & true).sum(),
    ).row(0, named=True)
    return {
        "precision": counts["hits"] / max(counts["calls"], 1),
        "recall": counts["hits"] / max(counts["decided"], 1),
        "recall_of_all": counts["hits"] / max(counts["every"], 1),
        "cannot_tell": counts["open"],
        "sure": counts["sure_hits"] / max(counts["surest"], 1),
        **counts,
    }


@cache
def cases(name: str, prior: float | None = None) -> pl.DataFrame:
    """Return the judged cases of a batch of `tests/cases/screen`."""
    projects, archive, labels = (
        pl.read_csv(CASES / f"{name}_{part}.csv", infer_schema=False) for part in ("projects", "archive", "labels")
    )
    level = pl.when(pl.col("hard") == "1").then(HARD).otherwise(EASY)
    truth = labels.select("id", "label", level.alias("level"), pl.col("source").alias("archive_id"))
    return judged(screen(projects, archive, prior=prior), truth)


def kept_halves(prior: float | None = None) -> pl.DataFrame:
    """Return the judged cases of the batches of `UNAWARE` that were not learned from."""
    return pl.concat([cases(name, prior).filter(~_odd()) for name in UNAWARE])


def written_parts() -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the judged cases written one by one, by batch and half."""
    yield from ((name, cases(name)) for name in ("dev", "kept"))
    for name in BATCHES:
        yield f"{name} learned from", cases(name).filter(_odd())
        yield f"{name} kept back", cases(name).filter(~_odd())
    yield from ((name, cases(name)) for name in FRESH)


def _odd() -> pl.Expr:
    return pl.col("id").str.extract("([0-9]+)$").cast(pl.Int64) % 2 == 1


def trials() -> dict[str, dict[str, int | str]]:
    """Return the record that the program quotes."""
    return {
        "kept": _counted(kept_halves()),
        "rare": _counted(kept_halves(RARE)),
        "last": {"batch": FRESH[-1], **_counted(cases(FRESH[-1]))},
    }


def _counted(table: pl.DataFrame) -> dict[str, int]:
    """Return how many honest projects were accused, and how many repeats found."""
    one = told_apart(table)
    return {
        "honest": int(table.height - one["every"]),
        "accused": int(one["calls"] - one["hits"]),
        "repeats": int(one["every"]),
        "found": int(one["hits"]),
        "surest": int(one["surest"]),
        "surest_true": int(one["sure_hits"]),
    }


def blocks() -> dict[str, str]:
    """Return the parts of the page that are counted, by their marks."""
    told = trials()
    return {
        "lead": _lead(told),
        "written": _written(),
        "pooled": _pooled(),
        "rare": _rare(told),
        "kept": calibration(kept_halves(), 5),
    }


def _lead(told: dict[str, dict[str, int | str]]) -> str:
    """Return the first figures of the page."""
    kept, rare, last = (
        {key: int(value) for key, value in told[name].items() if key != "batch"} for name in ("kept", "rare", "last")
    )
    assumed_share = shipped_weights().calibration.shares[-1]
    true, low, high = true_accusations(kept)
    calls = last["found"] + last["accused"]
    said = " ".join(
        (
            f"**Of {kept['honest']} honest projects written one by one, most of them look-alikes (the same design next",
            f"door, another lot, a yearly programme), {kept['accused']} are accused",
            f"({_percent(kept['accused'], kept['honest'])}), and of {kept['repeats']} repeats {kept['found']} are",
            f"found ({_percent(kept['found'], kept['repeats'])}); the bound was set after seeing these texts, so that",
            "they are no held-out test. Of a batch written afterwards, from which nothing was learned,",
            f"{last['found']} of {calls} accusations are true ({_percent(last['found'], calls)}) and {last['found']}",
            f"of {last['repeats']} repeats are found ({_percent(last['found'], last['repeats'])}).",
            "The probabilities take",
            f"{assumed_share:.0%} to be repackaged; were it a tenth, about {true:.0%} of the",
            f"accusations would be true ({low:.0%} to {high:.0%}), with `prior={RARE}`",
            f"{true_accusations(rare)[0]:.0%}** ([the figures](#how-well)). Read the ledger before you act.",
        )
    )
    return fill(re.sub(r"([0-9])%", r"\1 %", said), 135, break_on_hyphens=False)


def _percent(count: int, of: int) -> str:
    low, high = share_interval(count, of)
    return f"{low:.1%} to {high:.0%}" if 0 < low < 0.01 else f"{low:.0%} to {high:.0%}"  # noqa: PLR2004 - one in a hundred


def _written() -> str:
    """Return the table of the cases by batch."""
    lines = [
        "| batch | cases | said to be repackaged | of these true | recall of all | said with .9 or more, true |",
        "|---|---|---|---|---|---|",
    ]
    for part, rows in written_parts():
        one = told_apart(rows)
        sure = f"{one['sure_hits']} of {one['surest']}"
        recall = bare(one["recall_of_all"])
        lines.append(f"| {part} | {rows.height} | {one['calls']} | {one['hits']} | {recall} | {sure} |")
    return "\n".join(lines)


def _pooled() -> str:
    """Return what is wanted of texts written one by one, beside what was counted."""
    lines = ["| | accusations true | repeats found | said with .9 or more, true |", "|---|---|---|---|"]
    halves = f"kept halves of {', '.join(UNAWARE)}"
    for name, table in ((halves, kept_halves()), (f"{FRESH[-1]}, written last", cases(FRESH[-1]))):
        one = told_apart(table)
        lines.append(f"| {name} | {' | '.join(bare(one[key]) for key in ('precision', 'recall_of_all', 'sure'))} |")
    return "\n".join([*lines, f"| wanted | {' | '.join(bare(limit, 2) for limit in WANTED)} |"])


def _rare(told: dict[str, dict[str, int | str]]) -> str:
    """Return how accusations stand as shipped, and were a tenth taken to be repackaged."""
    honest, repeats = told["kept"]["honest"], told["kept"]["repeats"]
    heads = (
        "kept halves",
        f"honest accused, of {honest}",
        f"repeats found, of {repeats}",
        "true, were a tenth repackaged",
    )
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    taken = {
        "kept": f"as shipped ({shipped_weights().calibration.shares[-1]:.0%} taken to be repackaged)".replace(
            "%", " %"
        ),
        "rare": f"`prior={RARE}`",
    }
    for name, label in taken.items():
        one = {key: int(value) for key, value in told[name].items()}
        lines.append(f"| {label} | {one['accused']} | {one['found']} | {bare(true_accusations(one)[0], 2)} |")
    return "\n".join(lines)


def calibration(table: pl.DataFrame, bins: int = 10) -> str:
    """Return the table of what was said and what was."""
    lines = ["| said | was | projects | 95 % interval of what was |", "|---|---|---|---|"]
    for row in calibration_table(table, bins).iter_rows(named=True):
        said, was, low, high = (bare(row[name], 2) for name in ("said", "was", "lower", "upper"))
        lines.append(f"| {said} | {was} | {row['projects']:,} | {low}-{high} |")
    return "\n".join(lines)


def bare(value: float, digits: int = 3) -> str:
    """Return a share without the zero before its point."""
    return f"{value:.{digits}f}".removeprefix("0")


def write_docs(more: dict[str, str]) -> None:
    """Write the record and the marked parts of the page; `more` are parts counted elsewhere."""
    RECORD.write_text(HEAD + yaml.safe_dump(trials(), sort_keys=False, default_flow_style=None, width=120), "utf-8")
    text = PAGE.read_text("utf-8")
    for name, block in (blocks() | more).items():
        marks = f"<!-- {name} -->", f"<!-- /{name} -->"
        text, times = re.subn(f"{marks[0]}.*?{marks[1]}", "\n".join((marks[0], block, marks[1])), text, flags=re.DOTALL)
        if times != 1:
            raise ValueError(name)
    PAGE.write_text(text, "utf-8")
