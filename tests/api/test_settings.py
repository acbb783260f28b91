"""The environment, read once."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.settings import BadSettings, Settings, read_settings
from services.limits import Limits

PROVIDER = {
    "DATATITLE_JWKS_URL": "https://provider.example/keys",
    "DATATITLE_ISSUER": "https://provider.example",
    "DATATITLE_AUDIENCE": "register",
}


def test_an_empty_environment_is_the_embedded_default():
    assert read_settings({}) == Settings(
        data=Path("data"),
        database_url="sqlite+aiosqlite:///data/register.sqlite3",
        host="127.0.0.1",
        port=8000,
        issuer="datatitle",
        audience="datatitle",
        jwks_url=None,
        log_origin="datatitle.local/log",
        upload_limit=20 * 1024 * 1024,
        graphiql=True,
        guard=Path("data/guard/log"),
        witnesses=None,
        heartbeat=timedelta(minutes=10),
        witness_for=None,
        signers=(),
        documents=Path("data/documents"),
        ledger_files=Path("data/ledger"),
        ledger_mirror=None,
        workers=1,
        session_url=None,
        seals=True,
        connections=Limits().connections,
        lock_timeout=timedelta(seconds=5),
        statement_timeout=timedelta(seconds=15),
        stop_timeout=timedelta(seconds=20),
    )


def test_the_database_lies_in_the_data_folder_unless_it_is_named():
    assert read_settings({"DATATITLE_DATA": "/register"}).database_url == (
        "sqlite+aiosqlite:////register/register.sqlite3"
    )


def test_keys_kept_elsewhere_stand_a_line_each():
    settings = read_settings({"DATATITLE_SIGNER": "log+1+A sign --slot 3\n\n log+2+B sign 4 \n"})
    assert settings.signers == ("log+1+A sign --slot 3", "log+2+B sign 4")


def test_what_needs_a_session_of_its_own_goes_past_the_pooler():
    pooled = {"DATATITLE_DATABASE_URL": "postgresql://pooler/register"}
    direct = {"DATATITLE_SESSION_URL": "postgresql://server/register"}

    assert read_settings(pooled).sessions_at == "postgresql://pooler/register"
    assert read_settings(pooled | direct).sessions_at == "postgresql://server/register"


def test_what_a_process_may_take_of_a_database_server_can_be_chosen():
    settings = read_settings(
        {
            "DATATITLE_CONNECTIONS": "3",
            "DATATITLE_LOCK_TIMEOUT": "4",
            "DATATITLE_STATEMENT_TIMEOUT": "5",
        }
    )
    assert settings.limits == Limits(3, timedelta(seconds=4), timedelta(seconds=5))
    assert read_settings({}).limits == Limits()


def test_an_empty_variable_is_as_good_as_none():
    assert read_settings({"DATATITLE_PORT": "", "PATH": "/bin"}) == read_settings({})


def test_an_outside_provider_takes_the_place_of_the_own_issuer():
    assert read_settings({}).has_own_issuer
    settings = read_settings(PROVIDER)
    assert not settings.has_own_issuer
    assert (settings.issuer, settings.audience) == ("https://provider.example", "register")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATATITLE_PORT", "http"),
        ("DATATITLE_PORT", "65536"),
        ("DATATITLE_PORT", "-1"),
        ("DATATITLE_UPLOAD_LIMIT", "0"),
        ("DATATITLE_UPLOAD_LIMIT", "20M"),
        ("DATATITLE_GRAPHIQL", "yes"),
        ("DATATITLE_DATABASE_URL", "mysql://register"),
        ("DATATITLE_JWKS_URL", "http://provider.example/keys"),
        ("DATATITLE_JWKS_URL", "https:///keys"),
        ("DATATITLE_JWKS_URL", "file:///etc/passwd"),
        ("DATATITLE_LEDGER_MIRROR", "ftp://mirror.example/ledger"),
        ("DATATITLE_WORKERS", "0"),
        ("DATATITLE_WORKERS", "many"),
        ("DATATITLE_SESSION_URL", "sqlite+aiosqlite:///register.sqlite3"),
        ("DATATITLE_SEALS", "perhaps"),
        ("DATATITLE_CONNECTIONS", "0"),
        ("DATATITLE_LOCK_TIMEOUT", "0"),
        ("DATATITLE_STATEMENT_TIMEOUT", "1.5"),
        ("DATATITLE_STOP_TIMEOUT", "-1"),
        ("DATATITLE_HEARTBEAT", "0"),
        ("DATATITLE_HEARTBEAT", "10m"),
        ("DATATITLE_SIGNER", "log.example/log+5c1cf01d+AQ"),
        ("DATATITLE_SIGNER", " "),
        ("DATATITLE_JWSK_URL", "https://provider.example/keys"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name, value):
    with pytest.raises(BadSettings) as bad:
        read_settings(PROVIDER | {name: value})
    assert [line.split(":")[0].strip() for line in str(bad.value).splitlines()[1:]] == [name]


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(BadSettings) as bad:
        read_settings(
            {
                "DATATITLE_PORT": "http",
                "DATATITLE_HOTS": "0.0.0.0",
                "DATATITLE_JWKS_URL": "https://provider.example/keys",
            }
        )
    assert str(bad.value) == (
        "These settings cannot be used:\n"
        "  DATATITLE_HOTS: there is no such setting\n"
        "  DATATITLE_PORT: must be a port from 0 to 65535\n"
        "  DATATITLE_ISSUER: must be set when DATATITLE_JWKS_URL is\n"
        "  DATATITLE_AUDIENCE: must be set when DATATITLE_JWKS_URL is"
    )


def test_keys_may_come_over_plain_http_from_this_machine_alone():
    address = "http://127.0.0.1:8080/keys"
    assert read_settings(PROVIDER | {"DATATITLE_JWKS_URL": address}).jwks_url == address
