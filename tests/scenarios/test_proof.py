"""What happened to a certificate is proven by one file, offline."""

import pytest

from ledger.checking.verify import verify
from ledger.formats.proofs import ProofFailed
from tests.scenarios.actors import pledge, publish_offer


async def proof_of(public, title):
    text = (await public.fetches(f"/ledger/certificates/{title['number']}.proof")).content["text"]
    key = (await public.fetches("/ledger/log.vkey")).content["text"].strip()
    return text, key


async def test_a_proof_tells_every_event_and_opens_no_private_fact(
    stage, acme, lender, public, title
):
    await publish_offer(stage, acme, title)
    await pledge(stage, acme, title, lender)
    await stage.sign()

    verified = verify(*await proof_of(public, title))

    assert verified.subject == title["number"]
    assert [event.kind for event in verified.events] == [
        "certificate-issued",
        "offer-published",
        "pledge-placed",
        "pledge-registered",
    ]
    opened = {name for event in verified.events for name in event.facts}
    assert opened.isdisjoint({"actor", "party", "secured_amount", "pledgee"})


async def test_there_is_no_proof_before_a_checkpoint(public, title):
    text, _ = await proof_of(public, title)
    assert text == ""


async def test_a_proof_changed_by_one_character_proves_nothing(stage, public, title):
    await stage.sign()
    text, key = await proof_of(public, title)
    assert verify(text, key).events[0].facts["status"] == "ACTIVE"

    with pytest.raises(ProofFailed):
        verify(text.replace("QUNUSVZF", "QUNUSVZG", 1), key)
