"""Whether what guards the journal in the database is still there: its triggers and its functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.i18n import N_
from store.journal.rows import RowFault

SQL: Final = Path(__file__).parent.parent / "migrations" / "sql"
FUNCTIONS: Final = {  # and the migration that holds their text
    "journal_refuse": "0003_access.sql",
    "zhijie_journal": "0008_row_digests.sql",
    "zhijie_link": "0003_access.sql",
    "zhijie_rows": "0008_row_digests.sql",
    "zhijie_seal": "0008_row_digests.sql",
}
TRIGGERS: Final = ("journal_keeps_rows", "journal_keeps_table")
ON: Final = "A"  # fires whatever the session's replication role


def verify_guards(session: Session) -> Iterator[RowFault]:
    """Yield the triggers that do not fire, and the functions that are not the program's."""
    query = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'journal'::regclass AND tgenabled = :on"
    firing = set(session.scalars(text(query), {"on": ON}))
    for name in TRIGGERS:
        if name not in firing:
            message = N_("The trigger {name}, which guards the journal, is off or missing.")
            yield RowFault("journal", None, message, {"name": name})
    query = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    sources = {row.proname: row.prosrc for row in session.execute(text(query))}
    for name, file in FUNCTIONS.items():
        if sources.get(name) != _source(name, file):
            message = N_("The function {name} of the journal is not the program's.")
            yield RowFault("journal", None, message, {"name": name})


def _source(name: str, file: str) -> str:
    """The text between the dollar signs of a function in a migration."""
    definition = (SQL / file).read_text(encoding="utf-8").partition(f"FUNCTION {name}(")[2]
    return definition.split("$$", 2)[1]
