"""Issue a certificate: state everything, sign it, and write it with the description of its folder."""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.files import whole
from xinzhi.report.certificate.folder import File, crate, prov, sign
from xinzhi.report.certificate.results import digest_results
from xinzhi.report.certificate.schema import FORMAT, MAJOR, MINOR, OPTIONS, Certificate, layout
from xinzhi.report.certificate.tables import describe, digest_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from xinzhi.data import Package
    from xinzhi.yardstick import Measurement

_NAME = re.compile(r"[A-Za-z0-9._-]+")
NAMES = ("certificate.json", "prov.json", "ro-crate-metadata.json")


def certify(
    measurement: Measurement,
    package: Package,
    *,
    options: Mapping[str, Any] | None = None,
    key: Ed25519PrivateKey | None = None,
) -> Certificate:
    """Return the certificate of a measurement; the same inputs and software give the same one, byte for byte.

    Parameters
    ----------
    measurement, package
        What was measured, and the data that it was measured from.
    options
        The options of the call: the `encoding` of its files, what was `set` in the protocol, the digest of `cells`.
    key
        The private key to sign with, from `signing_key`.

    Raises
    ------
    UsageError
        When the measurement is not one of this package, or an option is none of those that a certificate states.

    Examples
    --------
    >>> import xinzhi
    >>> package = xinzhi.load("china-provinces")
    >>> [name for name, table in certify(xinzhi.measure(package), package).tables.items() if table.read]
    ['regions', 'accounts', 'investment', 'nation']
    """
    if unknown := sorted(set(options or ()) - set(OPTIONS)):
        raise UsageError("certificate.no-option", names=unknown, known=list(OPTIONS))
    inputs = measurement.provenance.inputs
    tables = digest_tables(package, inputs)
    if differing := [name for name, sha256 in inputs.items() if name not in tables or tables[name].sha256 != sha256]:
        raise UsageError("certificate.other-package", tables=differing)
    protocol = measurement.protocol
    identity = {
        "name": package.name,
        "version": package.version,
        "title_zh": package.title.zh,
        "title_en": package.title.en,
    }
    certificate = Certificate(
        format=FORMAT,
        format_version=f"{MAJOR}.{MINOR}",
        sha256="",
        software=software(),
        dependencies=dependencies(),
        options=dict(options or {}),
        package={**identity, **region_set(measurement)},
        tables=tables,
        protocol=describe(protocol),
        results=digest_results(measurement, int(protocol.value("reporting.result_digits"))),
        signature=None,
    )
    return _sign(certificate.with_digests(), key)


def region_set(measurement: Measurement) -> dict[str, str]:
    """Return what a certificate says of the set of regions."""
    regions = measurement.regions_declared
    return {
        "regions_declared_by": regions.by,
        "regions_declared": str(len(regions.declared)),
        "regions_missing": ", ".join(regions.missing),
    }


def _sign(certificate: Certificate, key: Ed25519PrivateKey | None) -> Certificate:
    if key is None:
        return certificate
    return certificate.model_copy(update={"signature": sign(certificate.document(), key)})


def write_certificate(
    certificate: Certificate,
    package: Package,
    out_dir: Path,
    *,
    files: Sequence[Path] = (),
    created: dt.datetime | None = None,
    key: Ed25519PrivateKey | None = None,
) -> list[Path]:
    """Write a certificate with the description of its folder and of the computation.

    Parameters
    ----------
    certificate, package
        What is certified, and the data.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    files
        The files of the folder that the certificate belongs to: it states their sha256, RO-Crate and PROV list them.
        A signed certificate is left as it is where no `key` is given: then RO-Crate and PROV alone list them.
    created
        When the computation ended. It stands in PROV and RO-Crate only, never in what is signed. RO-Crate asks for a
        date of publication: without `created`, the day of writing.
    key
        The private key to sign with, the files included.

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
    texts = certificate_texts(certificate, package, files, created=created, key=key)
    with whole(out_dir, NAMES) as places:
        for place, content in zip(places, texts, strict=True):
            place.write_bytes(content)
    return [out_dir / name for name in NAMES]


def certificate_texts(
    certificate: Certificate,
    package: Package,
    files: Sequence[Path],
    *,
    created: dt.datetime | None = None,
    key: Ed25519PrivateKey | None = None,
) -> tuple[bytes, bytes, bytes]:
    """Return what the three files of a certificate hold, in the order of `NAMES`."""
    published = (created or dt.datetime.now(dt.UTC)).date()
    listed = [File.from_bytes(path.name, path.read_bytes()) for path in files]
    if key is not None or (certificate.signature is None and files):
        certificate = _sign(certificate.with_digests(files={file.name: file.sha256 for file in listed}), key)
    proof = (layout(certificate.document()) + "\n").encode()
    listed.append(File.from_bytes(NAMES[0], proof))
    provenance = _encode(prov(certificate, {file.name: file.sha256 for file in listed}, created))
    listed.append(File.from_bytes(NAMES[1], provenance))
    return proof, provenance, _encode(crate(certificate, package, listed, published, created))


def _encode(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def software() -> dict[str, str]:
    """Return the name and version of this software."""
    from xinzhi import __version__

    return {"name": "xinzhi", "version": __version__}


def dependencies() -> dict[str, str]:
    """Return the versions of Python and of the packages that xinzhi always needs, by name."""
    try:
        requirements = [line for line in metadata.requires("xinzhi") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        requirements = []
    names = sorted(match[0] for line in requirements if (match := _NAME.match(line)))
    return {**{name: metadata.version(name) for name in names}, "python": platform.python_version()}
