"""Documents, well formed unless you say otherwise, and the bytes of one of each kind."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from services.documents.actions import receive_document
from services.documents.model import Document, DocumentReceived, MediaType, Upload
from tests.founding import a_key

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
TEXT = "数据产品说明\n".encode()
MAIN_PART = f"{MediaType.DOCX}.main+xml"


def a_word_file(*, more: dict[str, bytes] | None = None, unpacks_to: int | None = None) -> bytes:
    """A DOCX with the two parts it needs, and `more` parts by their names.

    `unpacks_to` is the size in bytes it claims for its text.
    """
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{MAIN_PART}"/></Types>'
    needed = {"[Content_Types].xml": types.encode(), "word/document.xml": b"<w:document/>"}
    return a_zip_file(needed | (more or {}), unpacks_to)


def a_zip_file(members: dict[str, bytes], unpacks_to: int | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
        last = package.infolist()[-1]
        last.file_size = unpacks_to or last.file_size
    return file.getvalue()


def a_document(**changes):
    facts = {
        "id": "document_1",
        "depositor_id": "party_1",
        "name": "说明.pdf",
        "media_type": MediaType.PDF,
        "size": len(PDF),
        "sha256": "ab" * 32,
        "received_at": datetime(2026, 1, 5, 2, 0, tzinfo=UTC),
    }
    return Document(**(facts | changes))


def a_receipt(**changes):
    facts = {
        "name": "说明.pdf",
        "sha256": "ab" * 32,
        "size": len(PDF),
        "media_type": MediaType.PDF,
    }
    return DocumentReceived(**(facts | changes))


def an_upload(*chunks: bytes, name: str = "说明.pdf", announced_size: int = 0) -> Upload:
    """What brings these chunks one after another; a PDF when none is given."""
    return Upload(name=name, content=_stream(chunks or (PDF,)), announced_size=announced_size)


async def deposit_document(registry, actor, content=PDF, *, name="说明.pdf") -> Document:
    """A document of the actor's, through the act."""
    return await receive_document(registry, actor, an_upload(content, name=name), a_key())


async def _stream(chunks: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
