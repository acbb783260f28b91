"""what the sweep has recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Of each table: when it was recorded what time has decided, and what is still to be recorded.
MARKS = (
    ("applications", "lapse_recorded_at"),
    ("applications", "closing_recorded_at"),
    ("certificates", "expiry_recorded_at"),
    ("freezes", "lapse_recorded_at"),
    ("licenses", "expiry_recorded_at"),
)
INDEXES = (
    (
        "ix_applications_to_lapse",
        "applications",
        "correction_due_at",
        "status = 'CORRECTION_REQUIRED' AND lapse_recorded_at IS NULL",
    ),
    (
        "ix_applications_to_close",
        "applications",
        "announcement_closes_at",
        "status = 'ANNOUNCED' AND closing_recorded_at IS NULL",
    ),
    (
        "ix_certificates_to_expire",
        "certificates",
        "valid_until",
        "status = 'ACTIVE' AND expiry_recorded_at IS NULL",
    ),
    (
        "ix_certificates_to_lose_their_source",
        "certificates",
        "source_authorised_until",
        "status = 'ACTIVE' AND expiry_recorded_at IS NULL",
    ),
    (
        "ix_freezes_to_lapse",
        "freezes",
        "until",
        "lifted_at IS NULL AND lapse_recorded_at IS NULL",
    ),
    (
        "ix_licenses_to_expire",
        "licenses",
        "ends_at",
        "status = 'ACTIVE' AND expiry_recorded_at IS NULL",
    ),
)

SQLITE = (
    """
CREATE TRIGGER an_expiry_is_recorded_once BEFORE UPDATE OF expiry_recorded_at ON certificates
WHEN old.expiry_recorded_at <> coalesce(new.expiry_recorded_at, 0)
BEGIN SELECT RAISE(ABORT, 'an expiry is recorded once'); END
""",
)
POSTGRESQL = (
    """
CREATE FUNCTION an_expiry_is_recorded_once() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  
  IF old.expiry_recorded_at <> coalesce(new.expiry_recorded_at, 0) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'an expiry is recorded once';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER an_expiry_is_recorded_once BEFORE UPDATE OF expiry_recorded_at ON certificates FOR EACH ROW EXECUTE FUNCTION an_expiry_is_recorded_once()
""",
)


def upgrade() -> None:
    connection = op.get_bind()
    for table, column in MARKS:
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
    for name, table, column, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TRIGGER an_expiry_is_recorded_once")
    else:
        connection.exec_driver_sql("DROP FUNCTION an_expiry_is_recorded_once CASCADE")
    for name, table, *_ in reversed(INDEXES):
        op.drop_index(name, table)
    for table, column in reversed(MARKS):
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
