"""What kind of document some bytes are, told by the bytes alone and never by a name."""

import codecs
import io
import struct
import zipfile
import zlib
from enum import StrEnum
from typing import BinaryIO

import filetype

from services.general import CONTROL_CHARACTER

CHUNK_SIZE = 64 * 1024
HEAD_SIZE = 8 * 1024


class MediaType(StrEnum):
    """The kinds of documents that are accepted."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"


RECOGNISED_BY_THEIR_HEAD = frozenset({MediaType.PDF, MediaType.PNG, MediaType.JPEG})


def media_type_of(file: BinaryIO) -> MediaType | None:
    """The kind of the document in a seekable file; `None` for any other kind, or for nothing."""
    file.seek(0)
    head = file.read(HEAD_SIZE)
    if head.startswith(ZIP_MEMBER):
        return MediaType.DOCX if is_word_document(file) else None
    recognised = filetype.guess_mime(head)
    if recognised in RECOGNISED_BY_THEIR_HEAD:
        return MediaType(recognised)
    return MediaType.TEXT if head and is_plain_text(file) else None


def is_plain_text(file: BinaryIO) -> bool:
    """Whether the whole file is UTF-8 without control characters. Read in pieces."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK_SIZE):
            if CONTROL_CHARACTER.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


ZIP_MEMBER = b"PK\x03\x04"
# APPNOTE.TXT 4.3.16, the end of central directory record without a comment.
ZIP_END = struct.Struct("<4s4H2LH")
ZIP_END_MARK = b"PK\x05\x06"
ZIP64_LOCATOR_SIZE = 20
ZIP64_LOCATOR_MARK = b"PK\x06\x07"
LARGEST_DIRECTORY = 1024 * 1024
LARGEST_UNPACKED = 512 * 1024 * 1024
LARGEST_CONTENT_TYPES = 1024 * 1024
# Office Open XML, ECMA-376 part 1, section 11.3.10: what makes a package a Word document.
MAIN_PART = f"{MediaType.DOCX}.main+xml".encode()
NEEDED_MEMBERS = frozenset({"[Content_Types].xml", "word/document.xml"})
ENCRYPTED = 0x1
# All that `zipfile` raises over a broken or unusual file.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    ValueError,
    OSError,
    EOFError,
)


def is_word_document(file: BinaryIO) -> bool:
    """Whether a ZIP file is a Word document without macros that unpacks to a sane size.

    Nothing is unpacked but the list of content types, and its size is bounded first.
    """
    if not _has_moderate_directory(file):
        return False
    try:
        with zipfile.ZipFile(file) as package:
            return _is_word_package(package, packed_size=file.seek(0, io.SEEK_END))
    except UNREADABLE:
        return False


def _has_moderate_directory(file: BinaryIO) -> bool:
    """Looked at before `zipfile` is, which reads a directory of any size into memory."""
    size = file.seek(0, io.SEEK_END)
    if size < ZIP_END.size + ZIP64_LOCATOR_SIZE:
        return False
    file.seek(size - ZIP_END.size - ZIP64_LOCATOR_SIZE)
    locator, end = file.read(ZIP64_LOCATOR_SIZE), file.read(ZIP_END.size)
    mark, *_counts, directory_size, _offset, comment_size = ZIP_END.unpack(end)
    is_plain = mark == ZIP_END_MARK and comment_size == 0
    is_zip64 = locator.startswith(ZIP64_LOCATOR_MARK)
    return is_plain and not is_zip64 and directory_size <= LARGEST_DIRECTORY


def _is_word_package(package: zipfile.ZipFile, packed_size: int) -> bool:
    members = package.infolist()
    names = [member.filename for member in members]
    return (
        NEEDED_MEMBERS.issubset(names)
        and len(set(names)) == len(names)
        and not any(name.lower().endswith("vbaproject.bin") for name in names)
        and not any(member.flag_bits & ENCRYPTED for member in members)
        # Members that share their bytes would add up to more than the file.
        and sum(member.compress_size for member in members) <= packed_size
        and sum(member.file_size for member in members) <= LARGEST_UNPACKED
        and package.getinfo("[Content_Types].xml").file_size <= LARGEST_CONTENT_TYPES
        and MAIN_PART in package.read("[Content_Types].xml")
    )
