"""Forged files of a report: edited, gone, renamed, added, mixed, linked, and described otherwise; plain and sealed."""

from __future__ import annotations

import copy
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from forgeries import UNPROVABLE, Court, at, bent, members

import xinzhi
from xinzhi.report.certificate.certify import NAMES


def edited(name: str, content: bytes) -> dict[str, bytes]:
    """Return a file with each change that a forger of its kind would make."""
    made = {"appended": content + b" ", "cut": content[:-40], "emptied": b""}
    if name.endswith(".xlsx"):
        made["a word"] = rezipped(content, lambda part: part.replace(b"Jilin", b"Jilin A"))
        made["a digit"] = rezipped(content, lambda part: part.replace(b"<v>1", b"<v>9", 1))
        return {kind: new for kind, new in made.items() if new != content}
    made["a word"] = content.replace(b"Jilin", b"Jilin A", 1)
    made["a code"] = content.replace(b"220000", b"210000", 1)
    made["a digit"] = content[: len(content) // 2] + content[len(content) // 2 :].translate(bytes.maketrans(b"1", b"9"))
    made["line ends"] = content.replace(b"\n", b"\r\n")
    if name.endswith(".html"):
        made["a drawing"] = content.replace(b"<path ", b'<path transform="scale(1,2)" ', 1)
        made["a script"] = content.replace(b"</body>", b"<script>1</script></body>")
        made["a comment"] = content.replace(b"</body>", b"<!-- certified correct --></body>")
    return {kind: new for kind, new in made.items() if new != content}


def rezipped(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with its parts changed, written as soundly as before."""
    read, made = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for name in read.namelist():
            written.writestr(name, change(read.read(name)))
    return made.getvalue()


Files = dict[str, bytes]


def file_forgeries(court: Court, others: Mapping[str, Files]) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield what makes folders that were forged: files edited, gone, renamed, added, mixed; plain and sealed."""
    yield from edits(court)
    yield from removals(court)
    yield from mixtures(court, others)
    yield from descriptions(court)


def both(court: Court, name: str, files: Files) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield files as they stand, and with a certificate that states them and is sealed anew."""
    yield name, lambda: files
    yield f"{name}, sealed", lambda: court.sealed(files)


def edits(court: Court) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield folders in which a file was edited, or one was added."""
    honest = court.honest
    for name in (name for name in honest if name not in NAMES):
        for kind, content in edited(name, honest[name]).items():
            yield from both(court, f"{name}: {kind}", {**honest, name: content})
    for name in ("growth2.csv", "report2.html", "briefs/brief-990000.html", "briefs/note.txt", "en/report.html"):
        yield from both(court, f"{name}: added", {**honest, name: b"forged"})


def removals(court: Court) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield folders in which a file is gone, renamed or not listed."""
    for name in (name for name in court.honest if name != NAMES[0]):
        rest = {other: content for other, content in court.honest.items() if other != name}
        yield f"{name}: gone", partial(dict, rest)
        yield f"{name}: renamed", partial(dict, {**rest, name.upper(): court.honest[name]})
        if name not in NAMES:
            document = copy.deepcopy(court.document)
            del document["report"]["files"][name]
            renamed = {**rest, f"x{Path(name).name}": court.honest[name]}
            yield f"{name}: gone, sealed", partial(court.sealed, rest, document)
            yield f"{name}: not listed, sealed", partial(court.sealed, court.honest, document, unlisted=name)
            yield f"{name}: renamed, sealed", partial(court.sealed, renamed, document)


def mixtures(court: Court, others: Mapping[str, Files]) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield folders with files of two runs."""
    for run, files in others.items():
        for name in (name for name in files if files[name] != court.honest.get(name)):
            yield f"{name}: of {run}", partial(dict, {**court.honest, name: files[name]})
            yield f"all but {name}: of {run}", partial(dict, {**files, name: court.honest.get(name, b"")})
            if name not in NAMES:
                yield f"{name}: of {run}, sealed", partial(court.sealed, {**court.honest, name: files[name]})


def descriptions(court: Court) -> Iterator[tuple[str, Callable[[], Files]]]:
    """Yield folders whose metadata have one member bent."""
    for name in NAMES[1:]:
        document = json.loads(court.honest[name])
        places = [place for place in members(object, document) if place[-1] not in UNPROVABLE]
        ways = ((place, *way) for place in places for way in bent(place, at(document, place)))
        for where, kind, change in ways:
            yield f"{name}: {'.'.join(map(str, where))} {kind}", partial(described_otherwise, court, name, change)


def described_otherwise(court: Court, name: str, change: Callable[[dict[str, Any]], None]) -> Files:
    """Return the honest files with other metadata."""
    document = json.loads(court.honest[name])
    change(document)
    text = json.dumps(document, ensure_ascii=False, indent=1).replace('\\u0000":', '":') + "\n"
    return {**court.honest, name: text.encode()}


def other_runs(court: Court) -> dict[str, dict[str, bytes]]:
    """Return runs that are honest themselves: of another language, other data, another protocol, another extent."""
    accounts = court.package.tables["accounts"]
    value = pl.when(pl.int_range(pl.len()) == 7).then(pl.col("output_real") * 1.01).otherwise(pl.col("output_real"))
    data = replace(court.package, tables={**court.package.tables, "accounts": accounts.with_columns(value)})
    return {
        "another language": court.written("language", court.package, "zh"),
        "other data": court.written("data-changed", data),
        "another protocol": court.written("protocol", court.package, protocol=xinzhi.protocol.load("xinzhi-cn-2026")),
        "no briefs": court.written("without", court.package, briefs=False),
    }


def linked(court: Court) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """Yield the judgement of each file, and of the folder of briefs, behind a link to the same content elsewhere."""

    def judge(name: str) -> list[str]:
        court.judge_files(court.honest)
        away = Path(tempfile.mkdtemp(dir=court.folder)) / "away"
        (court.folder / "out" / name).rename(away)
        (court.folder / "out" / name).symlink_to(away)
        return court.reports(court.folder / "out" / NAMES[0])

    for name in [*court.honest, "briefs"]:
        if name != NAMES[0]:
            yield f"{name}: linked", partial(judge, name)
