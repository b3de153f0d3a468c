"""Evidence of reports: storage of files, inspection in a sandbox process, comparison with the report."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "BlobStore",
    "InspectionProcess",
    "KINDS",
    "Staged",
    "StoredFile",
    "add_evidence",
    "evidence_lines",
    "fetch_evidence",
    "list_evidence",
    "open_blobs",
    "require_addable",
    "store_file",
    "verify_files",
]

if TYPE_CHECKING:
    from reports.evidence.records import (
        StoredFile,
        add_evidence,
        fetch_evidence,
        list_evidence,
        require_addable,
        store_file,
    )
    from reports.evidence.sandbox import InspectionProcess
    from reports.evidence.storage import BlobStore, Staged, open_blobs
    from reports.evidence.verification import verify_files
    from reports.evidence.wording import KINDS, evidence_lines
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "reports.evidence.records": [
                "StoredFile",
                "add_evidence",
                "fetch_evidence",
                "list_evidence",
                "require_addable",
                "store_file",
            ],
            "reports.evidence.sandbox": ["InspectionProcess"],
            "reports.evidence.storage": ["BlobStore", "Staged", "open_blobs"],
            "reports.evidence.verification": ["verify_files"],
            "reports.evidence.wording": ["KINDS", "evidence_lines"],
        },
    )
