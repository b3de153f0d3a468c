"""Roles, their rights, and how a transaction presents a credential to row security.

``ROLE_RIGHTS`` is the single definition: ``sync_rights`` copies it into the database, whose policies decide
(``migrations/sql/0003_access.sql``). ``docs/access.md`` shows the outcome endpoint by endpoint, and its test
reads that table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, delete, event, func, insert, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.errors import StoreUnavailable
from core.i18n import N_
from geo import stem
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
    "check": N_("check places and view the map layers"),
    "coarse": N_("view coarsened reports of all areas"),
    "file": N_("file reports and add evidence"),
    "parcels": N_("view the parcels, permit holders and grid workers of your area"),
    "read": N_("view the reports in your area"),
    "contact": N_("view reporters"),
    "protected": N_("view protected reporters"),
    "assign": N_("assign reports in your area and change their status"),
    "export": N_("export"),
    "journal": N_("read the journal of your area"),
    "audit": N_("read the journal of accounts and data"),
    "metrics": N_("read the service's metrics"),
}
ROLE_RIGHTS: Final[dict[str, frozenset[str]]] = {
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
APP_URL_SETTING: Final = "ZHIJIE_APP_DATABASE_URL"
# Whether the connection's role is bound by row security: it has the rights of the application's role, and
# none of the three ways around the policies (superuser, BYPASSRLS, ownership of the tables).
_ROLE_IS_BOUND: Final = """
    SELECT r.rolname, pg_has_role(a.oid, 'USAGE')
           AND NOT (r.rolsuper OR r.rolbypassrls OR pg_has_role(c.relowner, 'MEMBER'))
    FROM pg_roles r, pg_class c, pg_roles a
    WHERE r.rolname = current_user AND c.oid = to_regclass('report') AND a.rolname = %s"""


@dataclass(frozen=True, slots=True)
class Reach:
    """The units within which something is permitted, as stems of their codes; "" is the whole store."""

    stems: frozenset[str]

    def covers(self, unit: str | None) -> bool:
        """Whether it has a unit, by its code. An unknown unit (None) is in the whole store only."""
        return "" in self.stems or (unit is not None and unit.startswith(tuple(self.stems)))


@dataclass(frozen=True, slots=True)
class Identity:
    """The account behind a credential, and what the credential permits.

    Attributes:
        account: Id of the account.
        name: Name it signs in with.
        shown: Display name.
        credential: Id of the session or key.
        kind: "session" or "key".
        expires: When the credential expires, seconds since 1970.
        postings: (role, reach) of the postings in force today.
        rights: Rights of these roles, limited to the credential's scopes.
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
        """Whether it has a right in some area; row security decides in which."""
        return right in self.rights

    def reach(self, *rights: str) -> Reach:
        """Where one of its postings alone gives all of these rights: as ``zhijie_stems_of_all`` has it."""
        needed = frozenset(rights)
        if not needed <= self.rights:
            return Reach(frozenset())
        roles = {role for role, known in ROLE_RIGHTS.items() if needed <= known}
        return Reach(frozenset(stem(reach) for role, reach in self.postings if role in roles))


_IDENTIFY: Final = text("SELECT token, zhijie_enter(token) FROM unnest(CAST(:tokens AS text[])) token")


def enter(session: Session, token: str) -> Identity | None:
    """Limit the session's transaction to what a credential may see, and return its identity.

    The database remembers the credential until the transaction ends, in a setting authenticated by a MAC that
    only it can compute. A later transaction of the session starts without one.

    Args:
        token: Of a session or an API key.

    Returns:
        None if the token is unknown, expired or revoked, or its account is locked.
    """
    granted: dict[str, Any] | None = session.scalar(select(func.zhijie_enter(token)))
    return None if granted is None else _identity(granted)


def identify(session: Session, tokens: Sequence[str]) -> dict[str, Identity]:
    """Return the identities of those tokens that are valid. The transaction is to end with it.

    It may see what the last of the tokens may.
    """
    rows = session.execute(_IDENTIFY, {"tokens": list(tokens)}).all()
    return {token: _identity(granted) for token, granted in rows if granted is not None}


def _identity(granted: dict[str, Any]) -> Identity:
    """The identity that the database has told as JSON."""
    postings = tuple((posting["role"], posting["reach"]) for posting in granted["postings"])
    rights = frozenset().union(*(ROLE_RIGHTS.get(role, frozenset()) for role, _ in postings))
    scopes = granted["scopes"]
    return Identity(
        account=granted["account"],
        name=granted["name"],
        shown=granted["shown"],
        credential=granted["credential"],
        kind=granted["kind"],
        expires=float(granted["expires"]),
        postings=postings,
        rights=rights if scopes is None else rights & frozenset(scopes),
    )


def current_account_id(session: Session) -> int | None:
    """Return the id of the account whose credential the transaction presents; None without one."""
    account_id: int | None = session.scalar(select(func.zhijie_account()))
    return account_id


def sync_rights(session: Session) -> None:
    """Copy ``ROLE_RIGHTS`` into the database if they differ."""
    wanted = {(role, right) for role, rights in ROLE_RIGHTS.items() for right in rights}
    stored = {(row.role, row.right) for row in session.scalars(select(RoleRight))}
    if stored == wanted:
        return
    session.execute(delete(RoleRight))
    session.execute(insert(RoleRight), [{"role": role, "right": right} for role, right in sorted(wanted)])


def mark_box_overlap_leakproof(session: Session) -> None:
    """Mark PostGIS's box comparison as leakproof, so that PostgreSQL may evaluate it before row security.

    Only then can a query with a bounding box use the spatial index of a table with policies. Needs a
    superuser; as any other owner it does nothing, and such queries read the whole table.
    """
    try:
        with session.begin_nested():
            session.execute(text("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"))
    except ProgrammingError:
        return


def refuse_unbound_roles(engine: Engine) -> None:
    """Make an engine refuse every connection whose database role bypasses row security.

    Checked on each new connection, because roles can be changed while the server runs. A connection then
    raises :class:`StoreUnavailable`.
    """
    event.listen(engine, "connect", lambda connection, _: _require_bound(connection))


def _require_bound(connection: Any) -> None:  # noqa: ANN401 - the driver has no types
    with connection.cursor() as cursor:
        cursor.execute(_ROLE_IS_BOUND, (APP_ROLE,))
        row = cursor.fetchone()
    connection.rollback()
    if row is None or row[1]:  # no row: there are no tables yet, so nothing can be seen
        return
    raise StoreUnavailable(
        N_("The server's database role {role} would bypass row security."),
        field=APP_URL_SETTING,
        hint=N_("Use the URL of a role created with: CREATE ROLE … LOGIN IN ROLE zhijie_app."),
        role=row[0],
    )
