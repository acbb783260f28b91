"""Refusals as data: how a reason to decline an act reaches the client."""

import strawberry
from strawberry.utils.str_converters import to_camel_case

from services.identifiers import Kind
from services.refusals import RecordInTheWay, Refusal, RefusalCode

strawberry.enum(RefusalCode, description="Why the registry declined. Codes are never renamed.")
strawberry.enum(Kind, name="RecordKind", description="The kinds of records the register keeps.")


@strawberry.type(description="The record that stands in the way of an act.")
class RecordReference:
    kind: Kind = strawberry.field(description="What kind of record it is.")
    id: strawberry.ID = strawberry.field(
        description="Its id. `node(id)` shows as much of it as the asker may see."
    )

    @classmethod
    def of(cls, record: RecordInTheWay | None) -> "RecordReference | None":
        return None if record is None else cls(kind=record.kind, id=strawberry.ID(record.id))


@strawberry.type(description="A reason why the registry declines an act. Nothing was changed.")
class UserError:
    code: RefusalCode = strawberry.field(description="The finding, for programs.")
    message: str = strawberry.field(description="The rule that is not met, as a sentence.")
    path: list[str] = strawberry.field(description="The input field it is about; may be empty.")
    legal_basis: str = strawberry.field(description="The law or rule it rests on.")
    cure: str = strawberry.field(description="What would make the act possible.")
    record: RecordReference | None = strawberry.field(
        description="The record that stands in the way, if one does."
    )

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        return cls(
            code=refusal.code,
            message=refusal.message,
            path=[to_camel_case(part) for part in refusal.path],
            legal_basis=refusal.legal_basis,
            cure=refusal.cure,
            record=RecordReference.of(refusal.record),
        )
