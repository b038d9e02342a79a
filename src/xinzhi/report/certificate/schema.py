"""The shape of a certificate, and how one is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from os import PathLike

FORMAT: Literal["xinzhi-certificate"] = "xinzhi-certificate"
MAJOR, MINOR = 1, 0


class _Part(BaseModel):
    # Members that a later minor version adds are passed over.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class ColumnDigest(_Part):
    """Unit of a column, and the sha256 of its values in whichever order."""

    unit: str | None
    sha256: str


class InputTable(_Part):
    """One table of the data package.

    Parameters
    ----------
    sha256
        As `xinzhi.data.Package.fingerprint` computes it: this decides.
    rows, key, columns
        Its size, the columns that name a row, and every column.
    read
        Whether the measurement read the table.
    cells
        For tables that were read: by the key of the row, up to the last part and then by that part, two characters
        for every column outside the key, in the order of their names. They only serve to name the cell that differs.
    """

    sha256: str
    rows: int
    read: bool
    key: list[str]
    columns: dict[str, ColumnDigest]
    cells: dict[str, dict[str, str]] | None


class Departure(_Part):
    """A parameter whose value is not that of the registered protocol of the same id."""

    registered: Any
    here: Any


class ProtocolPart(_Part):
    """The protocol: what names it, what departs from the registered one, and the whole of it."""

    id: str
    version: str
    fingerprint: str
    departures: dict[str, Departure]
    document: dict[str, Any]


class ResultColumn(_Part):
    """One column of a table of results.

    Parameters
    ----------
    name, sha256
        Its name and the sha256 of its values as they stand here.
    decimals
        Of rounded numbers: a whole number `n` in the rows stands for ``n / 10 ** decimals``.
    texts
        Of texts: a whole number in the rows is a position in this list. Without either, numbers are exact.
    """

    name: str
    sha256: str
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


class Signature(_Part):
    """An Ed25519 signature of the canonical text of everything but itself; bytes in base64."""

    algorithm: Literal["Ed25519"]
    public_key: str
    value: str


class Certificate(_Part):
    """Everything that a result rests on, and the result.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.report.certificate import certify
    >>> package = xinzhi.load("china-provinces")
    >>> made = certify(xinzhi.measure(package), package)
    >>> made.protocol.id, made.results.digits, made.signature is None
    ('xinzhi-cn-2026', 10, True)
    """

    format: Literal["xinzhi-certificate"]
    format_version: str
    sha256: str
    software: dict[str, str]
    dependencies: dict[str, str]
    options: dict[str, Any]
    package: dict[str, str | None]
    tables: dict[str, InputTable]
    protocol: ProtocolPart
    results: Results
    signature: Signature | None

    def document(self) -> dict[str, Any]:
        """Return the certificate as a JSON-ready dictionary."""
        return self.model_dump(mode="json")


def read_document(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the JSON document of a certificate whose version this xinzhi can read.

    Raises
    ------
    InputError
        When the file cannot be read, is no certificate, or is of a newer major version.
    """
    file = Path(path)
    try:
        document = json.loads(file.read_bytes(), parse_constant=_not_finite)
    except OSError as error:
        message = f"{file}: the certificate cannot be read ({error.strerror or error})."
        raise InputError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{file}: this is no certificate: the file is not valid JSON. It may be damaged or incomplete."
        raise InputError(message) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        message = f"{file}: this is no certificate of xinzhi; `xinzhi assess` writes one as certificate.json."
        raise InputError(message)
    version = document.get("format_version")
    major = str(version).partition(".")[0]
    if not major.isdecimal() or int(major) > MAJOR:
        message = (
            f"{file}: the certificate has format version {version}; this xinzhi reads versions up to "
            f"{MAJOR}.x. Verify it with a newer xinzhi."
        )
        raise InputError(message)
    return document


def parse(document: dict[str, Any], name: str) -> Certificate:
    """Return the certificate of a document, its shape checked.

    Raises
    ------
    InputError
        When a member is missing or of the wrong kind; the message names the first one.
    """
    try:
        return Certificate.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{name}: the certificate is damaged at {place} ({first['msg']})."
        raise InputError(message) from error


def read_certificate(path: str | PathLike[str]) -> Certificate:
    """Return the certificate of a file.

    Raises
    ------
    InputError
        When the file cannot be read, is no certificate, or is of a newer major version.
    """
    return parse(read_document(path), Path(path).name)


def _not_finite(word: str) -> float:
    message = f"{word} is no JSON"
    raise ValueError(message)
