"""The log as services use it: append, sign, prove, each inside its caller's transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.fields import AT, KIND
from ledger.formats.hashing import Hash
from ledger.formats.proof_file import Form
from ledger.formats.spelling import parse_instant
from ledger.keeping import reading
from ledger.keeping.append import NewEvent, Recorded, append_events
from ledger.keeping.proving import prove_subject
from ledger.keeping.tiles import TileCache
from ledger.keeping.together import together


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event with all that can still be opened of it beyond its kind and instant.

    `index` is `None` while it has no place in the log yet.
    """

    index: int | None
    number: int
    leaf: Hash
    kind: str
    at: datetime
    public: Mapping[str, str]
    private: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Log:
    """One log per database. `origin` names it for ever: a URL without scheme, as C2SP advises."""

    origin: str
    tiles: TileCache = field(default_factory=TileCache, repr=False, compare=False)

    async def append(
        self,
        connection: AsyncConnection,
        *,
        subject: str,
        kind: str,
        at: datetime,
        public: Mapping[str, str],
        private: Mapping[str, str],
        begins: bool = False,
    ) -> Recorded:
        """Record an event on a subject, as `NewEvent` tells it. See `append_events`."""
        event = NewEvent(subject, kind, at, public, private, begins)
        (recorded,) = await append_events(connection, [event])
        return recorded

    async def position(self, connection: AsyncConnection) -> int:
        """How many entries have a place: the index the next one will have."""
        return (await reading.read_head(connection)).size

    async def latest_checkpoint(self, connection: AsyncConnection) -> str | None:
        """The newest note that was published."""
        published = await reading.published_note(connection)
        return None if published is None else published[1]

    async def prove_subject(
        self,
        connection: AsyncConnection,
        subject: str,
        *,
        form: Form = Form.FULL,
        salt: bytes | None = None,
        include_private: bool = False,
    ) -> str | None:
        """The proof file of a subject. See `proving.prove_subject`."""
        return await prove_subject(
            connection,
            self.tiles,
            subject,
            form=form,
            salt=salt,
            include_private=include_private,
        )

    async def salts_of(
        self, connection: AsyncConnection, subjects: Iterable[str]
    ) -> dict[str, bytes]:
        """What hides subjects' keys from whoever was not given it, of those with any event."""
        return await together(connection, reading.salts_of(subjects))

    async def events_of(self, connection: AsyncConnection, subject: str) -> list[RecordedEvent]:
        """All events of a subject in their order, also those no checkpoint covers yet."""
        return (await self.histories_of(connection, [subject]))[subject]

    async def histories_of(
        self, connection: AsyncConnection, subjects: Iterable[str]
    ) -> dict[str, list[RecordedEvent]]:
        """The same of several subjects, read together."""
        histories = await together(connection, reading.whole_histories(subjects))
        return {
            name: [_opened(event, openings) for event, openings in history]
            for name, history in histories.items()
        }


def _opened(event: reading.PlaceRow, openings: Sequence[reading.OpeningRow]) -> RecordedEvent:
    public = dict(_facts(openings, is_public=True))
    kind, at = public.pop(KIND), public.pop(AT)
    private = dict(_facts(openings, is_public=False))
    return RecordedEvent(
        event.index,
        event.number,
        event.leaf,
        kind,
        parse_instant(at),
        MappingProxyType(public),
        MappingProxyType(private),
    )


def _facts(openings: Sequence[reading.OpeningRow], *, is_public: bool) -> Iterator[tuple[str, str]]:
    return (
        (opening.field.name, opening.field.value)
        for opening in openings
        if opening.is_public is is_public
    )
