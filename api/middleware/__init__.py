"""ASGI middleware, from the outside in: log and metrics, security headers, authentication and rates, body
limit, and the two that answer tiles and checks without the router.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["configure_logging"]

if TYPE_CHECKING:
    from api.middleware.logs import configure_logging
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "api.middleware.logs": ["configure_logging"],
        },
    )
