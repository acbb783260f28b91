"""The clients that browsers use follow a running register: graphql-ws and graphql-sse.

`make conformance` installs both beforehand.
"""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.server_process import server_on

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / ".conformance" / "npm" / "node_modules"
CHANGES = """
query ($after: BigInt, $first: Int! = 100) {
  certificateChanges(after: $after, first: $first) {
    changes { sequence number event { number kind } certificate { productName } }
    next hasMore
  }
}"""
FOLLOWED = CHANGES.replace("query", "subscription", 1)


@pytest.fixture
def server(sample_folder, tmp_path):
    with server_on(shutil.copytree(sample_folder, tmp_path / "data")) as server:
        yield server


@pytest.fixture(params=["ws", "sse"])
def follow(request, server):
    """What a client was told, message by message, and how it ended."""

    def run(messages, query=FOLLOWED, **variables):
        with follower(request.param, server.address, messages, query, variables) as client:
            told, _ = client.communicate(timeout=60)
        *lines, end = told.splitlines()
        return [json.loads(line) for line in lines], end

    run.kind = request.param
    return run


def follower(kind, address, messages, query, variables):
    command = ["node", HERE / "npm" / "follow.js", kind, address, str(messages), query]
    environment = {**os.environ, "NODE_PATH": str(MODULES)}
    return subprocess.Popen(
        [*command, json.dumps(variables)], env=environment, stdout=subprocess.PIPE, text=True
    )


def asked(server, **variables):
    content = {"query": CHANGES, "variables": variables}
    answer = httpx.post(f"{server.address}/graphql", json=content, trust_env=False)
    return answer.json()["data"]["certificateChanges"]


def changes_in(told):
    return [change for each in told for change in each["data"]["certificateChanges"]["changes"]]


def test_a_client_is_told_everything_page_by_page(server, follow):
    told, end = follow(4, first=20)
    assert end == "ENOUGH"
    assert [len(changes_in([each])) for each in told] == [20] * 4
    assert changes_in(told) == asked(server, first=80)["changes"]


def test_a_client_goes_on_where_it_was(server, follow):
    begun, _ = follow(2, first=7)
    rest, _ = follow(1, first=50, after=begun[-1]["data"]["certificateChanges"]["next"])
    assert changes_in([*begun, *rest]) == asked(server, first=64)["changes"]


def test_a_query_comes_to_an_end(follow):
    told, end = follow(0, "{ certificates { totalCount } }")
    assert (told, end) == ([{"data": {"certificates": {"totalCount": 40}}}], "COMPLETE")


def test_what_cannot_be_run_is_said(follow):
    told, end = follow(0, "subscription { certificateChanges { nothing } }")
    errors = told[0]["errors"] if told else json.loads(end.removeprefix("REFUSED "))
    assert errors[0]["message"] == "Cannot query field 'nothing' on type 'CertificateChanges'."
    assert (end == "COMPLETE") == (follow.kind == "sse")


@pytest.mark.parametrize("kind", ["ws", "sse"])
def test_a_client_knows_a_server_that_stops_from_the_end(server, kind):
    with follower(kind, server.address, 0, FOLLOWED, {"first": 500}) as client:
        assert "certificateChanges" in client.stdout.readline()
        server.process.send_signal(signal.SIGTERM)
        end = client.stdout.read().strip()
    assert server.process.wait(timeout=30) in {0, -signal.SIGTERM}
    assert end.startswith("CUT OFF")
    assert ("1012" in end) == (kind == "ws")
