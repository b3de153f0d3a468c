"""Accounts, reach by row-level security, the journal, evidence.

Revision ID: 0003
Revises: 0002
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
SQL = Path(__file__).parent.parent / "sql" / "0003_access.sql"

BACK = """
DROP VIEW report_coarse;
DROP TABLE evidence, report_private, journal, journal_head, posting, credential, role_right CASCADE;
DROP POLICY report_read ON report;
DROP POLICY report_file ON report;
DROP POLICY verdict_read ON verdict;
DROP POLICY verdict_file ON verdict;
ALTER TABLE report DISABLE ROW LEVEL SECURITY;
ALTER TABLE verdict DISABLE ROW LEVEL SECURITY;
ALTER TABLE report DROP COLUMN filed_by;  -- and with it the keys' constraint
ALTER TABLE report ADD CONSTRAINT report_idempotency_key_key UNIQUE (idempotency_key);
DROP TABLE account, installation CASCADE;
DROP OWNED BY zhijie_app;
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
             WHERE p.pronamespace = 'public'::regnamespace
               AND (p.proname LIKE 'zhijie\\_%' OR p.proname = 'journal_refuse') LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', f.signature);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    # the driver's own cursor: the text holds colons and percent signs that are no parameters
    cursor = op.get_bind().connection.cursor()
    cursor.execute(SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(BACK)
