"""Acts that clients of a campaign perform by HTTP, each under its key until it is acknowledged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from services.clock import SystemClock
from tests.cluster.register import Register
from tests.founding import a_key

YEAR = timedelta(days=365)
EVENT = "event { subject number } userErrors { code message }"


class Kind(NamedTuple):
    """A mutation: who performs it, the field that holds its record, and where that is kept."""

    who: str
    document: str
    record: str
    table: str


def _mutation(name: str, record: str) -> str:
    input_type = f"{name[0].upper()}{name[1:]}Input!"
    return (
        f"mutation ($input: {input_type}) {{"
        f" payload: {name}(input: $input) {{ {record} {{ id }} {EVENT} }} }}"
    )


REGISTER_PARTY = Kind("office", _mutation("registerParty", "party"), "party", "parties")
DRAFT = Kind("holder", _mutation("draftApplication", "application"), "application", "applications")
PUBLISH_OFFER = Kind("holder", _mutation("publishOffer", "offer"), "offer", "offers")


@dataclass(slots=True)
class Act:
    """One act. What it is to be known by is there once it was acknowledged.

    Instants are those of the machine's steady clock, in seconds: `begun` before it was first
    sent, `answered` when it was acknowledged.
    """

    kind: Kind
    input: Mapping[str, Any]
    begun: float = 0.0
    answered: float | None = None
    record_id: str = ""
    subject: str = ""
    number: int = -1
    attempts: int = field(default=0)

    @property
    def name(self) -> str:
        """Nobody else has it: whatever was done twice is in the register twice."""
        return str(self.input["name"])

    @property
    def body(self) -> dict[str, Any]:
        return {"query": self.kind.document, "variables": {"input": self.input}}

    def acknowledge(self, payload: Mapping[str, Any], at: float) -> None:
        self.record_id = payload[self.kind.record]["id"]
        self.subject, self.number = payload["event"]["subject"], payload["event"]["number"]
        self.answered = at


def an_act(random: Random, register: Register) -> Act:
    """Half of them happen to one of a few certificates, where they have to stand in line."""
    key = a_key()
    said = {"idempotencyKey": key, "name": f"样例 {key}"}
    chance = random.random()
    if chance < 0.25:
        return Act(REGISTER_PARTY, said | {"kind": "ORGANISATION", "roles": ["LENDER"]})
    if chance < 0.5:
        product = {"kind": "PRODUCT", "summary": "样例摘要", "industry": "finance"}
        return Act(DRAFT, said | product | {"dataSource": "自行采集", "updateFrequency": "DAILY"})
    now = SystemClock().now()
    terms = {
        "certificateId": random.choice(list(register.certificates)),
        "kind": "NON_EXCLUSIVE",
        "description": "样例条款",
        "price": {"amountMinor": "5000000", "currency": "CNY"},
        "begin": now.isoformat(),
        "end": (now + YEAR).isoformat(),
    }
    return Act(PUBLISH_OFFER, said | terms)
