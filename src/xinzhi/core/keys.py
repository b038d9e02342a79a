"""Keys on disk: private keys (PEM, encrypted), public key files, and the list of keys that a reader trusts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xinzhi.core import yamlfile
from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.files import whole, whole_file
from xinzhi.core.finding import Finding, finding
from xinzhi.core.parameters import setting
from xinzhi.core.signatures import (
    ALGORITHMS,
    AlgorithmName,
    PrivateKey,
    PublicKey,
    Purpose,
    Sha256,
    canonical,
    new_private_key,
    require_cryptography,
)
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

CONVENTIONS = Path(__file__).with_name("keys.yaml")
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
PRIVATE, PUBLIC = ".pem", ".yaml"  # the two files of a key
Password: TypeAlias = bytes | str | Callable[[], bytes] | None
Name = Annotated[str, Field(min_length=1, max_length=setting(CONVENTIONS, "name_letters"))]
Reason = Literal["compromised", "superseded", "retired"]
_SM2 = bytes.fromhex("06082a811ccf5501822d")  # the curve, as keys name it in DER


class _Part(BaseModel):
    # A closed form: a member that nobody reads could say what nobody checks.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Owner(_Part):
    """Whose key it is, in both languages."""

    zh: Name
    en: Name

    @property
    def text(self) -> Text:
        """The name in both languages."""
        return Text(zh=self.zh, en=self.en)


class KeyEntry(_Part):
    """A public key: whose it is, for what, and on which days (of UTC, both included). It signs itself."""

    key_id: Sha256
    algorithm: AlgorithmName
    public_key: str
    owner: Owner
    valid_from: dt.date
    valid_until: dt.date
    purpose: Annotated[list[Purpose], Field(min_length=1)]
    signature: str

    @property
    def public(self) -> PublicKey:
        """The key; a `ValueError` says that its text is none."""
        return PublicKey.from_text(self.algorithm, self.public_key)

    def statement(self) -> bytes:
        """Return what the key signs of itself, so that nobody else can give it another name or other days."""
        members = {*KeyEntry.model_fields} - {"signature"}  # the same in a key file and in a list
        return canonical({"document": self.model_dump(mode="json", include=members), "purpose": "key"})

    def is_intact(self) -> bool:
        """Whether id, key and own signature belong together."""
        try:
            public = self.public
        except ValueError:
            return False
        is_named = public.id == self.key_id and self.valid_from <= self.valid_until
        can_check = ALGORITHMS[self.algorithm].library is not None
        return is_named and (not can_check or public.is_signed(self.statement(), self.signature))

    def refusal(self, purpose: Purpose, day: dt.date) -> str | None:
        """Return why a signature for a purpose on a day does not count; None where it does."""
        if purpose not in self.purpose:
            return "signature-purpose"
        if day < self.valid_from:
            return "signature-not-yet-valid"
        return "signature-expired" if day > self.valid_until else None


class KeyFile(KeyEntry):
    """A public key file, which its owner publishes."""

    format: Literal["xinzhi-key"] = "xinzhi-key"
    format_version: Literal["1.0"] = "1.0"


class Revocation(_Part):
    """From which day on a key does not count, and why; one that is compromised never did, whatever time is stated."""

    key_id: Sha256
    date: dt.date
    reason: Reason


class TrustList(_Part):
    """The keys that a reader trusts, and the revocations that they know of."""

    format: Literal["xinzhi-trust"] = "xinzhi-trust"
    format_version: Literal["1.0"] = "1.0"
    keys: list[KeyEntry]
    revocations: list[Revocation]

    def entry(self, key_id: str) -> KeyEntry | None:
        """Return the key of an id."""
        return next((entry for entry in self.keys if entry.key_id == key_id), None)

    def revocation(self, key_id: str) -> Revocation | None:
        """Return the revocation of a key."""
        return next((entry for entry in self.revocations if entry.key_id == key_id), None)

    def find(self, start: str, path: object) -> KeyEntry:
        """Return the one key whose id begins with these letters."""
        matches = [entry for entry in self.keys if entry.key_id.startswith(start.lower())]
        if len(start) < setting(CONVENTIONS, "id_letters") or len(matches) != 1:
            names = [entry.key_id for entry in self.keys]
            raise InputError("keys.no-such-key", given=start, path=path, names=names)
        return matches[0]


File = TypeVar("File", bound=BaseModel)


def new_key(
    path: str | PathLike[str],
    *,
    owner: Text,
    password: str | bytes,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    purpose: Sequence[str] = PURPOSES,
    algorithm: str = "Ed25519",
) -> tuple[Path, Path, KeyFile]:
    """Make a key: write the encrypted private key (NAME.pem) and the public key file (NAME.yaml).

    Raises
    ------
    InputError, UsageError
        When one of the files is there, the password is short, the days are in the wrong order, or the algorithm is
        not at hand. Nothing is written then.
    """
    key, secret = new_private_key(algorithm), password.encode() if isinstance(password, str) else password
    private = Path(path).with_name(Path(path).name.removesuffix(PRIVATE) + PRIVATE)
    names = [private.name, private.with_suffix(PUBLIC).name]
    if present := [name for name in names if os.path.lexists(private.parent / name)]:
        raise InputError("keys.exists", path=private.parent / present[0])
    if len(secret.decode("utf-8", "replace")) < (least := setting(CONVENTIONS, "password_letters")):
        raise InputError("keys.short-password", least=least)
    if unknown := [name for name in purpose if name not in PURPOSES]:
        raise UsageError("keys.unknown-purpose", given=unknown[0], names=[*PURPOSES])
    first = valid_from or dt.datetime.now(dt.UTC).date()
    last = valid_until or _years_later(first, setting(CONVENTIONS, "valid_years"))
    if last < first:
        raise UsageError("keys.days-reversed", first=first.isoformat(), last=last.isoformat())
    content = {
        "key_id": key.public.id,
        "algorithm": key.algorithm,
        "public_key": key.public.text,
        "owner": {"zh": owner.zh, "en": owner.en},
        "valid_from": first,
        "valid_until": last,
        "purpose": list(dict.fromkeys(purpose)),
        "signature": "",
    }
    try:
        unsigned = KeyFile.model_validate(content)
    except ValidationError as error:
        raise UsageError("keys.no-owner") from error
    entry = unsigned.model_copy(update={"signature": key.sign(unsigned.statement())})
    with whole(private.parent, names) as (secret_place, public_place):
        with os.fdopen(os.open(secret_place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(_pem(key, secret))
        public_place.write_text(file_text(entry), encoding="utf-8")
    return private, private.with_suffix(PUBLIC), entry


def signing_key(
    path: str | PathLike[str], *, password: Password = None, purpose: Purpose = "certificate"
) -> PrivateKey:
    """Return the private key of a PEM file (PKCS #8), encrypted or not, if it may sign today.

    Parameters
    ----------
    path
        The file, as `new_key` or ``openssl genpkey -algorithm ed25519 -aes256`` writes it. A public key file of the
        same name beside it (``key.yaml`` of ``key.pem``) says for what and until when the key signs.
    password
        The password of an encrypted key, or what asks for it.
    purpose
        What is to be signed.

    Raises
    ------
    InputError
        When the file cannot be read or holds no such key, the password is wrong, or the key may not sign.
    UsageError
        When `cryptography` is not installed.
    """
    require_cryptography()
    file = Path(path)
    content = _read(file)
    is_encrypted = b"ENCRYPTED" in content.partition(b"\n")[0] or b"Proc-Type: 4,ENCRYPTED" in content
    secret = _secret(password, file) if is_encrypted else None
    key = PrivateKey("Ed25519", _native_private(content, secret, file))
    entry_file = file.with_suffix(PUBLIC)
    if entry_file != file and entry_file.exists():
        entry = read_key_file(entry_file)
        if entry.key_id != key.public.id:
            raise InputError("keys.other-key", path=entry_file, private=file)
        _require_usable(entry, entry_file, purpose)
    return key


def _require_usable(entry: KeyEntry, path: Path, purpose: Purpose) -> None:
    """Refuse a key that may not sign today, or not such a document."""
    match entry.refusal(purpose, dt.datetime.now(dt.UTC).date()):
        case "signature-purpose":
            raise InputError("keys.purpose", path=path, purpose=purpose)
        case "signature-not-yet-valid":
            raise InputError("keys.not-yet-valid", path=path, first=entry.valid_from.isoformat())
        case "signature-expired":
            raise InputError("keys.expired", path=path, last=entry.valid_until.isoformat())


def public_key(path: str | PathLike[str]) -> PublicKey:
    """Return the public key of a key file, or of a PEM file as ``openssl pkey -in key.pem -pubout`` writes it.

    Raises
    ------
    InputError, UsageError
        As `signing_key`.
    """
    require_cryptography()
    file = Path(path)
    content = _read(file)
    return _native_public(content, file) if b"-----BEGIN" in content else read_key_file(file).public


def read_key_file(path: str | PathLike[str]) -> KeyFile:
    """Return a public key file whose id, key and own signature belong together."""
    source, file = parse_file(Path(path), KeyFile)
    _require_intact([file], source)
    return file


def read_trust(path: str | PathLike[str]) -> TrustList:
    """Return a list of trusted keys, each of which is intact and there once."""
    source, listed = parse_file(Path(path), TrustList)
    _require_intact(listed.keys, source)
    for name, entries in (("keys", listed.keys), ("revocations", listed.revocations)):
        ids = [entry.key_id for entry in entries]
        if twice := next((key_id for key_id in ids if ids.count(key_id) > 1), None):
            raise InputError("keys.listed-twice", path=path, name=name, key_id=twice)
    return listed


def trust(path: str | PathLike[str], key: KeyFile) -> TrustList:
    """Add a key to a list of trusted keys; the list is made where it is not there."""
    file = Path(path)
    listed = read_trust(file) if os.path.lexists(file) else TrustList(keys=[], revocations=[])
    if listed.entry(key.key_id) is not None:
        raise InputError("keys.listed-twice", path=path, name="keys", key_id=key.key_id)
    entry = KeyEntry(**{name: getattr(key, name) for name in KeyEntry.model_fields})
    return _write(file, listed.model_copy(update={"keys": [*listed.keys, entry]}))


def revoke(path: str | PathLike[str], key_id: str, *, date: dt.date, reason: str) -> TrustList:
    """Enter the revocation of a key into a list of trusted keys."""
    listed = read_trust(path)
    entry = listed.find(key_id, path)
    if reason not in get_args(Reason):
        raise UsageError("keys.unknown-reason", given=reason, names=[*get_args(Reason)])
    if listed.revocation(entry.key_id) is not None:
        raise InputError("keys.listed-twice", path=path, name="revocations", key_id=entry.key_id)
    revocation = Revocation.model_validate({"key_id": entry.key_id, "date": date, "reason": reason})
    return _write(Path(path), listed.model_copy(update={"revocations": [*listed.revocations, revocation]}))


def _write(path: Path, listed: TrustList) -> TrustList:
    with whole_file(path) as place:
        place.write_text(file_text(listed), encoding="utf-8")
    return listed


def file_text(content: BaseModel) -> str:
    """Return the YAML text of a file, its format first."""
    document = content.model_dump()
    head = {name: document.pop(name) for name in ("format", "format_version")}
    return yamlfile.write({**head, **document}, width=200)


def parse_file(path: Path, model: type[File]) -> tuple[yamlfile.Source, File]:
    """Return the content of a file of a closed form; every member that is wrong is named with its line."""
    try:
        source = yamlfile.read(path)
    except yamlfile.YamlError as error:
        raise InputError("keys.malformed", (error.finding,), path=path) from error
    content, expected = source.content, model.model_fields["format"].default
    if not isinstance(content, dict) or content.get("format") != expected or "format_version" not in content:
        raise InputError("keys.other-file", path=path, expected=expected)
    if source.findings:
        raise InputError("keys.malformed", source.findings, path=path)
    try:
        return source, model.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        findings = [_member(problem["type"], problem["loc"], source) for problem in problems]
        raise InputError("keys.malformed", findings, path=path) from error


def _member(kind: str, place: tuple[int | str, ...], source: yamlfile.Source) -> Finding:
    """Return the finding of a member that is missing, unknown or of another form."""
    key, line = ".".join(map(str, place)), source.line(place)
    return finding(_CODES.get(kind, "keys.member-wrong"), file=source.file, line=line, key=key)


_CODES = {"missing": "keys.member-missing", "extra_forbidden": "keys.member-unknown"}


def _require_intact(entries: Iterable[KeyEntry], source: yamlfile.Source) -> None:
    """Refuse keys whose id, dates, owner or own signature were changed."""
    require_cryptography()
    for entry in entries:
        if not entry.is_intact():
            raise InputError("keys.altered", path=source.file, key_id=entry.key_id)


def _native_private(content: bytes, secret: bytes | None, path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(content, password=secret)
    except UnsupportedAlgorithm as error:
        raise _unsupported(content, path) from error
    except (TypeError, ValueError) as error:
        raise InputError("keys.no-private-key" if secret is None else "keys.wrong-password", path=path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong_type(key, path)
    return key


def _native_public(content: bytes, path: Path) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(content)
    except UnsupportedAlgorithm as error:
        raise _unsupported(content, path) from error
    except ValueError as error:
        raise InputError("keys.no-public-key", path=path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _wrong_type(key, path)
    return PublicKey("Ed25519", key.public_bytes_raw())


def _wrong_type(key: PrivateKeyTypes | PublicKeyTypes, path: Path) -> InputError:
    """Return the error of a key of another algorithm."""
    kind = type(key).__name__.strip("_").removesuffix("PrivateKey").removesuffix("PublicKey")
    return InputError("keys.wrong-type", path=path, kind=kind, names=[*ALGORITHMS][:1])


def _unsupported(content: bytes, path: Path) -> InputError:
    """Return the error of a key that cryptography does not know: of SM2 it says what is missing."""
    import base64

    body = b"".join(line for line in content.splitlines() if b"-" not in line)
    if _SM2 in base64.b64decode(body, validate=False):
        return InputError("keys.algorithm-missing", algorithm="SM2-SM3")
    return InputError("keys.wrong-type", path=path, kind="?", names=[*ALGORITHMS][:1])


def _secret(password: Password, path: Path) -> bytes:
    """Return the password of an encrypted key."""
    secret = password() if callable(password) else password
    if not secret:
        raise InputError("keys.needs-password", path=path)
    return secret.encode() if isinstance(secret, str) else secret


def _pem(key: PrivateKey, secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    return key.native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret))


def _years_later(day: dt.date, years: int) -> dt.date:
    """Return the day some years later, the 28th for the 29th of February."""
    last = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
    return last.replace(year=day.year + years)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("keys.unreadable", path=path, why=system_reason(error)) from error
