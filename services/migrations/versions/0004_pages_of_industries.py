"""a page of an industry is found by an index in its order."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OF_INDUSTRY = "ix_certificates_industry"
NEWEST_OF_INDUSTRY = "ix_certificates_newest_of_industry"


def upgrade() -> None:
    op.create_index(NEWEST_OF_INDUSTRY, "certificates", ["industry", "issued_at", "id"])
    op.drop_index(OF_INDUSTRY, "certificates")


def downgrade() -> None:
    op.create_index(OF_INDUSTRY, "certificates", ["industry"])
    op.drop_index(NEWEST_OF_INDUSTRY, "certificates")
