"""The metrics of the service, for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import PlainTextResponse

from api.dependencies import needs
from api.middleware.observability import exposition

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[needs("metrics")], name="metrics")
def read_metrics(request: Request, accept: Annotated[str, Header(include_in_schema=False)] = "") -> Response:
    """Return request counts and times, and figures of the database pool, in Prometheus' format."""
    body, media_type = exposition(accept, getattr(request.app.state, "memory", None))
    return Response(body, headers={"Content-Type": media_type})
