"""What a visitor brings: a table of projects to screen, a workbook to check; it is kept nowhere."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from starlette.formparsers import MultiPartException, MultiPartParser

from xinzhi import studies, words
from xinzhi.core.errors import InputError, XinzhiError
from xinzhi.core.text import Language
from xinzhi.data import read_file
from xinzhi.report import as_json, file_of, study_document, write_marked
from xinzhi.studies import Study
from xinzhi.web.asked import both
from xinzhi.web.queue import Limits
from xinzhi.web.reply import CSV, MEDIA, XLSX, told
from xinzhi.web.store import Store

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that lives in memory, where a system has one
ROW = b"<row"  # begins a row of a sheet
BOOK, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
NAMES = {"csv": "upload.csv", "xlsx": "upload.xlsx"}  # never that of the visitor
NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
LOCAL, DEFLATED = 30, -15  # bytes of the head of a part, and what zlib calls data without a head of its own
PIECE = 1 << 20  # bytes unpacked at once
ENCRYPTED = 1
BODY = {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (CSV, XLSX)}, "required": True}
Kind = Literal["csv", "xlsx"]


def add_uploads(made: APIRouter, store: Store) -> None:
    """Add screening and checking of what a visitor brings to the interface for programs."""

    async def screen(
        request: Request,
        lang: Annotated[Language, Query()] = "en",
        form: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
    ) -> Response:
        data = await body_of(request, store.limits)
        return await run_sync(told, lambda: _screened(store, data, lang, form), lang)

    async def check_package(
        request: Request,
        lang: Annotated[Language, Query()] = "en",
        form: Annotated[Literal["json", "xlsx"], Query(alias="format")] = "json",
    ) -> Response:
        data = await body_of(request, store.limits)
        return await run_sync(told, lambda: _checked(store, data, lang, form), lang)

    for path, run in {"/screen": screen, "/check": check_package}.items():
        made.add_api_route(
            path,
            run,
            methods=["POST"],
            response_class=Response,
            tags=["uploads"],
            summary=both(words.api.route_upload_of(path[1:])),
            openapi_extra={"requestBody": BODY},
        )


class Parser(MultiPartParser):
    """A parser of forms that keeps the file in memory, whatever its size; `Safety` bounds that."""

    spool_max_size = Limits.shipped().body


async def body_of(request: Request, limits: Limits) -> bytes:
    """Return the bytes of the file that was sent: the body itself, or the one file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    try:
        form = await Parser(
            request.headers, request.stream(), max_files=1, max_fields=4, max_part_size=limits.body
        ).parse()
        files = [one for _, one in form.multi_items() if not isinstance(one, str)]
        data = await files[0].read() if files else b""
        await form.close()
    except (MultiPartException, KeyError, UnicodeDecodeError):  # no boundary, or a form that ends in its middle
        return b""
    return data


def kind_of(data: bytes, limits: Limits) -> tuple[Kind, int]:
    """Return what kind of table bytes are, by what they hold, and how many rows they have at most."""
    # What is no table, or would fill the memory, is refused.
    if not data.strip():
        raise InputError("web.upload-empty")
    if data.startswith(BOOK):
        return "xlsx", _inspect(data, limits)
    if data.startswith(OLD) or b"\x00" in data or data.lstrip()[:1] == b"<" or encoding_of(data) is None:
        raise InputError("web.upload-kind")
    return "csv", data.count(b"\n") + data.count(b"\r")


def encoding_of(data: bytes) -> str | None:
    """Return the encoding of a text: UTF-8, else GB 18030; None where it is neither."""
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def _inspect(data: bytes, limits: Limits) -> int:
    """Return how many rows a workbook has at most."""
    # One that is none, or unpacks to more than allowed, is refused; what it says of its sizes is not believed.
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError("web.upload-kind") from error
    if len(parts) > limits.entries or not set(NEEDED) <= {one.filename for one in parts}:
        raise InputError("web.upload-kind")
    total = rows = 0
    for one in parts:
        if one.flag_bits & ENCRYPTED or one.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InputError("web.upload-kind")
        for piece in _unpacked(data, one):
            total += len(piece)
            rows += piece.count(ROW) + 1  # and one that may be cut in two
            if total > limits.unpacked or (piece and total > PIECE and total > limits.ratio * len(data)):
                raise InputError("web.upload-bomb", most=limits.unpacked // PIECE)
    return rows


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
def _placed(data: bytes, limits: Limits) -> Iterator[tuple[Path, str | None, int]]:
    """Hand out the file in a folder of its own, in memory where there is such a place, gone at the end."""
    # Beside it stand its encoding and how many rows it has at most.
    kind, rows = kind_of(data, limits)
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder) / NAMES[kind]
        path.write_bytes(data)
        try:
            yield path, encoding_of(data) if kind == "csv" else None, rows
        except XinzhiError as error:  # where it lay is nobody's business
            error.values.update({name: one.name for name, one in error.values.items() if isinstance(one, Path)})
            raise


def _screened(store: Store, data: bytes, language: Language, form: str) -> Response:
    def work() -> bytes:
        study = screened(store, data)
        if form == "json":
            return as_json(study_document(study, language))
        return file_of(study.results["screening"], form)  # type: ignore[arg-type] # csv or xlsx

    return _made(store, work, form, "screening")


def screened(store: Store, data: bytes) -> Study:
    """Return the study of the projects that a visitor brings."""
    with _placed(data, store.limits) as (path, encoding, most):
        if most > store.limits.rows:  # else it need not be read for that
            rows = read_file(path, "projects", encoding=encoding).cells.height
            if rows > store.limits.rows:
                raise InputError("web.upload-rows", rows=rows, most=store.limits.rows)
        return studies.screen(path, encoding=encoding)


def _checked(store: Store, data: bytes, language: Language, form: str) -> Response:
    def work() -> bytes:
        with _placed(data, store.limits) as (path, _, _):
            if path.name != NAMES["xlsx"]:
                raise InputError("web.upload-package")
            findings = studies.check(path)
            if form == "json":
                return as_json([one.to_dict() for one in findings])
            marked = path.with_name("marked.xlsx")
            write_marked(findings, path, marked, language=language)
            return marked.read_bytes()

    return _made(store, work, form, "checked")


def _made(store: Store, work: Callable[[], bytes], form: str, name: str) -> Response:
    """Return what was made of an upload; it is kept nowhere."""
    headers = {"cache-control": "no-store"}
    if form != "json":
        headers["content-disposition"] = f'attachment; filename="{name}.{form}"'
    return Response(store.once(work), media_type=MEDIA[form], headers=headers)
