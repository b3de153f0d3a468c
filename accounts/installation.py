"""Settings of the installation that the operator changes in the database."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import append_step
from store.schema import Installation


def set_public_view(session: Session, *, public: bool) -> None:
    """Show coarsened figures of reports to everybody, or to signed-in accounts only."""
    before = session.scalars(select(Installation.public_view)).one()
    session.execute(update(Installation).values(public_view=public))
    append_step(session, "public_view", "installation", before={"shown": before}, after={"shown": public})
