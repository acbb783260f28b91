"""The ledger's tables. What they hold is written by `append`, and read by `reading`."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

import ledger.keeping.sorting  # noqa: F401 - how text is sorted in every table.
from ledger.formats.entry import EVENT, KINDS
from ledger.formats.hashing import HASH_SIZE, SALT_SIZE
from ledger.formats.tree import TILE_WIDTH
from ledger.keeping.triggers import APPEND_ONLY_STATEMENTS
from ledger.keeping.triggers_postgresql import APPEND_ONLY_POSTGRESQL

SUBJECT_LENGTH_MAX = 255
KEY_ID_SIZE = 4

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite keeps rows in the order of a key of this type, and of no other.
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Which subjects there are, and where each stands: how many events it has, the leaf of the last one
# and its instant. The salt hides a subject's key from whoever was not given it. Nobody
# looks for a key here, and two alike would need two salts that hash alike: it has no index, which
# every new subject would pay for.
ledger_subject = sa.Table(
    "ledger_subject",
    metadata,
    sa.Column("subject", sa.String(SUBJECT_LENGTH_MAX), primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("next_number", sa.BigInteger, nullable=False),
    sa.Column("head_leaf", sa.LargeBinary, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.CheckConstraint(f"length(salt) = {SALT_SIZE}", "salt"),
    sa.CheckConstraint(f"length(key) = {HASH_SIZE}", "key"),
    sa.CheckConstraint(f"length(head_leaf) = {HASH_SIZE}", "head_leaf"),
    sqlite_with_rowid=False,
)

# The log itself. `entry` holds the exact bytes; `digests` the sixteen slots an event commits to.
# `id` is the order of arrival and `idx` that of the log, and so is `chain`: where the log is put
# in order while it is written to, as on SQLite, all three are given at once. On PostgreSQL events
# wait for their place (see `sequencing`), and ids leave holes.
ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("idx", sa.BigInteger, unique=True),
    sa.Column("kind", sa.String(6), nullable=False),
    sa.Column("subject", sa.ForeignKey("ledger_subject.subject")),
    sa.Column("number", sa.BigInteger),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary),
    sa.Column("digests", sa.LargeBinary),
    sa.UniqueConstraint("subject", "number"),
    sa.CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", "kind"),
    sa.CheckConstraint(f"(kind = '{EVENT}') = (subject IS NOT NULL)", "subject"),
    sa.CheckConstraint(f"(kind = '{EVENT}') = (number IS NOT NULL)", "number"),
    sa.CheckConstraint(f"(kind = '{EVENT}') = (digests IS NOT NULL)", "digests"),
    sa.CheckConstraint("(idx IS NULL) = (chain IS NULL)", "place"),
    sa.CheckConstraint(f"length(leaf) = {HASH_SIZE}", "leaf"),
    sa.CheckConstraint(f"length(chain) = {HASH_SIZE}", "chain"),
)
# The few entries that are no events are found among millions that are.
sa.Index(
    "ix_ledger_entry_marks",
    ledger_entry.c.kind,
    ledger_entry.c.idx,
    sqlite_where=ledger_entry.c.kind != EVENT,
    postgresql_where=ledger_entry.c.kind != EVENT,
)
# Those that wait for their place: none on SQLite, and few of millions on PostgreSQL.
sa.Index(
    "ix_ledger_entry_waiting",
    ledger_entry.c.id,
    sqlite_where=ledger_entry.c.idx.is_(None),
    postgresql_where=ledger_entry.c.idx.is_(None),
)

# Numbered subjects, whose names begin with a digit, are followed in the order of the log: their
# events are found in it however many others lie between.
OF_NUMBERED_SUBJECTS = sa.and_(
    ledger_entry.c.idx.is_not(None),
    ledger_entry.c.subject >= sa.literal_column("'0'"),
    ledger_entry.c.subject < sa.literal_column("':'"),
)
sa.Index(
    "ix_ledger_entry_followed",
    ledger_entry.c.idx,
    sqlite_where=OF_NUMBERED_SUBJECTS,
    postgresql_where=OF_NUMBERED_SUBJECTS,
)

# What the digests hide: without these rows an event says nothing to anybody. Erased, a row says
# only that there was something.
ledger_opening = sa.Table(
    "ledger_opening",
    metadata,
    sa.Column(
        "entry_id", RowId, sa.ForeignKey("ledger_entry.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("value", sa.Text),
    sa.Column("is_public", sa.Boolean(create_constraint=True, name="is_public"), nullable=False),
    sa.Column("erased_at", sa.BigInteger),
    sa.CheckConstraint("(erased_at IS NULL) = (salt IS NOT NULL)", "salt"),
    sa.CheckConstraint("(erased_at IS NULL) = (value IS NOT NULL)", "value"),
    sqlite_with_rowid=False,
)

# The hashes of the tree, 256 to a row (see `formats.tree`). Full tiles never change again.
ledger_tile = sa.Table(
    "ledger_tile",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"length(hashes) <= {TILE_WIDTH * HASH_SIZE}", "hashes"),
)

# The one row every append goes through: how far the log is, and what the next entry builds on.
ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("edge", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("id = 1", "single"),
)

# What was signed: the text and the log's own Ed25519 line, or two while its key changes.
ledger_checkpoint = sa.Table(
    "ledger_checkpoint",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("signed_at", sa.BigInteger, nullable=False),
    sa.Column("published_at", sa.BigInteger),
    sa.CheckConstraint(f"length(root) = {HASH_SIZE}", "root"),
)

# Lines with a time in them, of witnesses and of the log itself. `line` has no newline; `time` is
# the unix time it states, in seconds.
ledger_cosignature = sa.Table(
    "ledger_cosignature",
    metadata,
    sa.Column(
        "size", sa.ForeignKey("ledger_checkpoint.size"), primary_key=True, autoincrement=False
    ),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("key_id", sa.LargeBinary, primary_key=True),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.CheckConstraint(f"length(key_id) = {KEY_ID_SIZE}", "key_id"),
)


APPEND_ONLY = {"sqlite": APPEND_ONLY_STATEMENTS, "postgresql": APPEND_ONLY_POSTGRESQL}


@sa.event.listens_for(metadata, "after_create")
def _guard(_: sa.MetaData, connection: sa.Connection, **_options: object) -> None:
    for statement in APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC, as the instants in these tables are kept."""
    return (instant - _EPOCH) // _MICROSECOND
