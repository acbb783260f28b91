"""the register."""

import sqlalchemy as sa
from alembic import op

revision = "v0_1"
down_revision = None
branch_labels = None
depends_on = None

TRIGGERS = (
    """
CREATE TRIGGER a_granted_license_stays BEFORE UPDATE ON licenses
WHEN old.status = 'TERMINATED'
  OR (old.certificate_id, old.licensee_id, old.kind, old.begins_at, old.ends_at,
      old.territories, old.fields_of_use, old.price_minor, old.price_currency)
  IS NOT (new.certificate_id, new.licensee_id, new.kind, new.begins_at, new.ends_at,
      new.territories, new.fields_of_use, new.price_minor, new.price_currency)
BEGIN SELECT RAISE(ABORT, 'a license stays as it was granted'); END
""",
    """
CREATE TRIGGER an_announced_text_stays BEFORE UPDATE ON announcements
BEGIN SELECT RAISE(ABORT, 'an announced text stays as it is'); END
""",
    """
CREATE TRIGGER an_ended_application_stays_ended BEFORE UPDATE ON applications
WHEN old.status IN ('REGISTERED', 'REFUSED', 'WITHDRAWN') AND new.status <> old.status
BEGIN SELECT RAISE(ABORT, 'an ended application stays ended'); END
""",
    """
CREATE TRIGGER an_ended_certificate_stays_ended BEFORE UPDATE ON certificates
WHEN old.status <> 'ACTIVE' AND new.status <> old.status AND new.status <> 'REVOKED'
BEGIN SELECT RAISE(ABORT, 'an ended certificate stays ended'); END
""",
    """
CREATE TRIGGER ledger_checkpoint_delete BEFORE DELETE ON ledger_checkpoint WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_checkpoint_insert BEFORE INSERT ON ledger_checkpoint WHEN NEW.size > COALESCE((SELECT size FROM ledger_head), 0)
        OR EXISTS (SELECT 1 FROM ledger_checkpoint WHERE size >= NEW.size) BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint: a checkpoint covers more than the one before, and no more than there is'); END
""",
    """
CREATE TRIGGER ledger_checkpoint_update BEFORE UPDATE ON ledger_checkpoint WHEN OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NEW.size <> OLD.size
        OR NEW.root <> OLD.root OR NEW.note <> OLD.note OR NEW.signed_at <> OLD.signed_at BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint: it may be marked as published, once'); END
""",
    """
CREATE TRIGGER ledger_cosignature_delete BEFORE DELETE ON ledger_cosignature WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_cosignature: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_cosignature_insert BEFORE INSERT ON ledger_cosignature WHEN EXISTS (SELECT 1 FROM ledger_cosignature WHERE size = NEW.size
            AND name = NEW.name AND key_id = NEW.key_id AND time > NEW.time) BEGIN SELECT RAISE(ABORT, 'ledger_cosignature: only a newer one takes its place'); END
""",
    """
CREATE TRIGGER ledger_cosignature_update BEFORE UPDATE ON ledger_cosignature WHEN NEW.size <> OLD.size OR NEW.name <> OLD.name OR NEW.key_id <> OLD.key_id
        OR NEW.time < OLD.time BEGIN SELECT RAISE(ABORT, 'ledger_cosignature: only a newer one takes its place'); END
""",
    """
CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_entry: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry WHEN NEW.id <> COALESCE((SELECT MAX(id) + 1 FROM ledger_entry), 0) OR NEW.idx IS NOT NEW.id
        OR NEW.number <> COALESCE(
            (SELECT MAX(number) + 1 FROM ledger_entry WHERE subject = NEW.subject), 0)
        OR (SELECT kind FROM ledger_entry WHERE id = NEW.id - 2) = 'freeze'
        OR NEW.kind <> 'state'
        AND (SELECT kind FROM ledger_entry WHERE id = NEW.id - 1) = 'freeze' BEGIN SELECT RAISE(ABORT, 'ledger_entry: the next entry takes the next index and number, and only one state follows the end'); END
""",
    """
CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_entry: UPDATE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_head_delete BEFORE DELETE ON ledger_head WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_head: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_head_insert BEFORE INSERT ON ledger_head WHEN EXISTS (SELECT 1 FROM ledger_head) OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain) BEGIN SELECT RAISE(ABORT, 'ledger_head: a log has one head'); END
""",
    """
CREATE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head WHEN NEW.id <> OLD.id OR NEW.size <= OLD.size OR NEW.last_at < OLD.last_at
        OR NEW.size <> (SELECT MAX(id) + 1 FROM ledger_entry) OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain) BEGIN SELECT RAISE(ABORT, 'ledger_head: the head moves on to the last entry, and not back in time'); END
""",
    """
CREATE TRIGGER ledger_opening_delete BEFORE DELETE ON ledger_opening WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_opening: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_opening_insert BEFORE INSERT ON ledger_opening WHEN NEW.entry_id < (SELECT size FROM ledger_head) OR NEW.erased_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'ledger_opening: openings are written with their event'); END
""",
    """
CREATE TRIGGER ledger_opening_update BEFORE UPDATE ON ledger_opening WHEN OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR OLD.slot < 2
        OR NEW.entry_id <> OLD.entry_id OR NEW.slot <> OLD.slot
        OR NEW.name <> OLD.name OR NEW.is_public <> OLD.is_public BEGIN SELECT RAISE(ABORT, 'ledger_opening: it may be erased, once, but for kind and instant'); END
""",
    """
CREATE TRIGGER ledger_state_delete BEFORE DELETE ON ledger_state WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_state: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_state_insert BEFORE INSERT ON ledger_state WHEN EXISTS (SELECT 1 FROM ledger_state WHERE key = NEW.key) BEGIN SELECT RAISE(ABORT, 'ledger_state: a subject is in the map once'); END
""",
    """
CREATE TRIGGER ledger_state_page_delete BEFORE DELETE ON ledger_state_page WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_state_page: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_state_page_insert BEFORE INSERT ON ledger_state_page WHEN EXISTS (SELECT 1 FROM ledger_state_page WHERE place = NEW.place) BEGIN SELECT RAISE(ABORT, 'ledger_state_page: a place has one page'); END
""",
    """
CREATE TRIGGER ledger_state_page_update BEFORE UPDATE ON ledger_state_page WHEN NEW.place <> OLD.place OR length(NEW.hashes) < length(OLD.hashes) BEGIN SELECT RAISE(ABORT, 'ledger_state_page: a page keeps its place, and may become deeper'); END
""",
    """
CREATE TRIGGER ledger_state_update BEFORE UPDATE ON ledger_state WHEN NEW.key <> OLD.key OR NEW.count <= OLD.count OR NEW.last_idx <= OLD.last_idx BEGIN SELECT RAISE(ABORT, 'ledger_state: a subject moves on to a later event'); END
""",
    """
CREATE TRIGGER ledger_subject_delete BEFORE DELETE ON ledger_subject WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_subject: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_subject_insert BEFORE INSERT ON ledger_subject WHEN NEW.next_number < 1
        OR EXISTS (SELECT 1 FROM ledger_subject WHERE subject = NEW.subject) BEGIN SELECT RAISE(ABORT, 'ledger_subject: a subject is begun once'); END
""",
    """
CREATE TRIGGER ledger_subject_update BEFORE UPDATE ON ledger_subject WHEN NEW.subject <> OLD.subject OR NEW.salt <> OLD.salt OR NEW.key <> OLD.key
        OR NEW.next_number <= OLD.next_number OR NOT EXISTS (
            SELECT 1 FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf) BEGIN SELECT RAISE(ABORT, 'ledger_subject: a subject moves on to its last event'); END
""",
    """
CREATE TRIGGER ledger_tile_delete BEFORE DELETE ON ledger_tile WHEN 1 BEGIN SELECT RAISE(ABORT, 'ledger_tile: DELETE is refused, rows are only added'); END
""",
    """
CREATE TRIGGER ledger_tile_insert BEFORE INSERT ON ledger_tile WHEN typeof(NEW.hashes) <> 'blob' OR length(NEW.hashes) % 32 <> 0
        OR EXISTS (SELECT 1 FROM ledger_tile WHERE level = NEW.level AND n = NEW.n) BEGIN SELECT RAISE(ABORT, 'ledger_tile: a tile is begun once'); END
""",
    """
CREATE TRIGGER ledger_tile_update BEFORE UPDATE ON ledger_tile WHEN NEW.level <> OLD.level OR NEW.n <> OLD.n OR typeof(NEW.hashes) <> 'blob'
        OR length(NEW.hashes) % 32 <> 0 OR length(NEW.hashes) <= length(OLD.hashes)
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes BEGIN SELECT RAISE(ABORT, 'ledger_tile: a tile only grows at its end'); END
""",
    """
CREATE TRIGGER no_overlapping_exclusivity BEFORE INSERT ON licenses
WHEN new.status = 'ACTIVE' AND EXISTS (
  SELECT 1 FROM licenses AS old
  WHERE old.certificate_id = new.certificate_id AND old.status = 'ACTIVE'
    AND (old.kind <> 'NON_EXCLUSIVE' OR new.kind <> 'NON_EXCLUSIVE')
    AND old.begins_at < new.ends_at AND new.begins_at < old.ends_at
    AND (old.territories = '' OR new.territories = '' OR EXISTS (
      SELECT 1 FROM json_each('[' || replace(json_quote(old.territories), ',', '","') || ']') AS a, json_each('[' || replace(json_quote(new.territories), ',', '","') || ']') AS b
      WHERE a.value = b.value OR a.value GLOB b.value || '-*' OR b.value GLOB a.value || '-*'))
    AND (old.fields_of_use = '' OR new.fields_of_use = '' OR EXISTS (
      SELECT 1 FROM json_each('[' || replace(json_quote(old.fields_of_use), ',', '","') || ']') AS a, json_each('[' || replace(json_quote(new.fields_of_use), ',', '","') || ']') AS b
      WHERE a.value = b.value)))
BEGIN SELECT RAISE(ABORT, 'licenses that exclude others do not overlap'); END
""",
)


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "key", name=op.f("pk_answers")),
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ORGANISATION",
                "NATURAL_PERSON",
                name="partykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("roles", sa.String(length=120), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("uscc", name=op.f("uq_parties_uscc")),
    )
    op.create_table(
        "serials",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_serials")),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("applicant_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COLLECTION",
                "PRODUCT",
                "ALGORITHM",
                name="productkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("industry", sa.String(length=200), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column(
            "update_frequency",
            sa.Enum(
                "REAL_TIME",
                "DAILY",
                "WEEKLY",
                "MONTHLY",
                "QUARTERLY",
                "YEARLY",
                "ONE_OFF",
                name="updatefrequency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("source_authorised_until", sa.Date(), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "FORMALITY_EXAMINATION",
                "CORRECTION_REQUIRED",
                "SUBSTANTIVE_EXAMINATION",
                "ANNOUNCED",
                "REGISTERED",
                "REFUSED",
                "WITHDRAWN",
                "DEEMED_WITHDRAWN",
                "OBJECTION_PENDING",
                "APPROVED",
                name="applicationstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("filed_at", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("examiner", sa.String(length=200), nullable=True),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("correction_note", sa.Text(), nullable=True),
        sa.Column("correction_due_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "stage_before_correction",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "FORMALITY_EXAMINATION",
                "CORRECTION_REQUIRED",
                "SUBSTANTIVE_EXAMINATION",
                "ANNOUNCED",
                "REGISTERED",
                "REFUSED",
                "WITHDRAWN",
                "DEEMED_WITHDRAWN",
                "OBJECTION_PENDING",
                "APPROVED",
                name="stage_before_correction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("announcement_id", sa.String(length=64), nullable=True),
        sa.Column("announcement_closes_at", sa.BigInteger(), nullable=True),
        sa.Column("open_objections", sa.Integer(), nullable=False),
        sa.Column("registered_until", sa.BigInteger(), nullable=True),
        sa.Column(
            "refusal_ground",
            sa.Enum(
                "ENDANGERS_PUBLIC_INTEREST",
                "INFRINGES_PERSONAL_INFORMATION",
                "UNLAWFULLY_OBTAINED",
                "OWNERSHIP_DISPUTED",
                "CONCEALMENT_OR_FALSIFICATION",
                "DUPLICATE_OR_BARRED",
                "OTHER_NON_COMPLIANCE",
                name="refusalground",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('REFUSED', 'WITHDRAWN')) = (decided_at IS NOT NULL)",
            name=op.f("ck_applications_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status <> 'CORRECTION_REQUIRED' OR (stage_before_correction IS NOT NULL AND correction_due_at IS NOT NULL)",
            name=op.f("ck_applications_a_correction_has_a_stage_and_a_due_date"),
        ),
        sa.CheckConstraint(
            "status <> 'REFUSED' OR (refusal_ground IS NOT NULL AND reasons IS NOT NULL)",
            name=op.f("ck_applications_a_refusal_has_its_ground"),
        ),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'WITHDRAWN') OR (filed_at IS NOT NULL AND content_hash IS NOT NULL)",
            name=op.f("ck_applications_what_is_judged_was_filed"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('DEEMED_WITHDRAWN', 'OBJECTION_PENDING', 'APPROVED')",
            name=op.f("ck_applications_what_time_decides_is_never_stored"),
        ),
        sa.CheckConstraint(
            "open_objections >= 0", name=op.f("ck_applications_objections_are_counted")
        ),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["parties.id"], name=op.f("fk_applications_applicant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
    )
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.create_index("ix_applications_content_hash", ["content_hash"], unique=False)
        batch_op.create_index("ix_applications_name", ["applicant_id", "name"], unique=False)
        batch_op.create_index("ix_applications_newest", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_applications_queue", ["status", "filed_at", "id"], unique=False)
        batch_op.create_index(
            "one_claim_by_content",
            ["content_hash"],
            unique=True,
            sqlite_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
            postgresql_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
        )
        batch_op.create_index(
            "one_claim_by_name",
            ["applicant_id", "name"],
            unique=True,
            sqlite_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
            postgresql_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
        )

    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("depositor_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "media_type",
            sa.Enum(
                "PDF",
                "DOCX",
                "PNG",
                "JPEG",
                "TEXT",
                name="mediatype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_documents_has_content")),
        sa.ForeignKeyConstraint(
            ["depositor_id"], ["parties.id"], name=op.f("fk_documents_depositor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_documents_depositor_id"), ["depositor_id"], unique=False
        )

    op.create_table(
        "members",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.String(length=120), nullable=False),
        sa.Column("admitted_at", sa.BigInteger(), nullable=False),
        sa.Column("dismissed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_members_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_party_id"), ["party_id"], unique=False)
        batch_op.create_index(
            "one_active_membership",
            ["subject", "party_id"],
            unique=True,
            sqlite_where=sa.text("dismissed_at IS NULL"),
            postgresql_where=sa.text("dismissed_at IS NULL"),
        )

    op.create_table(
        "announcements",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("applicant_id", sa.String(length=64), nullable=False),
        sa.Column("applicant_name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COLLECTION",
                "PRODUCT",
                "ALGORITHM",
                name="productkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("industry", sa.String(length=200), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column(
            "update_frequency",
            sa.Enum(
                "REAL_TIME",
                "DAILY",
                "WEEKLY",
                "MONTHLY",
                "QUARTERLY",
                "YEARLY",
                "ONE_OFF",
                name="updatefrequency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "published_at < closes_at", name=op.f("ck_announcements_a_period_has_a_length")
        ),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["parties.id"], name=op.f("fk_announcements_applicant_id")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_announcements_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
        sa.UniqueConstraint("application_id", name=op.f("uq_announcements_application_id")),
    )
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_announcements_applicant_id"), ["applicant_id"], unique=False
        )
        batch_op.create_index("ix_announcements_newest", ["published_at", "id"], unique=False)

    op.create_table(
        "application_documents",
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "APPLICATION_FORM",
                "PRODUCT_SUMMARY",
                "PROCESSING_EXPLANATION",
                "SCENARIO_DESCRIPTION",
                name="documentrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_application_documents_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_application_documents_document_id")
        ),
        sa.PrimaryKeyConstraint("application_id", "role", name=op.f("pk_application_documents")),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=17), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("product_name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COLLECTION",
                "PRODUCT",
                "ALGORITHM",
                name="productkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("industry", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "EXPIRED",
                "CANCELLED",
                "REVOKED",
                name="certificatestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("source_authorised_until", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'ACTIVE') = (ended_at IS NULL)",
            name=op.f("ck_certificates_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status <> 'EXPIRED'", name=op.f("ck_certificates_expiry_is_never_stored")
        ),
        sa.CheckConstraint(
            "issued_at < valid_until", name=op.f("ck_certificates_a_term_has_a_length")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_certificates_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["parties.id"], name=op.f("fk_certificates_holder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("application_id", name=op.f("uq_certificates_application_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
    )
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificates_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificates_industry"), ["industry"], unique=False)
        batch_op.create_index("ix_certificates_newest", ["issued_at", "id"], unique=False)

    op.create_table(
        "document_readers",
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_readers_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["parties.id"], name=op.f("fk_document_readers_party_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "party_id", name=op.f("pk_document_readers")),
    )
    op.create_table(
        "encumbrances",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PLEDGE",
                "EXCLUSIVE_LICENSE",
                "SOLE_LICENSE",
                "FREEZE",
                name="encumbrancekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("instrument_id", sa.String(length=64), nullable=False),
        sa.Column("protects", sa.String(length=64), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("territories", sa.String(length=4000), nullable=False),
        sa.Column("fields_of_use", sa.String(length=4000), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'FREEZE') = (protects IS NULL)",
            name=op.f("ck_encumbrances_a_freeze_protects_nobody"),
        ),
        sa.CheckConstraint(
            "until IS NULL OR since < until", name=op.f("ck_encumbrances_a_burden_has_a_length")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_encumbrances_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["protects"], ["parties.id"], name=op.f("fk_encumbrances_protects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encumbrances")),
        sa.UniqueConstraint("instrument_id", name=op.f("uq_encumbrances_instrument_id")),
    )
    with op.batch_alter_table("encumbrances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_encumbrances_certificate_id"), ["certificate_id"], unique=False
        )

    op.create_table(
        "freezes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COURT_PRESERVATION",
                "OWNERSHIP_DISPUTE",
                "REGULATORY",
                name="freezekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("instrument_number", sa.String(length=200), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_freezes_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freezes")),
    )
    with op.batch_alter_table("freezes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_freezes_certificate_id"), ["certificate_id"], unique=False
        )

    op.create_table(
        "listings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("exchange_id", sa.String(length=64), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "LICENSING",
                "TITLE_SALE",
                name="trademode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "SUBMITTED",
                "LISTED",
                "SUSPENDED",
                "DELISTED",
                "REJECTED",
                "WITHDRAWN",
                name="listingstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('DELISTED', 'REJECTED', 'WITHDRAWN')) = (ended_at IS NOT NULL)",
            name=op.f("ck_listings_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('LISTED', 'SUSPENDED', 'DELISTED') OR listed_at IS NOT NULL",
            name=op.f("ck_listings_what_is_shown_was_admitted"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('SUBMITTED', 'REJECTED', 'WITHDRAWN') OR listed_at IS NULL",
            name=op.f("ck_listings_what_is_not_shown_was_not_admitted"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_listings_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["parties.id"], name=op.f("fk_listings_exchange_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
    )
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_listings_certificate_id"), ["certificate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_listings_exchange_id"), ["exchange_id"], unique=False)
        batch_op.create_index("ix_listings_newest", ["requested_at", "id"], unique=False)
        batch_op.create_index(
            "one_live_listing_in_a_place",
            ["certificate_id", "exchange_id", "mode"],
            unique=True,
            sqlite_where=sa.text("status IN ('SUBMITTED', 'LISTED', 'SUSPENDED')"),
            postgresql_where=sa.text("status IN ('SUBMITTED', 'LISTED', 'SUSPENDED')"),
        )
        batch_op.create_index(
            "one_title_sale_shown",
            ["certificate_id"],
            unique=True,
            sqlite_where=sa.text("mode = 'TITLE_SALE' AND status IN ('LISTED', 'SUSPENDED')"),
            postgresql_where=sa.text("mode = 'TITLE_SALE' AND status IN ('LISTED', 'SUSPENDED')"),
        )

    op.create_table(
        "objections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("announcement_id", sa.String(length=64), nullable=False),
        sa.Column("objector_id", sa.String(length=64), nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                "ENDANGERS_PUBLIC_INTEREST",
                "INFRINGES_PERSONAL_INFORMATION",
                "UNLAWFULLY_OBTAINED",
                "OWNERSHIP_DISPUTED",
                "CONCEALMENT_OR_FALSIFICATION",
                "DUPLICATE_OR_BARRED",
                "OTHER_NON_COMPLIANCE",
                name="refusalground",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("decision_due_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "FILED",
                "UPHELD",
                "DISMISSED",
                "WITHDRAWN",
                "MOOT",
                name="objectionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'FILED') = (decided_at IS NULL)",
            name=op.f("ck_objections_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status <> 'MOOT'", name=op.f("ck_objections_what_follows_is_never_stored")
        ),
        sa.CheckConstraint(
            "status NOT IN ('UPHELD', 'DISMISSED') OR reasons IS NOT NULL",
            name=op.f("ck_objections_a_decision_has_reasons"),
        ),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_objections_announcement_id")
        ),
        sa.ForeignKeyConstraint(
            ["objector_id"], ["parties.id"], name=op.f("fk_objections_objector_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint(
            "announcement_id",
            "objector_id",
            "ground",
            name=op.f("uq_objections_announcement_id_objector_id_ground"),
        ),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "EXCLUSIVE",
                "SOLE",
                "NON_EXCLUSIVE",
                name="licensekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("territories", sa.String(length=4000), nullable=False),
        sa.Column("fields_of_use", sa.String(length=4000), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "price_currency",
            sa.Enum(
                "CNY",
                "EUR",
                "HKD",
                "USD",
                name="currency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "PUBLISHED",
                "WITHDRAWN",
                "EXPIRED",
                "VOIDED",
                name="offerstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)",
            name=op.f("ck_offers_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status IN ('PUBLISHED', 'WITHDRAWN')", name=op.f("ck_offers_time_is_never_stored")
        ),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_offers_a_period_has_a_length")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_offers_a_price_is_not_negative")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_offers_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_offers_certificate_id"), ["certificate_id"], unique=False
        )
        batch_op.create_index("ix_offers_newest", ["published_at", "id"], unique=False)

    op.create_table(
        "pledges",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("pledgor_id", sa.String(length=64), nullable=False),
        sa.Column("pledgee_id", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum(
                "CNY",
                "EUR",
                "HKD",
                "USD",
                name="currency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("matures_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "SUBMITTED",
                "REGISTERED",
                "IMPAIRED",
                "DISCHARGED",
                "REFUSED",
                "WITHDRAWN",
                name="pledgestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "release_reason",
            sa.Enum(
                "PAID",
                "WAIVED",
                "REALISED",
                "MAIN_CONTRACT_VOID",
                "COLLATERAL_LOST",
                "COURT_ORDER",
                name="releasereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(status = 'DISCHARGED') = (release_reason IS NOT NULL)",
            name=op.f("ck_pledges_a_release_has_a_reason"),
        ),
        sa.CheckConstraint(
            "(status IN ('DISCHARGED', 'REFUSED', 'WITHDRAWN')) = (ended_at IS NOT NULL)",
            name=op.f("ck_pledges_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "(status IN ('REGISTERED', 'DISCHARGED')) = (sequence IS NOT NULL)",
            name=op.f("ck_pledges_a_registered_pledge_has_its_place"),
        ),
        sa.CheckConstraint(
            "status <> 'IMPAIRED'", name=op.f("ck_pledges_impairment_is_never_stored")
        ),
        sa.CheckConstraint(
            "(sequence IS NULL) = (registered_at IS NULL)",
            name=op.f("ck_pledges_a_place_has_an_instant"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_pledges_a_pledge_secures_an_amount")),
        sa.CheckConstraint(
            "pledgor_id <> pledgee_id", name=op.f("ck_pledges_a_pledge_has_two_parties")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_pledges_certificate_id")
        ),
        sa.ForeignKeyConstraint(["pledgee_id"], ["parties.id"], name=op.f("fk_pledges_pledgee_id")),
        sa.ForeignKeyConstraint(["pledgor_id"], ["parties.id"], name=op.f("fk_pledges_pledgor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledges")),
        sa.UniqueConstraint(
            "certificate_id", "sequence", name=op.f("uq_pledges_certificate_id_sequence")
        ),
    )
    with op.batch_alter_table("pledges", schema=None) as batch_op:
        batch_op.create_index("ix_pledges_newest", ["placed_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pledges_pledgee_id"), ["pledgee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pledges_pledgor_id"), ["pledgor_id"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("encumbrance_id", sa.String(length=64), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "operation",
            sa.Enum(
                "LICENSE",
                "LICENSE_EXCLUSIVELY",
                "PUBLISH_OFFER",
                "LIST_FOR_LICENSING",
                "LIST_FOR_TITLE_SALE",
                "PLACE_PLEDGE",
                "CANCEL",
                name="operation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("counterparty_id", sa.String(length=64), nullable=True),
        sa.Column("longest_months", sa.Integer(), nullable=True),
        sa.Column("lowest_price_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "lowest_price_currency",
            sa.Enum(
                "CNY",
                "EUR",
                "HKD",
                "USD",
                name="currency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("proceeds_to", sa.String(length=200), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("consumed_at", sa.BigInteger(), nullable=True),
        sa.Column("consumed_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "consumed_at IS NULL OR (revoked_at IS NULL AND NOT standing)",
            name=op.f("ck_consents_a_consent_is_used_once"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_consents_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["counterparty_id"], ["parties.id"], name=op.f("fk_consents_counterparty_id")
        ),
        sa.ForeignKeyConstraint(
            ["encumbrance_id"], ["encumbrances.id"], name=op.f("fk_consents_encumbrance_id")
        ),
        sa.ForeignKeyConstraint(["given_by"], ["parties.id"], name=op.f("fk_consents_given_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consents_certificate_id"), ["certificate_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_consents_encumbrance_id"), ["encumbrance_id"], unique=False
        )

    op.create_table(
        "negotiations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("offer_id", sa.String(length=64), nullable=False),
        sa.Column("licensee_id", sa.String(length=64), nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("territories", sa.String(length=4000), nullable=False),
        sa.Column("fields_of_use", sa.String(length=4000), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "REQUESTED",
                "FINALIZED",
                "TERMINATED",
                name="negotiationstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'REQUESTED') = (closed_at IS NULL)",
            name=op.f("ck_negotiations_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "begins_at < ends_at", name=op.f("ck_negotiations_a_period_has_a_length")
        ),
        sa.ForeignKeyConstraint(
            ["licensee_id"], ["parties.id"], name=op.f("fk_negotiations_licensee_id")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_negotiations_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_negotiations")),
    )
    with op.batch_alter_table("negotiations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_negotiations_licensee_id"), ["licensee_id"], unique=False
        )
        batch_op.create_index("ix_negotiations_newest", ["requested_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_negotiations_offer_id"), ["offer_id"], unique=False)
        batch_op.create_index(
            "one_open_negotiation",
            ["licensee_id", "offer_id"],
            unique=True,
            sqlite_where=sa.text("status = 'REQUESTED'"),
            postgresql_where=sa.text("status = 'REQUESTED'"),
        )

    op.create_table(
        "objection_evidence",
        sa.Column("objection_id", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_objection_evidence_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["objection_id"], ["objections.id"], name=op.f("fk_objection_evidence_objection_id")
        ),
        sa.PrimaryKeyConstraint("objection_id", "document_id", name=op.f("pk_objection_evidence")),
    )
    op.create_table(
        "licenses",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("negotiation_id", sa.String(length=64), nullable=False),
        sa.Column("licensee_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "EXCLUSIVE",
                "SOLE",
                "NON_EXCLUSIVE",
                name="licensekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("territories", sa.String(length=4000), nullable=False),
        sa.Column("fields_of_use", sa.String(length=4000), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "price_currency",
            sa.Enum(
                "CNY",
                "EUR",
                "HKD",
                "USD",
                name="currency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "TERMINATED",
                "PENDING_EFFECT",
                "EXPIRED",
                "IMPAIRED",
                name="licensestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("terminated_at", sa.BigInteger(), nullable=True),
        sa.Column("terminated_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'TERMINATED') = (terminated_at IS NOT NULL)",
            name=op.f("ck_licenses_an_end_has_an_instant"),
        ),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'TERMINATED')", name=op.f("ck_licenses_time_is_never_stored")
        ),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_licenses_a_period_has_a_length")),
        sa.CheckConstraint(
            "granted_at <= begins_at", name=op.f("ck_licenses_nothing_is_licensed_backwards")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_licenses_a_price_is_not_negative")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_licenses_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["licensee_id"], ["parties.id"], name=op.f("fk_licenses_licensee_id")
        ),
        sa.ForeignKeyConstraint(
            ["negotiation_id"], ["negotiations.id"], name=op.f("fk_licenses_negotiation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses")),
        sa.UniqueConstraint("negotiation_id", name=op.f("uq_licenses_negotiation_id")),
    )
    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_licenses_certificate_id"), ["certificate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_licenses_licensee_id"), ["licensee_id"], unique=False)
        batch_op.create_index("ix_licenses_newest", ["granted_at", "id"], unique=False)

    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_ledger_checkpoint_root")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_state",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_idx", sa.BigInteger(), nullable=False),
        sa.Column("head_leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_ledger_state_count")),
        sa.CheckConstraint("last_idx >= 0", name=op.f("ck_ledger_state_last_idx")),
        sa.CheckConstraint("length(head_leaf) = 32", name=op.f("ck_ledger_state_head_leaf")),
        sa.CheckConstraint("length(key) = 32", name=op.f("ck_ledger_state_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ledger_state")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_state_page",
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("divided", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(divided) = 8", name=op.f("ck_ledger_state_page_divided")),
        sa.CheckConstraint("length(hashes) % 64 = 0", name=op.f("ck_ledger_state_page_hashes")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_ledger_state_page")),
    )
    op.create_table(
        "ledger_subject",
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("head_leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(head_leaf) = 32", name=op.f("ck_ledger_subject_head_leaf")),
        sa.CheckConstraint("length(key) = 32", name=op.f("ck_ledger_subject_key")),
        sa.CheckConstraint("length(salt) = 16", name=op.f("ck_ledger_subject_salt")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_ledger_subject")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hashes) <= 8192", name=op.f("ck_ledger_tile_hashes")),
        sa.PrimaryKeyConstraint("level", "n", name=op.f("pk_ledger_tile")),
    )
    op.create_table(
        "ledger_cosignature",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.CheckConstraint("length(key_id) = 4", name=op.f("ck_ledger_cosignature_key_id")),
        sa.ForeignKeyConstraint(
            ["size"], ["ledger_checkpoint.size"], name=op.f("fk_ledger_cosignature_size")
        ),
        sa.PrimaryKeyConstraint("size", "name", "key_id", name=op.f("pk_ledger_cosignature")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("idx", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=True),
        sa.Column("digests", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'event') = (digests IS NOT NULL)", name=op.f("ck_ledger_entry_digests")
        ),
        sa.CheckConstraint(
            "(kind = 'event') = (number IS NOT NULL)", name=op.f("ck_ledger_entry_number")
        ),
        sa.CheckConstraint(
            "(kind = 'event') = (subject IS NOT NULL)", name=op.f("ck_ledger_entry_subject")
        ),
        sa.CheckConstraint(
            "kind IN ('event', 'state', 'key', 'policy', 'freeze', 'origin')",
            name=op.f("ck_ledger_entry_kind"),
        ),
        sa.CheckConstraint("(idx IS NULL) = (chain IS NULL)", name=op.f("ck_ledger_entry_place")),
        sa.CheckConstraint("length(chain) = 32", name=op.f("ck_ledger_entry_chain")),
        sa.CheckConstraint("length(leaf) = 32", name=op.f("ck_ledger_entry_leaf")),
        sa.ForeignKeyConstraint(
            ["subject"], ["ledger_subject.subject"], name=op.f("fk_ledger_entry_subject")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("idx", name=op.f("uq_ledger_entry_idx")),
        sa.UniqueConstraint("subject", "number", name=op.f("uq_ledger_entry_subject_number")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_entry_marks",
            ["kind", "idx"],
            unique=False,
            sqlite_where=sa.text("kind != 'event'"),
            postgresql_where=sa.text("kind != 'event'"),
        )

    op.create_table(
        "ledger_opening",
        sa.Column(
            "entry_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column(
            "is_public", sa.Boolean(create_constraint=True, name="is_public"), nullable=False
        ),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (salt IS NOT NULL)", name=op.f("ck_ledger_opening_salt")
        ),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (value IS NOT NULL)", name=op.f("ck_ledger_opening_value")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_opening_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "slot", name=op.f("pk_ledger_opening")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for trigger in TRIGGERS:
            op.execute(sa.text(trigger.strip().replace(":", r"\:")))


def downgrade() -> None:
    op.drop_table("ledger_opening")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ledger_entry_marks",
            sqlite_where=sa.text("kind != 'event'"),
            postgresql_where=sa.text("kind != 'event'"),
        )

    op.drop_table("ledger_entry")
    op.drop_table("ledger_cosignature")
    op.drop_table("ledger_tile")
    op.drop_table("ledger_subject")
    op.drop_table("ledger_state_page")
    op.drop_table("ledger_state")
    op.drop_table("ledger_head")
    op.drop_table("ledger_checkpoint")
    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.drop_index("ix_licenses_newest")
        batch_op.drop_index(batch_op.f("ix_licenses_licensee_id"))
        batch_op.drop_index(batch_op.f("ix_licenses_certificate_id"))

    op.drop_table("licenses")
    op.drop_table("objection_evidence")
    with op.batch_alter_table("negotiations", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_negotiation",
            sqlite_where=sa.text("status = 'REQUESTED'"),
            postgresql_where=sa.text("status = 'REQUESTED'"),
        )
        batch_op.drop_index(batch_op.f("ix_negotiations_offer_id"))
        batch_op.drop_index("ix_negotiations_newest")
        batch_op.drop_index(batch_op.f("ix_negotiations_licensee_id"))

    op.drop_table("negotiations")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_encumbrance_id"))
        batch_op.drop_index(batch_op.f("ix_consents_certificate_id"))

    op.drop_table("consents")
    with op.batch_alter_table("pledges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pledges_pledgor_id"))
        batch_op.drop_index(batch_op.f("ix_pledges_pledgee_id"))
        batch_op.drop_index("ix_pledges_newest")

    op.drop_table("pledges")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_newest")
        batch_op.drop_index(batch_op.f("ix_offers_certificate_id"))

    op.drop_table("offers")
    op.drop_table("objections")
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_index(
            "one_title_sale_shown",
            sqlite_where=sa.text("mode = 'TITLE_SALE' AND status IN ('LISTED', 'SUSPENDED')"),
            postgresql_where=sa.text("mode = 'TITLE_SALE' AND status IN ('LISTED', 'SUSPENDED')"),
        )
        batch_op.drop_index(
            "one_live_listing_in_a_place",
            sqlite_where=sa.text("status IN ('SUBMITTED', 'LISTED', 'SUSPENDED')"),
            postgresql_where=sa.text("status IN ('SUBMITTED', 'LISTED', 'SUSPENDED')"),
        )
        batch_op.drop_index("ix_listings_newest")
        batch_op.drop_index(batch_op.f("ix_listings_exchange_id"))
        batch_op.drop_index(batch_op.f("ix_listings_certificate_id"))

    op.drop_table("listings")
    with op.batch_alter_table("freezes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_freezes_certificate_id"))

    op.drop_table("freezes")
    with op.batch_alter_table("encumbrances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_encumbrances_certificate_id"))

    op.drop_table("encumbrances")
    op.drop_table("document_readers")
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index("ix_certificates_newest")
        batch_op.drop_index(batch_op.f("ix_certificates_industry"))
        batch_op.drop_index(batch_op.f("ix_certificates_holder_id"))

    op.drop_table("certificates")
    op.drop_table("application_documents")
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.drop_index("ix_announcements_newest")
        batch_op.drop_index(batch_op.f("ix_announcements_applicant_id"))

    op.drop_table("announcements")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(
            "one_active_membership",
            sqlite_where=sa.text("dismissed_at IS NULL"),
            postgresql_where=sa.text("dismissed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_members_party_id"))

    op.drop_table("members")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_documents_depositor_id"))

    op.drop_table("documents")
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.drop_index(
            "one_claim_by_name",
            sqlite_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
            postgresql_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
        )
        batch_op.drop_index(
            "one_claim_by_content",
            sqlite_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
            postgresql_where=sa.text(
                "status IN ('SUBMITTED', 'FORMALITY_EXAMINATION', 'SUBSTANTIVE_EXAMINATION', 'ANNOUNCED')"
            ),
        )
        batch_op.drop_index("ix_applications_queue")
        batch_op.drop_index("ix_applications_newest")
        batch_op.drop_index("ix_applications_name")
        batch_op.drop_index("ix_applications_content_hash")

    op.drop_table("applications")
    op.drop_table("serials")
    op.drop_table("parties")
    op.drop_table("answers")
