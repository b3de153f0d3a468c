"""Steps of the journal hold digests of the rows that they are about.

Revision ID: 0008
Revises: 0007
"""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
SQL = Path(__file__).parent.parent / "sql"
FUNCTION = "CREATE FUNCTION zhijie_journal("


def upgrade() -> None:
    _execute((SQL / "0008_row_digests.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Steps that hold digests stay as they are: nothing is ever written over."""
    first = (SQL / "0003_access.sql").read_text(encoding="utf-8")
    before = first[first.index(FUNCTION) : first.index("CREATE FUNCTION journal_refuse()")]
    _execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    _execute("DROP FUNCTION zhijie_rows(text), zhijie_seal(jsonb[])")
    op.drop_column("report_private", "salt")


def _execute(sql: str) -> None:
    # the driver's own cursor: the text holds colons and percent signs that are no parameters
    op.get_bind().connection.cursor().execute(sql)
