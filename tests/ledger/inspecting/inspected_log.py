"""A log with everything in it that can be inspected, and the way to inspect it.

300 entries, most of them events of 24 subjects; eight checkpoints under two keys one after the
other, with the cosignatures of two witnesses; erased facts; the guard; the files everybody fetches.
"""

from datetime import timedelta
from hashlib import sha256

from ledger.formats.entry import PolicyInForce
from ledger.formats.hashing import Hash
from ledger.formats.keys import Algorithm
from ledger.formats.policy import Group, Policy, Witness
from ledger.inspecting.databases import reading
from ledger.inspecting.fsck import Surroundings, inspect_fully
from ledger.inspecting.published_notes import PublicFolder
from ledger.inspecting.signers import Trust
from ledger.keeping.append import append_mark
from ledger.keeping.erasing import erase_facts, facts_of_event
from ledger.keeping.log import Log
from ledger.publishing.introduction import introduction_of
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf
from ledger.signing.file_guard import FileGuard
from ledger.signing.key_file import SecretKey
from ledger.signing.rotation import sign_key_change
from ledger.signing.witnesses import Answer
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness as WitnessProgram
from tests.ledger.growing import ORIGIN, START
from tests.ledger.sealing_log import LOG_KEY, ML_DSA_KEY, sealing_of

EVENTS, SUBJECTS, SIZE = 290, 24, 300
# How many events there are at each sealing; the last ones no checkpoint covers yet.
SEALED_AT = (1, 40, 100, 120, 200, 241, 250, 270)
RULES_AT, KEY_CHANGE_AT, OVERLAP_UNTIL, ERASED_AT = 10, 110, 210, 260

NEXT_KEY = SecretKey(ORIGIN, Algorithm.ED25519, b"\x03" * 32)
WITNESS_KEYS = {
    f"witness.{name}.example": SecretKey(
        f"witness.{name}.example", Algorithm.COSIGNATURE, name.encode() * 8
    )
    for name in ("bank", "fair")
}
POLICY = Policy(
    (),
    tuple(
        Witness(name.split(".")[1], key.verifying_key, f"https://{name}")
        for name, key in WITNESS_KEYS.items()
    ),
    (Group("both", 2, ("bank", "fair")),),
    "both",
)


def database_in(folder):
    return folder / "ledger.db"


def public_in(folder):
    return folder / "public"


def guard_in(folder):
    return folder / "guard" / "log"


def around(folder):
    """What the database in a folder is held against."""
    keys = (NEXT_KEY.verifying_key, ML_DSA_KEY.verifying_key)
    witnesses = tuple(witness.key for witness in POLICY.witnesses)
    return Surroundings(
        Trust(ORIGIN, keys, witnesses),
        FileGuard(guard_in(folder), ORIGIN),
        PublicFolder(public_in(folder), introduction_of(keys, POLICY)),
    )


def inspected(folder):
    with reading(database_in(folder)) as connection:
        return inspect_fully(connection, around(folder))


async def build(engine, folder):
    """Fill the empty database of an engine, in this folder, as `around` expects it."""
    signers = [LOG_KEY, ML_DSA_KEY]
    logs = {ORIGIN: [LOG_KEY.verifying_key, NEXT_KEY.verifying_key]}

    async def ask(url, body):
        name = url.removeprefix("https://").split("/")[0]
        memory, now = Memory(folder / name), int(sealing.transactions.now.timestamp())
        witness = WitnessProgram(WITNESS_KEYS[name], logs, memory, lambda: now)
        answer = witness.add_checkpoint(body.encode())
        return Answer(answer.status, answer.content_type, answer.body)

    def introduce():
        return introduction_of([each.verifying_key for each in signers], POLICY)

    publisher = LogPublisher(FolderShelf(public_in(folder)), introduce)
    sealing = sealing_of(
        engine, folder, signers=signers, policy=POLICY, ask=ask, publisher=publisher
    )
    for number in range(EVENTS):
        sealing.transactions.now = START + timedelta(seconds=number, microseconds=number)
        await _add_event(sealing, number)
        await _do_more(sealing, number, signers)
        if number + 1 in SEALED_AT:
            await sealing.seal()


async def _add_event(sealing, number):
    subject, at = f"cert_{number * 7 % SUBJECTS}", sealing.transactions.now
    public = {"number": f"{number:017}"} if number % 3 else {}
    private = {"holder": "样例数据公司", "amount": "500000"} if number % 5 else {}
    async with sealing.transactions.deciding() as tx:
        await Log(ORIGIN).append(
            tx.connection,
            subject=subject,
            kind="certificate-issued",
            at=at,
            public=public,
            private=private,
        )


async def _do_more(sealing, number, signers):
    """What happens beside events: rules come into force, the key changes, facts are erased."""
    now = sealing.transactions.now
    async with sealing.transactions.deciding() as tx:
        if number == RULES_AT:
            rules = PolicyInForce("SH-2024/1", Hash(sha256(b"rules").digest()))
            await append_mark(tx.connection, rules, now)
        if number == KEY_CHANGE_AT:
            signers.insert(1, NEXT_KEY)
            await append_mark(tx.connection, sign_key_change(ORIGIN, LOG_KEY, NEXT_KEY), now)
        if number == OVERLAP_UNTIL:
            signers.remove(LOG_KEY)
        if number == ERASED_AT:
            for event in range(3):
                facts = await facts_of_event(tx.connection, "cert_7", event)
                await erase_facts(tx.connection, facts, facts.readable - {"kind", "at"}, now)
