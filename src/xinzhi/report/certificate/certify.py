"""Issue a certificate: state everything, sign it, and write it with the description of its folder."""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.files import whole
from xinzhi.core.signatures import sign_document
from xinzhi.report.certificate.folder import File, crate, licence, prov
from xinzhi.report.certificate.results import digest_results
from xinzhi.report.certificate.schema import (
    FORMAT,
    VERSION,
    Certificate,
    Options,
    PackagePart,
    Report,
    Software,
    digest,
    layout,
)
from xinzhi.report.certificate.tables import describe, digest_tables, settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xinzhi.core.signatures import PrivateKey
    from xinzhi.data import Package
    from xinzhi.yardstick import Measurement

_NAME = re.compile(r"[A-Za-z0-9._-]+")
NAMES = ("certificate.json", "prov.json", "ro-crate-metadata.json")
_BLANK = "0" * 64


def certify(
    measurement: Measurement,
    package: Package,
    *,
    encoding: str | None = None,
    cells: str | None = None,
    key: PrivateKey | None = None,
) -> Certificate:
    """Return the certificate of a measurement; the same inputs and software give the same bytes, but for signatures.

    Parameters
    ----------
    measurement, package
        What was measured, and the data that it was measured from.
    encoding, cells
        The encoding that the files of the package were read in, where it was given, and the digest of cells of firms.
    key
        The private key to sign with, from `xinzhi.core.keys.signing_key`.

    Raises
    ------
    UsageError
        When the measurement is not one of this package.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> [name for name, table in certify(xinzhi.measure(package), package).tables.items() if table.read]
    ['accounts', 'investment', 'nation', 'regions']
    """
    inputs = measurement.provenance.inputs
    tables = digest_tables(package, inputs)
    if differing := [name for name, sha256 in inputs.items() if name not in tables or tables[name].sha256 != sha256]:
        raise UsageError("certificate.other-package", tables=differing)
    protocol = measurement.protocol
    certificate = Certificate(
        format=FORMAT,
        format_version=VERSION,
        id=_BLANK,
        sha256=_BLANK,
        software=software(),
        dependencies=dependencies(),
        options=Options(encoding=encoding, set=settings(protocol), cells=cells),
        package=package_part(measurement, package),
        tables=tables,
        protocol=describe(protocol),
        results=digest_results(measurement, int(protocol.value("reporting.result_digits"))),
        report=None,
        signatures=[],
    )
    return _sign(certificate.with_digests(), key)


def package_part(measurement: Measurement, package: Package) -> PackagePart:
    """Return what a certificate says of a package by name, and of its set of regions."""
    regions = measurement.regions_declared
    return PackagePart(
        name=package.name,
        version=package.version,
        title_zh=package.title.zh,
        title_en=package.title.en,
        regions_declared_by=regions.by,
        regions_declared=str(len(regions.declared)),
        regions_missing=", ".join(regions.missing),
    )


def form(package: Package) -> str:
    """Return the digest of what a report says of its data beside their values: offices, findings, lines, licence."""
    offices = {table: [[office.zh, office.en] for office in texts] for table, texts in package.issuers.items()}
    findings = [entry.to_dict() for entry in package.findings]
    lines = {table: [origin.file, digest(origin.lines.to_list())] for table, origin in package.origins.items()}
    return digest([offices, findings, lines, licence(package)])


def _sign(certificate: Certificate, key: PrivateKey | None) -> Certificate:
    if key is None:
        return certificate
    signature = sign_document(certificate.vouched(), "certificate", key, dt.datetime.now(dt.UTC))
    return certificate.model_copy(update={"signatures": [*certificate.signatures, signature]})


def write_certificate(
    certificate: Certificate, package: Package, out_dir: Path, *, created: dt.datetime | None = None
) -> list[Path]:
    """Write a certificate with the description of its folder and of the computation.

    Parameters
    ----------
    certificate, package
        What is certified, and the data.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    created
        When the computation ended. It stands in PROV and RO-Crate only, never in what is signed. RO-Crate asks for a
        date of publication: without `created`, the day of writing.

    Returns
    -------
    list of Path
        ``certificate.json``, ``prov.json``, ``ro-crate-metadata.json``.

    Raises
    ------
    UsageError
        When the folder cannot be written in.

    Examples
    --------
    >>> import pathlib, tempfile, xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> made = certify(xinzhi.measure(package), package)
    >>> [path.name for path in write_certificate(made, package, pathlib.Path(tempfile.mkdtemp()))]
    ['certificate.json', 'prov.json', 'ro-crate-metadata.json']
    """
    texts = certificate_texts(certificate, package, (), created=created)
    with whole(out_dir, NAMES) as places:
        for place, content in zip(places, texts, strict=True):
            place.write_bytes(content)
    return [out_dir / name for name in NAMES]


def with_report(certificate: Certificate, report: Report, files: Sequence[File], key: PrivateKey | None) -> Certificate:
    """Return the certificate of a report with its files, signed where there is a key."""
    listed = report.model_copy(update={"files": {file.name: file.sha256 for file in files}})
    return _sign(certificate.with_digests(report=listed), key)


def certificate_texts(
    certificate: Certificate,
    package: Package,
    files: Sequence[File],
    *,
    published: dt.date | None = None,
    created: dt.datetime | None = None,
) -> tuple[bytes, bytes, bytes]:
    """Return what the three files of a certificate hold, in the order of `NAMES`."""
    published = published or (created or dt.datetime.now(dt.UTC)).date()
    proof = (layout(certificate.document()) + "\n").encode()
    listed = [*files, File.from_bytes(NAMES[0], proof)]
    provenance = encode(prov(certificate, {file.name: file.sha256 for file in listed}, created))
    listed.append(File.from_bytes(NAMES[1], provenance))
    return proof, provenance, encode(crate(certificate, package, listed, published, created))


def encode(document: object) -> bytes:
    """Return a JSON document as the files beside a certificate are written."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def software() -> Software:
    """Return the name and version of this software."""
    from xinzhi import __version__

    return Software(name="xinzhi", version=__version__)


def dependencies() -> dict[str, str]:
    """Return the versions of Python and of the packages that xinzhi always needs, by name."""
    try:
        requirements = [line for line in metadata.requires("xinzhi") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        requirements = []
    names = sorted(match[0] for line in requirements if (match := _NAME.match(line)))
    return {**{name: metadata.version(name) for name in names}, "python": platform.python_version()}
