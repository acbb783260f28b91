"""Secret keys in files: whole, for their owner only, and in the one spelling others read too."""

import stat

import pytest

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.keys import Algorithm, MalformedKey, parse_vkey
from ledger.formats.spelling import Malformed
from ledger.signing.key_file import SecretKey, create_secret, load_secret, parse_secret
from tests.ledger.growing import ORIGIN

TEXT = Checkpoint(ORIGIN, 8, bytes(32)).text()
AT = 1_795_360_000


@pytest.fixture(params=Algorithm, ids=lambda algorithm: algorithm.name)
def algorithm(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.key"


def test_a_key_is_kept_in_a_file_for_its_owner_only(path, algorithm):
    made = create_secret(path, ORIGIN, algorithm)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secret(path) == made
    assert path.read_bytes() == f"{made.secret()}\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_was_kept_signs_for_the_same_public_key(path, algorithm):
    public = create_secret(path, ORIGIN, algorithm).verifying_key
    signature = load_secret(path).sign(TEXT, AT)

    assert load_secret(path).verifying_key == public
    assert parse_vkey(public.vkey()).check(TEXT, signature.signature) in {None, AT}


def test_two_keys_are_never_the_same(tmp_path, algorithm):
    made = [create_secret(tmp_path / f"{n}.key", ORIGIN, algorithm) for n in range(3)]

    assert len({key.seed for key in made}) == 3


def test_a_key_is_never_written_over(path, algorithm):
    create_secret(path, ORIGIN, algorithm)
    written = path.read_bytes()

    with pytest.raises(FileExistsError):
        create_secret(path, ORIGIN, algorithm)
    assert path.read_bytes() == written
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o601, 0o644])
def test_a_key_that_others_may_read_is_refused(path, mode):
    create_secret(path, ORIGIN, Algorithm.ED25519)
    path.chmod(mode)

    with pytest.raises(PermissionError, match="chmod 600 it"):
        load_secret(path)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xff\xfe", b"PRIVATE+KEY+\n", b"PRIVATE+KEY+a+00000000+AQ==\n"]
)
def test_a_file_that_holds_no_key_is_refused(path, content):
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(Malformed):
        load_secret(path)


def test_a_file_holds_one_line_with_one_end(path):
    secret = create_secret(path, ORIGIN, Algorithm.ED25519).secret()

    for end, is_read in (("", True), ("\n", True), ("\r\n", False), ("\n\n", False), (" ", False)):
        path.write_bytes((secret + end).encode())
        if is_read:
            assert load_secret(path).secret() == secret
        else:
            with pytest.raises(Malformed):
                load_secret(path)


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "new\nline"])
def test_a_key_needs_a_name_that_a_note_can_carry(path, algorithm, name):
    with pytest.raises(AssertionError):
        create_secret(path, name, algorithm)
    assert not path.exists()


def test_published_secrets_are_written_down_as_they_are_published(vectors):
    secrets = [
        vectors["tessera_test_log"]["skey"],
        vectors["signed_notes"]["valid"][1]["skey"],
    ]

    assert [parse_secret(secret).secret() for secret in secrets] == secrets
    assert parse_secret(secrets[0]).verifying_key.vkey() == vectors["tessera_test_log"]["vkey"]


def test_a_secret_differs_from_its_public_key_in_its_last_part_only(algorithm):
    key = SecretKey(ORIGIN, algorithm, bytes(range(32)))
    _, _, name, key_id, written = key.secret().split("+", 4)

    assert key.secret().startswith("PRIVATE+KEY+")
    assert key.verifying_key.vkey().startswith(f"{name}+{key_id}+")
    assert parse_secret(key.secret()) == key
    assert written not in key.verifying_key.vkey()


def test_every_neighbour_of_a_secret_is_refused(vectors, algorithm):
    published = parse_secret(vectors["tessera_test_log"]["skey"])
    good = SecretKey(published.name, algorithm, published.seed).secret()

    for at in range(len(good)):
        with pytest.raises(Malformed):
            parse_secret(good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1 :])
        with pytest.raises(Malformed):
            parse_secret(good[:at])


def test_a_public_key_is_no_secret_one(algorithm):
    key = SecretKey(ORIGIN, algorithm, bytes(32))

    with pytest.raises(MalformedKey):
        parse_secret(key.verifying_key.vkey())
    with pytest.raises(MalformedKey):
        parse_secret(f"PRIVATE+KEY+{key.verifying_key.vkey()}")


def test_a_key_that_is_printed_does_not_show_its_seed():
    key = SecretKey(ORIGIN, Algorithm.ED25519, b"0123456789abcdef" * 2)

    assert repr(key) == f"SecretKey(name='{ORIGIN}', algorithm=<Algorithm.ED25519: 1>)"


def test_a_cosigner_does_not_sign_without_the_time(algorithm):
    key = SecretKey(ORIGIN, algorithm, bytes(32))
    if algorithm.is_timestamped:
        with pytest.raises(AssertionError):
            key.sign(TEXT)
    else:
        assert key.sign(TEXT) == key.sign(TEXT, AT)
