"""Roles and what they may, the pass that a transaction shows, and that the server's role bypasses nothing.

The table here is the only one: ``sync_rights`` copies it into the database, whose policies decide
(``migrations/sql/0003_access.sql``); ``docs/access.md`` shows it door by door, and is the input of its test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, delete, event, func, insert, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.errors import StoreUnavailable
from core.i18n import N_
from store.schema.access import RoleRight

ROLES: Final = {
    "grid_worker": N_("grid worker"),
    "officer": N_("township officer"),
    "reviewer": N_("legal reviewer"),
    "command": N_("command centre"),
    "analyst": N_("drone and imagery analyst"),
    "gis": N_("GIS staff"),
    "supervisor": N_("supervisor"),
    "admin": N_("administrator"),
}
RIGHTS: Final = {
    "check": N_("ask about places, see the map's layers"),
    "coarse": N_("see coarsened reports of every area"),
    "file": N_("file reports and add evidence"),
    "parcels": N_("see the parcels of the own area"),
    "read": N_("see the reports of the own area"),
    "contact": N_("see who reported"),
    "protected": N_("see who reported under protection"),
    "assign": N_("give reports of the own area to somebody, move them on"),
    "export": N_("export"),
    "journal": N_("read the journal of the own area"),
    "audit": N_("read the journal of accounts and data"),
    "metrics": N_("read the service's figures"),
}
MAY: Final[dict[str, frozenset[str]]] = {
    "grid_worker": frozenset({"check", "coarse", "parcels", "file"}),
    "officer": frozenset(
        {"check", "coarse", "parcels", "file", "read", "contact", "assign", "export", "journal"}
    ),
    "reviewer": frozenset({"check", "coarse", "parcels", "read", "journal"}),
    "command": frozenset(
        {"check", "coarse", "parcels", "file", "read", "contact", "protected", "assign", "export", "journal"}
    ),
    "analyst": frozenset({"check", "coarse", "parcels", "file", "read", "export"}),
    "gis": frozenset({"check", "coarse", "parcels"}),
    "supervisor": frozenset(
        {"check", "coarse", "parcels", "read", "contact", "protected", "export", "journal", "audit"}
    ),
    "admin": frozenset({"check", "coarse", "audit", "metrics"}),
}
APP_ROLE: Final = "zhijie_app"
APP_URL: Final = "ZHIJIE_APP_DATABASE_URL"
BOUND: Final = """
    SELECT r.rolname, pg_has_role(a.oid, 'USAGE')
           AND NOT (r.rolsuper OR r.rolbypassrls OR pg_has_role(c.relowner, 'MEMBER'))
    FROM pg_roles r, pg_class c, pg_roles a
    WHERE r.rolname = current_user AND c.oid = to_regclass('report') AND a.rolname = %s"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who shows a credential, and what it may: ``rights`` are those of its postings within its scopes.

    ``postings``: (role, reach). ``kind``: "session" or "key". ``expires``: seconds since 1970.
    """

    account: int
    name: str
    shown: str
    credential: int
    kind: str
    expires: float
    postings: tuple[tuple[str, str], ...]
    rights: frozenset[str]

    def may(self, right: str) -> bool:
        """Whether it has a right anywhere."""
        return right in self.rights


def enter(session: Session, token: str) -> Identity | None:
    """Let the session's transaction see what a credential may see; None where it opens nothing."""
    found: dict[str, Any] | None = session.scalar(select(func.zhijie_enter(token)))
    return None if found is None else _identity(found)


def _identity(found: dict[str, Any]) -> Identity:
    postings = tuple((posting["role"], posting["reach"]) for posting in found["postings"])
    rights = frozenset().union(*(MAY.get(role, frozenset()) for role, _ in postings))
    scopes = found["scopes"]
    return Identity(
        account=found["account"],
        name=found["name"],
        shown=found["shown"],
        credential=found["credential"],
        kind=found["kind"],
        expires=float(found["expires"]),
        postings=postings,
        rights=rights if scopes is None else rights & frozenset(scopes),
    )


def account_of(session: Session) -> int | None:
    """The account of the pass that the transaction shows; None without one."""
    found: int | None = session.scalar(select(func.zhijie_account()))
    return found


def sync_rights(session: Session) -> None:
    """Write the table of rights into the database, where it differs."""
    wanted = {(role, right) for role, rights in MAY.items() for right in rights}
    stored = {(row.role, row.right) for row in session.scalars(select(RoleRight))}
    if stored == wanted:
        return
    session.execute(delete(RoleRight))
    session.execute(insert(RoleRight), [{"role": role, "right": right} for role, right in sorted(wanted)])


def let_boxes_use_indexes(session: Session) -> None:
    """Vouch that comparing boxes tells nothing, so that row security lets it use an index.

    Only a superuser may; without it boxes are answered, but slowly.
    """
    try:
        with session.begin_nested():
            session.execute(text("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"))
    except ProgrammingError:
        return


def bind_role(engine: Engine) -> None:
    """Let an engine open no connection as a database role that row security does not bind."""
    event.listen(engine, "connect", lambda connection, _: _require_bound(connection))


def _require_bound(connection: Any) -> None:  # noqa: ANN401 - the driver has no types
    with connection.cursor() as cursor:
        cursor.execute(BOUND, (APP_ROLE,))
        found = cursor.fetchone()
    connection.rollback()
    if found is None or found[1]:  # no tables yet: nothing that could be seen
        return
    raise StoreUnavailable(
        N_("The server's database role {role} could see what its users may not."),
        field=APP_URL,
        hint=N_("Give the URL of a role that was made with: CREATE ROLE … LOGIN IN ROLE zhijie_app."),
        role=found[0],
    )
