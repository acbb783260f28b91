"""Policies: how they are written, what is wrong with others, and which checkpoints they accept."""

from itertools import combinations

import pytest

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.keys import Algorithm, SignatureFailed, VerifyingKey
from ledger.formats.note import Signature
from ledger.formats.policy import (
    Group,
    MalformedPolicy,
    Policy,
    QuorumMissed,
    TrustedLog,
    Witness,
    Witnessed,
    parse_policy,
)
from ledger.formats.spelling import Malformed
from ledger.signing.key_file import SecretKey
from tests.ledger.growing import ORIGIN

CHECKPOINT = Checkpoint(ORIGIN, 8, bytes(32))
AT = 1_795_360_000


def log_key(seed=0, name=ORIGIN, algorithm=Algorithm.ED25519):
    return SecretKey(name, algorithm, bytes([seed]) * 32)


def witness_key(seed, algorithm=Algorithm.COSIGNATURE):
    return SecretKey(f"w{seed}.example", algorithm, bytes([seed]) * 32)


LOG = log_key()
WITNESSES = {f"W{n}": witness_key(n) for n in range(1, 7)}
VKEY = {"L": LOG.verifying_key.vkey()} | {
    name: key.verifying_key.vkey() for name, key in WITNESSES.items()
}
DEFINED = "".join(f"witness {name} {VKEY[name]}\n" for name in WITNESSES)


def policy(rest):
    """A policy of one log and six witnesses that goes on like this."""
    return parse_policy(f"log {VKEY['L']}\n{DEFINED}{rest}")


def note(*cosigned, log=LOG, text=None):
    """The checkpoint under the log's signature, and cosigned by these at these times."""
    text = CHECKPOINT.text() if text is None else text
    lines = [log.sign(text, AT), *(WITNESSES[name].sign(text, at) for name, at in cosigned)]
    return text + "\n" + "".join(line.line() for line in lines)


def test_the_example_of_the_standard_is_read():
    text = f"""log {VKEY["L"]}

witness X1 {VKEY["W1"]}
witness X2 {VKEY["W2"]}
witness X3 {VKEY["W3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {VKEY["W4"]}
witness Y2 {VKEY["W5"]}
witness Y3 {VKEY["W6"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
    names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    keys = [key.verifying_key for key in WITNESSES.values()]

    assert parse_policy(text) == Policy(
        (TrustedLog(LOG.verifying_key),),
        tuple(Witness(name, key) for name, key in zip(names, keys, strict=True)),
        (
            Group("X-witnesses", 2, ("X1", "X2", "X3")),
            Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
            Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
        ),
        "X-and-Y",
    )


def test_a_policy_may_be_nothing_but_its_quorum():
    assert parse_policy("quorum none\n") == Policy((), (), (), "none")
    assert parse_policy("quorum none").text() == "quorum none\n"


def test_spaces_tabs_comments_and_empty_lines_mean_nothing():
    key = WITNESSES["W1"].verifying_key
    text = (
        "\n# comment\n\t # another\n"
        f"\twitness \t w1  {key.vkey()}   https://w1.example/  \n\n  quorum\tw1"
    )

    assert parse_policy(text) == Policy((), (Witness("w1", key, "https://w1.example/"),), (), "w1")


def test_words_of_the_policy_but_none_may_be_names():
    text = (
        f"witness all {VKEY['W1']}\nwitness any {VKEY['W2']}\ngroup group 2 all any\nquorum group\n"
    )

    assert parse_policy(text).groups == (Group("group", 2, ("all", "any")),)
    assert parse_policy(text).is_met_by({"all", "any"})
    assert not parse_policy(text).is_met_by({"all"})


def test_names_that_look_alike_are_two_names():
    text = f"witness K {VKEY['W1']}\nwitness \u212a {VKEY['W2']}\nquorum \u212a\n"

    assert parse_policy(text).is_met_by({"\u212a"})
    assert not parse_policy(text).is_met_by({"K"})


def test_a_policy_is_written_down_without_comments():
    text = f"""# whom we trust
log {VKEY["L"]} https://log.example/
witness one {VKEY["W1"]} https://one.example/
witness two {VKEY["W2"]}
witness three {VKEY["W3"]}
group some 1 one two
group most 1 some
group every 2 most three
quorum every
"""
    written = (
        text.partition("\n")[2]
        .replace("some 1", "some any")
        .replace("most 1", "most all")
        .replace("every 2", "every all")
    )

    assert parse_policy(text).text() == written
    assert parse_policy(written) == parse_policy(text)


def test_a_policy_may_be_large():
    logs = "".join(f"log {log_key(n, f'log{n}.example').verifying_key.vkey()}\n" for n in range(99))
    witnesses = "".join(
        f"witness w{n} {witness_key(n).verifying_key.vkey()}\n" for n in range(100, 200)
    )
    groups = "".join(f"group g{n} all w{n}\n" for n in range(100, 200))
    members = " ".join(f"g{n}" for n in range(100, 200))
    large = parse_policy(f"{logs}{witnesses}{groups}group most 67 {members}\nquorum most\n")

    assert (len(large.logs), len(large.witnesses), len(large.groups)) == (99, 100, 101)
    assert large.is_met_by([f"w{n}" for n in range(100, 167)])
    assert not large.is_met_by([f"w{n}" for n in range(100, 166)])
    assert parse_policy(large.text()) == large


W1, W2 = f"witness w1 {VKEY['W1']}\n", f"witness w2 {VKEY['W2']}\n"
IMPOSTOR = SecretKey("impostor.example", Algorithm.COSIGNATURE, bytes([1]) * 32)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("quorum none\n\x01", "Line 2: A control character stands here, or what is not UTF-8."),
        ("quorum none\r\n", "Line 1: A control character stands here, or what is not UTF-8."),
        ("# \x7f\n", "Line 1: A control character stands here, or what is not UTF-8."),
        ("# \udc80\n", "Line 1: A control character stands here, or what is not UTF-8."),
        ("quibble w1\n", "Line 1: No line of a policy begins with quibble."),
        ("Quorum none\n", "Line 1: No line of a policy begins with Quorum."),
        (W1[:-1] + " u # c\n", "Line 1: A witness is written: witness <name> <vkey> [<url>]."),
        ("log\n", "Line 1: A log is written: log <vkey> [<url>]."),
        (
            "log garbage\n",
            "Line 1: A key is written as its name, its id and base64, joined by +.",
        ),
        (f"log {VKEY['L'][:-1]}\n", "Line 1: This is not base64."),
        (f"log {VKEY['W1']}\n", "Line 1: This is a key of a witness, not of a log."),
        (f"log {VKEY['L']}\n" * 2, "Line 2: This key stands in the policy already."),
        ("witness w1\n", "Line 1: A witness is written: witness <name> <vkey> [<url>]."),
        (f"witness w1 {VKEY['L']}\n", "Line 1: This key cannot cosign: it tells no time."),
        (f"witness none {VKEY['W1']}\n", "Line 1: The name none is taken: it means nobody."),
        (f"{W1}witness w1 {VKEY['W2']}\n", "Line 2: w1 is defined already."),
        (
            f"{W1}witness w2 {IMPOSTOR.verifying_key.vkey()}\n",
            "Line 2: This key stands in the policy already.",
        ),
        (f"{W1}group w1 any w1\n", "Line 2: w1 is defined already."),
        (f"{W1}group g all g\n", "Line 2: g is not defined above this line."),
        (
            f"{W1}group g 1\n",
            "Line 2: A group is written: group <name> all|any|<number> <member> ...",
        ),
        (f"{W1}group none any w1\n", "Line 2: The name none is taken: it means nobody."),
        (f"{W1}group g 0 w1\n", "Line 2: A group of 1 cannot take 0 of them."),
        (f"{W1}group g 2 w1\n", "Line 2: A group of 1 cannot take 2 of them."),
        (f"{W1}group g -1 w1\n", "Line 2: A group of 1 cannot take -1 of them."),
        (f"{W1}group g 01 w1\n", "Line 2: A group of 1 cannot take 01 of them."),
        (f"{W1}group g ALL w1\n", "Line 2: A group of 1 cannot take ALL of them."),
        (f"{W1}group g any w2\n", "Line 2: w2 is not defined above this line."),
        (f"group g any w1\n{W1}", "Line 1: w1 is not defined above this line."),
        (f"{W1}group g any none w1\n", "Line 2: none is not defined above this line."),
        (f"{W1}group g all w1 w1\n", "Line 2: w1 is a member already; one name counts once."),
        (
            f"{W1}{W2}group a any w1 w2\ngroup b any w1\n",
            "Line 4: w1 is a member already; one name counts once.",
        ),
        (
            f"{W1}group a any w1\n{W2}group b any a\ngroup c all a w2\n",
            "Line 5: a is a member already; one name counts once.",
        ),
        (W1, "A policy has a line with its quorum; this one has none."),
        ("", "A policy has a line with its quorum; this one has none."),
        (f"{W1}quorum w1\nquorum w1\n", "Line 3: A policy has one quorum, and this is a second."),
        ("quorum nobody\n", "Line 1: nobody is not defined above this line."),
        (f"quorum w1\n{W1}", "Line 1: w1 is not defined above this line."),
        ("quorum\n", "Line 1: The quorum is written: quorum <name>, or quorum none."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_its_line(text, sentence):
    with pytest.raises(MalformedPolicy) as refused:
        parse_policy(text)
    assert str(refused.value) == sentence


def test_two_keys_may_not_share_a_name_and_an_id():
    # Ids have four bytes: among some ten thousands of keys two are alike.
    twins = [
        VerifyingKey("twin.example", Algorithm.COSIGNATURE, number.to_bytes(32))
        for number in (28_184, 56_590)
    ]
    assert twins[0].id == twins[1].id

    with pytest.raises(MalformedPolicy, match=r"^Line 2: Another key has the same name and id\.$"):
        parse_policy("".join(f"witness w{n} {each.vkey()}\n" for n, each in enumerate(twins)))


def test_a_quorum_of_groups_is_met_by_these_and_no_others():
    nested = policy("group inner any W2 W3\ngroup outer all W1 inner\nquorum outer\n")
    names = list(WITNESSES)
    met = {
        chosen
        for count in range(len(names) + 1)
        for chosen in combinations(names, count)
        if nested.is_met_by(chosen)
    }

    assert met == {
        chosen
        for count in range(len(names) + 1)
        for chosen in combinations(names, count)
        if "W1" in chosen and ({"W2", "W3"} & {*chosen})
    }


def test_a_checkpoint_that_enough_witnesses_cosigned_is_accepted():
    two_of_three = policy("group g 2 W1 W2 W3\nquorum g\n")

    assert two_of_three.open(note(("W3", AT + 3), ("W1", AT + 1))) == Witnessed(
        CHECKPOINT, ("W3", "W1"), AT + 1
    )


def test_the_quorum_is_met_as_of_the_latest_time_at_which_it_still_is():
    two_of_three = policy("group g 2 W1 W2 W3\nquorum g\n")
    times = (("W1", AT + 10), ("W2", AT + 300), ("W3", AT + 20))

    assert two_of_three.open(note(*times)).as_of == AT + 20
    assert policy("group g all W1 W2 W3\nquorum g\n").open(note(*times)).as_of == AT + 10
    assert policy("group g any W1 W2 W3\nquorum g\n").open(note(*times)).as_of == AT + 300
    assert policy("quorum W3\n").open(note(*times)).as_of == AT + 20


def test_the_latest_of_a_witness_counts():
    cosigned = note(("W1", AT + 5), ("W1", AT + 9), ("W1", AT + 7))

    assert policy("quorum W1\n").open(cosigned) == Witnessed(CHECKPOINT, ("W1",), AT + 9)


def test_without_a_quorum_any_known_time_is_told():
    alone = policy("quorum none\n")
    post_quantum = log_key(algorithm=Algorithm.ML_DSA_44)
    both = parse_policy(f"log {VKEY['L']}\nlog {post_quantum.verifying_key.vkey()}\nquorum none\n")
    line = post_quantum.sign(CHECKPOINT.text(), AT + 4).line()

    assert alone.open(note()) == Witnessed(CHECKPOINT, (), None)
    assert alone.open(note(("W1", AT + 3))) == Witnessed(CHECKPOINT, ("W1",), AT + 3)
    assert both.open(note() + line) == Witnessed(CHECKPOINT, (), AT + 4)
    assert alone.open(note() + line) == Witnessed(CHECKPOINT, (), None)


def test_the_time_a_log_tells_of_itself_does_not_stand_for_a_witness():
    post_quantum = log_key(algorithm=Algorithm.ML_DSA_44)
    trusted = parse_policy(
        f"log {post_quantum.verifying_key.vkey()}\nwitness w {VKEY['W1']}\nquorum w\n"
    )
    late = note(("W1", AT + 2), log=post_quantum)

    assert trusted.open(late).as_of == AT + 2
    with pytest.raises(QuorumMissed):
        trusted.open(note(log=post_quantum))


def test_a_witness_that_tells_no_time_counts_but_proves_no_time():
    post_quantum = witness_key(9, Algorithm.ML_DSA_44)
    trusted = parse_policy(
        f"log {VKEY['L']}\nwitness w {post_quantum.verifying_key.vkey()}\nquorum w\n"
    )
    timeless = note() + post_quantum.sign(CHECKPOINT.text(), 0).line()

    assert trusted.open(timeless) == Witnessed(CHECKPOINT, ("w",), None)


def test_too_few_witnesses_are_refused_by_their_names():
    two_of_three = policy("group some 2 W1 W2 W3\nquorum some\n")

    with pytest.raises(QuorumMissed) as missed:
        two_of_three.open(note(("W1", AT)))
    assert str(missed.value) == "The quorum some is not met: W1 cosigned."
    with pytest.raises(QuorumMissed) as missed:
        two_of_three.open(note())
    assert str(missed.value) == "The quorum some is not met: nobody cosigned."
    with pytest.raises(QuorumMissed):
        two_of_three.open(note(("W1", AT), ("W1", AT + 1)))


def test_witnesses_cannot_vouch_for_a_log_that_nobody_trusts():
    stranger = log_key(7, "stranger.example/log")
    text = Checkpoint(stranger.name, 8, bytes(32)).text()

    with pytest.raises(SignatureFailed, match="No log that the policy trusts"):
        policy("quorum W1\n").open(note(("W1", AT), log=stranger, text=text))


def test_a_log_speaks_for_its_own_origin_only():
    other = Checkpoint("other.example/log", 8, bytes(32)).text()
    renamed = log_key(7, "other.example/log")
    both = parse_policy(f"log {VKEY['L']}\nlog {renamed.verifying_key.vkey()}\nquorum none\n")

    with pytest.raises(SignatureFailed, match="No log that the policy trusts"):
        both.open(note(text=other))
    assert both.open(note(text=other, log=renamed)).checkpoint.origin == "other.example/log"


def test_a_policy_without_logs_accepts_nothing():
    with pytest.raises(SignatureFailed):
        parse_policy(f"{DEFINED}quorum W1\n").open(note(("W1", AT)))


def test_one_bad_cosignature_of_a_known_witness_spoils_the_note():
    forged = Signature("w2.example", WITNESSES["W2"].verifying_key.id, bytes(72)).line()

    with pytest.raises(SignatureFailed, match=r"A signature by w2\.example is not good"):
        policy("quorum W1\n").open(note(("W1", AT)) + forged)


def test_a_text_that_is_no_checkpoint_is_refused():
    with pytest.raises(Malformed):
        policy("quorum none\n").open(note(text="no checkpoint\n"))


def test_the_published_cosigned_checkpoint_meets_a_policy(vectors):
    generated = vectors["cosignature_v1"]["generated"]
    trusted = parse_policy(
        f"log {generated['log_vkey']}\nwitness w1 {generated['witness_vkey']}\nquorum w1\n"
    )
    witnessed = trusted.open(generated["checkpoint"])

    assert (witnessed.checkpoint.origin, witnessed.checkpoint.tree_size) == (
        "registry.example/ledger",
        70_000,
    )
    assert (witnessed.by, witnessed.as_of) == (("w1",), 1_795_361_688)
