"""Those outside: witnesses that cosign, and the places everybody fetches the log from."""

import asyncio
from collections.abc import Iterable

from api.checkup.checks import Check, fault, note, ok, warning
from api.checkup.visit import Visit
from api.sealing import read_witnesses
from api.settings import Settings
from api.witness_client import ask_witness
from ledger.formats.policy import NONE, Witness
from ledger.formats.tile_paths import CHECKPOINT_PATH
from ledger.keeping.reading import published_note
from ledger.publishing.publication import checkpoint_in
from ledger.publishing.shelf import FolderShelf, NotPublishedError, open_shelf
from ledger.signing.witnesses import AskWitness

BAD_REQUEST = 400
ASK = "See that the address is right and the witness runs."
RUN = "The register publishes while it runs; `datatitle ledger checkpoint` does it now."


async def check_witnesses(settings: Settings, ask: AskWitness = ask_witness) -> Iterable[Check]:
    """Whether each answers at its address, and enough of them for the quorum.

    They are sent what is no request, which a witness declines (c2sp.org/tlog-witness).
    """
    policy = read_witnesses(settings)
    if policy.quorum == NONE:
        found = "No witness has to cosign: the log alone says that it shows everybody the same."
        to_do = "Name some in DATATITLE_WITNESSES (see `datatitle ledger witness`)."
        return [note("witnesses", found, to_do)]
    asked = [each for each in policy.witnesses if each.url]
    failures = await asyncio.gather(*(_failure(ask, each) for each in asked))
    pairs = list(zip(asked, failures, strict=True))
    reached = [witness.name for witness, failure in pairs if not failure]
    checks = [warning("witnesses", f"{w.name}: {why}.", ASK) for w, why in pairs if why]
    if not policy.is_met_by(reached):
        found = f"Those that answer ({', '.join(reached) or 'none'}) do not make up the quorum."
        return [*checks, fault("witnesses", found, "Until they do, nothing new is published.")]
    return [*checks, ok("witnesses", f"{', '.join(reached)} answer, and make up the quorum.")]


async def check_files(visit: Visit) -> Iterable[Check]:
    """Whether the public folder shows what the database says is published."""
    folder = visit.settings.ledger_files
    published = await published_note(visit.connection)
    shown = FolderShelf(folder).read(CHECKPOINT_PATH)
    if published is None or shown is None:
        level = note if published is None else warning
        return [level("files", f"Nothing is published in {folder} yet.", RUN)]
    size, text = published
    if shown == text.encode():
        return [ok("files", f"{folder} shows the newest checkpoint, of {size:,} entries.")]
    try:
        there = checkpoint_in(shown).tree_size
    except NotPublishedError as reason:
        return [fault("files", str(reason))]
    if there > size:
        found = f"{folder} shows {there:,} entries, and the database has published {size:,}."
        return [fault("files", found, "The database is an old one: put the newest one back.")]
    found = f"{folder} shows a checkpoint of {there:,} entries; the newest is of {size:,}."
    return [warning("files", found, RUN)]


def check_mirror(settings: Settings) -> Iterable[Check]:
    """Whether the copy elsewhere shows what the public folder shows. Blocks."""
    place = settings.ledger_mirror
    if place is None:
        return []
    try:
        shown = open_shelf(place).read(CHECKPOINT_PATH)
    except (OSError, ValueError) as reason:
        return [warning("mirror", f"{place} cannot be read: {reason}.", "See that it is reached.")]
    if shown == FolderShelf(settings.ledger_files).read(CHECKPOINT_PATH):
        return [ok("mirror", f"{place} shows what the public folder shows.")]
    found = f"{place} does not show the checkpoint of the public folder."
    return [warning("mirror", found, "It follows while the register runs, which logs why not.")]


async def _failure(ask: AskWitness, witness: Witness) -> str:
    """Why a witness does not answer as one; nothing when it does."""
    try:
        answer = await ask(f"{witness.url.rstrip('/')}/add-checkpoint", "")
    except (OSError, TimeoutError) as reason:
        return f"{witness.url} does not answer ({reason or type(reason).__name__})"
    if answer.status != BAD_REQUEST:
        return f"{witness.url} answers with {answer.status}, which no witness should"
    return ""
