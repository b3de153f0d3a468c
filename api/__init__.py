"""The HTTP service: routers, schemas, middleware and problem documents; the only room that knows FastAPI.

Endpoints parse a request, call functions of the rooms below with plain values and a database session, and
turn the result into a response. No rule of the field is decided here.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["create_app"]

if TYPE_CHECKING:
    from api.app import create_app
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "api.app": ["create_app"],
        },
    )
