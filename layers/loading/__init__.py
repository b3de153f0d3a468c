"""Loads data folders into the store, and single changed files temporarily, for previews."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Candidate",
    "Versions",
    "fetch_current_versions",
    "fetch_source_refs",
    "read_candidate",
    "stage_candidate",
]

if TYPE_CHECKING:
    from layers.loading.candidate import Candidate, read_candidate
    from layers.loading.staging import Versions, fetch_current_versions, fetch_source_refs, stage_candidate
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.loading.candidate": ["Candidate", "read_candidate"],
            "layers.loading.staging": [
                "Versions",
                "fetch_current_versions",
                "fetch_source_refs",
                "stage_candidate",
            ],
        },
    )
