"""Descriptions of datasets, and their versions in the store."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["Dataset", "LoadResult", "fetch_accuracies", "fetch_extent", "read_folder"]

if TYPE_CHECKING:
    from layers.registry.accuracy import fetch_accuracies, fetch_extent
    from layers.registry.sources import Dataset, read_folder
    from layers.registry.versions import LoadResult
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.registry.accuracy": ["fetch_accuracies", "fetch_extent"],
            "layers.registry.sources": ["Dataset", "read_folder"],
            "layers.registry.versions": ["LoadResult"],
        },
    )
