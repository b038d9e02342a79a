"""Who signs a certificate: a further signature on one that is finished, and its folder with it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError
from xinzhi.core.files import whole
from xinzhi.core.signature_checks import FORGED, Demand, check_signatures
from xinzhi.core.signatures import sign_document
from xinzhi.report.certificate.certify import NAMES, encode
from xinzhi.report.certificate.schema import Certificate, layout, parse, read_document
from xinzhi.report.certificate.verify import certificate_findings

if TYPE_CHECKING:
    from xinzhi.core.signatures import PrivateKey


def add_signature(path: str | PathLike[str], key: PrivateKey) -> Certificate:
    """Sign a finished certificate beside whoever has signed it, and write what describes its folder anew.

    Nothing is recomputed: verify the certificate first, for to sign is to vouch for it.

    Raises
    ------
    InputError
        When the certificate or a signature on it is not sound, or the key has signed already. Nothing is written then.
    """
    file = Path(path)
    stated, now = parse(read_document(file), file.name), dt.datetime.now(dt.UTC)
    signed = check_signatures(stated.vouched(), "certificate", stated.signatures, Demand(), file=file.name, now=now)
    if faults := [*certificate_findings(file, stated), *(entry for entry in signed if entry.rule in FORGED)]:
        raise InputError("keys.not-signable", faults, path=path)
    if key.public.id in {signature.key_id for signature in stated.signatures}:
        raise InputError("keys.signed-already", path=path, key_id=key.public.id)
    signature = sign_document(stated.vouched(), "certificate", key, now)
    result = stated.model_copy(update={"signatures": [*stated.signatures, signature]})
    _write(file, (layout(result.document()) + "\n").encode())
    return result


def _write(file: Path, proof: bytes) -> None:
    """Put a certificate in place with the files of its folder that state its sha256."""
    contents = {file.name: proof}
    try:
        if file.name == NAMES[0] and all((file.parent / name).is_file() for name in NAMES[1:]):
            prov, crate = (json.loads((file.parent / name).read_bytes()) for name in NAMES[1:])
            prov["entity"][f"x:file-{NAMES[0]}"]["x:sha256"] = hashlib.sha256(proof).hexdigest()
            contents[NAMES[1]] = encode(prov)
            for name in NAMES[:2]:
                _describe(crate, name, contents[name])
            contents[NAMES[2]] = encode(crate)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError("keys.not-signable", path=file) from error
    with whole(file.parent, [*contents]) as places:
        for place, content in zip(places, contents.values(), strict=True):
            place.write_bytes(content)


def _describe(crate: dict[str, list[dict[str, str]]], name: str, content: bytes) -> None:
    """Enter size and sha256 of a file into the metadata of its folder."""
    entry = next(entry for entry in crate["@graph"] if entry["@id"] == name)
    entry |= {"contentSize": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
