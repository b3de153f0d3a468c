"""Append a step to the journal. The database writes the row and chains it to the one before.

The lock on the journal's head is held until the transaction ends, so only one transaction at a time can have
appended: append as late as possible and commit soon after.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from sqlalchemy import cast, func, null, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session


def append_step(  # noqa: PLR0913 - the columns of a row
    session: Session,
    action: str,
    subject: str,
    *,
    unit: str | None = None,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Append a step in the caller's transaction and return its number.

    The actor is the account whose credential the transaction presents; without one, the operator at the
    command line. A row cannot be changed later: leave personal values out, or give their digest.

    Args:
        action: Name of the event, such as "sign_in".
        subject: What it is about, such as "report/12".
        unit: Code of the unit concerned; accounts see the steps of units within their reach.
        reason: Why, in the actor's words.
        before: Values before the step.
        after: Values after it.
    """
    session.execute(select(func.set_config("zhijie.actor", _operator(), True)))
    values = [null() if value is None else cast(dict(value), JSONB) for value in (before, after)]
    number: int = session.scalar(select(func.zhijie_journal(action, subject, unit, reason, *values))) or 0
    return number


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process whose user id has no name, as in some containers
        return ""
