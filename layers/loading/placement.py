"""Refuses a layer that lies elsewhere than its units: read in a wrong zone or datum, or with wrong codes.

Lines of two layers never agree exactly. So a unit may begin beside the area of its parent, and a zone beside
that of its dataset's reach, by as much as their accuracies explain; most of a layer's area must lie inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_
from store.queries import Misplaced, fetch_far_from_parent, fetch_far_from_reach


def check_placement(session: Session, datasets: Iterable[str]) -> None:
    """Check the current versions of datasets. Raises BadData naming the first area that lies elsewhere."""
    names = list(datasets)
    _refuse(
        fetch_far_from_parent(session, names),
        N_("{code} ({name}) lies {km} km from {parent}, of which it is a part ({count} such areas)."),
    )
    _refuse(
        fetch_far_from_reach(session, names),
        N_("{code} ({name}) lies {km} km from the units of its reach, {parent} ({count} such areas)."),
    )


def _refuse(found: Sequence[Misplaced], message: str) -> None:
    if not found:
        return
    first = found[0]
    raise BadData(
        message,
        field=first.dataset,
        hint=N_(
            "Check the datum and the zone in sources.yaml and in the file (.prj), and the codes of the units."
        ),
        code=first.code,
        name=first.name,
        km=f"{first.distance_m / 1000.0:.1f}",
        parent=first.parent,
        count=sum(one.dataset == first.dataset for one in found),
    )
