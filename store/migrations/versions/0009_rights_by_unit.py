"""A right is looked up at the unit of the row; a new password may end the keys.

Revision ID: 0009
Revises: 0008
"""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
FOLDER = Path(__file__).parent.parent / "sql"
SQL = FOLDER / "0009_rights_by_unit.sql"

BACK = """
DROP POLICY evidence_add ON evidence;
CREATE POLICY evidence_add ON evidence FOR INSERT TO zhijie_app WITH CHECK (
    added_by = (SELECT zhijie_account()) AND (SELECT zhijie_has('file'))
    AND EXISTS (SELECT FROM report r WHERE r.id = report_id));
DROP POLICY journal_read ON journal;
CREATE POLICY journal_read ON journal FOR SELECT TO zhijie_app USING (
    unit ^@ ANY ((SELECT zhijie_stems('journal'))::text[])
    OR (unit IS NULL AND (SELECT zhijie_has('audit'))));
DROP FUNCTION zhijie_change_password(bytea, text, bytea, boolean);
"""
BACK_LAST = """
DROP FUNCTION zhijie_adds(bigint), zhijie_stems_of_all(text[]);
REVOKE ALL ON FUNCTION zhijie_change_password(bytea, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zhijie_change_password(bytea, text, bytea) TO zhijie_app;
"""


def _function(file: str, name: str) -> str:
    """The statement that makes a function again as an earlier revision's file has it."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    begin = text.index(f"CREATE FUNCTION {name}(")
    return text[begin : text.index("$$;", begin) + 3].replace("CREATE", "CREATE OR REPLACE", 1)


def upgrade() -> None:
    # the driver's own cursor: the text holds colons and percent signs that are no parameters
    cursor = op.get_bind().connection.cursor()
    cursor.execute(SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(BACK)
    for name in ("zhijie_stems", "zhijie_outside", "zhijie_change_password"):
        cursor.execute(_function("0003_access.sql", name))
    cursor.execute(_function("0004_live.sql", "zhijie_heard"))
    cursor.execute(BACK_LAST)
