"""The live map: counts made ahead, who has a report in hand, announcements of steps.

Revision ID: 0004
Revises: 0003
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
SQL = Path(__file__).parent.parent / "sql" / "0004_live.sql"

BACK = """
DROP TRIGGER journal_tells ON journal;
DROP TRIGGER report_counts ON report;
DROP TRIGGER report_counts_again ON report;
DROP POLICY report_read ON report;
CREATE POLICY report_read ON report FOR SELECT TO zhijie_app USING (
    unit_code ^@ ANY ((SELECT zhijie_stems('read'))::text[])
    OR (unit_code IS NULL AND (SELECT zhijie_outside('read')))
    OR (filed_by = (SELECT zhijie_account()) AND (SELECT zhijie_has('file'))));
DROP FUNCTION journal_told(), report_counted(), count_reports(), zhijie_standing(bytea[]),
    zhijie_heard(bigint, integer, text[]), zhijie_head(), zhijie_mark_overdue(), zhijie_hands(bigint),
    zhijie_people(text), zhijie_move(bigint, text, text, text), zhijie_hand(bigint, text, bigint, date, text),
    zhijie_late(text, date), zhijie_within(text, text), zhijie_count(report, integer), zhijie_sees(report),
    zhijie_month(timestamptz);
DROP TABLE hand, report_tally, report_month;
ALTER TABLE report DROP COLUMN spot, DROP COLUMN zone_kinds, DROP COLUMN due_on, DROP COLUMN overdue,
    DROP COLUMN urgent, DROP COLUMN holder_unit, DROP COLUMN holder_account;
DROP FUNCTION zhijie_quad(geometry), zhijie_spread(bigint), zhijie_spot(geometry);
"""


def upgrade() -> None:
    # the driver's own cursor: the text holds colons and percent signs that are no parameters
    cursor = op.get_bind().connection.cursor()
    cursor.execute(SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(BACK)
