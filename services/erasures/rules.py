"""Rules of chapter 9: what may be erased of what was recorded."""

from services.actors import Actor, Role
from services.erasures.model import ErasureTerms
from services.general import require_role
from services.refusals import Refusal, RefusalCode, collect, require


def refusals_to_erase_facts(
    terms: ErasureTerms, facts: frozenset[str], kept: frozenset[str], actor: Actor
) -> list[Refusal]:
    """Rule 9.1. The registrar erases facts of an event, but none that a standing rests on."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require(
            "Every fact named must be one that was recorded with the event.",
            terms.names <= facts,
            RefusalCode.FACT_NOT_RECORDED,
            path=("names",),
            found=", ".join(sorted(terms.names - facts)),
        ),
        require(
            "The kind and instant of an event, and how a certificate stands, must stay.",
            terms.names.isdisjoint(kept),
            RefusalCode.FACT_MUST_STAY,
            path=("names",),
            found=", ".join(sorted(terms.names & kept)),
        ),
    )
