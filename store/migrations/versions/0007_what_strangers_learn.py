"""What those learn who may not see a report: no number of a step, and no count of fewer than three.

Revision ID: 0007
Revises: 0006
"""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
SQL = Path(__file__).parent.parent / "sql" / "0007_what_strangers_learn.sql"

BACK = """
DROP FUNCTION zhijie_stream_key();
DROP VIEW report_coarse;
CREATE VIEW report_coarse WITH (security_barrier) AS
SELECT left(unit_code, 6) AS county, category, effect, status, sample,
       to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
       round(((floor(ST_X(ST_PointOnSurface(geom)) * 100) + 0.5) / 100)::numeric, 3)::double precision AS lon,
       round(((floor(ST_Y(ST_PointOnSurface(geom)) * 100) + 0.5) / 100)::numeric, 3)::double precision AS lat,
       count(*) AS reports
FROM report WHERE (SELECT zhijie_sees_coarse()) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
GRANT SELECT ON report_coarse TO zhijie_app;
"""


def upgrade() -> None:
    # the driver's own cursor: the text holds colons and percent signs that are no parameters
    cursor = op.get_bind().connection.cursor()
    cursor.execute(SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(BACK)
