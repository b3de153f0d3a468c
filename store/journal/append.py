"""A line in the journal: appended by the database, which chains it to the line before.

The lock on the journal's head is held until the transaction ends: note last, and end soon.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from sqlalchemy import cast, func, null, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session


def append_step(  # noqa: PLR0913 - the columns of a line
    session: Session,
    action: str,
    subject: str,
    *,
    unit: str | None = None,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Append what is being done, in the caller's transaction; its number.

    Who does it, the database knows by the pass; without one, it is the operator at the command line.
    ``unit``: the code of the place concerned, by which readers' reach is measured. Values that are personal
    are left out, or given as a digest: a line stays for ever.
    """
    session.execute(select(func.set_config("zhijie.actor", _operator(), True)))
    said = [null() if value is None else cast(dict(value), JSONB) for value in (before, after)]
    number: int = session.scalar(select(func.zhijie_journal(action, subject, unit, reason, *said))) or 0
    return number


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""
