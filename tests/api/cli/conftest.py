"""The command as an operator runs it, on a data folder of its own."""

import os

import pytest
from typer.testing import CliRunner

from api.cli import app

OURS = {name for name in os.environ if name.startswith("DATATITLE_")}


@pytest.fixture
def data(tmp_path):
    """Where the data folder would be; it is not there yet."""
    return tmp_path / "data"


@pytest.fixture
def installed(data, sample_register, databases, monkeypatch):
    """The sample register, for every command of this test."""
    copy = sample_register.copied_to(data, databases)
    for name, value in copy.environment.items():
        monkeypatch.setenv(name, value)
    yield copy
    databases.drop(copy.database)


@pytest.fixture
def sample(installed):
    """A data folder with the sample register."""
    return installed.data


@pytest.fixture
def database(installed):
    """The address of its database."""
    return installed.database


@pytest.fixture
def environment(data, request):
    """For a process of its own, with nothing chosen but where the register is."""
    if "sample" in request.fixturenames:
        request.getfixturevalue("sample")
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"DATATITLE_DATA": str(data)}


@pytest.fixture
def datatitle(data, monkeypatch):
    """Run the command to its end, in this process; what it raises is raised."""
    for name in OURS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATATITLE_DATA", str(data))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments, **changes):
        return CliRunner().invoke(app, arguments, env=changes, catch_exceptions=False)

    return run
