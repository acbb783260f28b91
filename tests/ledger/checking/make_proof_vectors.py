"""Writes proof_vectors.json: `python -m tests.ledger.checking.make_proof_vectors`."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from api.cli.proven import told
from ledger import MalformedProof, ProofFailed, StaleProof, verify
from ledger.formats.policy import Policy, TrustedLog
from ledger.formats.proof_file import Form
from tests.ledger.paper_log import (
    ALONE,
    BOTH,
    END,
    LOG_KEY,
    QUANTUM_KEY,
    SIGNERS,
    START,
    WITNESS_KEYS,
    PaperLog,
    pledged_log,
)

FILE = Path(__file__).parent / "proof_vectors.json"
ABOUT = (
    "Proof files of datatitle-proof@v1 (ledger/README.md), checked under `policy`, at `now`, with "
    "`maxAgeSeconds`. `outcome` is proven, failed, stale or malformed; `result` is what "
    "`datatitle verify --json` prints, `why` a sentence that may be said otherwise."
)


def under(file, note):
    return replace(file, tlog_proof=replace(file.tlog_proof, checkpoint=note))


def cases():
    """Name, proof, policy, and how long after the log's last instant it is checked."""
    log = pledged_log(filling=1)
    full, short = log.prove(), log.prove(Form.SHORT)
    absent = log.prove(Form.ABSENT, of="20260131000000009")
    quantum = Policy((*BOTH.logs, TrustedLog(QUANTUM_KEY.verifying_key)), *_rest(BOTH))
    zero, one, two, three = full.events
    soon = timedelta(minutes=1)

    yield "full", full, BOTH, soon
    yield "short", short, BOTH, soon
    yield "absent", absent, BOTH, soon
    yield "a log alone, without witnesses", under(full, log.note([LOG_KEY])), ALONE, soon
    yield (
        "signed with ML-DSA-44 too",
        under(short, log.note([*SIGNERS, QUANTUM_KEY])),
        quantum,
        soon,
    )
    late = log.note(at=END)
    yield "an expired certificate", under(short, late), BOTH, END - log.now
    yield "stale", short, BOTH, timedelta(hours=2)
    yield "of the future", short, BOTH, timedelta(hours=-1)
    yield "a witness is missing", under(short, log.note(SIGNERS[:2])), BOTH, soon
    yield "not signed by the log", under(short, log.note(WITNESS_KEYS)), BOTH, soon
    fork = pledged_log(filling=1, seed="fork").note()
    yield "the checkpoint of a fork", under(short, fork), BOTH, soon
    yield "the last event withheld", replace(full, events=full.events[:-1]), BOTH, soon
    yield "withheld, and counted so", log.prove(until=3), BOTH, soon
    yield "short, and an older event", log.prove(Form.SHORT, until=3), BOTH, soon
    yield "an event dropped", replace(full, events=(zero, one, three)), BOTH, soon
    yield "two events swapped", replace(full, events=(zero, two, one, three)), BOTH, soon
    yield "another number", replace(full, subject="20260131000000002"), BOTH, soon
    yield "another salt", replace(full, salt=bytes(16)), BOTH, soon
    yield "denied", log.prove(Form.ABSENT), BOTH, soon
    forged = replace(three, opened=_forged(three.opened))
    yield "a value changed", replace(full, events=(zero, one, two, forged)), BOTH, soon
    kept_back = log.prove(Form.SHORT, shown=6)
    yield "a fact of the standing kept back", kept_back, BOTH, soon
    lying = PaperLog()
    lying.act()
    lying.act("pledge-released")
    lying.seal()
    yield "a life that cannot be", lying.prove(), BOTH, lying.now + soon - log.now
    yield "not spelt so", full.text().replace("event 0 ", "event 00 "), BOTH, soon
    yield "cut off", full.text()[:-1], BOTH, soon
    yield "no proof file", "certificate\n", BOTH, soon


def _rest(policy):
    return policy.witnesses, policy.groups, policy.quorum


def _forged(opened):
    return tuple(
        field._replace(value="7") if field.name == "pledges" else field for field in opened
    )


def judged(proof, policy, now, max_age):
    try:
        verified = verify(proof, policy, now=now, max_age=max_age)
    except MalformedProof as malformed:
        return {"outcome": "malformed", "why": str(malformed)}
    except StaleProof as stale:
        return {"outcome": "stale", "why": str(stale)}
    except ProofFailed as failed:
        return {"outcome": "failed", "why": str(failed)}
    return {"outcome": "proven", "result": told(verified)}


def main():
    base = START + timedelta(minutes=4, seconds=1)
    max_age = timedelta(hours=1)
    vectors = []
    for name, file, policy, after in cases():
        proof = file if isinstance(file, str) else file.text()
        now = base + after
        vectors.append(
            {
                "name": name,
                "now": now.isoformat(),
                "maxAgeSeconds": int(max_age.total_seconds()),
                **judged(proof, policy.text(), now, max_age),
                "policy": policy.text(),
                "proof": proof,
            }
        )
    told_by = {"about": ABOUT, "vectors": vectors}
    FILE.write_text(json.dumps(told_by, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
