"""Rules of chapter 1: who may be registered as a party, and who may act for one."""

from stdnum.cn import uscc

from services.actors import OFFICE_ROLES, Actor, Role
from services.general import LONGEST_NAME, require_role, require_text
from services.parties.model import Member, MemberTerms, Party, PartyKind, PartyTerms
from services.refusals import Refusal, RefusalCode, collect, require


def refusals_to_found_office(parties: int) -> list[Refusal]:
    """Rule 1.0. The office is the first party, and there is one."""
    return require(
        "A register is founded once, before any party is on it.",
        parties == 0,
        RefusalCode.OFFICE_ALREADY_FOUNDED,
    )


def refusals_to_register_party(
    terms: PartyTerms, same_code: Party | None, actor: Actor
) -> list[Refusal]:
    """Rule 1.1. The registrar registers persons and organisations, each credit code once."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require_text(terms.name, "name", longest=LONGEST_NAME),
        require_text(terms.name_en or "-", "name_en", longest=LONGEST_NAME),
        require_text(terms.region or "-", "region", longest=LONGEST_NAME),
        require_uscc(terms),
        require(
            "A unified social credit code must belong to one party only.",
            same_code is None,
            RefusalCode.USCC_TAKEN,
            path=("uscc",),
        ),
        require(
            "A party other than the office cannot be admitted to the office's roles.",
            terms.roles.isdisjoint(OFFICE_ROLES),
            RefusalCode.OFFICE_ROLE_RESERVED,
            path=("roles",),
        ),
    )


def require_uscc(terms: PartyTerms) -> list[Refusal]:
    """Rule 1.2. A unified social credit code is an organisation's, and passes its own check."""
    return collect(
        require(
            "Only an organisation can carry a unified social credit code.",
            terms.uscc is None or terms.kind is PartyKind.ORGANISATION,
            RefusalCode.USCC_NOT_FOR_A_PERSON,
            path=("uscc",),
        ),
        require(
            "The unified social credit code must have 18 characters and the right check digit.",
            terms.uscc is None or _is_uscc(terms.uscc),
            RefusalCode.USCC_INVALID,
            path=("uscc",),
        ),
    )


def _is_uscc(text: str) -> bool:
    """Whether it is spelt as issued: with spaces or hyphens in it, one code would be several."""
    return text.isascii() and uscc.compact(text) == text and uscc.is_valid(text)


def refusals_to_admit_member(
    terms: MemberTerms, party: Party, same_subject: Member | None, actor: Actor
) -> list[Refusal]:
    """Rule 1.3. The registrar admits members, in roles their party has been admitted to."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require_text(terms.subject, "subject", longest=LONGEST_NAME),
        require(
            "A member can act only in roles the party has been admitted to.",
            bool(terms.roles) and terms.roles <= party.roles,
            RefusalCode.ROLE_NOT_ADMITTED,
            path=("roles",),
            found=", ".join(sorted(terms.roles - party.roles)) or "no role",
        ),
        require(
            "A subject can be a member of the party only once.",
            same_subject is None,
            RefusalCode.MEMBER_ALREADY_ADMITTED,
            path=("subject",),
        ),
    )


def refusals_to_dismiss_member(member: Member, actor: Actor) -> list[Refusal]:
    """Rule 1.4. The registrar dismisses members who are still admitted."""
    return collect(
        require_role(actor, Role.REGISTRAR),
        require(
            "The member must still be admitted.",
            member.is_active,
            RefusalCode.ILLEGAL_TRANSITION,
            found="dismissed",
        ),
    )
