"""What kind of document some bytes are, and that no bytes at all are a fault."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.content import MediaType, media_type_of

MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 0, 0, 0, 0)
    + struct.pack(">I", zlib.crc32(struct.pack(">4sIIBBBBB", b"IHDR", 1, 1, 8, 0, 0, 0, 0)))
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"


def package(members, compression=zipfile.ZIP_DEFLATED, comment=b""):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.comment = comment
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def word_members(main_type=MAIN_TYPE, **more):
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{main_type}"/></Types>'
    return {"[Content_Types].xml": types, "word/document.xml": "<w:document/>", **more}


def kind_of(content):
    return media_type_of(io.BytesIO(content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n%%EOF", MediaType.PDF),
        (PNG, MediaType.PNG),
        (JPEG, MediaType.JPEG),
        (package(word_members()), MediaType.DOCX),
        (package(word_members(), zipfile.ZIP_STORED), MediaType.DOCX),
        (b"a", MediaType.TEXT),
        ("数据产品\t摘要\r\n\f".encode(), MediaType.TEXT),
        (b"\xef\xbb\xbfwith a mark", MediaType.TEXT),
        (b"BM is how this sentence and a picture begin", MediaType.TEXT),
        (b"a" * 65_535 + "据".encode(), MediaType.TEXT),
    ],
)
def test_an_accepted_document_is_known_by_its_bytes(content, kind):
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\x01\x00\x01\x00",
        b"\x7fELF\x02\x01\x01\x00",
        b"MZ\x90\x00\x03",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"text with a \x00 in it",
        b"text with an \x1b[31m escape",
        b"text with a \x7f",
        "text with a \x85".encode(),
        "数据".encode("gb18030"),
        "text".encode("utf-16"),
        "cut 据".encode()[:-1],
        b"a" * 200_000 + b"\xff",
        b"a" * 200_000 + b"\x00",
    ],
)
def test_any_other_bytes_are_no_document(content):
    assert kind_of(content) is None


WORD = package(word_members())
DIRECTORY = WORD.index(b"PK\x01\x02")
ZIP64_LOCATOR = b"PK\x06\x07" + bytes(16)


@pytest.mark.parametrize(
    "content",
    [
        package({"a.txt": "a"}),
        package({"word/document.xml": "<w:document/>"}),
        package({"[Content_Types].xml": MAIN_TYPE}),
        package(word_members(SHEET_TYPE)),
        package(word_members(MACRO_TYPE)),
        package(word_members(**{"word/vbaProject.bin": "macro"})),
        package(word_members(), comment=b"a comment"),
        package(word_members(**{f"{n}.xml": "" for n in range(20_000)})),
        package(word_members(**{"[Content_Types].xml": MAIN_TYPE + " " * 2_000_000})),
        WORD[:-1],
        WORD[:40],
        WORD + b"\x00",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\x00" * 1_000,
        WORD[:DIRECTORY] + WORD[-22:],
        WORD[:-22] + ZIP64_LOCATOR + WORD[-22:],
        WORD[: DIRECTORY + 8] + b"\x01" + WORD[DIRECTORY + 9 :],
    ],
    ids=[
        "no Word document",
        "without content types",
        "without a document",
        "a sheet",
        "a document with macros",
        "macros beside a document",
        "a comment",
        "too many members",
        "content types without end",
        "cut by a byte",
        "cut to a head",
        "a byte after the end",
        "only a mark",
        "zeros",
        "without directory",
        "zip64",
        "encrypted",
    ],
)
def test_a_zip_file_that_is_no_plain_word_document_is_none(content):
    assert kind_of(content) is None


def test_a_document_that_unpacks_to_half_a_gigabyte_is_none():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in word_members().items():
            archive.writestr(name, content)
        with archive.open("word/media/image1.bmp", "w") as member:
            for _ in range(513):
                member.write(bytes(1024 * 1024))
    assert len(file.getvalue()) < 1_000_000
    assert media_type_of(file) is None


def test_members_that_share_their_bytes_are_none():
    """A bomb of another kind: one run of bytes, named by many entries of the directory."""
    bulk = package(word_members(**{"word/media/a.bin": bytes(range(256)) * 40}), zipfile.ZIP_STORED)
    assert kind_of(bulk) is MediaType.DOCX
    end = bulk[-22:]
    start = struct.unpack_from("<L", end, 16)[0]
    directory = bulk[start:-22]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    copies = [last.replace(b"media/a.bin", b"media/%c.bin" % letter) for letter in b"bcdef"]
    grown = directory + b"".join(copies)
    new_end = end[:8] + struct.pack("<2HL", 8, 8, len(grown)) + end[16:]
    assert kind_of(bulk[:start] + grown + new_end) is None


@given(st.data())
def test_a_word_document_damaged_anywhere_is_one_or_none_and_never_a_fault(data):
    damaged = bytearray(WORD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    assert kind_of(bytes(damaged)) in {MediaType.DOCX, None}


@given(st.binary(max_size=64), st.sampled_from([b"", b"PK\x03\x04", b"%PDF", b"\x89PNG\r\n"]))
def test_random_bytes_are_never_a_fault(tail, head):
    assert kind_of(head + tail) in {None, *MediaType}
