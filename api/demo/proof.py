"""Last chapter: one file proves the certificate's history, and needs no server to be checked."""

import asyncio

from api.demo.people import Answer
from api.demo.steps import Play, Step, done, shows
from ledger import verify

PATIENCE = 50  # Tries, a fifth of a second apart; a checkpoint is signed every second.
BETWEEN_TRIES = 0.2


async def download(play: Play) -> Answer:
    """Ask until a checkpoint covers the newest event; it takes a second or two."""
    version, public = await play.version(), play["public"]
    policy = await public.fetches("/ledger/policy")
    play.marks["policy"] = policy.content["text"]
    del public.answers[:]
    for _ in range(PATIENCE):
        answer = await public.fetches(f"/ledger/certificates/{play.marks['number']}.proof")
        play.marks["proof"] = answer.content["text"]
        if play.marks["proof"].count("\nevent ") == version:
            break
        public.answers.remove(answer)
        await asyncio.sleep(BETWEEN_TRIES)
    return answer


async def check_offline(play: Play) -> Answer:
    """Nothing but file and policy; raises `ProofFailed` for a file that proves nothing."""
    verified = verify(play.marks["proof"], play.marks["policy"])
    told = {
        "subject": verified.subject,
        "events": [event.kind for event in verified.events],
        "effectiveStatus": verified.effective_status,
        "encumbered": verified.is_encumbered,
        "treeSize": verified.tree_size,
    }
    answer = Answer("datatitle verify", {}, told)
    play["public"].answers.append(answer)
    return answer


HISTORY = [
    "certificate-issued",
    "listing-requested",
    "listing-admitted",
    "offer-published",
    "license-requested",
    "license-granted",
    "pledge-placed",
    "pledge-registered",
    "license-requested",
    "consent-given",
    "license-granted",
    "consent-given",
    "pledge-placed",
    "pledge-registered",
]


PROOF = (
    Step(
        "public",
        "downloads the proof of the certificate.",
        download,
        shows(
            "a proof file", lambda _play, answer: answer.content["text"].startswith("datatitle-")
        ),
        "a signed checkpoint covers all events on it.",
    ),
    Step(
        "public",
        "checks it offline, as datatitle verify does.",
        check_offline,
        done(events=HISTORY, effectiveStatus="ACTIVE", encumbered=True),
        "no event is left out, none of the refused acts is among them, and the pledges lie on it.",
    ),
)
