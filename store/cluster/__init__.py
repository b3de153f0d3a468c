"""The private PostgreSQL cluster: its programs, the account that runs it, starting and stopping it."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["default_home"]

if TYPE_CHECKING:
    from store.cluster.cluster import default_home
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.cluster.cluster": ["default_home"],
        },
    )
