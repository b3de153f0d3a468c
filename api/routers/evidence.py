"""Evidence of a report: upload a file as the request body; download its original bytes and a thumbnail."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from api.dependencies import LangDep, SessionDep, needs, open_request_session
from api.errors import problem
from core.errors import BadInput, NotFound, StoreUnavailable
from core.i18n import N_, Lang, say
from reports.evidence import (
    KINDS,
    BlobStore,
    InspectionProcess,
    Staged,
    StoredFile,
    add_evidence,
    evidence_lines,
    fetch_evidence,
    list_evidence,
    require_addable,
    store_file,
)
from store.schema import Evidence

PATH: Final = re.compile(r"/api/reports/\d{1,19}/evidence")  # takes bodies of up to ``max_evidence_bytes``
INSPECTORS: Final = 2  # sandbox processes; each may use up to 3 GB of memory
WRITERS: Final = 4  # threads that write uploads to disk
# Bytes collected before they are written: a thread per network packet would cost too much.
PIECE: Final = 1 << 20
# Evidence is untrusted and has our origin: a browser must neither guess its type nor run what is in it.
SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Id = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
After = Annotated[int, Query(ge=0, le=2**62, description="Last id of the page before")]
Name = Annotated[
    str, Query(max_length=1000, description="The file's name, as a label", examples=["IMG_0231.jpg"])
]
_file: Final = {"schema": {"type": "string", "format": "binary"}}
_body: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes as they are, whatever their type",
        "content": {"application/octet-stream": _file},
    }
}
_bytes: dict[int | str, dict[str, Any]] = {
    200: {"description": "The original bytes", "content": {"*/*": _file}},
    206: {"description": "The requested range of bytes"},
    304: {"description": "The client's copy (If-None-Match) is current"},
    416: {"description": "The file has no such range of bytes"},
}
_part: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "schema": {"type": "string"}, "example": example}
        for name, example in (("Range", "bytes=0-99"), ("If-None-Match", '"0"'))
    ]
}
_jpeg: dict[int | str, dict[str, Any]] = {
    **{status: response for status, response in _bytes.items() if status != 200},
    200: {"description": "A small JPEG", "content": {"image/jpeg": _file}},
}


class LineOut(BaseModel):
    """A finding about a file, in words. ``agrees`` is null where nothing was compared."""

    about: str
    agrees: bool | None
    text: str


class EvidenceOut(BaseModel):
    """A file of evidence. ``found``: its place, time and direction, compared with the report's."""

    id: int
    report_id: int
    filename: str
    kind: str
    kind_name: str
    media_type: str
    size: int
    sha256: str
    added_by: int | None
    added_at: dt.datetime
    found: dict[str, Any]
    words: list[LineOut]
    href: str
    thumbnail: str | None


class EvidenceListOut(BaseModel):
    """A page of a report's evidence; ``next``: the address of the next page, if there is one."""

    items: list[EvidenceOut]
    next: str | None = None


class EvidenceIntake:
    """Receives files: the store, the threads that write uploads, the sandbox processes."""

    def __init__(self, blobs: BlobStore, most: int) -> None:
        self.blobs = blobs
        self.most = most
        self.writers = CapacityLimiter(WRITERS)
        self.inspectors = CapacityLimiter(INSPECTORS)
        self._free = [InspectionProcess() for _ in range(INSPECTORS)]

    @asynccontextmanager
    async def stage_body(self, request: Request) -> AsyncIterator[Staged]:
        """The request body as a staged file, hashed while it arrives, never held in memory."""
        async with contextmanager_in_threadpool(self.blobs.stage(self.most)) as staging:
            async for piece in _pieces(request):
                await to_thread.run_sync(staging.write, piece, limiter=self.writers)
            yield await to_thread.run_sync(staging.finish, limiter=self.writers)

    async def store_file(self, staged: Staged) -> StoredFile:
        """Inspect a file and put it into the store."""
        async with self.inspectors:
            inspector = self._free.pop()
            try:
                return await to_thread.run_sync(
                    store_file, self.blobs, inspector, staged, limiter=_extra_thread()
                )
            finally:
                self._free.append(inspector)

    def close(self) -> None:
        """End the sandbox processes."""
        for inspector in self._free:
            inspector.close()


@asynccontextmanager
async def _open_intake(app: FastAPI) -> AsyncIterator[None]:
    app.state.evidence_intake = EvidenceIntake(app.state.blobs, app.state.settings.max_evidence_bytes)
    try:
        yield
    finally:
        app.state.evidence_intake.close()


router = APIRouter(tags=["evidence"], lifespan=_open_intake)


@router.post(
    "/api/reports/{id}/evidence",
    status_code=201,
    responses={200: {"description": "The report has this file already"}},
    openapi_extra=_body,
    dependencies=[needs("file")],
)
async def add(
    id: Id, request: Request, response: Response, lang: LangDep, filename: Name = ""
) -> EvidenceOut:
    """Attach a file to a report: photo, video, document, drone file or archive. The body is the file."""
    intake: EvidenceIntake = request.app.state.evidence_intake
    # The connection is given back while the file arrives: slow uploads would use up the pool. The report is
    # looked up first, so that no upload is wasted.
    async with open_request_session(request) as session:
        await to_thread.run_sync(require_addable, session, id)
    async with intake.stage_body(request) as staged:
        stored = await intake.store_file(staged)
    async with open_request_session(request) as session:
        created, evidence = await to_thread.run_sync(_add, session, id, stored, filename, lang)
    response.status_code = 201 if created else 200
    response.headers["Location"] = evidence.href
    return evidence


@router.get("/api/reports/{id}/evidence", dependencies=[needs("read", "file")])
def list_(
    id: Id,
    session: SessionDep,
    lang: LangDep,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EvidenceListOut:
    """List a report's files, paged by key: follow ``next``."""
    found = list_evidence(session, id, after, limit)
    following = (
        f"/api/reports/{id}/evidence?after={found[-1].id}&limit={limit}" if len(found) == limit else None
    )
    return EvidenceListOut(items=[_evidence_out(evidence, lang) for evidence in found], next=following)


@router.get(
    "/api/evidence/{id}",
    dependencies=[needs("read", "file")],
    responses=_bytes,
    openapi_extra=_part,
    response_class=StreamingResponse,
)
def original(id: Id, request: Request, session: SessionDep, lang: LangDep) -> Response:
    """Download the original bytes, or a part of them by Range. Browsers save it and never display it."""
    evidence = fetch_evidence(session, id)
    headers = {
        **SAFE,
        "Content-Type": evidence.media_type,
        "Content-Disposition": f"attachment; {_disposition_name(evidence.filename)}",
        "ETag": f'"{evidence.sha256}"',
        "Accept-Ranges": "bytes",
    }
    return _blob_response(request, evidence.sha256, headers, lang)


@router.get(
    "/api/evidence/{id}/thumbnail",
    dependencies=[needs("read", "file")],
    responses=_jpeg,
    openapi_extra=_part,
    response_class=StreamingResponse,
)
def thumbnail(id: Id, request: Request, session: SessionDep, lang: LangDep) -> Response:
    """Return a small JPEG of a photo, upright and without the original's metadata."""
    evidence = fetch_evidence(session, id)
    if evidence.thumbnail is None:
        raise NotFound(
            N_("Evidence {id} has no thumbnail."),
            field="id",
            hint=N_("Download the original; its texts say why there is none."),
            id=id,
        )
    headers = {**SAFE, "Content-Type": "image/jpeg", "ETag": f'"{evidence.thumbnail}"'}
    return _blob_response(request, evidence.thumbnail, headers, lang)


def _extra_thread() -> CapacityLimiter:
    """A thread outside of the shared pool; ``inspectors`` has limited their number already."""
    return CapacityLimiter(1)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte. Raises :class:`BadInput` where the client breaks off."""
    buffer = bytearray()
    try:
        async for part in request.stream():
            buffer += part
            if len(buffer) >= PIECE:
                yield bytes(buffer)
                buffer.clear()
    except ClientDisconnect as fault:
        raise BadInput(N_("The upload was interrupted."), field="body", hint=N_("Send it again.")) from fault
    if buffer:
        yield bytes(buffer)


def _add(
    session: Session, report_id: int, stored: StoredFile, filename: str, lang: Lang
) -> tuple[bool, EvidenceOut]:
    added = add_evidence(session, report_id, stored, filename)
    return added.created, _evidence_out(added.evidence, lang)


def _evidence_out(evidence: Evidence, lang: Lang) -> EvidenceOut:
    """The row of a file as a response body."""
    columns = ("id", "report_id", "filename", "kind", "media_type", "size", "sha256", "added_by", "added_at")
    href = f"/api/evidence/{evidence.id}"
    return EvidenceOut(
        **{name: getattr(evidence, name) for name in columns},
        kind_name=say(lang, KINDS[evidence.kind]),
        found=evidence.found,
        words=[LineOut(**line) for line in evidence_lines(evidence.found, lang)],
        href=href,
        thumbnail=f"{href}/thumbnail" if evidence.thumbnail else None,
    )


def _disposition_name(filename: str) -> str:
    """The file name for Content-Disposition: ASCII for old clients, RFC 5987 for all others."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _blob_response(request: Request, sha256: str, headers: dict[str, str], lang: Lang) -> Response:
    """The bytes of a stored file, the requested range, 304, or 416."""
    blobs: BlobStore = request.app.state.blobs
    etag = headers["ETag"]
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers={"ETag": etag})
    if not blobs.exists(sha256):
        raise StoreUnavailable(
            N_("The bytes of this file are not in the evidence store."),
            hint=N_("Check that ZHIJIE_EVIDENCE_URL names the location where they were stored."),
        )
    file = blobs.open_checked(sha256)  # whole, before the first byte goes out, whatever range was asked for
    # If-Range: a range of another version would corrupt the client's copy, so it gets the whole file.
    range_header = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
    span = _parse_range(range_header, file.size)
    if span is None:
        file.close()
        detail = say(
            lang, N_("The requested range is outside the file, which has {size} bytes."), size=file.size
        )
        return problem(416, detail, field="Range", headers={"Content-Range": f"bytes */{file.size}"})
    start, end, part = span
    headers = {**headers, "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return StreamingResponse(file.read(start, end), 206 if part else 200, headers)


def _parse_range(range_header: str | None, size: int) -> tuple[int, int, bool] | None:
    """(first byte, byte after the last, is it a part); None where the range is outside the file.

    Anything but a single range asks for the whole file, as RFC 9110 allows.
    """
    found = _RANGE.fullmatch(range_header or "")
    if found is None or not (found[1] or found[2]):
        return 0, size, False
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    return (start, end, True) if start < end else None
