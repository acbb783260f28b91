"""Tokens for the members of the sample register."""

import jwt
import pytest

from tests.conftest import on_sqlite

# Tokens have nothing to do with the database.
pytestmark = on_sqlite

pytestmark = pytest.mark.usefixtures("sample")


def claims_in(token):
    return jwt.decode(token.strip(), options={"verify_signature": False})


@pytest.mark.parametrize("party", ["样例银行", "Lender A (sample)"])
def test_a_token_is_printed_and_nothing_else(datatitle, party):
    told = datatitle("token", "--as", party, "--role", "lender")

    claims = claims_in(told.stdout)
    assert (claims["sub"], claims["role"]) == ("sample-lender-1", "LENDER")
    assert claims["party"].startswith("party_")
    assert (told.exit_code, told.stderr, told.stdout.count("\n")) == (0, "", 1)


def test_a_party_can_be_named_by_its_credit_code_and_by_its_id(datatitle):
    by_code = datatitle("token", "--as", "91000000000000000K", "--role", "REGISTRANT").stdout
    payload = claims_in(by_code)
    by_id = datatitle("token", "--as", payload["party"], "--role", "registrant").stdout
    again = claims_in(by_id)

    assert (payload["sub"], payload["exp"] - payload["iat"]) == ("sample-company", 12 * 3600)
    assert (again["sub"], again["party"]) == (payload["sub"], payload["party"])


def test_the_hours_can_be_chosen(datatitle):
    told = datatitle("token", "--as", "样例银行", "--role", "lender", "--hours", "0.5").stdout
    payload = claims_in(told)
    assert payload["exp"] - payload["iat"] == 1800


@pytest.mark.parametrize(
    ("party", "role", "more", "fault"),
    [
        ("nobody", "lender", [], "there is no party nobody on the register"),
        ("样例银行", "king", [], "there is no role king: say one of registrant, examiner,"),
        (
            "样例银行",
            "exchange",
            [],
            "样例银行 is not admitted as exchange; it is admitted as lender",
        ),
        (
            "样例登记机构",
            "examiner",
            [],
            "several act for 样例登记机构: say which with --subject: sample-examiner-1, ",
        ),
        (
            "样例登记机构",
            "registrar",
            ["--subject", "sample-examiner-1"],
            "sample-examiner-1 does not act for 样例登记机构 as registrar",
        ),
    ],
)
def test_who_is_meant_must_be_clear(datatitle, party, role, more, fault):
    told = datatitle("token", "--as", party, "--role", role, *more)

    assert told.exit_code == 1
    assert told.stdout == ""
    assert told.stderr.startswith(f"datatitle: {fault}")


def test_where_an_outside_provider_signs_no_token_is_made(datatitle):
    told = datatitle(
        *("token", "--as", "样例银行", "--role", "lender"),
        DATATITLE_JWKS_URL="https://id.example.com/keys",
        DATATITLE_ISSUER="https://id.example.com",
        DATATITLE_AUDIENCE="datatitle",
    )

    assert told.exit_code == 1
    assert "come from the provider at https://id.example.com" in told.stderr
