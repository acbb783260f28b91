"""Documents: what a thing answers about itself."""

import pytest

from services.documents.model import MediaType
from tests.builders.documents import a_document


@pytest.mark.parametrize(
    ("name", "media_type", "file_name"),
    [
        ("说明.pdf", MediaType.PDF, "说明.pdf"),
        ("说明", MediaType.DOCX, "说明.docx"),
        ("Chart.PNG", MediaType.PNG, "Chart.PNG"),
        ("photo.jpeg", MediaType.JPEG, "photo.jpeg"),
        ("run.bat", MediaType.TEXT, "run.bat.txt"),
        ("page.html", MediaType.TEXT, "page.html.txt"),
    ],
)
def test_a_document_is_saved_under_a_name_of_its_own_kind(name, media_type, file_name):
    assert a_document(name=name, media_type=media_type).file_name == file_name
