"""What may be read of documents: by the depositor, the office, and whom they were opened to."""

import sqlalchemy as sa

from services.documents.store import document_readers, documents
from services.views import Asking, Condition, View


def _is_reader(asking: Asking) -> Condition:
    return sa.exists().where(
        document_readers.c.document_id == documents.c.id,
        asking.is_party(document_readers.c.party_id),
    )


DOCUMENT = View(
    name="Document",
    source=documents,
    fields={
        "id": documents.c.id,
        "depositor_id": documents.c.depositor_id,
        "name": documents.c.name,
        "media_type": documents.c.media_type,
        "size": documents.c.size,
        "sha256": documents.c.sha256,
        "received_at": documents.c.received_at,
    },
    visible=lambda asking: sa.or_(
        asking.is_party(documents.c.depositor_id), asking.is_of_the_office(), _is_reader(asking)
    ),
    order=("received_at", "id"),
)
