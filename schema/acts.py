"""What every mutation has in common: its answer, and how an act is done and heard of."""

from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from schema.context import Info
from schema.errors import UserError
from schema.scalars import BigInt
from services.hearing import RecordedAct, hearing
from services.proving import index_of_act, proof_of_act, wait_for_proof
from services.refusals import Refused

WAIT_FOR_PROOF = "wait_for_proof"


@strawberry.type(description="The event that an act has put into the ledger.")
class ActEvent:
    act: strawberry.Private[RecordedAct]

    @strawberry.field(description="The certificate's number, or the id of the record acted on.")
    def subject(self) -> str:
        return self.act.subject

    @strawberry.field(description="Its number on this subject, from 0.")
    def number(self) -> int:
        return self.act.number

    @strawberry.field(
        description="Its position in the ledger, from 0; null until it has one, for a moment."
    )
    async def index(self, info: Info) -> BigInt | None:
        index = await index_of_act(info.context.registry, self.act)
        return None if index is None else BigInt(index)

    @strawberry.field(
        description="A proof file that shows it, for `datatitle verify`; null until a published "
        "checkpoint covers it, which takes about a second. See `waitForProof`."
    )
    async def proof(self, info: Info) -> str | None:
        return await proof_of_act(info.context.registry, self.act)


@strawberry.interface(description="What every mutation answers with.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was done, most telling reason first; empty when it was done.",
    )
    event: ActEvent | None = strawberry.field(
        default=None,
        description="What the ledger has recorded of it. Of an act repeated under its idempotency "
        "key, what it recorded the first time. Null when nothing was recorded.",
    )


class Act(FieldExtension):
    """Turn `Refused` into the mutation's payload, and put the event recorded into the answer.

    Anything else that is raised is a fault, and is masked.
    """

    def apply(self, field: StrawberryField) -> None:
        waiting = StrawberryArgument(
            python_name=WAIT_FOR_PROOF,
            graphql_name=None,
            type_annotation=StrawberryAnnotation(bool),
            default=False,
            description="Wait with the answer until a published checkpoint covers what was done, "
            "but at most 5 seconds in one request: then `event.proof` is still null.",
        )
        field.arguments = [*field.arguments, waiting]

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[Any]],
        source: Any,
        info: strawberry.Info,
        **kwargs: Any,
    ) -> Any:
        is_to_wait = kwargs.pop(WAIT_FOR_PROOF)
        info.context.forget()  # What an earlier act of the same document read may have changed.
        try:
            with hearing() as acts:
                payload = await next_(source, info, **kwargs)
        except Refused as refused:
            answer: Any = info.return_type
            return answer(user_errors=[UserError.of(r) for r in refused.refusals])
        if acts:
            payload.event = ActEvent(act=acts[-1])
            if is_to_wait:
                await _wait(info, acts[-1])
        return payload


async def _wait(info: Info, act: RecordedAct) -> None:
    """Several acts of one document wait no longer than one."""
    context, time = info.context, get_running_loop().time
    begun = time()
    await wait_for_proof(context.registry, act, context.seconds_to_wait)
    context.seconds_to_wait -= time() - begun


def act(description: str) -> Any:
    """A mutation that may be refused. It answers with a `Payload`."""
    return strawberry.mutation(description=description, extensions=[Act()])
