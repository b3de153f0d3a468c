"""Screening on a Dask cluster: the store as a file for workers, the workers, and the parts of a file."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["open_pool", "prepare_shipment"]

if TYPE_CHECKING:
    from screening.cluster.pool import open_pool
    from screening.cluster.run import prepare_shipment
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "screening.cluster.pool": ["open_pool"],
            "screening.cluster.run": ["prepare_shipment"],
        },
    )
