"""What must be so after a campaign, asked of the database, the public files, the watchers."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from api.settings import read_settings
from ledger.formats.bundles import parse_bundle
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.keys import VerifyingKey, parse_vkey
from ledger.formats.note import open_note
from ledger.formats.tile_paths import entries_path
from ledger.formats.tree import TILE_WIDTH
from tests.cluster.acts import DRAFT, PUBLISH_OFFER, REGISTER_PARTY, Act
from tests.cluster.fleet import Installation
from tests.cluster.servers import PostgresServer
from tests.cluster.watching import Change, Follower, Watch

EVENTS = "SELECT subject, number, idx FROM ledger_entry WHERE kind = 'event'"
PLACES = "SELECT idx FROM ledger_entry ORDER BY idx"
SIZE = "SELECT size FROM ledger_head"
CHANGES = """
SELECT idx, subject, number FROM ledger_entry
WHERE subject IN (SELECT number FROM certificates) ORDER BY idx
"""
OUT_OF_ORDER = """
SELECT subject, number FROM (
    SELECT subject, number, row_number() OVER (PARTITION BY subject ORDER BY idx) - 1 AS place
    FROM ledger_entry WHERE kind = 'event'
) AS events WHERE number <> place
"""

Place = tuple[str, int]


async def judge(
    installation: Installation, server: PostgresServer, acts: Sequence[Act], watch: Watch
) -> list[str]:
    """What is wrong, in sentences; empty when nothing is. Nobody may write meanwhile."""
    found = [*await in_the_ledger(server, acts), *await in_the_register(server, acts)]
    found += watch.checkpoints.wrong
    found += forks(installation, watch.checkpoints.notes)
    changes = [Change(*row) for row in await server.ask(CHANGES)]
    found += missed("asks", watch.asking, changes)
    found += missed("subscribed", watch.subscribed, changes)
    code, said = await installation.run("ledger", "fsck", "--full", "--quiet")
    if code != 0:
        found.append(f"fsck ended with {code}: {said[-2000:]}")
    return found


async def in_the_ledger(server: PostgresServer, acts: Sequence[Act]) -> list[str]:
    """Indexes are dense; every acknowledged act has its event, and these are in their order."""
    places = [index for (index,) in await server.ask(PLACES)]
    found = []
    if places != list(range(len(places))):
        found.append("the indexes of the ledger are not dense")
    if await server.ask(SIZE) != [(len(places),)]:
        found.append("the head of the ledger does not say how many entries it has")
    for subject, number in await server.ask(OUT_OF_ORDER):
        found.append(f"event {number} of {subject} is not in its order")
    indexes = {(subject, number): index for subject, number, index in await server.ask(EVENTS)}
    acknowledged = [act for act in acts if act.answered is not None]
    lost = [act for act in acknowledged if (act.subject, act.number) not in indexes]
    found += [f"the event of an acknowledged act is lost: {act}" for act in lost]
    found += overtaken(acknowledged, indexes)
    return found


def overtaken(acts: Iterable[Act], indexes: dict[Place, int]) -> Iterator[str]:
    """An act that was begun after another of its certificate was acknowledged comes after it."""
    of_subjects: dict[str, list[tuple[int, Act]]] = {}
    for act in acts:
        index = indexes.get((act.subject, act.number))
        if index is not None:
            of_subjects.setdefault(act.subject, []).append((index, act))
    for subject, in_order in of_subjects.items():
        latest = 0.0
        for _, act in sorted(in_order, key=lambda placed: placed[0]):
            if act.answered is not None and act.answered < latest:
                yield f"acts on {subject} stand in the ledger in another order than they were done"
            latest = max(latest, act.begun)


async def in_the_register(server: PostgresServer, acts: Sequence[Act]) -> list[str]:
    """Every acknowledged act has made its record, and what was repeated was done once."""
    found = []
    for kind in (REGISTER_PARTY, DRAFT, PUBLISH_OFFER):
        rows = await server.ask(f"SELECT id, name FROM {kind.table}")
        names = dict(rows)
        of_kind = [act for act in acts if act.kind is kind]
        sent = {act.name for act in of_kind}
        found += [
            f"the record of an acknowledged act is lost: {act}"
            for act in of_kind
            if act.answered is not None and names.get(act.record_id) != act.name
        ]
        made = [name for _, name in rows if name in sent]
        if len(made) != len(set(made)):
            found.append(f"{len(made) - len(set(made))} acts were done twice, in {kind.table}")
    return found


def missed(who: str, follower: Follower, changes: Sequence[Change]) -> list[str]:
    """The feed is all changes in their order, each once, and nothing else."""
    if follower.heard == changes:
        return []
    doubled = len(follower.heard) - len(set(follower.heard))
    return [
        (
            f"who {who} heard {len(follower.heard)} changes of {len(changes)}: {doubled} twice, "
            f"{len(set(changes) - set(follower.heard))} never, "
            f"{len(set(follower.heard) - set(changes))} that are none, "
            f"{sum(one > other for one, other in pairwise(follower.heard))} out of order"
        )
    ]


def forks(installation: Installation, notes: Iterable[str]) -> Iterator[str]:
    """Every checkpoint anybody was shown is signed, and is a beginning of the log as it is now.

    Its root is reckoned anew, from the entries that are public at the end.
    """
    files = read_settings(installation.settings).ledger_files
    key = parse_vkey((files / "log.vkey").read_text(encoding="utf-8").strip())
    last = _opened((files / "checkpoint").read_text(encoding="utf-8"), key)
    roots = dict(enumerate(roots_of(_leaves(files, last.tree_size)), 1))
    for note in notes:
        checkpoint = _opened(note, key)
        if roots.get(checkpoint.tree_size) != checkpoint.root:
            yield f"a checkpoint of size {checkpoint.tree_size} is no beginning of the log"


def _opened(note: str, key: VerifyingKey) -> Checkpoint:
    return parse_checkpoint(open_note(note, [key]).text)


def _leaves(files: Path, size: int) -> Iterator[bytes]:
    for number in range(-(-size // TILE_WIDTH)):
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        for entry in parse_bundle((files / entries_path(number, width)).read_bytes()):
            yield sha256(b"\x00" + entry).digest()


def roots_of(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """The root of the tree after each leaf (RFC 6962, section 2.1)."""
    whole: list[tuple[int, bytes]] = []  # Complete subtrees from the left, each with its height.
    for leaf in leaves:
        height, node = 0, leaf
        while whole and whole[-1][0] == height:
            node = sha256(b"\x01" + whole.pop()[1] + node).digest()
            height += 1
        whole.append((height, node))
        root = whole[-1][1]
        for _, left in reversed(whole[:-1]):
            root = sha256(b"\x01" + left + root).digest()
        yield root
