"""pages of an industry and of a certificate's offers are found by indexes in their order."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The index that a page is read from, the one it stands for, and what both are of.
IN_ORDER = (
    (
        "ix_certificates_newest_of_industry",
        "ix_certificates_industry",
        "certificates",
        ["industry", "issued_at", "id"],
    ),
    (
        "ix_offers_newest_of_certificate",
        "ix_offers_certificate_id",
        "offers",
        ["certificate_id", "published_at", "id"],
    ),
)


def upgrade() -> None:
    for newest, alone, table, columns in IN_ORDER:
        op.create_index(newest, table, columns)
        op.drop_index(alone, table)


def downgrade() -> None:
    for newest, alone, table, columns in IN_ORDER:
        op.create_index(alone, table, columns[:1])
        op.drop_index(newest, table)
