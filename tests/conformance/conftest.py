"""A sealed log, exported once, and copies of it with one thing wrong."""

import asyncio
import shutil
import socket

import pytest

from tests.conformance.damaging import DAMAGES
from tests.conformance.s3_server import BUCKET
from tests.conformance.sealed_log import export_sealed_log

# Each is closed by a state leaf: checkpoints at 2, 4, 8, 129, 256, 258, 509 and 700.
EVENTS = (1, 1, 3, 120, 126, 1, 250, 190)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    return asyncio.run(export_sealed_log(tmp_path_factory.mktemp("sealed"), EVENTS))


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__)
def damaged(request, tmp_path, exported):
    folder = shutil.copytree(exported, tmp_path / "damaged")
    request.param(folder)
    return folder


@pytest.fixture
def port():
    """Where a server of S3 may listen."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def store_address(port, monkeypatch):
    """The bucket of that server, which this process finds when it runs."""
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}"
