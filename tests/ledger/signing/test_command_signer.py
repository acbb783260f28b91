"""A key that stays in another program: openssl signs, and what it answers is checked."""

import subprocess
import sys

import pytest

from ledger.formats.keys import Algorithm, VerifyingKey
from ledger.formats.note import open_note
from ledger.formats.policy import NONE, Policy, TrustedLog
from ledger.formats.spelling import Malformed
from ledger.signing.command_signer import parse_command_signer
from ledger.signing.faults import NotSealedError
from tests.ledger.growing import ORIGIN, START, signed
from tests.ledger.sealing_log import LOG_KEY, ML_DSA_KEY, add_events, sealing_of

AT = int(START.timestamp())
TEXT = f"{ORIGIN}\n8\n{'A' * 43}=\n"
# It signs files only; a key of this kind signs the whole message at once.
SCRIPT = """#!/bin/sh -e
cat > "$0.message"
openssl pkeyutl -sign -inkey "$1" -rawin -in "$0.message"
"""


@pytest.fixture
def openssl(tmp_path):
    """The line of a setting that lets openssl sign with a key of its own making."""
    script, secret = tmp_path / "sign it", tmp_path / "log.pem"
    script.write_text(SCRIPT)
    script.chmod(0o700)
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", secret)
    public = run("openssl", "pkey", "-in", secret, "-pubout", "-outform", "DER")[-32:]
    vkey = VerifyingKey(ORIGIN, Algorithm.ED25519, public).vkey()
    return f"{vkey} '{script}' {secret}"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def program(code, key=LOG_KEY):
    return parse_command_signer(f"{key.verifying_key.vkey()} {sys.executable} -c '{code}'")


def test_openssl_signs_a_checkpoint(openssl):
    signer = parse_command_signer(openssl)
    note = signed(TEXT, signer)
    assert open_note(note, [signer.verifying_key]).text == TEXT


async def test_a_log_is_sealed_with_a_key_it_never_sees(openssl, engine, tmp_path):
    signer = parse_command_signer(openssl)
    sealing = sealing_of(engine, tmp_path, signers=[signer, ML_DSA_KEY])
    await add_events(sealing, 3)
    note = await sealing.seal()
    trust = Policy((TrustedLog(signer.verifying_key),), (), (), NONE)
    assert trust.open(note).checkpoint.tree_size == 4


def test_a_command_gets_the_very_bytes_that_are_signed():
    """Also with ML-DSA-44, whose message is more than the text; here the command has the seed."""
    code = (
        "import sys; from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey;"
        "key = MLDSA44PrivateKey.from_seed_bytes(bytes([2]) * 32);"
        "sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))"
    )
    signature = program(code, ML_DSA_KEY).sign(TEXT, AT)
    assert (signature.name, signature.key_id) == (ORIGIN, ML_DSA_KEY.verifying_key.id)
    assert ML_DSA_KEY.verifying_key.check(TEXT, signature.signature) == AT


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit(3)", "it ended with 3 and said: nothing"),
        (
            'import sys; sys.exit("The device is\\nlocked.")',
            "it ended with 1 and said: The device is locked.",
        ),
    ],
)
def test_a_command_that_fails_is_named_with_what_it_says(code, reason):
    with pytest.raises(NotSealedError) as told:
        program(code).sign(TEXT, AT)
    assert str(told.value) == (
        f"The command of DATATITLE_SIGNER did not sign: {reason}. Nothing is signed until it does."
    )


def test_a_command_that_is_not_there_is_named():
    signer = parse_command_signer(f"{LOG_KEY.verifying_key.vkey()} /nowhere/sign")
    with pytest.raises(NotSealedError, match="No such file or directory: '/nowhere/sign'"):
        signer.sign(TEXT, AT)


@pytest.mark.parametrize("answer", ["b''", "bytes(64)", "bytes(63)"])
def test_an_answer_that_is_no_signature_is_not_used(answer):
    code = f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer})".replace(
        "'", '"'
    )
    with pytest.raises(NotSealedError, match="is no signature of the key datatitle"):
        program(code).sign(TEXT, AT)


async def test_a_log_whose_command_fails_is_sealed_when_it_works_again(engine, tmp_path):
    broken = program("import sys; sys.exit(3)")
    sealing = sealing_of(engine, tmp_path, signers=[broken])
    await add_events(sealing, 3)
    for _ in range(2):
        with pytest.raises(NotSealedError, match="did not sign"):
            await sealing.seal()
    assert sealing.guard.read().size == 4
    sealing.quorum.signers = lambda: [LOG_KEY]
    assert f"{ORIGIN}\n4\n" in await sealing.seal()


@pytest.mark.parametrize(
    "line",
    [
        "",
        LOG_KEY.verifying_key.vkey(),
        f"{LOG_KEY.verifying_key.vkey()} ",
        f"{LOG_KEY.verifying_key.vkey()} 'half",
        f"{LOG_KEY.verifying_key.vkey()}x /bin/sign",
        "/bin/sign --slot 3",
    ],
)
def test_a_key_is_followed_by_a_command(line):
    with pytest.raises(Malformed):
        parse_command_signer(line)


def test_a_command_is_split_as_a_shell_would():
    signer = parse_command_signer(f"  {LOG_KEY.verifying_key.vkey()} sign 'a b'  c\\ d ")
    assert signer.command == ("sign", "a b", "c d")
