"""What a stranger begins with."""

from ledger.formats.keys import Algorithm
from ledger.formats.policy import parse_policy
from ledger.publishing.introduction import introduction_of
from ledger.signing.key_file import SecretKey
from tests.ledger.growing import ORIGIN, START, signed

LOG = SecretKey(ORIGIN, Algorithm.ED25519, bytes([1]) * 32)
NEXT = SecretKey(ORIGIN, Algorithm.ED25519, bytes([2]) * 32)
QUANTUM = SecretKey(ORIGIN, Algorithm.ML_DSA_44, bytes([3]) * 32)
BANK = SecretKey("witness.bank.example", Algorithm.COSIGNATURE, bytes([4]) * 32)
TEXT = f"{ORIGIN}\n3\n{'A' * 43}=\n"


def keys(*secrets):
    return [each.verifying_key for each in secrets]


def test_without_witnesses_it_is_the_keys_of_the_log():
    told = introduction_of(keys(QUANTUM, LOG, NEXT))
    assert told == {
        "log.vkey": f"{LOG.verifying_key.vkey()}\n",
        "policy": "".join(f"log {key.vkey()}\n" for key in keys(QUANTUM, LOG, NEXT))
        + "quorum none\n",
    }


def test_witnesses_and_quorum_are_told_and_not_where_they_are_asked():
    bank = BANK.verifying_key.vkey()
    configured = parse_policy(f"witness bank {bank} https://10.0.0.1/bank\nquorum bank\n")
    told = introduction_of(keys(LOG), configured)
    assert told["policy"] == (f"log {LOG.verifying_key.vkey()}\nwitness bank {bank}\nquorum bank\n")


def test_the_policy_accepts_what_the_log_and_its_witnesses_have_signed():
    configured = parse_policy(f"witness bank {BANK.verifying_key.vkey()}\nquorum bank\n")
    policy = parse_policy(introduction_of(keys(LOG, QUANTUM), configured)["policy"])
    witnessed = policy.open(signed(TEXT, LOG, QUANTUM, BANK))
    assert (witnessed.by, witnessed.as_of) == (("bank",), int(START.timestamp()))
