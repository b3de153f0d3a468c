"""Evidence of a report: a file in as the request's body, its original bytes and a small picture out."""

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

from api.dependencies import LangDep, SessionDep, entered, needs
from api.errors import problem
from core.errors import BadInput, NotFound, StoreUnavailable
from core.i18n import N_, Lang, say
from reports.evidence.records import Kept, add_evidence, fetch_claim, fetch_evidence, keep, list_evidence
from reports.evidence.sandbox import InspectionProcess
from reports.evidence.storage import BlobStore, Staged
from reports.evidence.wording import KINDS, tell_evidence
from store.schema.datasets import Evidence

PATH: Final = re.compile(r"/api/reports/\d{1,19}/evidence")  # what takes bodies of ``max_evidence_bytes``
EXAMINERS: Final = 2  # processes that look into files
WRITERS: Final = 4  # threads that write what arrives
PIECE: Final = 1 << 20  # bytes that are gathered before they are written
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
    206: {"description": "The part that Range asks for"},
    304: {"description": "If-None-Match names these bytes"},
    416: {"description": "Range asks for what the file does not have"},
}
_part: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "schema": {"type": "string"}, "example": example}
        for name, example in (("Range", "bytes=0-99"), ("If-None-Match", '"0"'))
    ]
}
_jpeg: dict[int | str, dict[str, Any]] = {
    **{status: told for status, told in _bytes.items() if status != 200},
    200: {"description": "A small JPEG", "content": {"image/jpeg": _file}},
}


class LineOut(BaseModel):
    """What a file says, in words. ``agrees`` is null where nothing was compared."""

    about: str
    agrees: bool | None
    text: str


class EvidenceOut(BaseModel):
    """A file of evidence. ``found``: what it says of place, time and direction, beside the report's."""

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
    """A page of a report's evidence; ``next`` is the address of the next one, where there is one."""

    items: list[EvidenceOut]
    next: str | None = None


class Desk:
    """Where files are taken in: the store, the threads that write, the processes that look into files."""

    def __init__(self, blobs: BlobStore, most: int) -> None:
        self.blobs = blobs
        self.most = most
        self.writers = CapacityLimiter(WRITERS)
        self.keepers = CapacityLimiter(EXAMINERS)
        self._free = [InspectionProcess() for _ in range(EXAMINERS)]

    @asynccontextmanager
    async def arrived(self, request: Request) -> AsyncIterator[Staged]:
        """The request's body as a staged file: hashed while it arrives, never held in memory."""
        async with contextmanager_in_threadpool(self.blobs.stage(self.most)) as staging:
            async for piece in _pieces(request):
                await to_thread.run_sync(staging.write, piece, limiter=self.writers)
            yield await to_thread.run_sync(staging.whole, limiter=self.writers)

    async def keep(self, staged: Staged) -> Kept:
        """Look into a file and put it into the store."""
        async with self.keepers:
            examiner = self._free.pop()
            try:
                return await to_thread.run_sync(keep, self.blobs, examiner, staged, limiter=_own())
            finally:
                self._free.append(examiner)

    def close(self) -> None:
        """End the processes."""
        for examiner in self._free:
            examiner.close()


@asynccontextmanager
async def _open_desk(app: FastAPI) -> AsyncIterator[None]:
    app.state.desk = Desk(app.state.blobs, app.state.settings.max_evidence_bytes)
    try:
        yield
    finally:
        app.state.desk.close()


router = APIRouter(tags=["evidence"], lifespan=_open_desk)


@router.post(
    "/api/reports/{id}/evidence",
    status_code=201,
    responses={200: {"description": "The report has these bytes already"}},
    openapi_extra=_body,
    dependencies=[needs("file")],
)
async def add(
    id: Id, request: Request, response: Response, lang: LangDep, filename: Name = ""
) -> EvidenceOut:
    """Add a file to a report: photo, video, document, drone file, archive; the body is the file.

    No connection to the database is held while it arrives.
    """
    desk: Desk = request.app.state.desk
    async with entered(request) as session:
        await to_thread.run_sync(fetch_claim, session, id)
    async with desk.arrived(request) as staged:
        kept = await desk.keep(staged)
    async with entered(request) as session:
        created, told = await to_thread.run_sync(_add, session, id, kept, filename, lang)
    response.status_code = 201 if created else 200
    response.headers["Location"] = told.href
    return told


@router.get("/api/reports/{id}/evidence", dependencies=[needs("read", "file")])
def list_(
    id: Id,
    session: SessionDep,
    lang: LangDep,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EvidenceListOut:
    """A report's files, paged by key: follow ``next``."""
    found = list_evidence(session, id, after, limit)
    following = (
        f"/api/reports/{id}/evidence?after={found[-1].id}&limit={limit}" if len(found) == limit else None
    )
    return EvidenceListOut(items=[_told(evidence, lang) for evidence in found], next=following)


@router.get(
    "/api/evidence/{id}",
    dependencies=[needs("read", "file")],
    responses=_bytes,
    openapi_extra=_part,
    response_class=StreamingResponse,
)
def original(id: Id, request: Request, session: SessionDep, lang: LangDep) -> Response:
    """The original bytes, to be saved and never shown by the browser; parts of them by Range."""
    evidence = fetch_evidence(session, id)
    headers = {
        **SAFE,
        "Content-Type": evidence.media_type,
        "Content-Disposition": f"attachment; {_name(evidence.filename)}",
        "ETag": f'"{evidence.sha256}"',
        "Accept-Ranges": "bytes",
    }
    return _sent(request, evidence.sha256, headers, lang)


@router.get(
    "/api/evidence/{id}/thumbnail",
    dependencies=[needs("read", "file")],
    responses=_jpeg,
    openapi_extra=_part,
    response_class=StreamingResponse,
)
def thumbnail(id: Id, request: Request, session: SessionDep, lang: LangDep) -> Response:
    """A small picture of a photo, made anew: upright, and without what the original says of its place."""
    evidence = fetch_evidence(session, id)
    if evidence.thumbnail is None:
        raise NotFound(
            N_("Evidence {id} has no small picture."),
            field="id",
            hint=N_("Fetch the original; its words say why there is none."),
            id=id,
        )
    headers = {**SAFE, "Content-Type": "image/jpeg", "ETag": f'"{evidence.thumbnail}"'}
    return _sent(request, evidence.thumbnail, headers, lang)


def _own() -> CapacityLimiter:
    """A thread beside the others': how many there are, ``keepers`` has settled."""
    return CapacityLimiter(1)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte."""
    gathered = bytearray()
    try:
        async for part in request.stream():
            gathered += part
            if len(gathered) >= PIECE:
                yield bytes(gathered)
                gathered.clear()
    except ClientDisconnect as fault:
        raise BadInput(
            N_("The file broke off while it was sent."), field="body", hint=N_("Send it again.")
        ) from fault
    if gathered:
        yield bytes(gathered)


def _add(session: Session, report_id: int, kept: Kept, filename: str, lang: Lang) -> tuple[bool, EvidenceOut]:
    added = add_evidence(session, report_id, kept, filename)
    return added.created, _told(added.evidence, lang)


def _told(evidence: Evidence, lang: Lang) -> EvidenceOut:
    plain = ("id", "report_id", "filename", "kind", "media_type", "size", "sha256", "added_by", "added_at")
    href = f"/api/evidence/{evidence.id}"
    return EvidenceOut(
        **{name: getattr(evidence, name) for name in plain},
        kind_name=say(lang, KINDS[evidence.kind]),
        found=evidence.found,
        words=[LineOut(**line) for line in tell_evidence(evidence.found, lang)],
        href=href,
        thumbnail=f"{href}/thumbnail" if evidence.thumbnail else None,
    )


def _name(filename: str) -> str:
    """A file's name for Content-Disposition: plain letters for old programs, all of it for the others."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _sent(request: Request, sha256: str, headers: dict[str, str], lang: Lang) -> Response:
    """The bytes of a kept file, or the part of them that is asked for."""
    blobs: BlobStore = request.app.state.blobs
    etag = headers["ETag"]
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers={"ETag": etag})
    size = blobs.size(sha256)
    if size is None:
        raise StoreUnavailable(
            N_("The bytes of this file are not in the store of evidence."),
            hint=N_("See whether ZHIJIE_EVIDENCE_URL names the place where they were kept."),
        )
    wanted = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
    span = _span(wanted, size)
    if span is None:
        detail = say(
            lang, N_("The file has {size} bytes; the part that is asked for is not in it."), size=size
        )
        return problem(416, detail, field="Range", headers={"Content-Range": f"bytes */{size}"})
    start, end, part = span
    headers = {**headers, "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(blobs.read(sha256, start, end), 206 if part else 200, headers)


def _span(wanted: str | None, size: int) -> tuple[int, int, bool] | None:
    """(first byte, byte after the last, is it a part); None where there is none of it.

    What is no single range asks for all.
    """
    found = _RANGE.fullmatch(wanted or "")
    if found is None or not (found[1] or found[2]):
        return 0, size, False
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    return (start, end, True) if start < end else None
