"""The server as an operator starts and stops it."""

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

from tests.conftest import on_sqlite

# What is served by processes on a server is tried in tests/cluster.
pytestmark = on_sqlite

RUN = [sys.executable, "-c", "from api.cli import main; main()"]
SECONDS = 30


@contextmanager
def started(environment, *arguments):
    """A server, once it has said where it is; it is told to stop at the end."""
    server = subprocess.Popen(
        [*RUN, "serve", "--port", "0", *arguments],
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if line.startswith("Stop with"):
                break
        (address,) = [line.split()[1] for line in lines if line.startswith("GraphQL ")]
        yield server, address, "".join(lines)
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        server.communicate(timeout=SECONDS)


def test_it_serves_what_it_says_and_stops_when_told(environment, sample):
    with started(environment, "--sample") as (server, address, printed):
        page = httpx.get(address.removesuffix("graphql") + "graphiql/", trust_env=False)
        query = {"query": "{ certificates { totalCount } }"}
        answer = httpx.post(address, json=query, trust_env=False)
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=SECONDS)

    assert page.status_code == 200
    assert answer.json() == {"data": {"certificates": {"totalCount": 40}}}
    assert str(sample) in printed
    assert "Loading the sample register" not in printed
    assert server.returncode == 0
    assert rest.strip() == "Stopped. Everything is kept."


@pytest.mark.usefixtures("sample")
def test_the_demo_finds_the_server_of_its_data_folder_and_plays_on_it(environment, datatitle):
    with started(environment) as (_, address, _):
        port = str(httpx.URL(address).port)
        told = datatitle("demo", "--plain", DATATITLE_PORT=port)

    assert told.exit_code == 0
    assert told.stdout.lstrip().startswith(f"Playing on the server at http://127.0.0.1:{port}")
    assert told.stdout.endswith("Every step came out as told.\n")


def test_without_the_sample_an_empty_register_is_served(environment, data):
    with started(environment) as (_, address, printed):
        query = {"query": "{ certificates { totalCount } }"}
        answer = httpx.post(address, json=query, trust_env=False)

    assert answer.json() == {"data": {"certificates": {"totalCount": 0}}}
    assert "found-office" in printed
    assert (data / "register.sqlite3").exists()


def test_a_busy_port_is_said_in_one_line_and_nothing_is_made(datatitle, data):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = datatitle("serve", "--sample", "--port", port)

    assert told.exit_code == 1
    assert told.stdout == ""
    assert told.stderr.startswith(f"datatitle: cannot listen on 127.0.0.1 port {port} (")
    assert told.stderr.count("\n") == 1
    assert not data.exists()


def test_a_folder_with_something_else_in_it_is_left_alone(datatitle, data):
    data.mkdir()
    (data / "letter.txt").write_text("mine")

    told = datatitle("serve", "--sample", "--port", "0")

    assert told.exit_code == 1
    assert "is not empty and holds no register" in told.stderr
    assert [path.name for path in data.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("DATATITLE_DATABASE_URL", "sqlite+aiosqlite:///{}/other.sqlite3"),
        ("DATATITLE_GUARD", "{}/guard"),
        ("DATATITLE_LEDGER_FILES", "{}/ledger"),
    ],
)
def test_the_sample_goes_into_the_data_folder_only(datatitle, tmp_path, name, place):
    told = datatitle("serve", "--sample", "--port", "0", **{name: place.format(tmp_path)})

    assert told.exit_code == 2
    assert name in told.stderr
