"""What a visitor brings: a table of projects to screen, a workbook to check; it is kept nowhere."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import polars as pl
from fastapi import APIRouter, Query, Request, Response
from starlette.formparsers import MultiPartException, MultiPartParser

from xinzhi import studies, words
from xinzhi.core.errors import InputError, XinzhiError
from xinzhi.core.text import Language
from xinzhi.data import read_file
from xinzhi.report import as_json, file_of, study_document, write_marked
from xinzhi.studies.internal import Study
from xinzhi.web.parameters import bilingual
from xinzhi.web.responses import CSV, MEDIA, XLSX, refusal, uncached_response
from xinzhi.web.store import Store
from xinzhi.web.workers import Limits

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that lives in memory, where a system has one
BOOK, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
NAMES = {"csv": "upload.csv", "xlsx": "upload.xlsx"}  # never that of the visitor
NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
LOCAL, DEFLATED = 30, -15  # bytes of the head of a part, and what zlib calls data without a head of its own
PIECE = 1 << 20  # bytes unpacked at once
ENCRYPTED = 1
BODY = {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (CSV, XLSX)}, "required": True}
Kind = Literal["csv", "xlsx"]
TableForm = Literal["json", "csv", "xlsx"]


def add_uploads(router: APIRouter, store: Store) -> None:
    """Add screening and checking of what a visitor brings to the interface for programs."""

    async def screen(
        request: Request,
        lang: Annotated[Language, Query()] = "en",
        form: Annotated[TableForm, Query(alias="format")] = "json",
    ) -> Response:
        work = partial(_screen, store, await body_of(request, store.limits), lang, form)
        return await uncached_response(store, work, failed=partial(refusal, language=lang))

    async def check_package(
        request: Request,
        lang: Annotated[Language, Query()] = "en",
        form: Annotated[Literal["json", "xlsx"], Query(alias="format")] = "json",
    ) -> Response:
        work = partial(_check, store, await body_of(request, store.limits), lang, form)
        return await uncached_response(store, work, failed=partial(refusal, language=lang))

    for path, run in {"/screen": screen, "/check": check_package}.items():
        router.add_api_route(
            path,
            run,
            methods=["POST"],
            response_class=Response,
            tags=["uploads"],
            summary=bilingual(words.api.route_upload_of(path[1:])),
            openapi_extra={"requestBody": BODY},
        )


class Parser(MultiPartParser):
    """A parser of forms that keeps the file in memory, whatever its size; `Safety` bounds that."""

    spool_max_size = Limits.load().body


async def body_of(request: Request, limits: Limits) -> bytes:
    """Return the bytes of the file that was sent: the body itself, or the one file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    try:
        form = await Parser(
            request.headers, request.stream(), max_files=1, max_fields=4, max_part_size=limits.body
        ).parse()
        files = [field for _, field in form.multi_items() if not isinstance(field, str)]
        data = await files[0].read() if files else b""
        await form.close()
    except (MultiPartException, KeyError, UnicodeDecodeError):  # no boundary, or a form that ends in its middle
        return b""
    return data


def kind_of(data: bytes, limits: Limits) -> Kind:
    """Return what kind of table bytes are, by what they hold; what is none, or would fill the memory, is refused."""
    if not data.strip():
        raise InputError("web.upload-empty")
    if data.startswith(BOOK):
        _inspect(data, limits)
        return "xlsx"
    if data.startswith(OLD) or b"\x00" in data or data.lstrip()[:1] == b"<" or encoding_of(data) is None:
        raise InputError("web.upload-kind")
    return "csv"


def encoding_of(data: bytes) -> str | None:
    """Return the encoding of a text: UTF-8, else GB 18030; None where it is neither."""
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def _inspect(data: bytes, limits: Limits) -> None:
    """Refuse what is no workbook, or unpacks to more than allowed; what it says of its sizes is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError("web.upload-kind") from error
    if len(parts) > limits.entries or not set(NEEDED) <= {part.filename for part in parts}:
        raise InputError("web.upload-kind")
    total = 0
    for part in parts:
        if part.flag_bits & ENCRYPTED or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InputError("web.upload-kind")
        for piece in _unpacked(data, part):
            total += len(piece)
            if total > limits.unpacked or (piece and total > PIECE and total > limits.ratio * len(data)):
                raise InputError("web.upload-bomb", most=limits.unpacked // PIECE)


def _unpacked(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the pieces that a part unpacks to, none of them kept."""
    at = part.header_offset + LOCAL
    start = at + sum(int.from_bytes(data[place : place + 2], "little") for place in (at - 4, at - 2))  # name and extra
    packed = data[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    stream = zlib.decompressobj(DEFLATED)
    try:
        while packed and not stream.eof:
            yield stream.decompress(packed, PIECE)
            packed = stream.unconsumed_tail
    except zlib.error as error:
        raise InputError("web.upload-kind") from error


@contextmanager
def _temporary_file(data: bytes, limits: Limits) -> Iterator[tuple[Path, str | None]]:
    """Hand out the file, and its encoding, in a folder of its own; in memory where there is such a place."""
    kind = kind_of(data, limits)
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder) / NAMES[kind]
        path.write_bytes(data)
        try:
            yield path, encoding_of(data) if kind == "csv" else None
        except XinzhiError as error:  # where it lay is nobody's business
            error.values.update({name: value.name for name, value in error.values.items() if isinstance(value, Path)})
            raise


def _screen(store: Store, data: bytes, language: Language, form: TableForm) -> Response:
    study = screen_upload(store, data)
    if form == "json":
        return _file(as_json(study_document(study, language)), form, "screening")
    return _file(file_of(study.results["screening"], form), form, "screening")


def screen_upload(store: Store, data: bytes) -> Study:
    """Return the study of the projects that a visitor brings."""
    limits = store.limits
    with _temporary_file(data, limits) as (path, encoding):
        cells = read_file(path, "projects", encoding=encoding).cells
        if cells.height > limits.rows:
            raise InputError("web.upload-rows", rows=cells.height, most=limits.rows)
        letters = cells.select(pl.max_horizontal(pl.all().cast(pl.String).str.len_chars().max())).item() or 0
        if letters > limits.letters:
            raise InputError("web.upload-letters", letters=letters, most=limits.letters)
        return studies.screen(path, encoding=encoding)


def _check(store: Store, data: bytes, language: Language, form: TableForm) -> Response:
    with _temporary_file(data, store.limits) as (path, _):
        if path.name != NAMES["xlsx"]:
            raise InputError("web.upload-package")
        findings = studies.check(path)
        if form == "json":
            return _file(as_json([finding.to_dict() for finding in findings]), form, "checked")
        marked = path.with_name("marked.xlsx")
        write_marked(findings, path, marked, language=language)
        return _file(marked.read_bytes(), form, "checked")


def _file(content: bytes, form: TableForm, name: str) -> Response:
    """Return what was made of an upload; a table is a file with a name."""
    headers = {} if form == "json" else {"content-disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=MEDIA[form], headers=headers)
