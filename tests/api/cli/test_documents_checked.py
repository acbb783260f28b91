"""`datatitle doctor` on documents: their place, and those that came last."""

import json
import shutil

import pytest

from tests.conftest import on_sqlite

pytestmark = on_sqlite


@pytest.fixture
def documents(sample):
    return sample / "documents"


@pytest.fixture
def found(datatitle):
    """What the doctor says of the documents: level and sentence."""

    def run(**changes):
        checks = json.loads(datatitle("doctor", "--json", **changes).stdout)["checks"]
        (told,) = (check for check in checks if check["subject"] == "documents")
        return told["level"], told["found"]

    return run


def test_documents_that_are_all_there(found, documents):
    assert found() == ("ok", f"{documents} can be used, and holds the newest 20.")


def test_a_copy_of_the_documents_that_is_older_than_the_database(found, documents):
    shutil.rmtree(documents)
    documents.mkdir()
    level, sentence = found()
    assert (level, sentence.split(", ")[0]) == ("fault", f"{documents} lacks 20 of the newest 20")


@pytest.mark.usefixtures("sample")
def test_a_store_that_cannot_be_reached(found, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    level, sentence = found(DATATITLE_DOCUMENTS="s3://register/documents")
    assert (level, sentence.split(": ")[0]) == (
        "fault",
        "s3://register/documents cannot be used",
    )


@pytest.mark.usefixtures("sample")
def test_an_address_that_is_none(found):
    assert found(DATATITLE_DOCUMENTS="az://documents")[0] == "fault"
