"""The rows of a made-up register of any size: the same for the same seed and the same day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.identifiers import Kind
from services.tables import EPOCH, MICROSECOND

SEED = 20260105
CERTIFICATES = 200_000
PER_PARTY, PER_PLEDGE = 10, 4  # Certificates for each of these; there are as many offers as they.
LENDERS = 50
YEARS_IN_FORCE = 5
# Parts of all: what ended before its time, what lasts a year only, what rests on a source that may
# end sooner, and first pledges that have been paid.
ENDED, EXPIRING, BORROWED, PAID = 0.1, 0.25, 0.7, 0.3
DAY = timedelta(days=1) // MICROSECOND
PLACES = ["北京", "上海", "深圳", "杭州", "贵阳", "武汉", "成都", "合肥", "苏州", "广州"]
TRADES = ["交通", "气象", "金融", "医疗", "物流", "能源", "农业", "电商", "制造", "地理"]
INDUSTRIES = tuple(f"industry-{number:02}" for number in range(20))
SUBJECT = "reader@bench"


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name and columns, and its rows, made as they are asked for."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[Any, ...]]]
    size: int


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A register of so many certificates as it might stand at `now`, microseconds since 1970."""

    certificates: int
    now: int

    @property
    def parties(self) -> int:
        return max(self.certificates // PER_PARTY, LENDERS + 1)

    @property
    def asking(self) -> str:
        """The party that asks: a lender without a pledge of its own."""
        return identifier(Kind.PARTY, self.parties)

    def number(self, place: int) -> str:
        """The number of a certificate: 17 digits, by the year and day of its making."""
        return f"2026{place:013}"

    def tables(self) -> list[Table]:
        """In the order in which they refer to each other."""
        pledges = self.certificates // PER_PLEDGE
        return [
            Table("parties", _PARTY, self._parties, self.parties + 1),
            Table("members", _MEMBER, self._members, 1),
            Table("certificates", _CERTIFICATE, self._certificates, self.certificates),
            Table("offers", _OFFER, self._offers, self.certificates),
            Table("pledges", _PLEDGE, self._pledges, pledges),
            Table("encumbrances", _ENCUMBRANCE, self._encumbrances, pledges),
        ]

    def _parties(self) -> Iterator[tuple[Any, ...]]:
        random = Random(SEED)
        for place in range(self.parties + 1):
            role = "LENDER" if place < LENDERS or place == self.parties else "REGISTRANT"
            kind = "银行" if role == "LENDER" else "数据科技有限公司"
            name = f"{random.choice(PLACES)}{random.choice(TRADES)}{place:06}{kind}"
            at = self.now - random.randrange(700 * DAY, 900 * DAY)
            party = identifier(Kind.PARTY, place)
            yield party, "ORGANISATION", name, None, None, random.choice(PLACES), role, at

    def _members(self) -> Iterator[tuple[Any, ...]]:
        member = identifier(Kind.MEMBER, 0)
        yield member, self.asking, SUBJECT, "LENDER", self.now - DAY, None

    def _certificates(self) -> Iterator[tuple[Any, ...]]:
        random = Random(SEED + 1)
        for place in range(self.certificates):
            issued_at = self.now - random.randrange(DAY, 600 * DAY)
            ends = random.random()
            status = "ACTIVE" if ends > ENDED else random.choice(("CANCELLED", "REVOKED"))
            years = 1 if ends < EXPIRING else YEARS_IN_FORCE
            source = (
                issued_at + random.randrange(300 * DAY, 3000 * DAY) if ends > BORROWED else None
            )
            ended_at = None if status == "ACTIVE" else issued_at + DAY // 2
            yield (
                identifier(Kind.CERTIFICATE, place),
                self.number(place),
                identifier(Kind.APPLICATION, place),
                self.holder_of(place),
                f"{random.choice(PLACES)}{random.choice(TRADES)}数据产品{place:07}",
                "PRODUCT",
                random.choice(INDUSTRIES),
                f"{random.getrandbits(256):064x}",
                "",
                status,
                issued_at,
                issued_at + years * 365 * DAY,
                source,
                1 if ended_at is None else 2,
                ended_at,
                None if ended_at is None else "样例原因",
            )

    def holder_of(self, place: int) -> str:
        holders = self.parties - LENDERS
        return identifier(Kind.PARTY, LENDERS + place * 7919 % holders)

    def _offers(self) -> Iterator[tuple[Any, ...]]:
        random = Random(SEED + 2)
        for place in range(self.certificates):
            at = self.now - random.randrange(DAY, 300 * DAY)
            is_withdrawn = random.random() < ENDED
            yield (
                identifier(Kind.OFFER, place),
                identifier(Kind.CERTIFICATE, random.randrange(self.certificates)),
                random.choice(("EXCLUSIVE", "SOLE", "NON_EXCLUSIVE")),
                f"样例许可 {place:07}",
                "样例条款",
                at,
                at + random.randrange(200 * DAY, 900 * DAY),
                "CN-BJ,CN-SH" if place % 3 else "",
                "credit" if place % 2 else "",
                random.randrange(100_000, 10**10),
                "CNY",
                "WITHDRAWN" if is_withdrawn else "PUBLISHED",
                at,
                at + DAY // 2 if is_withdrawn else None,
            )

    def _pledges(self) -> Iterator[tuple[Any, ...]]:
        random = Random(SEED + 3)
        for pledge in self._pledged(random):
            status = "REGISTERED" if pledge.ended_at is None else "DISCHARGED"
            yield (
                identifier(Kind.PLEDGE, pledge.place),
                identifier(Kind.CERTIFICATE, pledge.certificate),
                self.holder_of(pledge.certificate),
                pledge.lender,
                random.randrange(10**7, 10**11),
                "CNY",
                (EPOCH + pledge.matures_at * MICROSECOND).date(),
                status,
                pledge.placed_at,
                pledge.sequence,
                pledge.placed_at + DAY // 4,
                pledge.ended_at,
                None if pledge.ended_at is None else "PAID",
            )

    def _encumbrances(self) -> Iterator[tuple[Any, ...]]:
        for pledge in self._pledged(Random(SEED + 3)):
            yield (
                identifier(Kind.ENCUMBRANCE, pledge.place),
                identifier(Kind.CERTIFICATE, pledge.certificate),
                "PLEDGE",
                identifier(Kind.PLEDGE, pledge.place),
                pledge.lender,
                pledge.placed_at + DAY // 4,
                None,
                "",
                "",
                pledge.ended_at,
            )

    def _pledged(self, random: Random) -> Iterator["_Pledged"]:
        """Two on every eighth certificate, the first of which is over now and then."""
        own = Random(random.random())
        for place in range(self.certificates // PER_PLEDGE):
            placed_at = self.now - own.randrange(10 * DAY, 200 * DAY)
            sequence = place % 2 + 1
            is_over = sequence == 1 and own.random() < PAID
            yield _Pledged(
                place=place,
                certificate=place // 2 * 2 * PER_PLEDGE,
                lender=identifier(Kind.PARTY, own.randrange(LENDERS)),
                sequence=sequence,
                placed_at=placed_at,
                matures_at=placed_at + own.randrange(300 * DAY, 900 * DAY),
                ended_at=placed_at + DAY if is_over else None,
            )


@dataclass(frozen=True, slots=True)
class _Pledged:
    place: int
    certificate: int
    lender: str
    sequence: int
    placed_at: int
    matures_at: int
    ended_at: int | None


def identifier(kind: Kind, place: int) -> str:
    """Spread like random ones, and yet known from the place."""
    return f"{kind}_{place * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"


def made_up(certificates: int, now: datetime) -> MadeUp:
    return MadeUp(certificates, (now - EPOCH) // MICROSECOND)


_PARTY = ("id", "kind", "name", "name_en", "uscc", "region", "roles", "registered_at")
_MEMBER = ("id", "party_id", "subject", "roles", "admitted_at", "dismissed_at")
_CERTIFICATE = (
    "id",
    "number",
    "application_id",
    "holder_id",
    "product_name",
    "kind",
    "industry",
    "content_hash",
    "profile",
    "status",
    "issued_at",
    "valid_until",
    "source_authorised_until",
    "version",
    "ended_at",
    "ended_because",
)
_OFFER = (
    "id",
    "certificate_id",
    "kind",
    "name",
    "description",
    "begins_at",
    "ends_at",
    "territories",
    "fields_of_use",
    "price_minor",
    "price_currency",
    "status",
    "published_at",
    "withdrawn_at",
)
_PLEDGE = (
    "id",
    "certificate_id",
    "pledgor_id",
    "pledgee_id",
    "amount_minor",
    "currency",
    "matures_on",
    "status",
    "placed_at",
    "sequence",
    "registered_at",
    "ended_at",
    "release_reason",
)
_ENCUMBRANCE = (
    "id",
    "certificate_id",
    "kind",
    "instrument_id",
    "protects",
    "since",
    "until",
    "territories",
    "fields_of_use",
    "lifted_at",
)
