"""Forged certificates and files of reports, made from the closed schema itself: every member, every way to bend it.

`members` walks the schema and a certificate side by side and lists every place; `forgeries` bends each of them in every
way that fits, as the forger would: with the certificate as it is, or with every digest renewed. `file_forgeries` bends
the files of a report and what describes them. `Court` makes the honest report once and judges each forgery by it.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import shutil
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Union, get_args, get_origin
from unittest import mock

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

import xinzhi
import xinzhi.report
from xinzhi.core.errors import XinzhiError
from xinzhi.core.signatures import PrivateKey, sign_document
from xinzhi.data import Package, export, load
from xinzhi.protocol import Fault
from xinzhi.report.certificate import verify
from xinzhi.report.certificate.certify import NAMES, certificate_texts
from xinzhi.report.certificate.folder import File
from xinzhi.report.certificate.schema import Certificate, digest, identity, layout, parse, without
from xinzhi.report.certificate.tables import digest_tables, rebuild

Place = tuple[str | int, ...]
TWICE = "\x00"  # ends the name of a member that is to stand twice
REGIONS = ("210000", "220000", "230000")
TABLES = ("regions", "accounts", "investment", "vintages")
SETTINGS = {"capital.depreciation": 0.06, "index.formula": "fisher"}
# What nothing can prove, so that any day passes: the days in the metadata. Everything else that passes is a hole.
FAULT = "fault"  # begins what is told of a forgery that the verifier does not name
UNPROVABLE = ("datePublished", "endTime")


@dataclass(frozen=True)
class Forgery:
    """One way to bend one place of a certificate: `change` bends the document, and its text has a member twice."""

    place: Place
    kind: str
    change: Callable[[dict[str, Any]], None]
    is_sealed: bool = True

    @property
    def name(self) -> str:
        """The place and the way."""
        return f"{'.'.join(map(str, self.place)) or 'certificate'}: {self.kind}{', sealed' if self.is_sealed else ''}"


def ends(values: list[Any]) -> list[Any]:
    """Return the first and the last of a list."""
    return values if len(values) < 3 else [values[0], values[-1]]


def members(kind: object, value: object, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every member of a document that the schema has; of alike ones the first and the last."""
    if place:
        yield place
    options = [part for part in (get_args(kind) if is_union(kind) else [kind]) if part is not type(None)]
    plain = options[0] if options else object
    arguments = get_args(plain)
    if get_origin(plain) is not None and hasattr(plain, "__metadata__"):
        plain, arguments = arguments[0], get_args(arguments[0])
    if isinstance(plain, type) and issubclass(plain, BaseModel) and isinstance(value, dict):
        for name, field in plain.model_fields.items():
            if name in value:
                yield from members(field.annotation, value[name], (*place, name))
    elif isinstance(value, dict):
        names = list(value) if len(value) < 12 else ends(list(value))
        for name in names:
            yield from members(arguments[1] if len(arguments) > 1 else object, value[name], (*place, name))
    elif isinstance(value, list):
        for number in ends(list(range(len(value)))):
            yield from members(arguments[0] if arguments else object, value[number], (*place, number))


def is_union(kind: object) -> bool:
    """Whether a type is one of several."""
    return get_origin(kind) in (Union, types.UnionType)


def at(document: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for step in place:
        document = document[step]
    return document


def retyped(value: object) -> list[object]:  # noqa: PLR0911 - one for each type
    """Return a value as other types have it."""
    match value:
        case bool():
            return [int(value), str(value).lower()]
        case int():
            return [float(value), str(value), *([bool(value)] if value in (0, 1) else [])]
        case float():
            return [str(value), [value]]
        case str():
            return [[value], {"value": value}, *([int(value)] if value.isdigit() else [])]
        case list():
            return [dict(enumerate(map(str, value))), json.dumps(value)]
        case dict():
            return [[*value.items()], [*value.values()]]
        case _:
            return ["", 0, False]


def changed(value: object) -> list[object]:  # noqa: PLR0911 - one for each type
    """Return other values of the same type."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 2, value - 2, -value or 7]
        case float():
            return [value * 1.0001, -value]
        case str() if len(value) == len(digest("")) and not {*value} - {*"0123456789abcdef"}:
            return ["0" * len(value), digest(value), value.upper()]
        case str():
            return [value + " ", value + "x", "\u2000" + value, value.swapcase()]
        case list():
            return [[*value, *value[:1]], value[:-1], [*value, "x"]]
        case dict():
            return [value | {"approved_by": "x"}, dict([*value.items()][:-1])]
        case _:
            return ["0.1", 1]


def emptied(value: object) -> list[object]:
    """Return nothing, as each type has it."""
    empty: object = type(value)() if value is not None else {}
    return [empty, None]


def reordered(value: object) -> list[object]:
    """Return the same in another order."""
    if isinstance(value, dict) and len(value) > 1:
        items = list(value.items())
        return [dict(reversed(items)), dict([*items[1:], items[0]])]
    if isinstance(value, list) and len(value) > 1:
        return [value[::-1]]
    return []


VALUES = {"retyped": retyped, "changed": changed, "emptied": emptied, "reordered": reordered}


def bent(place: Place, value: object) -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """Yield every way to bend one member, and how."""

    def remove(document: dict[str, Any]) -> None:
        del at(document, place[:-1])[place[-1]]

    def put(new: object) -> Callable[[dict[str, Any]], None]:
        def change(document: dict[str, Any]) -> None:
            at(document, place[:-1])[place[-1]] = copy.deepcopy(new)

        return change

    def twice(document: dict[str, Any]) -> None:
        holder, last = at(document, place[:-1]), place[-1]
        if isinstance(holder, list):
            holder.insert(int(last), copy.deepcopy(holder[int(last)]))
        else:
            holder[f"{last}{TWICE}"] = copy.deepcopy(holder[last])

    def rename(document: dict[str, Any]) -> None:
        holder = at(document, place[:-1])
        items = [(f"{name}x" if name == place[-1] else name, part) for name, part in holder.items()]
        holder.clear()
        holder.update(items)

    yield "removed", remove
    yield "twice", twice
    if isinstance(place[-1], str):
        yield "renamed", rename
    for kind, function in VALUES.items():
        news = [new for new in function(value) if json.dumps(new) != json.dumps(value)]
        for number, new in enumerate(news):
            yield f"{kind}{number or ''}", put(new)


def forgeries(document: Mapping[str, Any], schema: type[BaseModel] = Certificate) -> Iterator[Forgery]:
    """Yield every forgery of a certificate: each member bent in each way, as it stands and sealed anew."""
    for place in members(schema, document):
        for kind, change in bent(place, at(document, place)):
            for is_sealed in (False, True):
                yield Forgery(place, kind, change, is_sealed)
    for version in ("1.0", "1.1", "1.2", "9.9", "1.3 ", "1,3", ""):
        yield Forgery(("format_version",), f"set to {version!r}", change=downgraded(version, []))
    for names in (["report"], ["signatures"], ["report", "signatures"], ["options", "dependencies"]):
        yield Forgery(("format_version",), f"1.0 without {names}", change=downgraded("1.0", names))


def downgraded(version: str, names: list[str]) -> Callable[[dict[str, Any]], None]:
    """Return what makes a certificate one of another format, without some members."""

    def change(document: dict[str, Any]) -> None:
        document["format_version"] = version
        for name in names:
            del document[name]

    return change


def reseal(document: dict[str, Any]) -> None:
    """Renew every digest that a certificate states of itself: columns, fingerprint, id and sha256."""
    lenient = suppress(KeyError, TypeError, ValueError, AttributeError, IndexError, XinzhiError, Fault)
    with lenient:
        reseal_results(document)
    with lenient:
        document["protocol"]["fingerprint"] = rebuild(document["protocol"]["document"]).fingerprint
    with lenient:
        if "id" in document:
            document["id"] = identity(document)
    with lenient:
        document["sha256"] = digest(without(document, "sha256", "signatures"))


def reseal_results(document: dict[str, Any]) -> None:
    """Give every column of the results the digest of the values that now stand in the rows."""
    for table in document["results"]["tables"].values():
        rows = [(head, last, row) for head, below in table["rows"].items() for last, row in below.items()]
        for number, column in enumerate(table["columns"]):
            values = [row[number] if number < len(row) else None for _, _, row in rows]
            if column["texts"] is not None:
                values = [None if value is None else column["texts"][value] for value in values]
            names = [[head, last] for head, last, _ in rows]
            stated = {"column": column["name"], "decimals": column["decimals"], "rows": names, "values": values}
            column["sha256"] = digest(stated)


def text_of(document: dict[str, Any]) -> bytes:
    """Return a certificate as it is written, members that stand twice included."""
    return (layout(document) + "\n").replace('\\u0000":', '":').encode()


@contextmanager
def computed_once() -> Iterator[None]:  # noqa: C901 - one for each that computes
    """Let `verify` compute nothing twice that must come out the same: measurements, digests, studies and files."""
    studies: dict[str, Any] = {}
    remake = sys.modules["xinzhi.report.certificate.remake"]
    tables = sys.modules["xinzhi.report.certificate.tables"]
    yardstick = sys.modules["xinzhi.yardstick"]
    measure = yardstick.measure

    def about(package: Package, protocol: Any = None) -> list[object]:
        names = (package.name, package.version, package.title, package.findings, package.issuers)
        rules = (protocol.fingerprint, protocol.departs, protocol.to_dict()) if protocol else ()
        return [names, [package.fingerprint(name) for name in package.tables], rules]

    def stored(key: list[object], compute: Callable[[], Any]) -> Any:
        text = repr(key)
        if text not in studies:
            studies[text] = compute()
        return studies[text]

    def measured(package: Package, protocol: Any, **options: Any) -> Any:
        key = [*about(package, protocol), options]
        return stored([*key, "measure"], lambda: measure(package, protocol, **options))

    def assess(package: Package, *, protocol: Any, **options: Any) -> Any:
        key = [*about(package, protocol), options]
        return stored(key, lambda: xinzhi.studies.assess(package, protocol=protocol, **options))

    def write_study(study: Any, folder: Path, *, language: str, certificate: Certificate) -> None:
        def compute() -> dict[str, bytes]:
            xinzhi.report.write_study(study, folder, language=language, certificate=certificate)
            return contents(folder)

        for name, content in stored([id(study), language, certificate.id], compute).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)

    def digested(package: Package, inputs: Any) -> Any:
        return stored([*about(package), sorted(inputs)], lambda: digest_tables(package, inputs))

    with ExitStack() as stack:
        for module, name, function in (
            (remake, "assess", assess),
            (remake, "write_study", write_study),
            (yardstick, "measure", measured),
            (tables, "digest_tables", digested),
        ):
            stack.enter_context(mock.patch.object(module, name, function))
        yield


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files of a folder hold, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def three_provinces(folder: Path) -> Package:
    """Return a package of three provinces, written into a folder."""
    whole = load("china-provinces")
    frames = {name: whole.tables[name] for name in TABLES}
    few = {
        name: frame.filter(pl.col("region").is_in(REGIONS)) if "region" in frame.columns else frame
        for name, frame in frames.items()
    }
    return load(export(replace(whole, origins={}, findings=(), tables=few), folder / "three-provinces"))


class Court:
    """An honest report, its data, and the verifier that judges forgeries of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = three_provinces(folder / "data")
        self.rules = xinzhi.protocol.load("xinzhi-cn-2026").replace(SETTINGS)
        self.study = xinzhi.studies.assess(self.package, protocol=self.rules, only=("none",), briefs=True)
        self.study.write(folder / "honest", "en")
        self.honest = contents(folder / "honest")
        self.document: dict[str, Any] = json.loads(self.honest[NAMES[0]])
        self.base = parse(self.document, NAMES[0])
        self.key = PrivateKey("Ed25519", Ed25519PrivateKey.generate())
        signature = sign_document(self.base.vouched(), "certificate", self.key, dt.datetime.now(dt.UTC))
        self.signed: dict[str, Any] = {**self.document, "signatures": [signature.model_dump(mode="json")]}

    def written(self, name: str, package: Package, language: str = "en", **options: Any) -> dict[str, bytes]:
        """Return the files of a report."""
        options = {"protocol": self.rules, "only": ("none",), "briefs": True, **options}
        out = self.folder / name
        xinzhi.studies.assess(package, **options).write(out, language)
        return contents(out)

    def reports(self, path: Path, **options: Any) -> list[str]:
        """Return the rules by which a certificate or its folder is refused; empty where it passes."""
        try:
            result = verify(path, self.package, **options)
        except XinzhiError as error:
            return [error.code]
        except Exception as error:  # noqa: BLE001 - a forgery must be named, whatever it is
            return [f"{FAULT} {type(error).__name__}: {error}"]
        assert all(entry.sentence("zh") and entry.sentence("en") for entry in result.differences)
        return [entry.rule for entry in result.differences]

    def judge(self, forgery: Forgery, **options: Any) -> list[str]:
        """Return why a forged certificate is refused; one that passes alone is judged with a report."""
        is_signed = forgery.place[:1] == ("signatures",)
        document = copy.deepcopy(self.signed if is_signed else self.document)
        if is_signed:
            options |= {"key": self.key.public, "require_signature": True}
        forgery.change(document)
        if forgery.is_sealed:
            reseal(document)
        text = text_of(document)
        if text == self.honest[NAMES[0]]:  # sealing has mended it
            return ["honest"]
        if forgery.place[:1] != ("report",):
            alone = self.folder / "alone.json"
            alone.write_bytes(text)
            if why := self.reports(alone, files=False, **options):
                return why
        return self.judge_files(self.report_of(document, text, forgery), **options)

    def report_of(self, document: dict[str, Any], text: bytes, forgery: Forgery) -> dict[str, bytes]:
        """Return the files that a forger writes for a certificate: they name it, it states them, metadata agree."""
        files = {**self.honest, NAMES[0]: text}
        try:
            stated = parse(json.loads(text), NAMES[0])
        except (XinzhiError, ValueError):
            return files
        if stated.id != self.base.id and stated.report is not None:
            out = self.folder / "forged"
            shutil.rmtree(out, ignore_errors=True)
            xinzhi.report.write_study(self.study, out, language=stated.report.language, certificate=stated)
            files = {**contents(out), NAMES[0]: text}
            if forgery.is_sealed and forgery.place[:2] != ("report", "files"):
                return self.sealed(files, document)
        return self.described(files, stated) if forgery.is_sealed else files

    def sealed(
        self, files: dict[str, bytes], document: dict[str, Any] | None = None, unlisted: str = ""
    ) -> dict[str, bytes]:
        """Return files with a certificate that states them, sealed anew, and metadata that agree."""
        document = copy.deepcopy(json.loads(files[NAMES[0]]) if document is None else document)
        listed = document["report"]["files"]
        for name in listed:
            if name in files:
                listed[name] = hashlib.sha256(files[name]).hexdigest()
        for name in files.keys() - listed.keys() - {*NAMES, unlisted}:
            listed[name] = hashlib.sha256(files[name]).hexdigest()
        document["signatures"] = []
        reseal(document)
        return self.described({**files, NAMES[0]: text_of(document)}, parse(document, NAMES[0]))

    def described(self, files: dict[str, bytes], stated: Certificate) -> dict[str, bytes]:
        """Return files with PROV and RO-Crate as they are written of them."""
        names = [] if stated.report is None else [name for name in stated.report.files if name in files]
        listed = [File.from_bytes(name, files[name]) for name in names]
        _, provenance, crate = certificate_texts(stated, self.package, listed)
        return {**files, NAMES[1]: provenance, NAMES[2]: crate}

    def judge_files(self, files: Mapping[str, bytes], **options: Any) -> list[str]:
        """Return why the files of a folder are refused."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        for name, content in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
        return self.reports(out / NAMES[0], **options)
