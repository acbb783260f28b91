"""Each command says what it is for, and what it cannot do, in one message."""

import pytest

COMMANDS = [
    ["serve"],
    ["demo"],
    ["token"],
    ["verify"],
    ["found-office"],
    ["ledger"],
    ["ledger", "audit"],
    ["ledger", "checkpoint"],
    ["ledger", "key"],
    ["ledger", "witness"],
    ["ledger", "rotate-key"],
    ["ledger", "freeze"],
    ["ledger", "succeed"],
    ["ledger", "erase"],
    ["ledger", "vacuum"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(datatitle, command):
    told = datatitle(*command, "--help")

    assert told.exit_code == 0
    usage, sentence = [line.strip() for line in told.stdout.splitlines() if line.strip()][:2]
    assert " ".join(command) in usage
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "command",
    [["serve"], ["token", "--as", "x", "--role", "lender"], ["ledger", "key"], ["demo"]],
    ids=" ".join,
)
def test_bad_settings_are_one_message_and_exit_2(datatitle, command):
    told = datatitle(*command, DATATITLE_PORT="many", DATATITLE_FOO="1")

    assert told.exit_code == 2
    assert told.stdout == ""
    assert told.stderr.splitlines() == [
        "datatitle: These settings cannot be used:",
        "  DATATITLE_FOO: there is no such setting",
        "  DATATITLE_PORT: must be a port from 0 to 65535",
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["token", "--as", "x", "--role", "lender"],
        ["ledger", "audit"],
        ["ledger", "checkpoint"],
        ["ledger", "key"],
        ["ledger", "rotate-key"],
        ["ledger", "freeze", "--next", "x/2", "--yes"],
        ["ledger", "succeed", "--origin", "x/2", "--yes"],
        ["ledger", "erase", "x", "0", "y", "--yes"],
        ["ledger", "vacuum"],
    ],
    ids=" ".join,
)
def test_without_a_register_nothing_is_made(datatitle, data, command):
    told = datatitle(*command)

    assert told.exit_code == 1
    assert "there is no register in" in told.stderr
    assert not data.exists()


def test_an_office_is_founded_once(datatitle):
    first = datatitle("found-office", "--name", "My Office", "--registrar", "li.wei")
    second = datatitle("found-office", "--name", "Other Office", "--registrar", "li.wei")
    token = datatitle("token", "--as", "My Office", "--role", "registrar")

    assert first.exit_code == 0
    assert "My Office is founded: party_" in first.stdout
    assert second.exit_code == 1
    assert "A register is founded once" in second.stderr
    assert token.stdout.count(".") == 2
