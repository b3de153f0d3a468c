"""Postings: the roles of an account, each within an area and for a span of days. For the operator."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.i18n import N_
from geo import stem
from store import ROLES, append_step
from store.schema import Account, Posting, Unit

EVERYWHERE: Final = ""  # the reach of a posting that is not limited to a unit


@dataclass(frozen=True, slots=True)
class NewPosting:
    """A posting to be added.

    Attributes:
        role: A key of ``store.access.ROLES``.
        reach: Code of the unit whose area, descendants included, the role covers; ``EVERYWHERE``: all areas.
        begins: First day; None: unlimited.
        ends: First day without the role; None: unlimited.
    """

    role: str
    reach: str
    begins: dt.date | None = None
    ends: dt.date | None = None


def add_posting(session: Session, account: Account, new: NewPosting) -> Posting:
    """Add a posting to an account; its other postings stay.

    Raises:
        BadInput: The role is unknown, no unit has the code, or the posting ends before it begins.
    """
    if new.role not in ROLES:
        raise BadInput(
            N_("There is no role {role}."),
            field="role",
            hint=N_("Use one of: {known}."),
            role=new.role,
            known=", ".join(ROLES),
        )
    _check_reach(session, new.reach)
    if new.begins and new.ends and new.begins >= new.ends:
        raise BadInput(N_("The posting ends before it begins."), field="until", hint=N_("Give a later day."))
    posting = Posting(
        account_id=account.id, role=new.role, reach=new.reach, valid=Range(new.begins, new.ends)
    )
    session.add(posting)
    session.flush()
    days = {"from": new.begins and new.begins.isoformat(), "until": new.ends and new.ends.isoformat()}
    details = {"role": new.role, "reach": new.reach, **days}
    append_step(session, "posting_made", f"account/{account.id}", after=details)
    return posting


def _check_reach(session: Session, reach: str) -> None:
    """Raise BadInput unless a reach is everywhere or lies in a unit of the store."""
    if reach == EVERYWHERE:
        return
    # by stem: a city's code counts where the store holds only the city's counties
    known = reach.isdigit() and session.scalar(
        select(Unit.id).where(Unit.code.startswith(stem(reach), autoescape=True)).limit(1)
    )
    if not known:
        raise BadInput(
            N_("No unit has the code {reach}."),
            field="reach",
            hint=N_("Give the code of a city, county or township, or `all`."),
            reach=reach,
        )


def end_postings(session: Session, account: Account, day: dt.date) -> int:
    """End every posting of an account that reaches past a day, and return how many ended.

    ``day`` is the first day without them. Postings that begin on it or later never came into force and are
    deleted.
    """
    ended = 0
    for posting in session.scalars(select(Posting).where(Posting.account_id == account.id)):
        valid = posting.valid
        if valid.upper is None or valid.upper > day:
            ended += 1
            if valid.lower is not None and valid.lower >= day:
                session.delete(posting)
            else:
                posting.valid = Range(valid.lower, day)
    session.flush()
    append_step(
        session, "postings_ended", f"account/{account.id}", after={"on": day.isoformat(), "ended": ended}
    )
    return ended
