"""What those learn who may not see a report: numbers of steps are sealed before clients see them.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# For the server alone, which knows the numbers anyway. Hashed twice: no salt of a name is ever the same.
KEY = """
CREATE FUNCTION zhijie_stream_key() RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT sha256(secret || sha256(secret || convert_to('numbers of the stream', 'UTF8'))) FROM installation
$$;
REVOKE ALL ON FUNCTION zhijie_stream_key() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zhijie_stream_key() TO zhijie_app;
"""


def upgrade() -> None:
    # the driver's own cursor: the text is not to be searched for parameters
    cursor = op.get_bind().connection.cursor()
    cursor.execute(KEY)


def downgrade() -> None:
    op.execute("DROP FUNCTION zhijie_stream_key()")
