"""What a stranger begins with: the key of a log, and a policy to check its proofs by."""

from collections.abc import Sequence
from dataclasses import replace

from ledger.formats.keys import Algorithm, VerifyingKey
from ledger.formats.policy import NONE, Policy, TrustedLog
from ledger.publishing.headers import KEY_PATH, POLICY_PATH

NO_WITNESSES = Policy((), (), (), NONE)


def introduction_of(
    keys: Sequence[VerifyingKey], witnessed_by: Policy = NO_WITNESSES
) -> dict[str, str]:
    """The files `log.vkey` and `policy` of a log that signs with these keys.

    The first key that signs notes is the one in `log.vkey`. Of `witnessed_by` the witnesses and
    the quorum are told, and not where the log reaches them.
    """
    vkey = next(key.vkey() for key in keys if key.algorithm is Algorithm.ED25519)
    policy = replace(
        witnessed_by,
        logs=tuple(TrustedLog(key) for key in keys),
        witnesses=tuple(replace(witness, url="") for witness in witnessed_by.witnesses),
    )
    return {KEY_PATH: f"{vkey}\n", POLICY_PATH: policy.text()}
