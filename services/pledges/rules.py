"""Rules of chapter 8: when a certificate may secure a debt, and when it is free again."""

from datetime import date, datetime

from services.actors import Actor, Role
from services.certificates.model import Certificate
from services.certificates.rules import (
    require_free_for,
    require_holder,
    require_in_force,
    require_version,
)
from services.general import require_role, require_transition
from services.identifiers import Kind
from services.parties.model import Party
from services.periods import legal_day
from services.pledges.model import Collateral, Pledge, PledgeEvent, PledgeTerms
from services.refusals import RecordInTheWay, Refusal, RefusalCode, collect, require, require_each


def refusals_to_place_pledge(
    collateral: Collateral, pledgee: Party, terms: PledgeTerms, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 8.1. A holder may offer a certificate to a lender as collateral for a debt."""
    return collect(
        require_holder(collateral.certificate, actor),
        require_collateral(collateral, pledgee.id, terms.matures_on, now),
        require(
            "The pledgee must be admitted as a lender.",
            pledgee.is_admitted_to(Role.LENDER),
            RefusalCode.NOT_A_LENDER,
            path=("pledgee_id",),
        ),
        require(
            "A pledgor cannot be their own pledgee.",
            not collateral.certificate.is_held_by(pledgee.id),
            RefusalCode.PLEDGOR_IS_PLEDGEE,
            path=("pledgee_id",),
        ),
        require(
            "The secured amount must be greater than zero.",
            terms.secured_amount.is_positive,
            RefusalCode.AMOUNT_NOT_POSITIVE,
            path=("secured_amount", "amount_minor"),
        ),
        require_version(collateral.certificate, terms.expected_version),
    )


def require_collateral(
    collateral: Collateral, pledgee_id: str | None, matures_on: date, now: datetime
) -> list[Refusal]:
    """Rule 8.2. A certificate secures a debt if it is in force, free for it, and outlasts it.

    `pledgee_id` is None when a lender is not yet known. Asked when a pledge is placed, again
    when it is registered, and by the collateral report.
    """
    attempt = collateral.attempt(pledgee_id, matures_on, now)
    return collect(
        require_in_force(collateral.certificate, now),
        require_junior_allowed(collateral, now),
        require_free_for(attempt, collateral.burdens, now),
        require_maturity(collateral, matures_on, now),
    )


def require_junior_allowed(collateral: Collateral, now: datetime) -> list[Refusal]:
    """Rule 8.3. A pledge stands beside another only where the rule profile lets it.

    Even there it needs the consent of every pledgee before it (rule 5.8).
    """
    return require_each(
        [
            require(
                "The rule profile must allow a junior pledge beside one that binds.",
                collateral.profile.junior_pledge_with_senior_consent,
                RefusalCode.JUNIOR_PLEDGE_NOT_ALLOWED,
                found=f"profile {collateral.profile.name}",
                record=RecordInTheWay(Kind.ENCUMBRANCE, senior.id),
            )
            for senior in collateral.binding_pledges(now)
        ]
    )


def require_maturity(collateral: Collateral, matures_on: date, now: datetime) -> list[Refusal]:
    """Rule 8.4. A debt falls due in the future, and no later than its collateral ends."""
    return collect(
        require(
            "The debt must fall due in the future.",
            legal_day(now) <= matures_on,
            RefusalCode.MATURITY_IN_THE_PAST,
            path=("matures_on",),
        ),
        require(
            "The debt must fall due, at the end of its day, no later than the certificate ends.",
            collateral.outlasts(matures_on),
            RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE,
            path=("matures_on",),
            found=_end_of(collateral.certificate),
            record=RecordInTheWay(Kind.CERTIFICATE, collateral.certificate.id),
        ),
    )


def refusals_to_confirm_pledge(
    pledge: Pledge, collateral: Collateral, expected_version: int, actor: Actor, now: datetime
) -> list[Refusal]:
    """Rule 8.5. The pledgee has a pledge registered, for which everything is judged again."""
    return collect(
        require_pledgee(pledge, actor),
        require_transition(pledge.status, PledgeEvent.REGISTERED, pledge.allowed_events),
        require(
            "The pledgor must still hold the certificate.",
            collateral.certificate.is_held_by(pledge.pledgor_id),
            RefusalCode.NOT_THE_HOLDER,
        ),
        require_collateral(collateral, pledge.pledgee_id, pledge.matures_on, now),
        require_version(collateral.certificate, expected_version),
    )


def refusals_to_decline_pledge(pledge: Pledge, actor: Actor) -> list[Refusal]:
    """Rule 8.6. The pledgee may decline a pledge that is not yet registered."""
    return collect(
        require_pledgee(pledge, actor),
        require_transition(pledge.status, PledgeEvent.DECLINED, pledge.allowed_events),
    )


def refusals_to_withdraw_pledge(pledge: Pledge, actor: Actor) -> list[Refusal]:
    """Rule 8.7. The pledgor may withdraw a pledge that is not yet registered."""
    return collect(
        require(
            "Only the pledgor can withdraw a pledge, as a registrant.",
            actor.acts_for(pledge.pledgor_id, Role.REGISTRANT),
            RefusalCode.NOT_THE_PLEDGOR,
        ),
        require_transition(pledge.status, PledgeEvent.WITHDRAWN, pledge.allowed_events),
    )


def refusals_to_release_pledge(pledge: Pledge, actor: Actor) -> list[Refusal]:
    """Rule 8.8. The pledgee releases a registered pledge, and the burden is lifted.

    What has become of the certificate does not matter, and nobody's consent is needed.
    """
    return collect(
        require_pledgee(pledge, actor),
        require_transition(pledge.status, PledgeEvent.RELEASED, pledge.allowed_events),
    )


def require_pledgee(pledge: Pledge, actor: Actor) -> list[Refusal]:
    """Rule 8.9. What a pledgee decides is decided by a lender who acts for the pledgee."""
    return collect(
        require_role(actor, Role.LENDER),
        require(
            "Whoever acts must act for the pledgee.",
            actor.acts_for(pledge.pledgee_id),
            RefusalCode.NOT_THE_PLEDGEE,
        ),
    )


def _end_of(certificate: Certificate) -> str:
    limit = certificate.binding_limit.lower().replace("_", " ")
    return f"the certificate ends at {certificate.effective_end:%Y-%m-%d %H:%M} UTC by {limit}"
