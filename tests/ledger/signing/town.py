"""Three witnesses with memories of their own, and what some of them answer instead."""

import asyncio
from dataclasses import dataclass, field

from ledger.formats.keys import Algorithm
from ledger.formats.policy import Group, Policy, TrustedLog, Witness
from ledger.signing.key_file import SecretKey
from ledger.signing.witnesses import Answer
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness as WitnessServer
from tests.ledger.growing import ORIGIN
from tests.ledger.sealing_log import LOG_KEY, ML_DSA_KEY, sealing_of

SIZE = "text/x.tlog.size"


@dataclass
class Town:
    """Three witnesses, what they were asked, and what some of them answer instead."""

    folder: object
    clock: object = None
    asked: list = field(default_factory=list)
    instead: dict = field(default_factory=dict)

    def key(self, name):
        seed = "abc".index(name) + 3
        return SecretKey(f"witness.example/{name}", Algorithm.COSIGNATURE, bytes([seed]) * 32)

    def policy(self, threshold):
        witnesses = tuple(
            Witness(name, self.key(name).verifying_key, f"https://{name}.example/")
            for name in "abc"
        )
        return Policy((), witnesses, (Group("town", threshold, ("a", "b", "c")),), "town")

    def server(self, name):
        return WitnessServer(
            signer=self.key(name),
            logs={ORIGIN: [LOG_KEY.verifying_key]},
            memory=Memory(self.folder / name),
            now=lambda: int(self.clock.now.timestamp()),
        )

    async def ask(self, url, body):
        name = url.removeprefix("https://").partition(".")[0]
        assert url == f"https://{name}.example/add-checkpoint"
        self.asked.append((name, int(body.partition("\n")[0].removeprefix("old "))))
        if name in self.instead:
            return await self.instead[name](body)
        answer = self.server(name).add_checkpoint(body.encode())
        return Answer(answer.status, answer.content_type, answer.body)

    def judged(self, threshold=3):
        """As somebody judges who trusts the log if so many witnesses do."""
        logs = tuple(TrustedLog(key.verifying_key) for key in (LOG_KEY, ML_DSA_KEY))
        policy = self.policy(threshold)
        return Policy(logs, policy.witnesses, policy.groups, policy.quorum)


def sealing_with(town, engine, threshold=3, **changed):
    changed = {"policy": town.policy(threshold), "ask": town.ask, **changed}
    sealing = sealing_of(engine, town.folder, **changed)
    town.clock = sealing.transactions
    return sealing


def answering(status, body="", content_type="text/plain"):
    async def answer(_body):
        return Answer(status, content_type, body)

    return answer


async def unreached(_body):
    raise ConnectionError("no route")


async def silent(_body):
    await asyncio.Event().wait()
