"""many processes."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "v0_1"
branch_labels = None
depends_on = None

# The rules that PostgreSQL says a second time, as SQLite does since the first step.
POSTGRESQL = (
    """
CREATE FUNCTION an_ended_application_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  
  IF old.status IN ('REGISTERED', 'REFUSED', 'WITHDRAWN') AND new.status <> old.status THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'an ended application stays ended';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER an_ended_application_stays_ended BEFORE UPDATE ON applications FOR EACH ROW EXECUTE FUNCTION an_ended_application_stays_ended()
""",
    """
CREATE FUNCTION an_announced_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  
  IF true THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'an announced text stays as it is';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER an_announced_text_stays BEFORE UPDATE ON announcements FOR EACH ROW EXECUTE FUNCTION an_announced_text_stays()
""",
    """
CREATE FUNCTION an_ended_certificate_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  
  IF old.status <> 'ACTIVE' AND new.status <> old.status AND new.status <> 'REVOKED' THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'an ended certificate stays ended';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER an_ended_certificate_stays_ended BEFORE UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION an_ended_certificate_stays_ended()
""",
    """
CREATE FUNCTION no_overlapping_exclusivity() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM certificates WHERE id = new.certificate_id FOR UPDATE;
  IF new.status = 'ACTIVE' AND EXISTS (
  SELECT 1 FROM licenses AS old
  WHERE old.certificate_id = new.certificate_id AND old.status = 'ACTIVE'
    AND (old.kind <> 'NON_EXCLUSIVE' OR new.kind <> 'NON_EXCLUSIVE')
    AND old.begins_at < new.ends_at AND new.begins_at < old.ends_at
    AND (old.territories = '' OR new.territories = '' OR EXISTS (
      SELECT 1 FROM unnest(string_to_array(old.territories, ',')) AS a (value), unnest(string_to_array(new.territories, ',')) AS b (value)
      WHERE a.value = b.value OR starts_with(a.value, b.value || '-') OR starts_with(b.value, a.value || '-')))
    AND (old.fields_of_use = '' OR new.fields_of_use = '' OR EXISTS (
      SELECT 1 FROM unnest(string_to_array(old.fields_of_use, ',')) AS a (value), unnest(string_to_array(new.fields_of_use, ',')) AS b (value)
      WHERE a.value = b.value))) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'licenses that exclude others do not overlap';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER no_overlapping_exclusivity BEFORE INSERT ON licenses FOR EACH ROW EXECUTE FUNCTION no_overlapping_exclusivity()
""",
    """
CREATE FUNCTION a_granted_license_stays() RETURNS trigger LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  
  IF old.status = 'TERMINATED'
  OR (old.certificate_id, old.licensee_id, old.kind, old.begins_at, old.ends_at,
      old.territories, old.fields_of_use, old.price_minor, old.price_currency)
  IS DISTINCT FROM (new.certificate_id, new.licensee_id, new.kind, new.begins_at, new.ends_at,
      new.territories, new.fields_of_use, new.price_minor, new.price_currency) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a license stays as it was granted';
  END IF;
  RETURN new;
END $$
""",
    """
CREATE TRIGGER a_granted_license_stays BEFORE UPDATE ON licenses FOR EACH ROW EXECUTE FUNCTION a_granted_license_stays()
""",
    """
CREATE SEQUENCE IF NOT EXISTS ledger_entry_id MINVALUE 0 OWNED BY ledger_entry.id
""",
    """
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry FOR EACH ROW WHEN (OLD.idx IS NOT NULL OR NEW.idx IS NULL
        OR (NEW.id, NEW.kind, NEW.subject, NEW.number, NEW.entry, NEW.leaf, NEW.digests)
        IS DISTINCT FROM
        (OLD.id, OLD.kind, OLD.subject, OLD.number, OLD.entry, OLD.leaf, OLD.digests)) EXECUTE FUNCTION ledger_refuse('an event is given its place, once, and nothing else')
""",
    """
CREATE OR REPLACE TRIGGER ledger_opening_update BEFORE UPDATE ON ledger_opening FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR OLD.slot < 2
        OR (NEW.entry_id, NEW.slot, NEW.name, NEW.is_public)
        <> (OLD.entry_id, OLD.slot, OLD.name, OLD.is_public)) EXECUTE FUNCTION ledger_refuse('it may be erased, once, but for kind and instant')
""",
    """
CREATE OR REPLACE TRIGGER ledger_tile_insert BEFORE INSERT ON ledger_tile FOR EACH ROW WHEN (length(NEW.hashes) % 32 <> 0) EXECUTE FUNCTION ledger_refuse('a tile is made of hashes')
""",
    """
CREATE OR REPLACE TRIGGER ledger_tile_update BEFORE UPDATE ON ledger_tile FOR EACH ROW WHEN (NEW.level <> OLD.level OR NEW.n <> OLD.n
        OR length(NEW.hashes) % 32 <> 0 OR length(NEW.hashes) <= length(OLD.hashes)
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes) EXECUTE FUNCTION ledger_refuse('a tile only grows at its end')
""",
    """
CREATE OR REPLACE TRIGGER ledger_subject_insert BEFORE INSERT ON ledger_subject FOR EACH ROW WHEN (NEW.next_number < 1) EXECUTE FUNCTION ledger_refuse('a subject is begun with an event')
""",
    """
CREATE OR REPLACE TRIGGER ledger_checkpoint_update BEFORE UPDATE ON ledger_checkpoint FOR EACH ROW WHEN (OLD.published_at IS NOT NULL OR NEW.published_at IS NULL
        OR (NEW.size, NEW.root, NEW.note, NEW.signed_at)
        <> (OLD.size, OLD.root, OLD.note, OLD.signed_at)) EXECUTE FUNCTION ledger_refuse('it may be marked as published, once')
""",
    """
CREATE OR REPLACE TRIGGER ledger_cosignature_update BEFORE UPDATE ON ledger_cosignature FOR EACH ROW WHEN ((NEW.size, NEW.name, NEW.key_id) <> (OLD.size, OLD.name, OLD.key_id)
        OR NEW.time < OLD.time) EXECUTE FUNCTION ledger_refuse('only a newer one takes its place')
""",
    """
CREATE OR REPLACE TRIGGER ledger_state_update BEFORE UPDATE ON ledger_state FOR EACH ROW WHEN (NEW.key <> OLD.key OR NEW.count <= OLD.count OR NEW.last_idx <= OLD.last_idx) EXECUTE FUNCTION ledger_refuse('a subject moves on to a later event')
""",
    """
CREATE OR REPLACE TRIGGER ledger_state_page_update BEFORE UPDATE ON ledger_state_page FOR EACH ROW WHEN (NEW.place <> OLD.place OR length(NEW.hashes) < length(OLD.hashes)) EXECUTE FUNCTION ledger_refuse('a page keeps its place, and may become deeper')
""",
    """
CREATE OR REPLACE FUNCTION ledger_entry_insert() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1684108385, 1);
    IF EXISTS (SELECT FROM ledger_entry WHERE kind <> 'event' AND kind = 'freeze') THEN
        RAISE EXCEPTION 'ledger_entry: the log has ended' USING ERRCODE = 'LE001';
    END IF;

    IF NEW.idx IS NOT NULL OR NEW.number <> COALESCE(
            (SELECT MAX(number) + 1 FROM ledger_entry WHERE subject = NEW.subject), 0) THEN
        RAISE EXCEPTION 'ledger_entry: an event takes the next number, and waits for its place' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry FOR EACH ROW WHEN (NEW.kind = 'event') EXECUTE FUNCTION ledger_entry_insert()
""",
    """
CREATE OR REPLACE FUNCTION ledger_entry_insert_of_mark() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NEW.idx IS DISTINCT FROM COALESCE((SELECT size FROM ledger_head), 0)
        OR (SELECT kind FROM ledger_entry WHERE idx = NEW.idx - 2) = 'freeze'
        OR NEW.kind <> 'state'
        AND (SELECT kind FROM ledger_entry WHERE idx = NEW.idx - 1) = 'freeze'
        OR NEW.kind = 'freeze' AND EXISTS (SELECT FROM ledger_entry WHERE idx IS NULL) THEN
        RAISE EXCEPTION 'ledger_entry: the next entry takes the next index and number, and only one state follows the end' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_entry_insert_of_mark BEFORE INSERT ON ledger_entry FOR EACH ROW WHEN (NEW.kind <> 'event') EXECUTE FUNCTION ledger_entry_insert_of_mark()
""",
    """
CREATE OR REPLACE FUNCTION ledger_opening_insert() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN ledger_entry ON id = entry_id
            WHERE idx IS NOT NULL OR erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'ledger_opening: openings are written with their event' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_opening_insert AFTER INSERT ON ledger_opening REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_opening_insert()
""",
    """
CREATE OR REPLACE FUNCTION ledger_subject_update() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF (NEW.subject, NEW.salt, NEW.key) <> (OLD.subject, OLD.salt, OLD.key)
        OR NEW.next_number <= OLD.next_number OR NEW.last_at < OLD.last_at OR NOT EXISTS (
            SELECT FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf) THEN
        RAISE EXCEPTION 'ledger_subject: a subject moves on to its last event, and not back in time' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_subject_update AFTER UPDATE ON ledger_subject FOR EACH ROW EXECUTE FUNCTION ledger_subject_update()
""",
    """
CREATE OR REPLACE FUNCTION ledger_head_insert() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain) THEN
        RAISE EXCEPTION 'ledger_head: a log has one head' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_head_insert BEFORE INSERT ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_head_insert()
""",
    """
CREATE OR REPLACE FUNCTION ledger_head_update() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.size <= OLD.size OR NEW.last_at < OLD.last_at
        OR NEW.size - OLD.size <> (SELECT COUNT(*) FROM ledger_entry WHERE idx >= OLD.size)
        OR NOT EXISTS (SELECT FROM ledger_entry WHERE idx = NEW.size - 1 AND chain = NEW.chain) THEN
        RAISE EXCEPTION 'ledger_head: the head moves on to the last entry, and not back in time' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_head_update()
""",
    """
CREATE OR REPLACE FUNCTION ledger_checkpoint_insert() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NEW.size > COALESCE((SELECT size FROM ledger_head), 0)
        OR EXISTS (SELECT FROM ledger_checkpoint WHERE size >= NEW.size) THEN
        RAISE EXCEPTION 'ledger_checkpoint: a checkpoint covers more than the one before, and no more than there is' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_checkpoint_insert BEFORE INSERT ON ledger_checkpoint FOR EACH ROW EXECUTE FUNCTION ledger_checkpoint_insert()
""",
    """
CREATE OR REPLACE TRIGGER ledger_entry_delete BEFORE DELETE OR TRUNCATE ON ledger_entry EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_opening_delete BEFORE DELETE OR TRUNCATE ON ledger_opening EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_tile_delete BEFORE DELETE OR TRUNCATE ON ledger_tile EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_subject_delete BEFORE DELETE OR TRUNCATE ON ledger_subject EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_head_delete BEFORE DELETE OR TRUNCATE ON ledger_head EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_checkpoint_delete BEFORE DELETE OR TRUNCATE ON ledger_checkpoint EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_cosignature_delete BEFORE DELETE OR TRUNCATE ON ledger_cosignature EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_state_delete BEFORE DELETE OR TRUNCATE ON ledger_state EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
    """
CREATE OR REPLACE TRIGGER ledger_state_page_delete BEFORE DELETE OR TRUNCATE ON ledger_state_page EXECUTE FUNCTION ledger_refuse('it is refused, rows are only added')
""",
)

# Those that SQLite says in other words from here on, and before.
SQLITE = (
    """
CREATE TRIGGER ledger_subject_update BEFORE UPDATE ON ledger_subject WHEN NEW.subject <> OLD.subject OR NEW.salt <> OLD.salt OR NEW.key <> OLD.key
        OR NEW.next_number <= OLD.next_number OR NEW.last_at < OLD.last_at OR NOT EXISTS (
            SELECT 1 FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf) BEGIN SELECT RAISE(ABORT, 'ledger_subject: a subject moves on to its last event, and not back in time'); END
""",
)
SQLITE_BEFORE = (
    """
CREATE TRIGGER ledger_subject_update BEFORE UPDATE ON ledger_subject WHEN NEW.subject <> OLD.subject OR NEW.salt <> OLD.salt OR NEW.key <> OLD.key
        OR NEW.next_number <= OLD.next_number OR NOT EXISTS (
            SELECT 1 FROM ledger_entry WHERE subject = NEW.subject
            AND number = NEW.next_number - 1 AND leaf = NEW.head_leaf) BEGIN SELECT RAISE(ABORT, 'ledger_subject: a subject moves on to its last event'); END
""",
)

# The instant of each subject's last event, which is what the second slot of an event holds.
LAST_INSTANTS = """
UPDATE ledger_subject SET last_at = coalesce((
    SELECT CAST(strftime('%s', o.value) AS INTEGER) * 1000000
        + CAST(substr(o.value, 21, 6) AS INTEGER)
    FROM ledger_entry AS e JOIN ledger_opening AS o ON o.entry_id = e.id AND o.slot = 1
    WHERE e.subject = ledger_subject.subject AND e.number = ledger_subject.next_number - 1
), 0)
"""


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column(
        "ledger_subject",
        sa.Column("last_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("answers", sa.Column("subject", sa.String(length=255), nullable=True))
    op.add_column("answers", sa.Column("number", sa.BigInteger(), nullable=True))
    waiting = sa.text("idx IS NULL")
    op.create_index(
        "ix_ledger_entry_waiting",
        "ledger_entry",
        ["id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    numbered = sa.text("idx IS NOT NULL AND subject >= '0' AND subject < ':'")
    op.create_index(
        "ix_ledger_entry_followed",
        "ledger_entry",
        ["idx"],
        sqlite_where=numbered,
        postgresql_where=numbered,
    )
    if connection.dialect.name == "sqlite":
        _say_again(connection, SQLITE, LAST_INSTANTS)
    else:
        for statement in POSTGRESQL:
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _say_again(connection, SQLITE_BEFORE)
    else:
        _unsay(connection)
    op.drop_index("ix_ledger_entry_followed", "ledger_entry")
    op.drop_index("ix_ledger_entry_waiting", "ledger_entry")
    added = (("answers", "number"), ("answers", "subject"), ("ledger_subject", "last_at"))
    for table, column in added:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")


def _say_again(connection: sa.Connection, triggers: tuple[str, ...], *meanwhile: str) -> None:
    for trigger in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger.split()[2]}")
    for statement in (*meanwhile, *triggers):
        connection.exec_driver_sql(statement)


def _unsay(connection: sa.Connection) -> None:
    for function in re.findall(r"FUNCTION (\w+)\(\) RETURNS", "".join(POSTGRESQL)):
        connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")
    connection.exec_driver_sql("DROP SEQUENCE ledger_entry_id")
