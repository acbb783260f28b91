"""Rules of chapter 2: what documents the register takes, and who may put them to use."""

from services.actors import Actor
from services.documents.model import Document, DocumentReceived
from services.general import LONGEST_NAME, require_text
from services.refusals import Refusal, RefusalCode, collect, require


def refusals_to_receive_document(received: DocumentReceived, limit: int) -> list[Refusal]:
    """Rule 2.1. A document has content, is of moderate size, and is of a kind known by content."""
    return collect(
        refusals_to_request_upload(received.name),
        require("The document must not be empty.", received.size > 0, RefusalCode.DOCUMENT_EMPTY),
        require_moderate_size(received.size, limit),
        require(
            "The content must be PDF, DOCX without macros, PNG, JPEG or plain text in UTF-8.",
            received.media_type is not None or received.size == 0,
            RefusalCode.DOCUMENT_TYPE_NOT_ACCEPTED,
        ),
    )


def require_deposited_by(document: Document, actor: Actor, *path: str) -> list[Refusal]:
    """Rule 2.2. A party puts to use only what it has itself deposited."""
    return require(
        "A document must have been deposited by the party that puts it to use.",
        actor.acts_for(document.depositor_id),
        RefusalCode.NOT_THE_DEPOSITOR,
        path=path,
    )


def refusals_to_request_upload(name: str) -> list[Refusal]:
    """Rule 2.3. Any member may ask to bring a document that has a name."""
    return require_text(name, "name", longest=LONGEST_NAME)


def require_moderate_size(size: int, limit: int) -> list[Refusal]:
    """Rule 2.4. A document is no larger than the register takes."""
    return require(
        "The document must not be larger than the register takes.",
        size <= limit,
        RefusalCode.DOCUMENT_TOO_LARGE,
        found=f"more than {limit} bytes",
    )
