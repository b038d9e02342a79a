"""The shape of a certificate, the one JSON text that is digested and signed, and how a certificate is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xinzhi.core.errors import InputError, system_reason
from xinzhi.core.signatures import Sha256, Signature, canonical
from xinzhi.core.text import Language

FORMAT: Literal["xinzhi-certificate"] = "xinzhi-certificate"
VERSION: Literal["1.3"] = "1.3"  # of the format: certificates of any other are refused
STATED = ("software", "dependencies", "options", "package", "tables", "protocol", "results")  # what the id covers
_DEPTH = 5  # members of objects nested less deep stand on lines of their own,
_LEAF = 3  # but for objects of single values from this depth on


class _Part(BaseModel):
    # A closed form: nothing vouches for a member that the format has not, and none may be left out.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Software(_Part):
    """What computed."""

    name: Literal["xinzhi"]
    version: str


class Options(_Part):
    """What the call asked for: the encoding of the files, what departs from the protocol, the digest of cells."""

    encoding: str | None
    set: list[str]
    cells: Sha256 | None


class PackagePart(_Part):
    """The data package by name, and its set of regions."""

    name: str
    version: str | None
    title_zh: str
    title_en: str
    regions_declared_by: str
    regions_declared: str
    regions_missing: str

    @property
    def label(self) -> str:
        """Name, version and titles."""
        return " ".join(filter(None, (self.name, self.version, self.title_zh, self.title_en)))


class ColumnDigest(_Part):
    """Unit of a column, and the sha256 of its values in whichever order."""

    unit: str | None
    sha256: Sha256


class InputTable(_Part):
    """One table of the data package."""

    sha256: Sha256
    rows: int
    read: bool
    key: list[str]
    columns: dict[str, ColumnDigest]
    cells: dict[str, dict[str, str]] | None


class Departure(_Part):
    """A parameter whose value is not that of the registered protocol of the same id."""

    registered: object
    here: object


class ProtocolPart(_Part):
    """The protocol: what names it, what departs from the registered one, and the whole of it."""

    id: str
    version: str
    fingerprint: Sha256
    departures: dict[str, Departure]
    document: dict[str, Any]

    @property
    def label(self) -> str:
        """Id and version."""
        return f"{self.id} {self.version}"


class ResultColumn(_Part):
    """One column of a table of results."""

    name: str
    sha256: Sha256
    decimals: Annotated[int, Field(ge=-300, le=30)] | None
    texts: list[str] | None


class ResultTable(_Part):
    """One table of results; `rows` by key as in `InputTable.cells`, one value for each of `columns`."""

    key: list[str]
    columns: list[ResultColumn]
    rows: dict[str, dict[str, list[int | None]]]


class Results(_Part):
    """All results, rounded to significant digits of the largest value of each column."""

    digits: int
    tables: dict[str, ResultTable]


class Report(_Part):
    """The report that the certificate belongs to: how it was written, and the sha256 of its files.

    `form` is the sha256 of what a report says of its data beside their values: offices, findings, lines of
    files, licence.
    """

    language: Language
    topics: list[str]
    briefs: bool
    form: Sha256
    files: dict[str, Sha256]


class Certificate(_Part):
    """Everything that a result rests on, and the result.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.report.certificate import certify
    >>> package = xinzhi.load("china-provinces")
    >>> made = certify(xinzhi.measure(package), package)
    >>> made.protocol.id, made.results.digits, made.signatures
    ('xinzhi-cn-2026', 10, [])
    """

    format: Literal["xinzhi-certificate"]
    format_version: Literal["1.3"]
    id: Sha256
    sha256: Sha256
    software: Software
    dependencies: dict[str, str]
    options: Options
    package: PackagePart
    tables: dict[str, InputTable]
    protocol: ProtocolPart
    results: Results
    report: Report | None
    signatures: list[Signature]

    @property
    def read(self) -> dict[str, str]:
        """The sha256 of every table that was read."""
        return {name: table.sha256 for name, table in self.tables.items() if table.read}

    def document(self) -> dict[str, Any]:
        """Return the certificate as a JSON-ready dictionary."""
        return self.model_dump(mode="json")

    def vouched(self) -> dict[str, Any]:
        """Return what a signature covers: everything but the signatures."""
        return without(self.document(), "signatures")

    def with_digests(self, **changes: Any) -> Certificate:  # noqa: ANN401 - members of any kind
        """Return the certificate with changes, its own digests computed anew, and no signatures."""
        certificate = self.model_copy(update={**changes, "signatures": []})
        certificate = certificate.model_copy(update={"id": identity(certificate.document())})
        return certificate.model_copy(
            update={"sha256": digest(without(certificate.document(), "sha256", "signatures"))}
        )


def read_document(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the JSON document of a certificate of the format of this xinzhi."""
    file = Path(path)
    try:
        document = json.loads(file.read_bytes(), parse_constant=_not_finite, object_pairs_hook=unique_members)
    except OSError as error:
        raise InputError("certificate.unreadable", path=file, why=system_reason(error)) from error
    except (ValueError, RecursionError) as error:
        raise InputError("certificate.not-json", path=file) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError("certificate.not-a-certificate", path=file)
    version = document.get("format_version")
    if version != VERSION:
        label, is_newer = str(version)[:20], isinstance(version, str) and _number(version) > _number(VERSION)
        raise InputError(
            "certificate.newer-format" if is_newer else "certificate.other-format",
            path=file,
            version=label,
            ours=VERSION,
        )
    return document


def _number(version: str) -> tuple[int, ...]:
    """Return a version as numbers; of none, what is older than any."""
    match = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", version, re.ASCII)
    return () if match is None else (int(match[1]), int(match[2]))


def parse(document: dict[str, Any], name: str) -> Certificate:
    """Return the certificate of a document, its shape checked."""
    try:
        return Certificate.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError("certificate.damaged", path=name, place=place, why=first["msg"]) from error


def read_certificate(path: str | PathLike[str]) -> Certificate:
    """Return the certificate of a file.

    Raises
    ------
    InputError
        When the file cannot be read, is no certificate, or is of another format.
    """
    return parse(read_document(path), Path(path).name)


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object none of whose names stands twice: readers differ in which of the two they take."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _not_finite(word: str) -> float:
    message = f"{word} is no JSON"
    raise ValueError(message)


def digest(document: object) -> str:
    """Return the sha256 of the canonical text."""
    return hashlib.sha256(canonical(document)).hexdigest()


def without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a document without some of its members: what a digest or signature that stands inside it covers."""
    return {name: value for name, value in document.items() if name not in names}


def identity(document: Mapping[str, object]) -> str:
    """Return the id of a certificate: it does not depend on the files of the report, so that these can name it."""
    return digest({name: document[name] for name in STATED})


def layout(document: object, depth: int = 0) -> str:
    """Return JSON text, every member of the outer objects a line, so that a reader and `diff` find their way."""
    if not isinstance(document, dict) or not document or depth >= _DEPTH or (depth >= _LEAF and _plain(document)):
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    margin = " " * (depth + 1)
    members = [
        f"{margin}{json.dumps(name, ensure_ascii=False)}: {layout(value, depth + 1)}"
        for name, value in document.items()
    ]
    return "{\n" + ",\n".join(members) + "\n" + " " * depth + "}"


def names_in_order(document: object) -> object:
    """Return a document without its values: the names of its members as they stand."""
    if isinstance(document, dict):
        return {name: names_in_order(value) for name, value in document.items()}
    return [names_in_order(part) for part in document] if isinstance(document, list) else None


def is_reordered(document: object, expected: object) -> bool:
    """Whether the names of the members of two documents stand otherwise."""
    return json.dumps(names_in_order(document)) != json.dumps(names_in_order(expected))


def _plain(document: Mapping[str, object]) -> bool:
    return not any(isinstance(value, dict | list) for value in document.values())
