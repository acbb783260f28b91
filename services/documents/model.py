"""Documents: what a party has deposited, named by its hash."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from services.documents.content import MediaType

__all__ = ["Document", "DocumentReceived", "GrantedUpload", "MediaType", "Upload"]

SUFFIXES = {
    MediaType.PDF: (".pdf",),
    MediaType.DOCX: (".docx",),
    MediaType.PNG: (".png",),
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.TEXT: (".txt",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedUpload:
    """Leave to bring one document of at most `limit` bytes until `expires_at`."""

    permit: str
    expires_at: datetime
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A document on its way. `announced_size` in bytes, 0 when nobody has announced one."""

    name: str
    content: AsyncIterator[bytes]
    announced_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReceived:
    """A document that has come whole. `media_type` is None for what the register cannot tell.

    `size` in bytes, `sha256` in lower-case hex.
    """

    name: str
    sha256: str
    size: int
    media_type: MediaType | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document on the register, deposited by a party. Its bytes never change."""

    id: str
    depositor_id: str
    name: str
    media_type: MediaType
    size: int
    sha256: str
    received_at: datetime

    @property
    def file_name(self) -> str:
        """The name to save it under: ends as its kind does, so that no text becomes a program."""
        suffixes = SUFFIXES[self.media_type]
        has_one = self.name.lower().endswith(suffixes)
        return self.name if has_one else self.name + suffixes[0]
