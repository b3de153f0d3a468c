"""The areas of a freshly loaded dataset, cut small for lookups."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

SQL: Final = Path(__file__).parent / "sql"
PIECE_VERTICES: Final = 64  # of ST_Subdivide: small boxes, few vertices to read


def insert_pieces(session: Session, role: str, source_id: int) -> None:
    """Cut the areas of a dataset small and keep the pieces beside them.

    ``role``: "units" or "zones". Villages and other rows without geometry have no pieces.
    """
    name = {"units": "cut_unit.sql", "zones": "cut_zone.sql"}[role]
    cut = text((SQL / name).read_text(encoding="utf-8"))
    session.execute(cut.bindparams(source_id=source_id, vertices=PIECE_VERTICES))
