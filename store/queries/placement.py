"""Areas that lie elsewhere than the units that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_SQL_FOLDER: Final = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Misplaced:
    """An area of a dataset, the unit or reach that it belongs to, and its distance from there in metres."""

    dataset: str
    code: str
    name: str
    parent: str
    distance_m: float


def fetch_far_from_parent(session: Session, datasets: Sequence[str]) -> list[Misplaced]:
    """Units of the current versions that lie further from their parents than the accuracies explain."""
    return _fetch(session, "far_from_parent.sql", datasets)


def fetch_far_from_reach(session: Session, datasets: Sequence[str]) -> list[Misplaced]:
    """Zones, cells, parcels and permits that lie further from their dataset's reach than so."""
    return _fetch(session, "far_from_reach.sql", datasets)


def _fetch(session: Session, file: str, datasets: Sequence[str]) -> list[Misplaced]:
    query = text((_SQL_FOLDER / file).read_text(encoding="utf-8"))
    return [Misplaced(*row) for row in session.execute(query.bindparams(datasets=list(datasets)))]
