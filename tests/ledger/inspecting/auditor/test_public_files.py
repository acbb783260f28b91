"""An auditor who has nothing but the public files of a log, honest or not."""

from itertools import count

import pytest

from ledger.formats.entry import Freeze, Origin, PolicyInForce
from ledger.formats.hashing import NO_HASH, Hash
from ledger.formats.keys import Algorithm
from ledger.formats.note import Note, open_note, parse_note
from ledger.inspecting.auditor.audit import Auditor, NotAudited
from ledger.inspecting.auditor.memory import AuditorBusyError, Memory
from ledger.inspecting.auditor.public_files import PublicFiles
from tests.ledger.inspecting.auditor.building import ORIGIN, BuiltLog, secret_key

NAME = "auditor.example/a1"
NEXT, STRANGER = secret_key(3), secret_key(4)
OTHER = Hash(bytes([7]) * 32)


@pytest.fixture
def log():
    """Six hundred entries, of which three are states; the last one is."""
    return BuiltLog().events(99).state().events(300).state().events(198).state()


@pytest.fixture
def auditor(tmp_path):
    return Auditor(
        signer=secret_key(2, NAME, Algorithm.COSIGNATURE),
        memory=Memory(tmp_path / "memory"),
        keys=[secret_key().verifying_key],
        now=count(1_800_001_000).__next__,
    )


async def audited(auditor, folder, **options):
    def read(path):
        place = folder / path
        return place.read_bytes() if place.exists() else None

    told = []
    audit = await auditor.audit(
        PublicFiles(read), progress=lambda done, whole: told.append((done, whole)), **options
    )
    assert all(done <= whole for done, whole in told)
    return audit


async def found_in(auditor, folder, **options):
    """The index and the reason for which a log is not cosigned."""
    audit = await audited(auditor, folder, **options)
    assert audit.signature is None
    return audit.broken.index, audit.broken.why


async def test_an_honest_log_is_cosigned(auditor, log, tmp_path):
    audit = await audited(auditor, log.publish(tmp_path / "log"))
    note = parse_note(log.note())
    (signed,) = open_note(
        Note(note.text, (*note.signatures, audit.signature)).encode(),
        [auditor.signer.verifying_key],
    ).signed
    assert signed.time == 1_800_001_000
    assert audit.broken is None
    assert (audit.start, audit.checkpoint) == (0, log.checkpoint)
    assert (audit.subjects, audit.states, audit.lives) == (5, 3, None)


async def test_nothing_is_there_to_be_audited_before_the_first_checkpoint(auditor, tmp_path):
    assert await audited(auditor, tmp_path) is None


async def test_the_next_audit_reads_only_what_is_new(auditor, log, tmp_path):
    folder = log.publish(tmp_path / "log")
    await audited(auditor, folder)
    log.events(77, subjects=9).state().publish(folder)
    (folder / "tile/entries/000").unlink()
    (folder / "tile/entries/001").unlink()
    audit = await audited(auditor, folder)
    assert (audit.broken, audit.start, audit.checkpoint) == (None, 600, log.checkpoint)
    assert (audit.subjects, audit.states) == (9, 4)
    again = await audited(auditor, folder)
    assert (again.start, again.checkpoint) == (678, log.checkpoint)
    assert again.signature != audit.signature


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 700])
async def test_it_goes_on_from_any_size(auditor, tmp_path, size):
    log = BuiltLog().events(size - 1).state()
    await audited(auditor, log.publish(tmp_path / "log"))
    audit = await audited(auditor, log.events(600).state().publish(tmp_path / "log"))
    assert (audit.broken, audit.start, audit.checkpoint) == (None, size, log.checkpoint)


async def test_from_the_start_everything_is_read_again(auditor, log, tmp_path):
    folder = log.publish(tmp_path / "log")
    await audited(auditor, folder)
    audit = await audited(auditor, log.events(9).state().publish(folder), from_start=True)
    assert (audit.broken, audit.start, audit.states) == (None, 0, 4)


@pytest.mark.parametrize("from_start", [False, True])
async def test_a_log_that_began_anew_is_not_cosigned(auditor, log, tmp_path, from_start):
    await audited(auditor, log.publish(tmp_path / "log"))
    other = BuiltLog().events(90).state().events(600).state().publish(tmp_path / "other")
    index, why = await found_in(auditor, other, from_start=from_start)
    assert (index, why) == (
        (599, "the entries up to here are not those audited before")
        if from_start
        else (600, "its number is 119, not 118")
    )


async def test_a_log_that_shows_less_than_before_is_not_cosigned(auditor, log, tmp_path):
    await audited(auditor, log.publish(tmp_path / "log"))
    less = BuiltLog().events(99).state().publish(tmp_path / "less")
    assert await found_in(auditor, less) == (
        100,
        "the log shows 100 entries, and has shown 600 before",
    )


@pytest.mark.parametrize(
    ("broken", "index", "why"),
    [
        (lambda log: log.state(map_root=OTHER), 600, "its map root is not that of the subjects"),
        (lambda log: log.state(chain=OTHER), 600, "its chain is not that of the entries before it"),
        (lambda log: log.state(size=599), 600, "its size is 599, not 600"),
        (lambda log: log.state(time=5), 600, "it is older than the state leaf before"),
        (lambda log: log.event("subject 1", number=119).state(), 600, "its number is 119, not 120"),
        (lambda log: log.event("subject 1", number=121).state(), 600, "its number is 121, not 120"),
        (
            lambda log: log.event("subject 1", previous=OTHER).state(),
            600,
            "it does not name the event before of its subject",
        ),
        (
            lambda log: log.event("new", previous=OTHER).state(),
            600,
            "it does not name the event before of its subject",
        ),
        (
            lambda log: log.add(b'{"t":"event","v":1}').state(),
            600,
            "This is not how an entry is spelt.",
        ),
        (
            lambda log: log.event("subject 1"),
            600,
            "the last entry of the checkpoint is not a state leaf",
        ),
        (
            lambda log: log.add(Freeze("datatitle.example/log/2")).event("subject 1").state(),
            601,
            "the log was frozen before it, and one state leaf alone follows",
        ),
        (
            lambda log: log.add(Freeze("datatitle.example/log/2")).state().state(),
            602,
            "the log was frozen before it, and one state leaf alone follows",
        ),
        (
            lambda log: log.add(Origin(b"")).state(),
            600,
            "only the first entry says what log came before",
        ),
        (
            lambda log: log.key_change(NEXT, signers=[STRANGER, NEXT]).state(),
            600,
            "not both keys have signed the change of key",
        ),
        (
            lambda log: log.key_change(NEXT, signers=[log.key, STRANGER]).state(),
            600,
            "not both keys have signed the change of key",
        ),
        (
            lambda log: log.key_change(secret_key(3, "other.example/log")).state(),
            600,
            "it changes a key that is not of this log",
        ),
    ],
)
async def test_what_breaks_a_rule_is_named_with_its_index(
    auditor, log, tmp_path, broken, index, why
):
    folder = log.publish(tmp_path / "log")
    await audited(auditor, folder)
    broken(log).publish(folder)
    assert await found_in(auditor, folder) == (index, why)
    assert await found_in(auditor, folder) == (index, why)
    assert await found_in(auditor, folder, from_start=True) == (index, why)


async def test_a_map_root_that_was_wrong_for_a_moment_is_found_too(auditor, tmp_path):
    """A log that hid an event at one state leaf, and showed it again at the next."""
    log = BuiltLog().events(50)
    hidden = log.standings.copy()
    log.event("subject 1")
    shown, log.standings = log.standings, hidden
    log.state()
    log.standings = shown
    log.events(4).state()
    assert await found_in(auditor, log.publish(tmp_path / "log")) == (
        51,
        "its map root is not that of the subjects",
    )


async def test_marks_an_honest_log_may_hold_are_passed(auditor, tmp_path):
    before = BuiltLog(secret_key(9, "datatitle.example/log/0"))
    log = BuiltLog().add(Origin(before.events(3).state().note().encode()))
    log.add(PolicyInForce("SH-2024/1", NO_HASH)).events(5).state()
    log.add(Freeze("datatitle.example/log/2")).state()
    audit = await audited(auditor, log.publish(tmp_path / "log"))
    assert (audit.broken, audit.states) == (None, 2)


async def test_a_first_entry_that_names_no_log_is_found(auditor, tmp_path):
    log = BuiltLog().add(Origin(b"no note")).state()
    assert await found_in(auditor, log.publish(tmp_path / "log")) == (
        0,
        "what it names is not the signed checkpoint of a log",
    )


async def test_a_key_that_was_handed_on_is_trusted_from_then_on(auditor, log, tmp_path):
    new = secret_key(3)
    folder = log.key_change(new).state().publish(tmp_path / "log", log.key, new)
    await audited(auditor, folder)
    log.key = new
    audit = await audited(auditor, log.events(5).state().publish(folder))
    assert audit.broken is None
    third = secret_key(4)
    log.key_change(third).state().publish(folder, third)
    assert (await audited(auditor, folder)).broken is None
    assert (await audited(auditor, folder, from_start=True)).broken is None


async def test_a_checkpoint_of_a_key_nobody_handed_on_to_is_not_cosigned(auditor, log, tmp_path):
    folder = log.key_change(secret_key(4), old=secret_key(3)).state().publish(
        tmp_path / "log", secret_key(4)
    )  # fmt: skip
    assert await found_in(auditor, folder) == (601, "no trusted key signed the checkpoint")


async def test_a_checkpoint_over_other_entries_is_not_cosigned(auditor, log, tmp_path):
    folder = log.publish(tmp_path / "log")
    other = BuiltLog().events(599).state()
    (folder / "checkpoint").write_text(other.note())
    assert await found_in(auditor, folder) == (
        599,
        "the entries do not lead to the root of the checkpoint",
    )


async def test_a_log_of_another_name_is_not_audited(auditor, tmp_path):
    other = BuiltLog(secret_key(1, "other.example/log")).events(3).state()
    note = other.note().replace(ORIGIN, "other.example/log")
    (tmp_path / "checkpoint").write_text(note)
    with pytest.raises(NotAudited, match=r"of the log other\.example/log"):
        await audited(auditor, tmp_path)


async def test_what_is_no_checkpoint_is_not_audited(auditor, tmp_path):
    (tmp_path / "checkpoint").write_bytes(b"\xff not a note\n")
    with pytest.raises(NotAudited, match="cannot be read"):
        await audited(auditor, tmp_path)


@pytest.mark.parametrize(
    ("path", "index"), [("tile/0/000", 0), ("tile/0/001", 256), ("tile/0/002.p/88", 512),
                        ("tile/1/000.p/2", 0)]
)  # fmt: skip
async def test_every_tile_must_hold_its_hashes(auditor, log, tmp_path, path, index):
    folder = log.publish(tmp_path / "log")
    content = (folder / path).read_bytes()
    for wrong in (content[:-1] + bytes([content[-1] ^ 1]), content[:-32], content + bytes(32), b""):
        (folder / path).write_bytes(wrong)
        found, why = await found_in(auditor, folder)
        assert (found, why.endswith("does not hold the hashes of its entries")) == (index, True)
    (folder / path).unlink()
    found, why = await found_in(auditor, folder)
    assert (found, why.endswith("is not published")) == (index, True)


@pytest.mark.parametrize("wrong", [None, b"", b"\x00", b"\x00\x01a", b"\x00\x05abc"])
async def test_every_bundle_must_hold_its_entries(auditor, log, tmp_path, wrong):
    folder = log.publish(tmp_path / "log")
    path = folder / "tile/entries/001"
    path.unlink() if wrong is None else path.write_bytes(wrong)
    index, why = await found_in(auditor, folder)
    assert (index, why.startswith("the bundle ")) == (256, True)


async def test_two_audits_of_one_log_do_not_run_at_once(auditor, log, tmp_path):
    folder = log.publish(tmp_path / "log")
    with auditor.memory.of(ORIGIN), pytest.raises(AuditorBusyError):
        await audited(auditor, folder)
