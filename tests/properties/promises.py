"""What must hold of the database after every act, whatever the act was.

Each promise in SQL selects what breaks it. Instants are microseconds since 1970 UTC.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from services.actors import Actor
from services.certificates.views import CERTIFICATE
from services.licensing.views import LICENSE, OFFER
from services.listings.views import LISTING
from services.pledges.views import PLEDGE
from services.reading.records import read_page
from services.registry import Registry
from services.views import LARGEST_PAGE, Record, View
from tests.properties.book import FALLS_DUE, Book
from tests.properties.extents import extent
from tests.properties.paper import Paper

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LASTS_UNTIL = """CASE WHEN source_authorised_until < valid_until
    THEN source_authorised_until ELSE valid_until END"""

ACTS_THAT_A_PLEDGE_CLOSES = """
    SELECT certificate_id, id,
           CASE kind WHEN 'NON_EXCLUSIVE' THEN 'LICENSE' ELSE 'LICENSE_EXCLUSIVELY' END AS name,
           granted_at AS at, licensee_id AS other, price_minor AS price FROM licenses
    UNION ALL SELECT certificate_id, id, 'PUBLISH_OFFER', published_at, NULL, price_minor
           FROM offers
    UNION ALL SELECT certificate_id, id, 'LIST_FOR_' || mode, listed_at, exchange_id, NULL
           FROM listings WHERE listed_at IS NOT NULL
    UNION ALL SELECT certificate_id, id, 'PLACE_PLEDGE', registered_at, pledgee_id, NULL
           FROM pledges WHERE registered_at IS NOT NULL
    UNION ALL SELECT id, id, 'CANCEL', ended_at, NULL, NULL
           FROM certificates WHERE status = 'CANCELLED'
"""

PROMISES = {
    "The ledger counts its events without a gap.": """
        SELECT count(*) FROM ledger_entry HAVING count(*) <> max(idx) + 1 OR min(idx) <> 0
    """,
    "Every subject counts its events without a gap.": """
        SELECT subject FROM ledger_entry WHERE kind = 'event' GROUP BY subject
        HAVING count(*) <> max(number) + 1 OR min(number) <> 0
    """,
    "The version of a certificate is the number of its events.": """
        SELECT number FROM certificates
        WHERE version <> (SELECT count(*) FROM ledger_entry WHERE subject = certificates.number)
    """,
    "An application has one certificate at most.": """
        SELECT application_id FROM certificates GROUP BY application_id HAVING count(*) > 1
    """,
    "Only a registered application has a certificate, and each of them has.": """
        SELECT id FROM applications
        WHERE (status = 'REGISTERED') <> (id IN (SELECT application_id FROM certificates))
    """,
    "What a pledge closes is done with the pledgee's consent alone.": f"""
        WITH act AS ({ACTS_THAT_A_PLEDGE_CLOSES})
        SELECT act.id, pledge.id FROM act JOIN pledges AS pledge USING (certificate_id)
        JOIN encumbrances AS burden ON burden.instrument_id = pledge.id
        WHERE act.id <> pledge.id AND pledge.registered_at < act.at
          AND (pledge.ended_at IS NULL OR act.at < pledge.ended_at)
          AND NOT EXISTS (
            SELECT 1 FROM consents AS consent
            WHERE consent.encumbrance_id = burden.id AND consent.given_by = pledge.pledgee_id
              AND consent.operation = act.name AND consent.given_at < act.at
              AND (consent.until IS NULL OR act.at < consent.until)
              AND (consent.revoked_at IS NULL OR act.at < consent.revoked_at)
              AND (consent.counterparty_id IS NULL OR consent.counterparty_id = act.other)
              AND (consent.lowest_price_minor IS NULL OR consent.lowest_price_minor <= act.price)
              AND (consent.standing
                OR (consent.consumed_by, consent.consumed_at) = (act.id, act.at)))
    """,
    "Pledges on a certificate stand in the order of their registration, none beside another.": """
        SELECT a.id, b.id FROM pledges AS a JOIN pledges AS b USING (certificate_id)
        WHERE a.id < b.id AND a.sequence IS NOT NULL AND b.sequence IS NOT NULL
          AND (a.sequence = b.sequence
            OR (a.sequence < b.sequence) <> (a.registered_at < b.registered_at))
    """,
    "No license was granted beyond the certificate's effect.": f"""
        SELECT license.id FROM licenses AS license
        JOIN certificates ON certificates.id = license.certificate_id
        WHERE license.ends_at > {LASTS_UNTIL} OR license.granted_at >= {LASTS_UNTIL}
          OR license.granted_at > coalesce(ended_at, license.granted_at)
    """,
    "No pledge was registered for a debt that outlives its collateral.": f"""
        SELECT pledge.id FROM pledges AS pledge
        JOIN certificates ON certificates.id = pledge.certificate_id
        WHERE pledge.registered_at IS NOT NULL AND ({FALLS_DUE} > {LASTS_UNTIL}
          OR pledge.registered_at > coalesce(certificates.ended_at, pledge.registered_at))
    """,
    "Nothing was granted, registered or shown while a freeze was in force.": """
        SELECT act.id FROM freezes JOIN (
          SELECT certificate_id, id, granted_at AS at FROM licenses
          UNION ALL SELECT certificate_id, id, published_at FROM offers
          UNION ALL SELECT certificate_id, id, registered_at FROM pledges
          UNION ALL SELECT certificate_id, id, listed_at FROM listings
          UNION ALL SELECT id, id, ended_at FROM certificates WHERE status = 'CANCELLED'
        ) AS act USING (certificate_id)
        WHERE placed_at < act.at AND act.at < coalesce(lifted_at, act.at + 1) AND act.at < until
    """,
}


def broken_promises(book: Book) -> dict[str, list]:
    """Every sentence that does not hold, with the rows that break it."""
    found = {sentence: book.rows(query) for sentence, query in PROMISES.items()}
    found["No two licenses that are in force conflict."] = _conflicts(book)
    return {sentence: rows for sentence, rows in found.items() if rows}


def _conflicts(book: Book) -> list[tuple[str, str]]:
    query = """
        SELECT certificate_id, id, kind, begins_at, ends_at, territories, fields_of_use
        FROM licenses WHERE status = 'ACTIVE'
    """
    by_certificate = defaultdict(list)
    for certificate_id, key, kind, begin, end, *names in book.rows(query):
        reach = extent(instant(begin), instant(end), *(set(n.split(",")) - {""} for n in names))
        by_certificate[certificate_id].append((key, kind, reach))
    return [
        (one[0], other[0])
        for granted in by_certificate.values()
        for one, other in combinations(granted, 2)
        if {one[1], other[1]} != {"NON_EXCLUSIVE"} and one[2].meets(other[2])
    ]


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


# The views with no more than what is compared: they are read after every step.
TOLD = {
    "Certificate": ("effective_status", "effective_end"),
    "Offer": ("effective_status", "grantable"),
    "License": ("effective_status", "effective_end"),
    "Pledge": ("status", "rank"),
    "Listing": ("status",),
}


def _narrowed(view: View) -> View:
    names = {"id", "certificate_id", *view.order, *TOLD[view.name]}
    return replace(view, fields={n: f for n, f in view.fields.items() if n in names})


NARROWED = [_narrowed(view) for view in (CERTIFICATE, OFFER, LICENSE, PLEDGE, LISTING)]


async def read_views(registry: Registry, office: Actor) -> dict[str, dict[str, Record]]:
    """What the office reads, all in one snapshot: by the name of the view, then by id."""
    async with registry.reading() as tx:

        async def read(view: View) -> dict[str, Record]:
            page = await read_page(tx, office, view, first=LARGEST_PAGE)
            assert not page.has_next, f"more of {view.name} than one page shows"
            return {record["id"]: record for record in page.records}

        return {view.name: await read(view) for view in NARROWED}


def broken_by_views(seen: dict[str, dict[str, Record]]) -> list[str]:
    """The ids of licenses that outlast their certificate, and of listings shown against the rule.

    A certificate is shown only while it is in force and nothing has frozen it.
    """
    titles = seen["Certificate"]
    outlasting = [
        granted["id"]
        for granted in seen["License"].values()
        if granted["effective_end"] > titles[granted["certificate_id"]]["effective_end"]
    ]
    shown = [listing for listing in seen["Listing"].values() if listing["status"] == "LISTED"]
    return outlasting + [
        listing["id"]
        for listing in shown
        if titles[listing["certificate_id"]]["effective_status"] != "ACTIVE"
    ]


def told_by_views(seen: dict[str, dict[str, Record]]) -> dict[str, tuple]:
    """By id, what time and other records make of each record."""
    return {
        key: tuple(record[name] for name in TOLD[view])
        for view, records in seen.items()
        for key, record in records.items()
    }


def told_on_paper(paper: Paper, now: datetime) -> dict[str, tuple]:
    """The same from the paper."""
    ranks = {
        pledge.id: rank
        for title in paper.titles
        for rank, pledge in enumerate(paper.ranks(title), start=1)
    }
    return (
        {title.id: (title.status(now), title.end) for title in paper.titles}
        | {o.id: (o.status(now), paper.is_grantable(o, now)) for o in paper.offers}
        | {granted.id: (granted.status(now), granted.end) for granted in paper.licenses}
        | {pledge.id: (pledge.status(now), ranks.get(pledge.id)) for pledge in paper.pledges}
        | {listing.id: (paper.status_of(listing, now),) for listing in paper.listings}
    )
