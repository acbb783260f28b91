"""What happened to a certificate is proven by one file, offline."""

import pytest

from ledger import ProofFailed, verify
from ledger.checking.life import Status
from ledger.formats.proof_file import Form
from tests.scenarios.actors import pledge, publish_offer


def path_of(title, **asked):
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/ledger/certificates/{title['number']}.proof?{query}"


async def proof_of(public, title, **asked):
    return (await public.fetches(path_of(title, **asked))).content["text"]


async def asked_for(stage, title, fields):
    """These fields of the certificate, as anybody gets them."""
    query = f'{{ certificate(by: {{number: "{title["number"]}"}}) {{ {fields} }} }}'
    answer = await stage.http.post("/graphql", json={"query": query})
    return answer.json()["data"]["certificate"]


async def policy_of(public):
    return (await public.fetches("/ledger/policy")).content["text"]


async def test_a_proof_tells_every_event_and_opens_no_private_fact(
    stage, acme, lender, public, title
):
    await publish_offer(stage, acme, title)
    await pledge(stage, acme, title, lender)
    await stage.sign()

    verified = verify(await proof_of(public, title), await policy_of(public))

    assert verified.subject == title["number"]
    assert [event.kind for event in verified.events] == [
        "certificate-issued",
        "offer-published",
        "pledge-placed",
        "pledge-registered",
    ]
    opened = {name for event in verified.events for name in event.facts}
    assert opened.isdisjoint({"actor", "party", "secured_amount", "pledgee"})
    assert (verified.effective_status, verified.is_encumbered) == (Status.ACTIVE, True)


async def test_a_short_proof_tells_how_it_stands(stage, acme, lender, public, title):
    await pledge(stage, acme, title, lender)
    await stage.sign()
    policy = await policy_of(public)

    full = verify(await proof_of(public, title, form="full"), policy)
    short = verify(await proof_of(public, title, form="short"), policy)
    assert short.events == full.events[-1:]
    assert (short.form, short.count, short.standing) == (Form.SHORT, 3, full.standing)


async def test_number_and_salt_lead_to_the_certificate_and_another_salt_to_none(
    stage, public, title
):
    await stage.sign()
    salt = (await asked_for(stage, title, "lookupSalt"))["lookupSalt"]
    policy = await policy_of(public)

    assert verify(await proof_of(public, title, salt=salt), policy).count == 1
    forged = verify(await proof_of(public, title, salt="0" * 32), policy)
    unknown = verify(await proof_of(public, {"number": "2" * 17}, salt=salt), policy)
    assert forged.form is unknown.form is Form.ABSENT
    assert (forged.subject, unknown.subject) == (title["number"], "2" * 17)


async def test_a_proof_is_also_a_field(stage, public, title):
    await stage.sign()
    found = await asked_for(stage, title, "proof short: proof(form: SHORT)")

    assert found["proof"] == await proof_of(public, title)
    assert found["short"] == await proof_of(public, title, form="short")


async def test_there_is_no_proof_before_a_checkpoint(public, title):
    assert await proof_of(public, title) == ""


@pytest.mark.parametrize("asked", [{"form": "absent"}, {"form": ""}, {"salt": "x"}, {"salt": ""}])
async def test_what_is_asked_for_wrongly_is_a_bad_request(stage, title, asked):
    assert (await stage.http.get(path_of(title, **asked))).status_code == 400


async def test_a_proof_changed_by_one_character_proves_nothing(stage, public, title):
    await stage.sign()
    text, policy = await proof_of(public, title), await policy_of(public)
    assert verify(text, policy).count == 1

    with pytest.raises(ProofFailed):
        verify(text.replace('"ACTIVE"', '"ACTIVF"', 1), policy)
