"""Areas of a dataset divided into pieces with few vertices.

A point-in-polygon test reads every vertex of the candidates, and one county border has thousands; pieces have
smaller boxes, so that the spatial index finds fewer candidates, and fewer vertices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_SQL_FOLDER: Final = Path(__file__).parent / "sql"
PIECE_VERTICES: Final = 64  # largest number of vertices of a piece (ST_Subdivide)


def insert_pieces(session: Session, role: str, source_id: int) -> None:
    """Divide the areas of a dataset version into pieces and store these.

    Args:
        role: "units" or "zones". Rows without geometry, such as villages, have no pieces.
    """
    name = {"units": "cut_unit.sql", "zones": "cut_zone.sql"}[role]
    cut = text((_SQL_FOLDER / name).read_text(encoding="utf-8"))
    session.execute(cut.bindparams(source_id=source_id, vertices=PIECE_VERTICES))
