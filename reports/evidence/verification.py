"""Compares every stored file of evidence with the hash that its row names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Row, literal, select, union_all
from sqlalchemy.orm import Session

from core.i18n import N_, Lang, say
from reports.evidence.storage import BlobStore
from store.schema import Evidence

ROWS: Final = 500  # fetched at once
TEXTS: Final = {
    ("file", "altered"): N_("evidence/{id} of report/{report}: its file was altered."),
    ("file", "missing"): N_("evidence/{id} of report/{report}: its file is missing."),
    ("thumbnail", "altered"): N_("evidence/{id} of report/{report}: its thumbnail was altered."),
    ("thumbnail", "missing"): N_("evidence/{id} of report/{report}: its thumbnail is missing."),
}


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file of evidence that is not what was uploaded."""

    report: int
    evidence: int
    which: Literal["file", "thumbnail"]
    state: Literal["altered", "missing"]

    def say(self, lang: Lang) -> str:
        """Return what is wrong as a sentence."""
        return say(lang, TEXTS[self.which, self.state], id=self.evidence, report=self.report)


def verify_files(
    session: Session, blobs: BlobStore, progress: Callable[[int], None] = lambda _: None
) -> Iterator[FileFault]:
    """Read every file that a row of evidence names, once, and yield those that are altered or missing.

    Args:
        progress: called with the number of files read since its last call.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    before: Row[Any] | None = None
    state: Literal["whole", "altered", "missing"] = "whole"
    for row in session.execute(_named_files(), execution_options={"yield_per": ROWS}):
        if before is None or row.sha256 != before.sha256:
            state = blobs.check(row.sha256)
            progress(1)
        before = row
        if state != "whole":
            yield FileFault(row.report_id, row.id, row.which, state)


def _named_files() -> Any:  # noqa: ANN401 - a compound select, ordered
    """(report, id, which, sha256) of files and thumbnails, those of one hash one after the other."""
    files = select(Evidence.report_id, Evidence.id, literal("file").label("which"), Evidence.sha256)
    small = select(Evidence.report_id, Evidence.id, literal("thumbnail"), Evidence.thumbnail)
    return union_all(files, small.where(Evidence.thumbnail.is_not(None))).order_by("sha256", "id", "which")
